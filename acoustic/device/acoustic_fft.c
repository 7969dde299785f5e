#include "acoustic_fft.h"

/* Four points, and their transform. */
typedef struct {
    acoustic_lanes re_0, im_0, re_1, im_1, re_2, im_2, re_3, im_3;
} four_points;

/* The transform of four points that lie `step` numbers apart. */
static inline four_points transform_4(const acoustic_lanes *x, size_t step)
{
    const acoustic_lanes *const x_1 = x + step, *const x_2 = x_1 + step, *const x_3 = x_2 + step;
    const acoustic_lanes sum_re = x[0] + x_2[0], sum_im = x[1] + x_2[1];
    const acoustic_lanes re = x[0] - x_2[0], im = x[1] - x_2[1];
    const acoustic_lanes sum_re_odd = x_1[0] + x_3[0], sum_im_odd = x_1[1] + x_3[1];
    const acoustic_lanes re_odd = x_1[0] - x_3[0], im_odd = x_1[1] - x_3[1];
    const four_points y = {
        sum_re + sum_re_odd, sum_im + sum_im_odd, re + im_odd, im - re_odd,
        sum_re - sum_re_odd, sum_im - sum_im_odd, re - im_odd, im + re_odd,
    };
    return y;
}

/* What three of them are turned by. */
typedef struct {
    float cos_1, sin_1, cos_2, sin_2, cos_3, sin_3;
} three_twiddles;

/* The twiddles of angle number `index`, of its double and its triple. */
static inline three_twiddles twiddles_at(const float *twiddles, size_t index)
{
    const float *const w_1 = twiddles + 2 * index, *const w_2 = w_1 + 2 * index, *const w_3 = w_2 + 2 * index;
    const three_twiddles w = {w_1[0], w_1[1], w_2[0], w_2[1], w_3[0], w_3[1]};
    return w;
}

/* Write four points, `step` numbers apart, all but the first turned. */
static inline void put_4(acoustic_lanes *y, size_t step, four_points z, three_twiddles w)
{
    acoustic_lanes *const y_1 = y + step, *const y_2 = y_1 + step, *const y_3 = y_2 + step;
    y[0] = z.re_0;
    y[1] = z.im_0;
    y_1[0] = z.re_1 * w.cos_1 - z.im_1 * w.sin_1;
    y_1[1] = z.im_1 * w.cos_1 + z.re_1 * w.sin_1;
    y_2[0] = z.re_2 * w.cos_2 - z.im_2 * w.sin_2;
    y_2[1] = z.im_2 * w.cos_2 + z.re_2 * w.sin_2;
    y_3[0] = z.re_3 * w.cos_3 - z.im_3 * w.sin_3;
    y_3[1] = z.im_3 * w.cos_3 + z.re_3 * w.sin_3;
}

/* The first pass, over all 4 * points of the transform. */
static void first_radix_4(const acoustic_lanes *restrict x, acoustic_lanes *restrict y, size_t points,
                          const float *twiddles)
{
    for (size_t point = 0; point < points; ++point) {
        put_4(y, 2, transform_4(x, 2 * points), twiddles_at(twiddles, 2 * point));
        x += 2;
        y += 8;
    }
}

/* A pass between: sub-transforms of 4 * points, `stride` of them interleaved. */
static void radix_4(const acoustic_lanes *restrict x, acoustic_lanes *restrict y, size_t points, size_t stride,
                    const float *twiddles)
{
    for (size_t point = 0; point < points; ++point) {
        const three_twiddles w = twiddles_at(twiddles, 2 * point * stride);
        for (size_t k = 0; k < stride; ++k) {
            put_4(y, 2 * stride, transform_4(x, 2 * points * stride), w);
            x += 2;
            y += 2;
        }
        y += 6 * stride;
    }
}

/* The last pass, if it is of radix 4: every factor is one. */
static void last_radix_4(const acoustic_lanes *restrict x, acoustic_lanes *restrict y, size_t stride)
{
    const size_t step = 2 * stride;
    for (size_t k = 0; k < stride; ++k) {
        const four_points z = transform_4(x, step);
        y[0] = z.re_0;
        y[1] = z.im_0;
        y[step] = z.re_1;
        y[step + 1] = z.im_1;
        y[2 * step] = z.re_2;
        y[2 * step + 1] = z.im_2;
        y[3 * step] = z.re_3;
        y[3 * step + 1] = z.im_3;
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
    first_radix_4(x, spare, n / 8, twiddles);
    for (size_t length = n / 8, stride = 4; length > 1; length /= 4, stride *= 4) {
        acoustic_lanes *const source = spare;
        spare = x;
        x = source;
        if (length == 2) {
            last_radix_2(x, spare, stride);
        } else if (length == 4) {
            last_radix_4(x, spare, stride);
        } else {
            radix_4(x, spare, length / 4, stride, twiddles);
        }
    }
    return spare;
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
