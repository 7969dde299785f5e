/*
 * Float32 FFT with one fixed order of every operation: Stockham's autosort FFT (Cochran et al. 1967), decimation
 * in frequency, radix 4 with one radix-2 stage where needed. Real signals go through a complex transform of half
 * the size (Cooley, Lewis and Welch 1970).
 *
 * `n` is the number of real points, a power of two from 16 to 8192. Complex numbers lie as pairs: real part,
 * imaginary part. `twiddles` holds the pairs cos(2 pi k / n), -sin(2 pi k / n) for k = 0 to 3 n / 4 - 1.
 */
#ifndef ACOUSTIC_FFT_H
#define ACOUSTIC_FFT_H

#include "acoustic_lanes.h"

/*
 * Power spectrum of n real points: power[0] to power[n / 2]. `x` holds half of each point, since the transform adds
 * without halving, and is overwritten; `spare` holds n numbers. Returns where the power lies: in x or in spare.
 */
acoustic_lanes *acoustic_fft_power(size_t n, const float *twiddles, acoustic_lanes *x, acoustic_lanes *spare);

/*
 * Spectrum of n real points, halved as above: n / 2 + 1 pairs. Both x and spare hold n + 2 numbers. Returns where
 * the spectrum lies: in x or in spare.
 */
acoustic_lanes *acoustic_fft_forward(size_t n, const float *twiddles, acoustic_lanes *x, acoustic_lanes *spare);

/*
 * n times the signal of a spectrum of n / 2 + 1 pairs. The imaginary parts of the first and the last bin count as
 * zero. Both spectrum and spare hold n + 2 numbers and are overwritten. Returns where the signal lies, with the
 * two points of each pair exchanged: point i stands at i ^ 1.
 */
acoustic_lanes *acoustic_fft_inverse(size_t n, const float *twiddles, acoustic_lanes *spectrum, acoustic_lanes *spare);

#endif
