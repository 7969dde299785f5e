/* What the kernels share on cores with Helium (MVE). */
#ifndef ACOUSTIC_NN_MVE_H
#define ACOUSTIC_NN_MVE_H

#include "acoustic_nn_scale.h"

#if ACOUSTIC_NN_MVE

#include <arm_mve.h>

/* A layer's scaling, in registers. */
typedef struct {
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t each, plain;
    int32_t zero_point;
    int32x4_t low, high;
} acoustic_nn_vectors_t;

static inline acoustic_nn_vectors_t acoustic_nn_vectors(const acoustic_nn_scaling_t *to)
{
    const acoustic_nn_vectors_t v = {to->multiplier, to->shift,      to->each, to->plain, to->zero_point,
                                     vdupq_n_s32(to->low), vdupq_n_s32(to->high)};
    return v;
}

/* Store the sums of four channels from c on. */
static inline void acoustic_nn_finish_vector(const acoustic_nn_vectors_t *to, int32x4_t sums, int32_t c, int8_t *y)
{
    int32x4_t multiplier, right;
    if (to->each) {
        multiplier = vldrwq_s32(to->multiplier + c);
        right = vnegq_s32(vldrbq_s32(to->shift + c));
    } else {
        multiplier = vdupq_n_s32(*to->multiplier);
        right = vdupq_n_s32(-*to->shift);
    }
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
    vstrbq_s32(y + c, value);
}

#endif

#endif
