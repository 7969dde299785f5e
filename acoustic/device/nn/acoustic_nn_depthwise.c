/* Convolution of each channel by itself, over a sliding block of input rows with their borders.
 *
 * The block makes it possible to write the output over the input: a row is copied before it is overwritten. */
#include <string.h>

#include "acoustic_nn_dsp.h"
#include "acoustic_nn_scale.h"

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
typedef struct {
    int32_t s0, s1, s2, s3;
} sums_t;

static inline void add_tap(sums_t *to, const int8_t *x, const int8_t *w)
{
#if ACOUSTIC_NN_DSP
    const uint32_t four = acoustic_nn_word(x), weights = acoustic_nn_word(w);
    const uint32_t even = acoustic_nn_even(four), odd = acoustic_nn_odd(four);
    const uint32_t even_weights = acoustic_nn_even(weights), odd_weights = acoustic_nn_odd(weights);
    to->s0 = acoustic_nn_low_product(even, even_weights, to->s0);
    to->s1 = acoustic_nn_low_product(odd, odd_weights, to->s1);
    to->s2 = acoustic_nn_top_product(even, even_weights, to->s2);
    to->s3 = acoustic_nn_top_product(odd, odd_weights, to->s3);
#else
    to->s0 += x[0] * w[0];
    to->s1 += x[1] * w[1];
    to->s2 += x[2] * w[2];
    to->s3 += x[3] * w[3];
#endif
}

static void four_channels(const acoustic_nn_depthwise_t *layer, const shape_t *shape, const int8_t *x, int32_t c,
                          int8_t *y)
{
    const acoustic_nn_windows_t *g = &layer->windows;
    const int32_t channels = shape->channels, step = g->dilation_width * channels;
    const int32_t row_step = g->dilation_height * shape->row_bytes;
    const int32_t *bias = layer->to.bias + c;
    sums_t sums = {bias[0], bias[1], bias[2], bias[3]};
    const int8_t *w = layer->weights + c;
    x += c;
    if (g->kernel_width == 3) {
        for (int32_t row = g->kernel_height; row > 0; row--) {
            add_tap(&sums, x, w);
            add_tap(&sums, x + step, w + channels);
            add_tap(&sums, x + 2 * step, w + 2 * channels);
            x += row_step;
            w += 3 * channels;
        }
    } else {
        for (int32_t row = g->kernel_height; row > 0; row--) {
            const int8_t *from = x;
            for (int32_t column = g->kernel_width; column > 0; column--) {
                add_tap(&sums, from, w);
                from += step;
                w += channels;
            }
            x += row_step;
        }
    }
    acoustic_nn_finish_four(&layer->to, sums.s0, sums.s1, sums.s2, sums.s3, c, y);
}

static void one_channel(const acoustic_nn_depthwise_t *layer, const shape_t *shape, const int8_t *x, int32_t c, int8_t *y)
{
    const acoustic_nn_windows_t *g = &layer->windows;
    const int8_t *w = layer->weights + c;
    int32_t sum = layer->to.bias[c];
    for (int32_t row = 0; row < g->kernel_height; row++) {
        const int8_t *from = x + row * g->dilation_height * shape->row_bytes + c;
        for (int32_t column = 0; column < g->kernel_width; column++) {
            sum += *from * *w;
            from += g->dilation_width * shape->channels;
            w += shape->channels;
        }
    }
    acoustic_nn_finish_some(&layer->to, &sum, c, 1, y);
}

static void one_position(const acoustic_nn_depthwise_t *layer, const shape_t *shape, const int8_t *x, int8_t *y)
{
    int32_t c = 0;
    for (; c + 4 <= shape->channels; c += 4) {
        four_channels(layer, shape, x, c, y);
    }
    for (; c < shape->channels; c++) {
        one_channel(layer, shape, x, c, y);
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
        const int8_t *from = scratch;
        for (int32_t out_column = 0; out_column < g->out_width; out_column++) {
            one_position(layer, &shape, from, y);
            from += g->stride_width * channels;
            y += channels;
        }
    }
}
