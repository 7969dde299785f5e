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

/* One row of a window: taps that lie outside the input become the zero point. */
static void gather(const acoustic_nn_windows_t *g, const int8_t *x_row, int32_t column, int32_t zero_point, int8_t *to)
{
    const int32_t channels = g->channels;
    if (g->dilation_width == 1) {
        const int32_t before = column < 0 ? (column + g->kernel_width < 0 ? g->kernel_width : -column) : 0;
        const int32_t room = g->width - column;
        const int32_t end = room < g->kernel_width ? (room < before ? before : room) : g->kernel_width;
        fill(to, zero_point, before * channels);
        memcpy(to + before * channels, x_row + (column + before) * channels, (size_t)((end - before) * channels));
        fill(to + end * channels, zero_point, (g->kernel_width - end) * channels);
        return;
    }
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
    const int32_t run = g->kernel_width * g->channels;
    const int32_t depth = layer->dense.depth;
    fill(scratch + depth, 0, align4(depth) - depth);
    for (int32_t out_row = 0; out_row < g->out_height; out_row++) {
        const int32_t top = out_row * g->stride_height - g->top;
        int32_t left = -g->left;
        for (int32_t out_column = 0; out_column < g->out_width; out_column++, left += g->stride_width) {
            int8_t *to = scratch;
            int32_t row = top;
            for (int32_t tap = 0; tap < g->kernel_height; tap++, row += g->dilation_height, to += run) {
                if (row < 0 || row >= g->height) {
                    fill(to, layer->x_zero_point, run);
                } else {
                    gather(g, x + row * g->width * g->channels, left, layer->x_zero_point, to);
                }
            }
            acoustic_nn_row(&layer->dense, scratch, y);
            y += layer->dense.channels;
        }
    }
}
