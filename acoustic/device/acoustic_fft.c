#include "acoustic_fft.h"

/* One radix-4 pass but the last: `4 * points` sub-transforms' points become `points`, `stride` of them interleaved. */
static void radix_4(const acoustic_lanes *restrict x, acoustic_lanes *restrict y, size_t points, size_t stride,
                    const float *twiddles, size_t step)
{
    const size_t quarter = 2 * points * stride;
    const float *w1 = twiddles, *w2 = twiddles, *w3 = twiddles;
    for (size_t point = 0; point < points; ++point) {
        const float cos_1 = w1[0], sin_1 = w1[1], cos_2 = w2[0], sin_2 = w2[1], cos_3 = w3[0], sin_3 = w3[1];
        for (size_t k = 0; k < stride; ++k) {
            const acoustic_lanes sum_re = x[0] + x[2 * quarter], sum_im = x[1] + x[2 * quarter + 1];
            const acoustic_lanes re = x[0] - x[2 * quarter], im = x[1] - x[2 * quarter + 1];
            const acoustic_lanes sum_re_odd = x[quarter] + x[3 * quarter];
            const acoustic_lanes sum_im_odd = x[quarter + 1] + x[3 * quarter + 1];
            const acoustic_lanes re_odd = x[quarter] - x[3 * quarter];
            const acoustic_lanes im_odd = x[quarter + 1] - x[3 * quarter + 1];
            const acoustic_lanes re_1 = re + im_odd, im_1 = im - re_odd;
            const acoustic_lanes re_2 = sum_re - sum_re_odd, im_2 = sum_im - sum_im_odd;
            const acoustic_lanes re_3 = re - im_odd, im_3 = im + re_odd;
            y[0] = sum_re + sum_re_odd;
            y[1] = sum_im + sum_im_odd;
            y[2 * stride] = re_1 * cos_1 - im_1 * sin_1;
            y[2 * stride + 1] = im_1 * cos_1 + re_1 * sin_1;
            y[4 * stride] = re_2 * cos_2 - im_2 * sin_2;
            y[4 * stride + 1] = im_2 * cos_2 + re_2 * sin_2;
            y[6 * stride] = re_3 * cos_3 - im_3 * sin_3;
            y[6 * stride + 1] = im_3 * cos_3 + re_3 * sin_3;
            x += 2;
            y += 2;
        }
        y += 6 * stride;
        w1 += 2 * step;
        w2 += 4 * step;
        w3 += 6 * step;
    }
}

/* The last pass, if it is of radix 4: every factor is one. */
static void last_radix_4(const acoustic_lanes *restrict x, acoustic_lanes *restrict y, size_t stride)
{
    const size_t quarter = 2 * stride;
    for (size_t k = 0; k < stride; ++k) {
        const acoustic_lanes sum_re = x[0] + x[2 * quarter], sum_im = x[1] + x[2 * quarter + 1];
        const acoustic_lanes re = x[0] - x[2 * quarter], im = x[1] - x[2 * quarter + 1];
        const acoustic_lanes sum_re_odd = x[quarter] + x[3 * quarter];
        const acoustic_lanes sum_im_odd = x[quarter + 1] + x[3 * quarter + 1];
        const acoustic_lanes re_odd = x[quarter] - x[3 * quarter];
        const acoustic_lanes im_odd = x[quarter + 1] - x[3 * quarter + 1];
        y[0] = sum_re + sum_re_odd;
        y[1] = sum_im + sum_im_odd;
        y[quarter] = re + im_odd;
        y[quarter + 1] = im - re_odd;
        y[2 * quarter] = sum_re - sum_re_odd;
        y[2 * quarter + 1] = sum_im - sum_im_odd;
        y[3 * quarter] = re - im_odd;
        y[3 * quarter + 1] = im + re_odd;
        x += 2;
        y += 2;
    }
}

/* The last pass, if it is of radix 2. */
static void last_radix_2(const acoustic_lanes *restrict x, acoustic_lanes *restrict y, size_t stride)
{
    const size_t half = 2 * stride;
    for (size_t k = 0; k < half; ++k) {
        y[k] = x[k] + x[half + k];
        y[half + k] = x[k] - x[half + k];
    }
}

