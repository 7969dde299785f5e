#include "acoustic_nn_row.h"

#include "acoustic_nn_scale.h"

static int8_t finish(const acoustic_nn_scaling_t *to, int32_t sum, int32_t channel)
{
    const int32_t at = channel * to->each;
    return acoustic_nn_finish(to, sum, to->multiplier[at], to->shift[at]);
}

void acoustic_nn_row(const acoustic_nn_dense_t *layer, const int8_t *x, int8_t *y)
{
    const acoustic_nn_scaling_t *to = &layer->to;
    const int32_t depth = layer->depth;
    const int8_t *w = layer->weights;
    int32_t c = 0;
    for (; c + 4 <= layer->channels; c += 4) {
        int32_t s0 = to->bias[c], s1 = to->bias[c + 1], s2 = to->bias[c + 2], s3 = to->bias[c + 3];
        const int8_t *w1 = w + depth, *w2 = w1 + depth, *w3 = w2 + depth;
        for (int32_t k = 0; k < depth; k++) {
            const int32_t value = x[k];
            s0 += value * w[k];
            s1 += value * w1[k];
            s2 += value * w2[k];
            s3 += value * w3[k];
        }
        w = w3 + depth;
        y[c] = finish(to, s0, c);
        y[c + 1] = finish(to, s1, c + 1);
        y[c + 2] = finish(to, s2, c + 2);
        y[c + 3] = finish(to, s3, c + 3);
    }
    for (; c < layer->channels; c++) {
        int32_t sum = to->bias[c];
        for (int32_t k = 0; k < depth; k++) {
            sum += x[k] * w[k];
        }
        w += depth;
        y[c] = finish(to, sum, c);
    }
}
