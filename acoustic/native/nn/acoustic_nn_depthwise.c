/* Convolution of each channel by itself, over a sliding block of input rows with their borders.
 *
 * The block makes it possible to write the output over the input: a row is copied before it is overwritten. */
#include <string.h>

#include "acoustic_nn_mve.h"
#include "acoustic_nn_scale.h"

/* However the rest is built: the registers that the assembly wants are free only then. */
#if defined(__GNUC__) && !defined(__clang__) && (ACOUSTIC_NN_DSP || ACOUSTIC_NN_MVE)
#pragma GCC optimize("O2", "omit-frame-pointer")
#endif

typedef struct {
    int32_t channels;  /* of the output */
    int32_t row_bytes; /* of the block */
} shape_t;

static void fill(int8_t *y, int32_t value, int32_t size)
{
    memset(y, (uint8_t)value, (size_t)size);
}

/* Copy an input row, with each channel repeated as often as it has outputs; rows outside are the zero point. */
static void load_row(const acoustic_nn_depthwise_t *layer, const shape_t *shape, const int8_t *x, int32_t row, int8_t *to)
{
    const acoustic_nn_windows_t *g = &layer->windows;
    fill(to, layer->x_zero_point, shape->row_bytes);
    if (row < 0 || row >= g->height) {
        return;
    }
    const int32_t columns = shape->row_bytes / shape->channels - g->left;
    const int32_t count = (columns < g->width ? columns : g->width) * g->channels;
    const int8_t *from = x + row * g->width * g->channels;
    to += g->left * shape->channels;
    if (layer->copies == 1) {
        memcpy(to, from, (size_t)count);
        return;
    }
    for (int32_t n = 0; n < count; n++, to += layer->copies) {
        fill(to, from[n], layer->copies);
    }
}

/* Sums of four channels. */
#if ACOUSTIC_NN_MVE

typedef int32x4_t sums_t;
typedef acoustic_nn_vectors_t finish_t;


static inline sums_t start_sums(const int32_t *bias)
{
    return vldrwq_s32(bias);
}

static inline sums_t add_tap(sums_t sums, const int8_t *x, const int8_t *w)
{
    return vaddq_s32(sums, vmulq_s32(vldrbq_s32(x), vldrbq_s32(w)));
}

static inline sums_t add_three_taps(sums_t sums, const int8_t *x, int32_t step, const int8_t *w)
{
    __asm__ volatile("vldrb.s32 q0, [%[x]]\n"
                     "vldrb.s32 q1, [%[w]]\n"
                     "vmul.i32 q0, q0, q1\n"
                     "add %[x], %[x], %[step]\n"
                     "vldrb.s32 q2, [%[x]]\n"
                     "vadd.i32 %q[sums], %q[sums], q0\n"
                     "vldrb.s32 q1, [%[w], #4]\n"
                     "vmul.i32 q2, q2, q1\n"
                     "add %[x], %[x], %[step]\n"
                     "vldrb.s32 q0, [%[x]]\n"
                     "vadd.i32 %q[sums], %q[sums], q2\n"
                     "vldrb.s32 q1, [%[w], #8]\n"
                     "vmul.i32 q0, q0, q1\n"
                     "vadd.i32 %q[sums], %q[sums], q0\n"
                     : [sums] "+w"(sums), [x] "+l"(x)
                     : [w] "l"(w), [step] "r"(step)
                     : "q0", "q1", "q2", "memory");
    return sums;
}

static inline void finish_sums(finish_t *to, sums_t sums, int32_t c, int8_t *y)
{
    acoustic_nn_finish_vector(to, sums, y + c);
}

#else

typedef struct {
    int32_t s0, s1, s2, s3;
} sums_t;
typedef const acoustic_nn_scaling_t *finish_t;

static inline sums_t start_sums(const int32_t *bias)
{
    const sums_t sums = {bias[0], bias[1], bias[2], bias[3]};
    return sums;
}

#if ACOUSTIC_NN_DSP

/* A word of inputs times a word of weights. */
#define TAP(from, weights)             \
    "ldr r3, [%[x]" from "]\n"         \
    "ldr r4, [%[w], #" weights "]\n"   \
    "sxtb16 r8, r3\n"                  \
    "sxtb16 r9, r4\n"                  \
    "smlabb %[s0], r8, r9, %[s0]\n"    \
    "smlatt %[s2], r8, r9, %[s2]\n"    \
    "sxtb16 r8, r3, ror #8\n"          \
    "sxtb16 r9, r4, ror #8\n"          \
    "smlabb %[s1], r8, r9, %[s1]\n"    \
    "smlatt %[s3], r8, r9, %[s3]\n"
#define SUMS [s0] "+r"(sums.s0), [s1] "+r"(sums.s1), [s2] "+r"(sums.s2), [s3] "+r"(sums.s3)

static inline sums_t add_tap(sums_t sums, const int8_t *x, const int8_t *w)
{
    __asm__ volatile(TAP("", "0")
                     : SUMS
                     : [x] "r"(x), [w] "r"(w)
                     : "r3", "r4", "r8", "r9", "memory");
    return sums;
}

