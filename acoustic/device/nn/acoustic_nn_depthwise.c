/* Convolution of each channel by itself, over a sliding block of input rows with their borders.
 *
 * The block makes it possible to write the output over the input: a row is copied before it is overwritten. */
#include <string.h>

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

static int8_t one_channel(const acoustic_nn_depthwise_t *layer, const shape_t *shape, const int8_t *x, int32_t c)
{
    const acoustic_nn_windows_t *g = &layer->windows;
    const acoustic_nn_scaling_t *to = &layer->to;
    const int8_t *w = layer->weights + c;
    int32_t sum = to->bias[c];
    for (int32_t row = 0; row < g->kernel_height; row++) {
        const int8_t *from = x + row * g->dilation_height * shape->row_bytes + c;
        for (int32_t column = 0; column < g->kernel_width; column++) {
            sum += *from * *w;
            from += g->dilation_width * shape->channels;
            w += shape->channels;
        }
    }
    return acoustic_nn_finish(to, sum, to->multiplier[c * to->each], to->shift[c * to->each]);
}

static void one_position(const acoustic_nn_depthwise_t *layer, const shape_t *shape, const int8_t *x, int8_t *y)
{
    for (int32_t c = 0; c < shape->channels; c++) {
        y[c] = one_channel(layer, shape, x, c);
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
