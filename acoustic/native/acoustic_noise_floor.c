#include "acoustic_frontend.h"

void acoustic_noise_floor_start(acoustic_noise_floor *noise)
{
    noise->in_block = noise->n_means = noise->next_mean = 0;
    for (size_t band = 0; band < noise->n_bands; ++band) {
        noise->sums[band] = 0;
    }
}

/* Lower median of the remembered means of a band. */
static int16_t median(const acoustic_noise_floor *noise, size_t band)
{
    int16_t *const sorted = noise->work;
    for (size_t block = 0; block < noise->n_means; ++block) {
        const int16_t mean = noise->means[block * noise->n_bands + band];
        size_t place = block;
        for (; place > 0 && sorted[place - 1] > mean; --place) {
            sorted[place] = sorted[place - 1];
        }
        sorted[place] = mean;
    }
    return sorted[(noise->n_means - 1) / 2];
}

/* The running block is complete: its means replace the oldest. */
static void remember(acoustic_noise_floor *noise)
{
    int16_t *const means = noise->means + (size_t)noise->next_mean * noise->n_bands;
    noise->n_means = (uint16_t)(noise->n_means + (noise->n_means < noise->n_blocks));
    noise->next_mean = (uint16_t)(noise->next_mean + 1 < noise->n_blocks ? noise->next_mean + 1 : 0);
    for (size_t band = 0; band < noise->n_bands; ++band) {
        /* Division that rounds down, of a sum made positive first: C's own rounds towards zero. */
        const uint32_t shifted = (uint32_t)(noise->sums[band] + 32768 * (int32_t)noise->block_frames);
        means[band] = (int16_t)((int32_t)(shifted / noise->block_frames) - 32768);
        noise->sums[band] = 0;
        noise->median[band] = median(noise, band);
    }
    noise->in_block = 0;
}

/* One frame. */
static void push(acoustic_noise_floor *noise, const int16_t *levels, int16_t *floor)
{
    bool audible = false;
    for (size_t band = 0; band < noise->n_bands; ++band) {
        audible = audible || levels[band] > noise->silence;
    }
    for (size_t band = 0; band < noise->n_bands; ++band) {
        const int16_t level = levels[band];
        floor[band] = audible && noise->n_means > 0 ? noise->median[band] : level;
        noise->sums[band] += audible ? level : 0;
    }
    noise->in_block = (uint16_t)(noise->in_block + audible);
    if (noise->in_block == noise->block_frames) {
        remember(noise);
    }
}

void acoustic_noise_floor_push(acoustic_noise_floor *noise, const int16_t *levels, size_t count, int16_t *floor)
{
    for (size_t frame = 0; frame < count; ++frame) {
        push(noise, levels + frame * noise->n_bands, floor + frame * noise->n_bands);
    }
}