/* Complex transform of n / 2 points; returns where the result lies. */
static acoustic_lanes *transform(size_t n, const float *twiddles, acoustic_lanes *x, acoustic_lanes *spare)
{
    size_t length = n / 2, stride = 1;
    while (length > 1) {
        acoustic_lanes *const free_again = x;
        if (length == 2) {
            last_radix_2(x, spare, stride);
        } else if (length == 4) {
            last_radix_4(x, spare, stride);
        } else {
            radix_4(x, spare, length / 4, stride, twiddles, n / length);
        }
        x = spare;
        spare = free_again;
        length /= 4;
        stride *= 4;
    }
    return x;
}

/* Bin k and bin n / 2 - k of a real signal, from the same bins of the complex transform of its packed points. */
typedef struct {
    acoustic_lanes low_re, low_im, high_re, high_im;
} bin_pair;

static inline bin_pair unpack(const acoustic_lanes *low, const acoustic_lanes *high, const float *twiddle)
{
    const acoustic_lanes even_re = low[0] + high[0], even_im = low[1] - high[1];
    const acoustic_lanes odd_re = low[1] + high[1], odd_im = high[0] - low[0];
    const acoustic_lanes turned_re = twiddle[0] * odd_re - twiddle[1] * odd_im;
    const acoustic_lanes turned_im = twiddle[0] * odd_im + twiddle[1] * odd_re;
    const bin_pair bins = {even_re + turned_re, even_im + turned_im, even_re - turned_re, turned_im - even_im};
    return bins;
}

acoustic_lanes *acoustic_fft_power(size_t n, const float *twiddles, acoustic_lanes *x, acoustic_lanes *spare)
{
    const acoustic_lanes *const z = transform(n, twiddles, x, spare);
    acoustic_lanes *const power = z == x ? spare : x;
    const acoustic_lanes *low = z + 2, *high = z + n - 2;
    const acoustic_lanes first = (z[0] + z[1]) * 2.0f, last = (z[0] - z[1]) * 2.0f;
    power[0] = first * first;
    power[n / 2] = last * last;
    for (size_t k = 1; k <= n / 4; ++k) {
        const bin_pair bins = unpack(low, high, twiddles + 2 * k);
        /* The higher bin first: at the middle, the lower is the one that stays. */
        power[n / 2 - k] = bins.high_re * bins.high_re + bins.high_im * bins.high_im;
        power[k] = bins.low_re * bins.low_re + bins.low_im * bins.low_im;
        low += 2;
        high -= 2;
    }
    return power;
}

acoustic_lanes *acoustic_fft_forward(size_t n, const float *twiddles, acoustic_lanes *x, acoustic_lanes *spare)
{
    acoustic_lanes *const z = transform(n, twiddles, x, spare);
    const acoustic_lanes first = (z[0] + z[1]) * 2.0f, last = (z[0] - z[1]) * 2.0f;
    z[0] = first;
    z[n] = last;
    z[1] = z[n + 1] = (acoustic_lanes){0};
    for (size_t k = 1; k <= n / 4; ++k) {
        acoustic_lanes *const low = z + 2 * k, *const high = z + n - 2 * k;
        const bin_pair bins = unpack(low, high, twiddles + 2 * k);
        high[0] = bins.high_re;
        high[1] = bins.high_im;
        low[0] = bins.low_re;
        low[1] = bins.low_im;
    }
    return z;
}

acoustic_lanes *acoustic_fft_inverse(size_t n, const float *twiddles, acoustic_lanes *spectrum, acoustic_lanes *spare)
{
    acoustic_lanes *const z = spectrum;
    const acoustic_lanes first = z[0], last = z[n];
    /* Exchanging real and imaginary part before and after makes the forward transform the inverse one. */
    z[0] = first - last;
    z[1] = first + last;
    for (size_t k = 1; k <= n / 4; ++k) {
        acoustic_lanes *const low = z + 2 * k, *const high = z + n - 2 * k;
        const float cosine = twiddles[2 * k], sine = twiddles[2 * k + 1];
        const acoustic_lanes even_re = low[0] + high[0], even_im = low[1] - high[1];
        const acoustic_lanes turned_re = low[0] - high[0], turned_im = low[1] + high[1];
        /* Back by the twiddle: multiplied with its conjugate. */
        const acoustic_lanes odd_re = cosine * turned_re + sine * turned_im;
        const acoustic_lanes odd_im = cosine * turned_im - sine * turned_re;
        high[0] = odd_re - even_im;
        high[1] = even_re + odd_im;
        low[0] = even_im + odd_re;
        low[1] = even_re - odd_im;
    }
    return transform(n, twiddles, z, spare);
}
