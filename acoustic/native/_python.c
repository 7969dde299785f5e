/*
 * What only the Python package asks of its copy of the core: is it the right one, and how wide may it be?
 */
#include "acoustic_frontend.h"

#ifndef ACOUSTIC_DIGEST
#define ACOUSTIC_DIGEST ""
#endif

const char *acoustic_core_digest(void);
int acoustic_core_arithmetic(void);
int acoustic_core_lanes(void);
int acoustic_core_rounds_twice(void);
int acoustic_cpu_has_avx2(void);

/* Digest of the sources that this was compiled from. */
const char *acoustic_core_digest(void)
{
    return ACOUSTIC_DIGEST;
}

int acoustic_core_arithmetic(void)
{
    return ACOUSTIC_ARITHMETIC_VERSION;
}

int acoustic_core_lanes(void)
{
    return ACOUSTIC_LANES;
}

/* Whether a product and a sum are rounded each for itself: a contracted one would leave 2^-24 here. */
int acoustic_core_rounds_twice(void)
{
    const volatile float x = 1.0f + 0x1p-12f, rounded = 1.0f + 0x1p-11f;
    const float factor = x, other = rounded;
    return factor * factor - other == 0.0f;
}

int acoustic_cpu_has_avx2(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") != 0;
#else
    return 0;
#endif
}
