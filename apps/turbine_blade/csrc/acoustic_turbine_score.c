#include "acoustic_turbine_score.h"

#include "acoustic_frontend.h"
#include "acoustic_math.h"

/* A whitened deviation of one is this many steps. */
#define UNIT 256
#define SD_SHIFT 12
#define ROW_SHIFT 20
#define GAIN_SHIFT 10

/* 20 log10 of the root of squared sixteenths of a dB, in steps of 1/256 dB relative to 1 dB. */
static int16_t spread(float square)
{
    /* Spreads below 0.05 dB are all the same: quantisation, not sound. */
    const float level_db = acoustic_log2(square * 0x1p-8f + 0x1.47ae14p-9f) * 0x1.815182p+1f;
    int16_t steps;
    acoustic_to_steps(&level_db, 1, &steps);
    return steps;
}

/* Mean level of each band less the mean of all. */
static void shape(const acoustic_turbine_sums *clip, int16_t *features)
{
    const int32_t frames = clip->frames;
    int32_t level = 0;
    for (unsigned pass = 0; pass < 2; ++pass) {
        int32_t sum = 0;
        for (unsigned band = 0; band < ACOUSTIC_TURBINE_BANDS; ++band) {
            const int32_t total = (int32_t)clip->columns[ACOUSTIC_TURBINE_LEVEL + band];
            const int32_t mean = acoustic_turbine_divide_short(2 * total + frames, 2 * frames);
            features[band] = (int16_t)acoustic_turbine_clamp(mean - level, INT16_MIN, INT16_MAX);
            sum += mean;
        }
        level = acoustic_turbine_divide_short(2 * sum + ACOUSTIC_TURBINE_BANDS, 2 * ACOUSTIC_TURBINE_BANDS);
    }
}

void acoustic_turbine_features(const acoustic_turbine_sums *clip, int16_t *features)
{
    const uint32_t *const columns = clip->columns;
    const float frames_squared = (float)((uint32_t)clip->frames * clip->frames);
    const float changes = (float)((uint32_t)(clip->changes > 1 ? clip->changes : 1) << 4);
    const float residuals = (float)(clip->residuals > 1 ? clip->residuals : 1);
    int16_t *const spreads = features + ACOUSTIC_TURBINE_BANDS;
    int16_t *const moves = spreads + ACOUSTIC_TURBINE_SPREAD_BANDS;
    shape(clip, features);
    for (unsigned i = 0; i < ACOUSTIC_TURBINE_SPREAD_BANDS; ++i) {
        const int64_t sum = (int32_t)columns[ACOUSTIC_TURBINE_SPREAD_LEVEL + i];
        const int64_t squares = columns[ACOUSTIC_TURBINE_SPREAD_SQUARE + i];
        const float change = (float)columns[ACOUSTIC_TURBINE_CHANGE + i] / changes;
        spreads[i] = spread((float)(clip->frames * squares - sum * sum) / frames_squared);
        moves[i] = spread(change * change);
    }
    for (unsigned i = 0; i < ACOUSTIC_TURBINE_HALF_BANDS; ++i) {
        moves[ACOUSTIC_TURBINE_SPREAD_BANDS + i] =
            spread((float)columns[ACOUSTIC_TURBINE_RESIDUAL_SQUARE + i] / residuals);
    }
}

/* Steps that a feature is away from where it is expected under the conditions. */
static int64_t deviation(const int16_t *numbers, const int16_t *mean, unsigned i)
{
    int64_t explained = 0;
#if ACOUSTIC_TURBINE_CONDITIONS
    for (unsigned k = 0; k < ACOUSTIC_TURBINE_CONDITIONS; ++k) {
        const unsigned condition = ACOUSTIC_TURBINE_FEATURES + k;
        explained += (int64_t)acoustic_turbine_distances.gain[i * ACOUSTIC_TURBINE_CONDITIONS + k] *
                     (numbers[condition] - mean[condition]);
    }
#endif
    return numbers[i] - mean[i] - (explained >> GAIN_SHIFT);
}

/* Mean square of the deviations made independent and of unit variance, in steps of 1/UNIT. */
static int64_t mean_square(const acoustic_turbine_score_work *work)
{
    const int8_t *factor = acoustic_turbine_distances.triangle;
    int64_t total = 0;
    for (unsigned row = 0; row < ACOUSTIC_TURBINE_FEATURES; ++row) {
        int32_t sum = 0;
        int64_t whitened;
        for (unsigned i = 0; i <= row; ++i) {
            sum += *factor++ * work->whitened[i];
        }
        whitened = ((int64_t)sum * acoustic_turbine_distances.scale[row] + (1 << (ROW_SHIFT - 1))) >> ROW_SHIFT;
        total += whitened * whitened;
    }
    return total / (ACOUSTIC_TURBINE_FEATURES * UNIT);
}

static int32_t surprise(const acoustic_turbine_surprise_table *table, int64_t distance, int32_t further)
{
    /* A distance of 0 counts as the smallest. */
    const float octaves = acoustic_log2((float)(distance > 1 ? distance : 1));
    const int32_t x = (int32_t)acoustic_round(octaves * 256.0f) - further;
    unsigned right = 1;
    int64_t run, rise, value;
    while (right < table->n - 1u && table->knots[right] <= x) {
        ++right;
    }
    run = table->knots[right] - table->knots[right - 1];
    rise = table->values[right] - table->values[right - 1];
    value = table->values[right - 1] + acoustic_turbine_divide((x - table->knots[right - 1]) * rise, run);
    return (int32_t)(value > 0 ? value : 0);
}

acoustic_turbine_score acoustic_turbine_judge(acoustic_turbine_score_work *work, const acoustic_turbine_usual *usual,
                                              uint16_t frames)
{
    acoustic_turbine_score score;
    for (unsigned i = 0; i < ACOUSTIC_TURBINE_FEATURES; ++i) {
        const int64_t scaled = deviation(work->numbers, usual->mean, i) * acoustic_turbine_distances.precision[i];
        const int64_t rounded = (scaled + (1 << (SD_SHIFT - 1))) >> SD_SHIFT;
        const int64_t low = rounded > -127 * UNIT ? rounded : -127 * UNIT;
        work->whitened[i] = (int16_t)(low < 127 * UNIT ? low : 127 * UNIT);
    }
    score.distance = mean_square(work);
    if (usual->own_clips > 0) {
        /* A mean of few clips is itself off by its share of the variance. */
        const int64_t weight = (int64_t)usual->own_clips + 1;
        score.distance -= (score.distance + usual->own_clips) / weight; /* divided by 1 + 1/clips, rounded down */
    }
    /* Means over less time are less certain: as it would be of a whole clip. */
    score.distance = score.distance * frames / ACOUSTIC_TURBINE_CLIP_FRAMES;
    score.surprise = surprise(usual->own_clips > 0 ? &acoustic_turbine_known : &acoustic_turbine_never_heard,
                              score.distance, usual->octaves);
    return score;
}
