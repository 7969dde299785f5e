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

/* From a sum of one channel to its stored value before clamping, for a shift to the right. The zero point is added
 * before the shift, with the half that rounds: as 2 * zero point + 1. */
static inline int32_t acoustic_nn_finish_right(int32_t sum, int32_t multiplier, int32_t shift, int32_t offset)
{
    int32_t value;
#if ACOUSTIC_NN_DSP
    __asm__("smmulr %0, %1, %2" : "=r"(value) : "r"(sum * 2), "r"(multiplier));
#else
    value = acoustic_nn_high_product(sum, multiplier);
#endif
    value += value >> 31;
    return (value + (offset * (1 << shift) >> 1)) >> shift;
}

static inline int8_t acoustic_nn_saturate(int32_t value)
{
#if ACOUSTIC_NN_DSP
    __asm__("ssat %0, #8, %0" : "+r"(value));
    return (int8_t)value;
#else
    return (int8_t)acoustic_nn_clamp(value, INT8_MIN, INT8_MAX);
#endif
}

/* From a sum of one channel to its stored value. */
static inline int8_t acoustic_nn_finish(const acoustic_nn_scaling_t *to, int32_t sum, int32_t multiplier, int32_t shift)
{
    const int32_t value = shift > 0 ? acoustic_nn_finish_right(sum, multiplier, shift, 2 * to->zero_point + 1)
                                    : acoustic_nn_scale(sum, multiplier, shift) + to->zero_point;
    return (int8_t)acoustic_nn_clamp(value, to->low, to->high);
}

/* Store the sums of one to four channels from c on. */
void acoustic_nn_finish_some(const acoustic_nn_scaling_t *to, const int32_t *sums, int32_t c, int32_t count, int8_t *y);

/* Store the sums of four channels from c on. */
static inline void acoustic_nn_finish_four(const acoustic_nn_scaling_t *to, int32_t s0, int32_t s1, int32_t s2,
                                           int32_t s3, int32_t c, int8_t *y)
{
    const int32_t offset = 2 * to->zero_point + 1;
    if (to->plain && to->each) {
        const int32_t *m = to->multiplier + c;
        const int8_t *r = to->shift + c;
        y[c] = acoustic_nn_saturate(acoustic_nn_finish_right(s0, m[0], r[0], offset));
        y[c + 1] = acoustic_nn_saturate(acoustic_nn_finish_right(s1, m[1], r[1], offset));
        y[c + 2] = acoustic_nn_saturate(acoustic_nn_finish_right(s2, m[2], r[2], offset));
        y[c + 3] = acoustic_nn_saturate(acoustic_nn_finish_right(s3, m[3], r[3], offset));
    } else if (to->plain) {
        const int32_t m = *to->multiplier, r = *to->shift;
        y[c] = acoustic_nn_saturate(acoustic_nn_finish_right(s0, m, r, offset));
        y[c + 1] = acoustic_nn_saturate(acoustic_nn_finish_right(s1, m, r, offset));
        y[c + 2] = acoustic_nn_saturate(acoustic_nn_finish_right(s2, m, r, offset));
        y[c + 3] = acoustic_nn_saturate(acoustic_nn_finish_right(s3, m, r, offset));
    } else {
        const int32_t sums[4] = {s0, s1, s2, s3};
        acoustic_nn_finish_some(to, sums, c, 4, y);
    }
}

#endif
