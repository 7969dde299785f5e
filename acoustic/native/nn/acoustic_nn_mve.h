/* What the kernels share on cores with Helium (MVE). */
#ifndef ACOUSTIC_NN_MVE_H
#define ACOUSTIC_NN_MVE_H

#include "acoustic_nn_scale.h"

#if ACOUSTIC_NN_MVE

#include <arm_mve.h>

/* A layer's scaling in registers, moving on by four channels with each result. */
typedef struct {
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t step; /* 4, or 0 where all channels have the same multiplier and shift */
    int32_t plain;
    int32_t zero_point;
    int32x4_t low, high;
} acoustic_nn_vectors_t;

/* Room for the one multiplier and shift of a layer, four times. */
typedef struct {
    int32_t multiplier[4];
    int8_t shift[4];
} acoustic_nn_four_t;

static inline acoustic_nn_vectors_t acoustic_nn_vectors(const acoustic_nn_scaling_t *to, acoustic_nn_four_t *room)
{
    acoustic_nn_vectors_t v = {to->multiplier, to->shift,      4, to->plain, to->zero_point,
                               vdupq_n_s32(to->low), vdupq_n_s32(to->high)};
    if (!to->each) {
        for (int32_t n = 0; n < 4; n++) {
            room->multiplier[n] = *to->multiplier;
            room->shift[n] = *to->shift;
        }
        v.multiplier = room->multiplier;
        v.shift = room->shift;
        v.step = 0;
    }
    return v;
}

/* Store the sums of the next four channels. */
static inline void acoustic_nn_finish_vector(acoustic_nn_vectors_t *to, int32x4_t sums, int8_t *y)
{
    const int32x4_t multiplier = vldrwq_s32(to->multiplier);
    int32x4_t right = vnegq_s32(vldrbq_s32(to->shift));
    to->multiplier += to->step;
    to->shift += to->step;
    if (!to->plain) { /* shifts to the left come before the product */
        const int32x4_t none = vdupq_n_s32(0);
        sums = vqshlq_s32(sums, vmaxq_s32(right, none));
        right = vminq_s32(right, none);
    }
    int32x4_t value = vqrdmulhq_s32(sums, multiplier);
    /* Ties away from zero: the rounding shift takes them upward, so negative values are made one less. */
    value = vaddq_s32(value, vshrq_n_s32(vandq_s32(value, right), 31));
    value = vaddq_n_s32(vrshlq_s32(value, right), to->zero_point);
    value = vminq_s32(vmaxq_s32(value, to->low), to->high);
    vstrbq_s32(y, value);
}

#endif

#endif
