/*
 * The number that the front end computes with: one float32, or several side by side.
 *
 * On a microcontroller ACOUSTIC_LANES is 1 and every `acoustic_lanes` is a float. On a PC it is 4 or 8: each lane
 * is another frame of the same signal, and the same source becomes vector instructions. An elementwise float32
 * operation rounds once whatever its width, so the lanes' bytes are those of one frame alone.
 *
 * Results are equal to the bit on every machine whose compiler leaves the arithmetic as it stands: build with
 * -ffp-contract=off. What follows asks for it once more and refuses what would change a byte.
 */
#ifndef ACOUSTIC_LANES_H
#define ACOUSTIC_LANES_H

#include <stddef.h>
#include <stdint.h>

#if defined(__FAST_MATH__)
#error "acoustic: build without -ffast-math, which changes results"
#endif
#if defined(__FLT_EVAL_METHOD__) && (__FLT_EVAL_METHOD__ == 1 || __FLT_EVAL_METHOD__ == 2)
#error "acoustic: float must be computed as float (on 32-bit x86: -msse2 -mfpmath=sse)"
#endif
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
/* GCC knows no such pragma, and contracts unless -std=c99 or -ffp-contract=off says otherwise. */
#pragma GCC optimize("fp-contract=off")
#endif

#ifndef ACOUSTIC_LANES
#define ACOUSTIC_LANES 1
#endif

#if ACOUSTIC_LANES == 1

typedef float acoustic_lanes;
typedef int32_t acoustic_int_lanes;

/* Value of one lane. */
#define ACOUSTIC_LANE(value, lane) ((void)(lane), (value))
#define ACOUSTIC_SET_LANE(value, lane, number) ((void)(lane), (value) = (number))

/* The bits of numbers, and the numbers of bits. */
static inline acoustic_int_lanes acoustic_bits(acoustic_lanes x)
{
    union { float number; int32_t bits; } both;
    both.number = x;
    return both.bits;
}

static inline acoustic_lanes acoustic_from_bits(acoustic_int_lanes bits)
{
    union { float number; int32_t bits; } both;
    both.bits = bits;
    return both.number;
}

static inline acoustic_lanes acoustic_from_int(acoustic_int_lanes x)
{
    return (float)x;
}

/* The larger of a number and a limit. */
static inline acoustic_lanes acoustic_at_least(acoustic_lanes x, float limit)
{
    return x > limit ? x : limit;
}

#else

typedef float acoustic_lanes __attribute__((vector_size(4 * ACOUSTIC_LANES)));
typedef int32_t acoustic_int_lanes __attribute__((vector_size(4 * ACOUSTIC_LANES)));

#define ACOUSTIC_LANE(value, lane) ((value)[lane])
#define ACOUSTIC_SET_LANE(value, lane, number) ((value)[lane] = (number))

static inline acoustic_int_lanes acoustic_bits(acoustic_lanes x)
{
    return (acoustic_int_lanes)x;
}

static inline acoustic_lanes acoustic_from_bits(acoustic_int_lanes bits)
{
    return (acoustic_lanes)bits;
}

static inline acoustic_lanes acoustic_from_int(acoustic_int_lanes x)
{
    return __builtin_convertvector(x, acoustic_lanes);
}

static inline acoustic_lanes acoustic_at_least(acoustic_lanes x, float limit)
{
    const acoustic_lanes limits = limit - (acoustic_lanes){0};
    const acoustic_int_lanes larger = x > limits;
    return acoustic_from_bits((acoustic_bits(x) & larger) | (acoustic_bits(limits) & ~larger));
}

#endif

#endif
