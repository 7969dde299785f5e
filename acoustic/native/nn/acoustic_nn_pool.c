/* Pooling and means. */
#include "acoustic_nn_scale.h"

typedef int32_t (*reduce_t)(const acoustic_nn_windows_t *g, const int8_t *x, int32_t top, int32_t left);

/* First tap inside the input, and the end of those inside. */
static int32_t first_inside(int32_t start)
{
    return start < 0 ? -start : 0;
}

static int32_t end_inside(int32_t start, int32_t taps, int32_t size)
{
    return size - start < taps ? size - start : taps;
}

static int32_t mean_of(const acoustic_nn_windows_t *g, const int8_t *x, int32_t top, int32_t left)
{
    const int32_t first_row = first_inside(top), end_row = end_inside(top, g->kernel_height, g->height);
    const int32_t first_column = first_inside(left), end_column = end_inside(left, g->kernel_width, g->width);
    const int32_t count = (end_row - first_row) * (end_column - first_column);
    int32_t sum = 0;
    for (int32_t row = first_row; row < end_row; row++) {
        const int8_t *from = x + ((top + row) * g->width + left + first_column) * g->channels;
        for (int32_t column = first_column; column < end_column; column++, from += g->channels) {
            sum += *from;
        }
    }
    return sum < 0 ? -((-sum + count / 2) / count) : (sum + count / 2) / count; /* ties away from zero */
}

static int32_t most_of(const acoustic_nn_windows_t *g, const int8_t *x, int32_t top, int32_t left)
{
    const int32_t first_row = first_inside(top), end_row = end_inside(top, g->kernel_height, g->height);
    const int32_t first_column = first_inside(left), end_column = end_inside(left, g->kernel_width, g->width);
    int32_t most = INT8_MIN;
    for (int32_t row = first_row; row < end_row; row++) {
        const int8_t *from = x + ((top + row) * g->width + left + first_column) * g->channels;
        for (int32_t column = first_column; column < end_column; column++, from += g->channels) {
            most = *from > most ? *from : most;
        }
    }
    return most;
}

static void pool(const acoustic_nn_pool_t *layer, const int8_t *x, int8_t *y, reduce_t reduce)
{
    const acoustic_nn_windows_t *g = &layer->windows;
    for (int32_t out_row = 0; out_row < g->out_height; out_row++) {
        const int32_t top = out_row * g->stride_height - g->top;
        for (int32_t out_column = 0; out_column < g->out_width; out_column++) {
            const int32_t left = out_column * g->stride_width - g->left;
            for (int32_t c = 0; c < g->channels; c++) {
                *y++ = (int8_t)acoustic_nn_clamp(reduce(g, x + c, top, left), layer->low, layer->high);
            }
        }
    }
}

void acoustic_nn_average_pool(const acoustic_nn_pool_t *layer, const int8_t *x, int8_t *y)
{
    pool(layer, x, y, mean_of);
}

void acoustic_nn_max_pool(const acoustic_nn_pool_t *layer, const int8_t *x, int8_t *y)
{
    pool(layer, x, y, most_of);
}

void acoustic_nn_mean(const acoustic_nn_mean_t *layer, const int8_t *x, int8_t *y)
{
    for (int32_t outer = 0; outer < layer->outer; outer++, x += layer->count * layer->inner) {
        for (int32_t inner = 0; inner < layer->inner; inner++) {
            int32_t sum = -layer->offset;
            for (int32_t n = 0; n < layer->count; n++) {
                sum += x[n * layer->inner + inner];
            }
            const int32_t value = acoustic_nn_scale(sum, layer->multiplier, layer->shift) + layer->zero_point;
            *y++ = (int8_t)acoustic_nn_clamp(value, INT8_MIN, INT8_MAX);
        }
    }
}
