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

/* Put four points back, turned, in bit-reversed order: the second one where the third came from. */
static inline void put_4(acoustic_lanes *x, size_t step, four_points z, three_twiddles w)
{
    acoustic_lanes *const x_1 = x + step, *const x_2 = x_1 + step, *const x_3 = x_2 + step;
    x[0] = z.re_0;
    x[1] = z.im_0;
    x_2[0] = z.re_1 * w.cos_1 - z.im_1 * w.sin_1;
    x_2[1] = z.im_1 * w.cos_1 + z.re_1 * w.sin_1;
    x_1[0] = z.re_2 * w.cos_2 - z.im_2 * w.sin_2;
    x_1[1] = z.im_2 * w.cos_2 + z.re_2 * w.sin_2;
    x_3[0] = z.re_3 * w.cos_3 - z.im_3 * w.sin_3;
    x_3[1] = z.im_3 * w.cos_3 + z.re_3 * w.sin_3;
}

/* The first pass, over all 4 * points of the transform. */
static void first_radix_4(acoustic_lanes *x, size_t points, const float *twiddles)
{
    for (size_t point = 0; point < points; ++point) {
        put_4(x, 2 * points, transform_4(x, 2 * points), twiddles_at(twiddles, 2 * point));
        x += 2;
    }
}

/* A pass between: `transforms` of 4 * points, one behind the other. */
static void radix_4(acoustic_lanes *x, size_t points, size_t transforms, const float *twiddles)
{
    for (size_t point = 0; point < points; ++point) {
        const three_twiddles w = twiddles_at(twiddles, 2 * point * transforms);
        acoustic_lanes *here = x + 2 * point;
        for (size_t k = 0; k < transforms; ++k) {
            put_4(here, 2 * points, transform_4(here, 2 * points), w);
            here += 8 * points;
        }
    }
}

/* The last pass, if it is of radix 4: every factor is one. */
static void last_radix_4(acoustic_lanes *x, size_t transforms)
{
    for (size_t k = 0; k < transforms; ++k) {
        const four_points z = transform_4(x, 2);
        x[0] = z.re_0;
        x[1] = z.im_0;
        x[2] = z.re_2;
        x[3] = z.im_2;
        x[4] = z.re_1;
        x[5] = z.im_1;
        x[6] = z.re_3;
        x[7] = z.im_3;
        x += 8;
    }
}

/* The last pass, if it is of radix 2. */
static void last_radix_2(acoustic_lanes *x, size_t transforms)
{
    for (size_t k = 0; k < transforms; ++k) {
        const acoustic_lanes re = x[0] - x[2], im = x[1] - x[3];
        x[0] += x[2];
        x[1] += x[3];
        x[2] = re;
        x[3] = im;
        x += 4;
    }
}

/* Complex transform of n / 2 points, which stand in bit-reversed order afterwards. */
static void transform(size_t n, const float *twiddles, acoustic_lanes *x)
{
    first_radix_4(x, n / 8, twiddles);
    for (size_t length = n / 8, transforms = 4; length > 1; length /= 4, transforms *= 4) {
        if (length == 2) {
            last_radix_2(x, transforms);
        } else if (length == 4) {
            last_radix_4(x, transforms);
        } else {
            radix_4(x, length / 4, transforms, twiddles);
        }
    }
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

void acoustic_fft_power(size_t n, const float *twiddles, const uint16_t *places, acoustic_lanes *x)
{
    acoustic_lanes first, last;
    transform(n, twiddles, x);
    first = (x[0] + x[1]) * 2.0f;
    last = (x[0] - x[1]) * 2.0f;
    x[0] = first * first;
    x[1] = last * last;
    for (size_t k = 1; k <= n / 4; ++k) {
        acoustic_lanes *const low = x + places[k], *const high = x + places[n / 2 - k];
        const bin_pair bins = unpack(low, high, twiddles + 2 * k);
        /* The higher bin first: at the middle, the lower is the one that stays. */
        high[0] = bins.high_re * bins.high_re + bins.high_im * bins.high_im;
        low[0] = bins.low_re * bins.low_re + bins.low_im * bins.low_im;
    }
}

void acoustic_fft_forward(size_t n, const float *twiddles, const uint16_t *places, acoustic_lanes *x)
{
    acoustic_lanes first, last;
    transform(n, twiddles, x);
    first = (x[0] + x[1]) * 2.0f;
    last = (x[0] - x[1]) * 2.0f;
    x[0] = first;
    x[1] = last;
    for (size_t k = 1; k <= n / 4; ++k) {
        acoustic_lanes *const low = x + places[k], *const high = x + places[n / 2 - k];
        const bin_pair bins = unpack(low, high, twiddles + 2 * k);
        high[0] = bins.high_re;
        high[1] = bins.high_im;
        low[0] = bins.low_re;
        low[1] = bins.low_im;
    }
}

void acoustic_fft_inverse(size_t n, const float *twiddles, acoustic_lanes *x)
{
    const acoustic_lanes first = x[0], last = x[1];
    /* Exchanging real and imaginary part before and after makes the forward transform the inverse one. */
    x[0] = first - last;
    x[1] = first + last;
    for (size_t k = 1; k <= n / 4; ++k) {
        acoustic_lanes *const low = x + 2 * k, *const high = x + n - 2 * k;
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
    transform(n, twiddles, x);
}
