#include "acoustic_hearing_features.h"

#include <string.h>

#include "acoustic_math.h"

#define BANDS ACOUSTIC_HEARING_BANDS
/* One step among the numbers that are followed. */
#define ONE (1 << ACOUSTIC_HEARING_FRACTION_BITS)

void acoustic_hearing_features_start(acoustic_hearing_followed *followed)
{
    memset(followed, 0, sizeof *followed);
}

static const uint8_t band_bins[BANDS] = {ACOUSTIC_HEARING_BAND_BINS};

/* Levels of the bands in steps of 1/256 dB. */
static void band_levels(const float *re, const float *im, int16_t *levels)
{
    float levels_db[BANDS];
    size_t bin = 1;
    for (size_t band = 0; band < BANDS; ++band) {
        const size_t stop = bin + band_bins[band];
        float power = re[bin] * re[bin] + im[bin] * im[bin];
        while (++bin < stop) {
            power += re[bin] * re[bin] + im[bin] * im[bin];
        }
        levels_db[band] =
            acoustic_log2(acoustic_at_least(power, ACOUSTIC_HEARING_LEAST_POWER)) * ACOUSTIC_HEARING_OCTAVE_DB;
    }
    acoustic_to_steps(levels_db, BANDS, levels);
}

/* Mean level, rounded down: of numbers made positive first, since C's own division rounds towards zero. */
static int32_t mean_of(const int16_t *levels)
{
    int32_t sum = 0;
    for (size_t band = 0; band < BANDS; ++band) {
        sum += levels[band] + 32768;
    }
    return sum / BANDS - 32768;
}

/* Go a part of the way, given as shifts up and down. */
static int32_t toward(int32_t followed, int32_t target, int up, int down)
{
    const int32_t way = target - followed;
    return followed + (way >> (way > 0 ? up : down));
}

static void follow(acoustic_hearing_followed *followed, int32_t mean, const int16_t *levels)
{
    if (mean <= ACOUSTIC_HEARING_SILENCE_STEPS) {
        return;
    }
    if (!followed->heard) {
        followed->heard = true;
        followed->level = mean * ONE;
        for (size_t band = 0; band < BANDS; ++band) {
            followed->floor[band] = levels[band] * ONE;
        }
        return;
    }
    followed->level =
        toward(followed->level, mean * ONE, ACOUSTIC_HEARING_LEVEL_UP, ACOUSTIC_HEARING_LEVEL_DOWN);
    for (size_t band = 0; band < BANDS; ++band) {
        followed->floor[band] =
            toward(followed->floor[band], levels[band] * ONE, ACOUSTIC_HEARING_FLOOR_UP, ACOUSTIC_HEARING_FLOOR_DOWN);
    }
}

/* Half decibels, halves rounded up. */
static int8_t feature(int32_t level, int32_t followed)
{
    const int32_t relative = level - (followed >> ACOUSTIC_HEARING_FRACTION_BITS);
    const int32_t rounded =
        (relative + (1 << (ACOUSTIC_HEARING_FEATURE_SHIFT - 1))) >> ACOUSTIC_HEARING_FEATURE_SHIFT;
    return (int8_t)(rounded < -128 ? -128 : rounded > 127 ? 127 : rounded);
}

void acoustic_hearing_features(acoustic_hearing_followed *followed, const float *re, const float *im, int8_t *features)
{
    int16_t levels[BANDS];
    band_levels(re, im, levels);
    follow(followed, mean_of(levels), levels);
    for (size_t band = 0; band < BANDS; ++band) {
        features[band] = feature(levels[band], followed->level);
        features[BANDS + band] = feature(levels[band], followed->floor[band]);
    }
}
