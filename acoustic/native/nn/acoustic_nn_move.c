/* Concatenation, splits, slices and borders. */
#include <string.h>

#include "acoustic_nn.h"

void acoustic_nn_move(const acoustic_nn_move_t *layer, const int8_t *x, int8_t *y)
{
    if (layer->fill_bytes) {
        memset(y, (uint8_t)layer->fill_value, (size_t)layer->fill_bytes);
    }
    y += layer->y_start;
    for (int32_t i = 0; i < layer->counts[0]; i++) {
        for (int32_t j = 0; j < layer->counts[1]; j++) {
            const int8_t *from = x + i * layer->x_steps[0] + j * layer->x_steps[1];
            int8_t *to = y + i * layer->y_steps[0] + j * layer->y_steps[1];
            for (int32_t k = 0; k < layer->counts[2]; k++) {
                memcpy(to, from, (size_t)layer->run);
                from += layer->x_steps[2];
                to += layer->y_steps[2];
            }
        }
    }
}
