/* Elementwise operators, functions of one value, and softmax. */
#include "acoustic_nn_scale.h"

#define HEADROOM_BITS 20 /* of the inputs of a sum */

static int32_t add(const void *layer, int32_t a, int32_t b)
{
    const acoustic_nn_add_t *l = layer;
    const int32_t left = acoustic_nn_scale((a - l->a_zero_point) * (1 << HEADROOM_BITS), l->a_multiplier, l->a_shift);
    const int32_t right = acoustic_nn_scale((b - l->b_zero_point) * (1 << HEADROOM_BITS), l->b_multiplier, l->b_shift);
    const int32_t sum = l->subtract ? left - right : left + right;
    return acoustic_nn_clamp(acoustic_nn_scale(sum, l->multiplier, l->shift) + l->zero_point, l->low, l->high);
}

static int32_t mul(const void *layer, int32_t a, int32_t b)
{
    const acoustic_nn_mul_t *l = layer;
    const int32_t product = (a - l->a_zero_point) * (b - l->b_zero_point);
    return acoustic_nn_clamp(acoustic_nn_scale(product, l->multiplier, l->shift) + l->zero_point, l->low, l->high);
}

static inline void for_pairs(const acoustic_nn_pairs_t *p, const int8_t *a, const int8_t *b, int8_t *y,
                             int32_t (*function)(const void *, int32_t, int32_t), const void *layer)
{
    for (int32_t i = 0; i < p->counts[0]; i++) {
        for (int32_t j = 0; j < p->counts[1]; j++) {
            for (int32_t k = 0; k < p->counts[2]; k++) {
                const int8_t *left = a + i * p->a_steps[0] + j * p->a_steps[1] + k * p->a_steps[2];
                const int8_t *right = b + i * p->b_steps[0] + j * p->b_steps[1] + k * p->b_steps[2];
                for (int32_t n = 0; n < p->counts[3]; n++) {
                    *y++ = (int8_t)function(layer, *left, *right);
                    left += p->a_steps[3];
                    right += p->b_steps[3];
                }
            }
        }
    }
}

void acoustic_nn_add(const acoustic_nn_add_t *layer, const int8_t *a, const int8_t *b, int8_t *y)
{
    for_pairs(&layer->pairs, a, b, y, add, layer);
}

void acoustic_nn_mul(const acoustic_nn_mul_t *layer, const int8_t *a, const int8_t *b, int8_t *y)
{
    for_pairs(&layer->pairs, a, b, y, mul, layer);
}

void acoustic_nn_table(const acoustic_nn_table_t *layer, const int8_t *x, int8_t *y)
{
    for (int32_t n = 0; n < layer->count; n++) {
        y[n] = layer->values[(uint8_t)x[n]];
    }
}

/* 1 / (1 + a) with no integer bits, where 2**31 (1 + a) is `sum`: three steps of Newton and Raphson for
 * 2 / (1 + a), which has two integer bits. */
static int32_t inverse_of(uint32_t sum)
{
    const int32_t half = (int32_t)(sum >> 1);
    int32_t x = 1515870810 + acoustic_nn_high_product(half, -1010580540); /* 48/17 and 32/17, times 2**29 */
    for (int32_t step = 0; step < 3; step++) {
        const int32_t error = (1 << 29) - acoustic_nn_high_product(half, x);
        x += acoustic_nn_shift_left(acoustic_nn_high_product(x, error), 2);
    }
    return acoustic_nn_shift_left(x, 1);
}

static int32_t exp_of(const acoustic_nn_softmax_t *layer, int32_t below)
{
    return below < layer->count ? layer->exps[below] : 0;
}

void acoustic_nn_softmax(const acoustic_nn_softmax_t *layer, const int8_t *x, int8_t *y)
{
    for (int32_t row = 0; row < layer->rows; row++, x += layer->depth, y += layer->depth) {
        int32_t most = x[0];
        for (int32_t n = 1; n < layer->depth; n++) {
            most = x[n] > most ? x[n] : most;
        }
        uint32_t total = 0;
        for (int32_t n = 0; n < layer->depth; n++) {
            total += ((uint32_t)exp_of(layer, most - x[n]) + (1u << 11)) >> 12;
        }
        int32_t bits = 32;
        while (!(total >> 31)) { /* its leading one goes to bit 31 */
            total <<= 1;
            bits--;
        }
        const int32_t inverse = inverse_of(total);
        const int32_t right = bits + 3; /* 12 of the total, 8 of the output, 31 of the product */
        for (int32_t n = 0; n < layer->depth; n++) {
            const int64_t product = acoustic_nn_high_product(inverse, exp_of(layer, most - x[n]));
            const int64_t value = (product + ((int64_t)1 << (right - 1))) >> right;
            y[n] = (int8_t)(value - 128 > INT8_MAX ? INT8_MAX : value - 128);
        }
    }
}
