/*
 * What an application defines for the program that replays PCM through it: how it is started, pushed and ended, and its
 * events, which it hands over with ACOUSTIC_TRACE of acoustic_trace.h.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include <stddef.h>
#include <stdint.h>

#include "acoustic_trace.h"

void replay_start(void);
void replay_push(const int16_t *pcm, size_t n);
void replay_end(void);

/* All of it for an application with a listener: the number of the stage, and the words of an event with their type. */
#define REPLAY_EVENTS(application, stage, type, ...)                                                                 \
    static acoustic_##application replayed;                                                                          \
                                                                                                                     \
    static void hear(void *user, const acoustic_##application##_event *event)                                        \
    {                                                                                                                \
        const type words[] = {__VA_ARGS__};                                                                          \
        (void)user;                                                                                                  \
        (void)words;                                                                                                 \
        ACOUSTIC_TRACE(stage, words, sizeof words);                                                                  \
    }                                                                                                                \
                                                                                                                     \
    void replay_start(void)                                                                                          \
    {                                                                                                                \
        acoustic_##application##_start(&replayed);                                                                   \
    }                                                                                                                \
                                                                                                                     \
    void replay_push(const int16_t *pcm, size_t n)                                                                   \
    {                                                                                                                \
        acoustic_##application##_push(&replayed, pcm, n, hear, 0);                                                   \
    }                                                                                                                \
                                                                                                                     \
    void replay_end(void)                                                                                            \
    {                                                                                                                \
        acoustic_##application##_flush(&replayed, hear, 0);                                                          \
    }

#endif
