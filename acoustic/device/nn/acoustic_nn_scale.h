/* Fixed-point scaling shared by the kernels. */
#ifndef ACOUSTIC_NN_SCALE_H
#define ACOUSTIC_NN_SCALE_H

#include "acoustic_nn.h"

/* round(a * b / 2**31), ties upward */
static inline int32_t acoustic_nn_high_product(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
}

static inline int32_t acoustic_nn_shift_left(int32_t a, int32_t bits)
{
    const int64_t wide = (int64_t)a * ((int64_t)1 << bits);
    return wide > INT32_MAX ? INT32_MAX : wide < INT32_MIN ? INT32_MIN : (int32_t)wide;
}

/* Divide |a| <= 2**30 by 2**bits, ties away from zero. */
static inline int32_t acoustic_nn_shift_right(int32_t a, int32_t bits)
{
    return bits ? (a + (a >> 31) + (1 << (bits - 1))) >> bits : a;
}

/* Any sum, any shift. */
static inline int32_t acoustic_nn_scale(int32_t sum, int32_t multiplier, int32_t shift)
{
    if (shift < 0) {
        return acoustic_nn_high_product(acoustic_nn_shift_left(sum, -shift), multiplier);
    }
    return acoustic_nn_shift_right(acoustic_nn_high_product(sum, multiplier), shift);
}

static inline int32_t acoustic_nn_clamp(int32_t a, int32_t low, int32_t high)
{
    return a < low ? low : a > high ? high : a;
}

/* From a sum of one channel to its stored value. */
static inline int8_t acoustic_nn_finish(const acoustic_nn_scaling_t *to, int32_t sum, int32_t multiplier, int32_t shift)
{
    int32_t value;
    if (shift > 0) {
#if ACOUSTIC_NN_DSP
        __asm__("smmulr %0, %1, %2" : "=r"(value) : "r"(sum * 2), "r"(multiplier));
#else
        value = acoustic_nn_high_product(sum, multiplier);
#endif
        /* The zero point is added before the shift, with the half that rounds. */
        value += value >> 31;
        value = (value + ((2 * to->zero_point + 1) * (1 << shift) >> 1)) >> shift;
    } else {
        value = acoustic_nn_scale(sum, multiplier, shift) + to->zero_point;
    }
    return (int8_t)acoustic_nn_clamp(value, to->low, to->high);
}

#endif