static inline sums_t add_three_taps(sums_t sums, const int8_t *x, int32_t step, const int8_t *w)
{
    __asm__ volatile(TAP("", "0") TAP(", %[step]", "4") TAP(", %[step], lsl #1", "8")
                     : SUMS
                     : [x] "r"(x), [step] "r"(step), [w] "r"(w)
                     : "r3", "r4", "r8", "r9", "memory");
    return sums;
}

#else

static inline sums_t add_tap(sums_t sums, const int8_t *x, const int8_t *w)
{
    sums.s0 += x[0] * w[0];
    sums.s1 += x[1] * w[1];
    sums.s2 += x[2] * w[2];
    sums.s3 += x[3] * w[3];
    return sums;
}

static inline sums_t add_three_taps(sums_t sums, const int8_t *x, int32_t step, const int8_t *w)
{
    sums = add_tap(sums, x, w);
    sums = add_tap(sums, x + step, w + 4);
    return add_tap(sums, x + 2 * step, w + 8);
}

#endif

static inline void finish_sums(finish_t *to, sums_t sums, int32_t c, int8_t *y)
{
    acoustic_nn_finish_four(*to, sums.s0, sums.s1, sums.s2, sums.s3, c, y);
}

#endif

/* All whole groups of four channels at one position. */
static inline void all_groups(const acoustic_nn_depthwise_t *layer, finish_t to, const shape_t *shape, const int8_t *x,
                              int8_t *y)
{
    const int32_t step = layer->windows.dilation_width * shape->channels;
    const int32_t row_step = layer->windows.dilation_height * shape->row_bytes;
    const int32_t height = layer->windows.kernel_height, width = layer->windows.kernel_width;
    const int32_t groups_end = shape->channels & ~3;
    const int32_t *bias = layer->to.bias;
    const int8_t *w = layer->weights;
    const int32_t square = height == 3 && width == 3;
    for (int32_t c = 0; c < groups_end; c += 4) {
        sums_t sums = start_sums(bias + c);
        const int8_t *row = x + c;
        if (square) { /* the usual kernel, without loops */
            sums = add_three_taps(sums, row, step, w);
            sums = add_three_taps(sums, row + row_step, step, w + 12);
            sums = add_three_taps(sums, row + 2 * row_step, step, w + 24);
            w += 36;
        } else {
            for (int32_t rows = height; rows > 0; rows--, row += row_step) {
                for (int32_t column = 0; column < width; column++, w += 4) {
                    sums = add_tap(sums, row + column * step, w);
                }
            }
        }
        finish_sums(&to, sums, c, y);
    }
}

/* A channel that is left over, at one position. */
static void one_channel(const acoustic_nn_depthwise_t *layer, const shape_t *shape, const int8_t *x, int32_t c, int8_t *y)
{
    const acoustic_nn_windows_t *g = &layer->windows;
    const int8_t *w = layer->weights + (c & ~3) * g->kernel_height * g->kernel_width + (c & 3);
    int32_t sum = layer->to.bias[c];
    for (int32_t row = 0; row < g->kernel_height; row++) {
        const int8_t *from = x + row * g->dilation_height * shape->row_bytes + c;
        for (int32_t column = 0; column < g->kernel_width; column++) {
            sum += *from * *w;
            from += g->dilation_width * shape->channels;
            w += 4;
        }
    }
    acoustic_nn_finish_some(&layer->to, &sum, c, 1, y);
}

static void one_row(const acoustic_nn_depthwise_t *layer, const shape_t *shape, const int8_t *x, int8_t *y)
{
#if ACOUSTIC_NN_MVE
    acoustic_nn_four_t room;
    const finish_t to = acoustic_nn_vectors(&layer->to, &room);
#else
    const finish_t to = &layer->to;
#endif
    const int32_t stride = layer->windows.stride_width * shape->channels;
    for (int32_t n = layer->windows.out_width; n > 0; n--, x += stride, y += shape->channels) {
        all_groups(layer, to, shape, x, y);
        for (int32_t c = shape->channels & ~3; c < shape->channels; c++) {
            one_channel(layer, shape, x, c, y);
        }
    }
}

void acoustic_nn_depthwise(const acoustic_nn_depthwise_t *layer, const int8_t *x, int8_t *y, int8_t *scratch)
{
    const acoustic_nn_windows_t *g = &layer->windows;
    const int32_t channels = g->channels * layer->copies;
    const int32_t columns = (g->out_width - 1) * g->stride_width + (g->kernel_width - 1) * g->dilation_width + 1;
    const shape_t shape = {channels, columns * channels};
    const int32_t reach = (g->kernel_height - 1) * g->dilation_height + 1;
    int32_t loaded = -g->top; /* the next input row to copy; those before it are in the block or not needed */
    for (int32_t out_row = 0; out_row < g->out_height; out_row++) {
        const int32_t top = out_row * g->stride_height - g->top;
        const int32_t kept = loaded - top; /* rows at the block's end that this output row sees too */
        if (kept > 0) {
            memmove(scratch, scratch + (reach - kept) * shape.row_bytes, (size_t)(kept * shape.row_bytes));
        } else {
            loaded = top;
        }
        for (; loaded < top + reach; loaded++) {
            load_row(layer, &shape, x, loaded, scratch + (loaded - top) * shape.row_bytes);
        }
        one_row(layer, &shape, scratch, y);
        y += g->out_width * channels;
    }
}
