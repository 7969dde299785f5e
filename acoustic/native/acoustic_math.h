/*
 * Logarithm, exponential, square root and rounding of float32 without libm, whose results differ between machines.
 */
#ifndef ACOUSTIC_MATH_H
#define ACOUSTIC_MATH_H

#include "acoustic_lanes.h"

/* Base-2 logarithm of positive, normal numbers: the exponent comes from the bits, the rest from a polynomial. */
static inline acoustic_lanes acoustic_log2(acoustic_lanes x)
{
    /* Split around sqrt(1/2), so that the mantissa lies around one. */
    const acoustic_int_lanes bits = acoustic_bits(x);
    const acoustic_int_lanes exponent = (bits - 0x3F3504F3) >> 23;
    const acoustic_lanes t = acoustic_from_bits(bits - exponent * 0x800000) - 1.0f;
    acoustic_lanes y = -0x1.b84fb2p-4f * t;
    y = (y + 0x1.7a639ep-3f) * t;
    y = (y + -0x1.87f6a2p-3f) * t;
    y = (y + 0x1.a38c68p-3f) * t;
    y = (y + -0x1.eab7aap-3f) * t;
    y = (y + 0x1.277a52p-2f) * t;
    y = (y + -0x1.715a70p-2f) * t;
    y = (y + 0x1.ec70aap-2f) * t;
    y = (y + -0x1.715470p-1f) * t;
    y = (y + 0x1.715476p+0f) * t;
    return y + acoustic_from_int(exponent);
}

/* Nearest whole number of one below 2^22, halves to even. */
static inline float acoustic_round(float x)
{
    const float shift = 12582912.0f; /* 1.5 * 2^23: the sum has no bits left for a fraction */
    return (x + shift) - shift;
}

/* Nearest int16, halves to even; what lies outside is limited. */
static inline int16_t acoustic_to_int16(float x)
{
    const float low = x > -32768.0f ? x : -32768.0f;
    return (int16_t)acoustic_round(low < 32767.0f ? low : 32767.0f);
}

/* Two to the power of x, which is limited to -126 to 127: the whole part becomes the exponent's bits. */
static inline float acoustic_exp2(float x)
{
    union { float number; int32_t bits; } power;
    const float low = x > -126.0f ? x : -126.0f;
    const float limited = low < 127.0f ? low : 127.0f;
    const float whole = acoustic_round(limited);
    const float t = limited - whole;
    float y = 0x1.44138ap-13f * t;
    y = (y + 0x1.5f0890p-10f) * t;
    y = (y + 0x1.3b2a54p-7f) * t;
    y = (y + 0x1.c6af6cp-5f) * t;
    y = (y + 0x1.ebfbe0p-3f) * t;
    y = (y + 0x1.62e430p-1f) * t;
    power.bits = ((int32_t)whole + 127) * 0x800000;
    return (y + 1.0f) * power.number;
}

/* Square root of a number that is not negative, correctly rounded as IEEE 754 wants it. */
static inline float acoustic_sqrt(float x)
{
#if defined(__ARM_FP) && (__ARM_FP & 4) && !defined(__aarch64__)
    float root;
    __asm__("vsqrt.f32 %0, %1" : "=t"(root) : "t"(x));
    return root;
#elif defined(__SSE2__) || defined(__aarch64__)
    return __builtin_sqrtf(x); /* one instruction with -fno-math-errno */
#else
    union { float number; uint32_t bits; } both;
    uint32_t rest, root = 0, remainder = 0;
    int exponent;
    both.number = x;
    if (both.bits << 1 == 0) {
        return x;
    }
    exponent = (int)(both.bits >> 23) - 127;
    rest = both.bits & 0x7FFFFF;
    if (exponent == -127) { /* subnormal */
        exponent = -126;
        while (!(rest & 0x800000)) {
            rest <<= 1;
            --exponent;
        }
    }
    rest |= 0x800000;
    if (exponent & 1) {
        rest <<= 1;
        --exponent;
    }
    /* Bit by bit, with one bit more than the result keeps. */
    rest <<= 7;
    for (int bit = 0; bit < 25; ++bit) {
        const uint32_t trial = (root << 2) | 1;
        remainder = (remainder << 2) | (rest >> 30);
        rest <<= 2;
        root <<= 1;
        if (remainder >= trial) {
            remainder -= trial;
            root |= 1;
        }
    }
    /* A root is never half way between two numbers, so the extra bit alone decides. */
    root = (root >> 1) + (root & 1);
    both.bits = root + ((uint32_t)(exponent / 2 + 126) << 23);
    return both.number;
#endif
}

#endif
