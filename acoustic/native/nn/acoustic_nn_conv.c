/* Dense layers and convolutions: each gathers what one output position sees and multiplies it by all weights. */
#include <string.h>

#include "acoustic_nn_row.h"

static void fill(int8_t *y, int32_t value, int32_t size)
{
    memset(y, (uint8_t)value, (size_t)size);
}

static int32_t align4(int32_t size)
{
    return (size + 3) & ~3;
}

void acoustic_nn_dense(const acoustic_nn_dense_t *layer, const int8_t *x, int8_t *y, int8_t *scratch)
{
    if (scratch) {
        fill(scratch + layer->depth, 0, align4(layer->depth) - layer->depth);
    }
    for (int32_t row = 0; row < layer->rows; row++) {
        const int8_t *from = x;
        if (scratch) {
            memcpy(scratch, x, (size_t)layer->depth);
            from = scratch;
        }
        acoustic_nn_row(layer, from, y);
        x += layer->depth;
        y += layer->channels;
    }
}

/* What a window's rows see, from the first column on; the same for all rows. */
typedef struct {
    int32_t before, inside, after; /* bytes left of the input, in it, and right of it */
    int32_t start;                 /* of those inside, in a row of the input */
} span_t;

static int32_t limited(int32_t value, int32_t high)
{
    return value < 0 ? 0 : value > high ? high : value;
}

static span_t span_of(const acoustic_nn_windows_t *g, int32_t column)
{
    const int32_t before = limited(-column, g->kernel_width);
    const int32_t end = limited(g->width - column, g->kernel_width);
    const int32_t last = end > before ? end : before;
    const span_t span = {before * g->channels, (last - before) * g->channels, (g->kernel_width - last) * g->channels,
                         (column + before) * g->channels};
    return span;
}

static void gather(const span_t *span, const int8_t *x_row, int32_t zero_point, int8_t *to)
{
    if (span->before) {
        fill(to, zero_point, span->before);
        to += span->before;
    }
    if (span->inside == 4) {
        memcpy(to, x_row + span->start, 4); /* a load and a store */
    } else {
        memcpy(to, x_row + span->start, (size_t)span->inside);
    }
    if (span->after) {
        fill(to + span->inside, zero_point, span->after);
    }
}

/* The same for a kernel with gaps: tap by tap. */
static void gather_dilated(const acoustic_nn_windows_t *g, const int8_t *x_row, int32_t column, int32_t zero_point,
                           int8_t *to)
{
    const int32_t channels = g->channels;
    for (int32_t tap = 0; tap < g->kernel_width; tap++, column += g->dilation_width, to += channels) {
        if (column < 0 || column >= g->width) {
            fill(to, zero_point, channels);
        } else {
            memcpy(to, x_row + column * channels, (size_t)channels);
        }
    }
}

void acoustic_nn_conv(const acoustic_nn_conv_t *layer, const int8_t *x, int8_t *y, int8_t *scratch)
{
    const acoustic_nn_windows_t *g = &layer->windows;
    const int32_t run = g->kernel_width * g->channels, row_bytes = g->width * g->channels;
    const int32_t depth = layer->dense.depth;
    fill(scratch + depth, 0, align4(depth) - depth);
    for (int32_t out_row = 0; out_row < g->out_height; out_row++) {
        const int32_t top = out_row * g->stride_height - g->top;
        int32_t left = -g->left;
        for (int32_t out_column = 0; out_column < g->out_width; out_column++, left += g->stride_width) {
            const span_t span = span_of(g, left);
            int8_t *to = scratch;
            int32_t row = top;
            for (int32_t tap = 0; tap < g->kernel_height; tap++, row += g->dilation_height, to += run) {
                if (row < 0 || row >= g->height) {
                    fill(to, layer->x_zero_point, run);
                } else if (g->dilation_width == 1) {
                    gather(&span, x + row * row_bytes, layer->x_zero_point, to);
                } else {
                    gather_dilated(g, x + row * row_bytes, left, layer->x_zero_point, to);
                }
            }
            acoustic_nn_row(&layer->dense, scratch, y);
            y += layer->dense.channels;
        }
    }
}
