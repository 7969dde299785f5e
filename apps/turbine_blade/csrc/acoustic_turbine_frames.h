/*
 * The last frames of levels, which the gate and the sums both look back on, and whole-number arithmetic that rounds
 * as the definition does.
 */
#ifndef ACOUSTIC_TURBINE_FRAMES_H
#define ACOUSTIC_TURBINE_FRAMES_H

#include <stdint.h>

#include "acoustic_turbine_model.h"

/* The newest frame and the four before it: the network predicts a frame from those two before and two after it. */
#define ACOUSTIC_TURBINE_CONTEXT 5

typedef struct {
    int16_t levels[ACOUSTIC_TURBINE_CONTEXT][ACOUSTIC_TURBINE_BANDS]; /* In steps of 1/256 dB, a ring. */
    uint8_t newest;                                                   /* Row of the newest frame. */
    uint8_t heard; /* How many of the rows are frames of this recording. */
} acoustic_turbine_frames;

/* Levels, shape (ACOUSTIC_TURBINE_BANDS), of the frame so many frames ago: 0 to 4. */
static inline const int16_t *acoustic_turbine_frame(const acoustic_turbine_frames *frames, unsigned ago)
{
    const unsigned row = frames->newest + ACOUSTIC_TURBINE_CONTEXT - ago;
    return frames->levels[row < ACOUSTIC_TURBINE_CONTEXT ? row : row - ACOUSTIC_TURBINE_CONTEXT];
}

/* Quotient rounded down, of a divisor above 0. */
static inline int64_t acoustic_turbine_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* The same of numbers of 32 bits, many times faster on a microcontroller. */
static inline int32_t acoustic_turbine_divide_short(int32_t a, int32_t b)
{
    return a / b - (a % b < 0);
}

static inline int32_t acoustic_turbine_clamp(int32_t a, int32_t low, int32_t high)
{
    return a < low ? low : a > high ? high : a;
}

#endif
