/* Instructions of the Arm DSP extension, and words of four stored values. */
#ifndef ACOUSTIC_NN_DSP_H
#define ACOUSTIC_NN_DSP_H

#include <string.h>

#include "acoustic_nn.h"

#if ACOUSTIC_NN_DSP

static inline uint32_t acoustic_nn_word(const int8_t *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Bytes 0 and 2 as two signed halves. */
static inline uint32_t acoustic_nn_even(uint32_t word)
{
    uint32_t halves;
    __asm__("sxtb16 %0, %1" : "=r"(halves) : "r"(word));
    return halves;
}

/* Bytes 1 and 3. */
static inline uint32_t acoustic_nn_odd(uint32_t word)
{
    uint32_t halves;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(halves) : "r"(word));
    return halves;
}

/* sum + product of the low halves + product of the high halves */
static inline int32_t acoustic_nn_dual_product(uint32_t a, uint32_t b, int32_t sum)
{
    __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
    return sum;
}

#endif

#endif
