/* int8 kernels with the arithmetic of TensorFlow Lite Micro: one function for each kind of layer.
 *
 * A layer is a constant structure that the exporter writes; activations are bytes in the caller's memory. Nothing
 * is allocated. Rounding is gemmlowp's ("double": a doubling high product, rounded, then a rounded right shift).
 * Activations and scratch memory are aligned to four bytes. Every sum fits 30 bits: the exporter checks it. */
#ifndef ACOUSTIC_NN_H
#define ACOUSTIC_NN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if !defined(ACOUSTIC_NN_PORTABLE) && defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)
#define ACOUSTIC_NN_MVE 1
#define ACOUSTIC_NN_DSP 0
#elif !defined(ACOUSTIC_NN_PORTABLE) && defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
#define ACOUSTIC_NN_MVE 0
#define ACOUSTIC_NN_DSP 1
#else
#define ACOUSTIC_NN_MVE 0
#define ACOUSTIC_NN_DSP 0
#endif

/* Weights of dense layers and convolutions come in the order that suits the core.
 * Rows: [channels][depth].
 * Paired, where the DSP instructions are: channels and depth padded to multiples of four; for four channels a to d
 * and four inputs 0 to 3 the sixteen bytes A0 b0 A2 b2 A1 b1 A3 b3 C0 d0 C2 d2 C1 d1 C3 d3, where a capital stands
 * for the weight plus 128. */
#define ACOUSTIC_NN_PAIRED_WEIGHTS ACOUSTIC_NN_DSP

/* How sums become stored values. */
typedef struct {
    const int32_t *bias;       /* [channels], with the input's zero point folded in */
    const int32_t *multiplier; /* [channels], or one for all */
    const int8_t *shift;       /* likewise: to the right by 1 to 22, or to the left by -shift */
    int32_t each;              /* 1 where every channel has its own multiplier, else 0 */
    int32_t plain;             /* 1 where all shifts go to the right and the range is that of int8, else 0 */
    int32_t zero_point;
    int32_t low; /* range of the output */
    int32_t high;
} acoustic_nn_scaling_t;

typedef struct {
    int32_t rows; /* how many inputs of `depth` values are done one after the other */
    int32_t depth;
    int32_t channels;
    const int8_t *weights;
    acoustic_nn_scaling_t to;
} acoustic_nn_dense_t;

/* Sliding windows over [height][width][channels]. */
typedef struct {
    int32_t height, width, channels; /* of the input */
    int32_t out_height, out_width;
    int32_t kernel_height, kernel_width;
    int32_t stride_height, stride_width;
    int32_t dilation_height, dilation_width;
    int32_t top, left; /* border before the input */
} acoustic_nn_windows_t;

typedef struct {
    acoustic_nn_windows_t windows;
    acoustic_nn_dense_t dense; /* over one window; its rows are not used */
    int32_t x_zero_point;
} acoustic_nn_conv_t;

typedef struct {
    acoustic_nn_windows_t windows; /* its channels are the input's */
    int32_t copies;                /* output channels for each input channel */
    int32_t x_zero_point;
    const int8_t *weights; /* [output channels / 4, rounded up][kernel_height][kernel_width][4] */
    acoustic_nn_scaling_t to;
} acoustic_nn_depthwise_t;

typedef struct {
    acoustic_nn_windows_t windows;
    int32_t low;
    int32_t high;
} acoustic_nn_pool_t;

typedef struct {
    int32_t outer, count, inner; /* the mean is over the middle of [outer][count][inner] */
    int32_t offset;              /* the input's zero point, times the count */
    int32_t multiplier, shift;
    int32_t zero_point;
} acoustic_nn_mean_t;

/* Two inputs with broadcasting: a step of 0 repeats. */
typedef struct {
    int32_t counts[4];
    int32_t a_steps[4];
    int32_t b_steps[4];
} acoustic_nn_pairs_t;

typedef struct {
    acoustic_nn_pairs_t pairs;
    int32_t a_zero_point, a_multiplier, a_shift;
    int32_t b_zero_point, b_multiplier, b_shift;
    int32_t subtract; /* 1: a - b */
    int32_t multiplier, shift;
    int32_t zero_point, low, high;
} acoustic_nn_add_t;

typedef struct {
    acoustic_nn_pairs_t pairs;
    int32_t a_zero_point, b_zero_point;
    int32_t multiplier, shift;
    int32_t zero_point, low, high;
} acoustic_nn_mul_t;

typedef struct {
    int32_t count;
    const int8_t *values; /* [256], by the stored value taken as unsigned */
} acoustic_nn_table_t;

typedef struct {
    int32_t rows, depth;
    int32_t count;       /* of exps; further below the largest value they are 0 */
    const int32_t *exps; /* by how far a value lies below the largest */
} acoustic_nn_softmax_t;

/* Copies runs of bytes from one place to another. */
typedef struct {
    int32_t counts[3];
    int32_t x_steps[3];
    int32_t y_steps[3];
    int32_t run;
    int32_t y_start;    /* where the first run goes */
    int32_t fill_bytes; /* of the output, filled first; 0 for none */
    int32_t fill_value;
} acoustic_nn_move_t;

/* Fully connected layer, and convolution of kernel 1 and stride 1. Scratch: align4(depth) bytes where the output
 * overlies the input (possible while channels <= depth) or depth is no multiple of four, else NULL. */
void acoustic_nn_dense(const acoustic_nn_dense_t *layer, const int8_t *x, int8_t *y, int8_t *scratch);

/* Convolution. Scratch: align4(depth) bytes. */
void acoustic_nn_conv(const acoustic_nn_conv_t *layer, const int8_t *x, int8_t *y, int8_t *scratch);

/* Convolution of each channel by itself. Scratch: the rows that a kernel reaches over, as wide as all windows of an
 * output row. The output may overlie the input when no row is written before it was read. */
void acoustic_nn_depthwise(const acoustic_nn_depthwise_t *layer, const int8_t *x, int8_t *y, int8_t *scratch);

void acoustic_nn_average_pool(const acoustic_nn_pool_t *layer, const int8_t *x, int8_t *y);
void acoustic_nn_max_pool(const acoustic_nn_pool_t *layer, const int8_t *x, int8_t *y);
void acoustic_nn_mean(const acoustic_nn_mean_t *layer, const int8_t *x, int8_t *y);

/* Sum or difference, and product; the output may overlie an input that is not repeated. */
void acoustic_nn_add(const acoustic_nn_add_t *layer, const int8_t *a, const int8_t *b, int8_t *y);
void acoustic_nn_mul(const acoustic_nn_mul_t *layer, const int8_t *a, const int8_t *b, int8_t *y);

/* Any function of one value, and softmax over the last axis; the output may overlie the input. */
void acoustic_nn_table(const acoustic_nn_table_t *layer, const int8_t *x, int8_t *y);
void acoustic_nn_softmax(const acoustic_nn_softmax_t *layer, const int8_t *x, int8_t *y);

void acoustic_nn_move(const acoustic_nn_move_t *layer, const int8_t *x, int8_t *y);

#ifdef __cplusplus
}
#endif

#endif
