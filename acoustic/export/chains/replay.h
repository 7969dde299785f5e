/*
 * What an application defines for the program that replays PCM through it. Its events it hands over itself, with
 * ACOUSTIC_TRACE of acoustic_trace.h.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include <stddef.h>
#include <stdint.h>

void replay_start(void);
void replay_push(const int16_t *pcm, size_t n);
void replay_end(void);

#endif
