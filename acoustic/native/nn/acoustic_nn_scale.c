#include "acoustic_nn_scale.h"

void acoustic_nn_finish_some(const acoustic_nn_scaling_t *to, const int32_t *sums, int32_t c, int32_t count, int8_t *y)
{
    const int32_t *multiplier = to->multiplier + c * to->each;
    const int8_t *shift = to->shift + c * to->each;
    for (int32_t n = 0; n < count; n++) {
        y[c + n] = acoustic_nn_finish(to, sums[n], *multiplier, *shift);
        multiplier += to->each;
        shift += to->each;
    }
}
