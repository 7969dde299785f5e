/*
 * Float32 FFT in place with one fixed order of every operation: that of Stockham's FFT (Cochran et al. 1967) as the
 * Python package computes it, decimation in frequency, radix 4 with one radix-2 stage where needed; only where numbers
 * lie is different. Real signals go through a complex transform of half the size (Cooley, Lewis and Welch 1970).
 *
 * `n` is the number of real points, a power of two from 16 to 8192. Complex numbers lie as pairs: real part,
 * imaginary part. `twiddles` holds the pairs cos(2 pi k / n), -sin(2 pi k / n) for k = 0 to 3 n / 4 - 1.
 *
 * Results stay in bit-reversed order, to be read from where they lie: number k begins at x[places[k]], with places[k]
 * twice the reversed bits of k for k below n / 2, and places[n / 2] = 1. So the last bin of a spectrum takes the place
 * of the first one's imaginary part: both are real.
 */
#ifndef ACOUSTIC_FFT_H
#define ACOUSTIC_FFT_H

#include "acoustic_lanes.h"

/*
 * Power spectrum of n real points: that of bin k at x[places[k]], for k = 0 to n / 2. x holds half of each point,
 * since the transform adds without halving. What lies between, at odd indices from 3 on, is left over.
 */
void acoustic_fft_power(size_t n, const float *twiddles, const uint16_t *places, acoustic_lanes *x);

/* Spectrum of n real points, halved as above: the pair of bin k at x[places[k]], of the last bin its real part. */
void acoustic_fft_forward(size_t n, const float *twiddles, const uint16_t *places, acoustic_lanes *x);

/*
 * n times the signal of a spectrum, which lies in the order of its bins, the last one's real part in place of the
 * first one's imaginary part. Points 2 k and 2 k + 1 of the signal lie at x[places[k]], the later one first.
 */
void acoustic_fft_inverse(size_t n, const float *twiddles, acoustic_lanes *x);

#endif
