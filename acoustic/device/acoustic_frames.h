/*
 * Windowed frames of int16 PCM: what the log-mel features and the short-time spectra have in common.
 */
#ifndef ACOUSTIC_FRAMES_H
#define ACOUSTIC_FRAMES_H

#include <stdbool.h>

#include "acoustic_lanes.h"

/*
 * Multiply `n` samples by a window. Lane l reads from pcm + l * hop; lanes from `count` on repeat the last one that
 * counts.
 */
void acoustic_windowed(const float *window, size_t n, const int16_t *pcm, size_t hop, size_t count,
                       acoustic_lanes *frames);

/*
 * Put samples into a ring of `size` until none is missing or none is left; *pcm and *n move past what was taken.
 * Returns whether none is missing.
 */
bool acoustic_fill_ring(int16_t *ring, size_t size, uint16_t oldest, uint16_t *missing, const int16_t **pcm,
                        size_t *n);

/* Multiply the whole ring, from the oldest sample on, by a window of its size. */
void acoustic_windowed_ring(const float *window, const int16_t *ring, size_t size, size_t oldest,
                            acoustic_lanes *frame);

#endif
