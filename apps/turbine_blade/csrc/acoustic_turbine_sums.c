#include "acoustic_turbine_sums.h"

#include <stddef.h>

#include "acoustic_turbine_network.h"

/* Squares are summed of levels in coarser steps, sixteenths of a dB. */
#define COARSER 4

/* Sums of a kind, in the order of the columns: how many, and how they wait. */
static const struct {
    uint16_t n;
    uint8_t bits;
    uint32_t offset; /* Added to make them positive. */
} kinds[] = {
    {ACOUSTIC_TURBINE_BANDS, ACOUSTIC_TURBINE_LEVEL_BITS, 1u << (ACOUSTIC_TURBINE_LEVEL_BITS - 1)},
    {ACOUSTIC_TURBINE_SPREAD_BANDS, ACOUSTIC_TURBINE_SPREAD_LEVEL_BITS, 1u << (ACOUSTIC_TURBINE_SPREAD_LEVEL_BITS - 1)},
    {ACOUSTIC_TURBINE_SPREAD_BANDS, ACOUSTIC_TURBINE_SPREAD_SQUARE_BITS, 0},
    {ACOUSTIC_TURBINE_SPREAD_BANDS, ACOUSTIC_TURBINE_CHANGE_BITS, 0},
    {ACOUSTIC_TURBINE_HALF_BANDS, ACOUSTIC_TURBINE_RESIDUAL_SQUARE_BITS, 0},
};
#define KINDS (sizeof kinds / sizeof *kinds)

void acoustic_turbine_clear(acoustic_turbine_sums *sums)
{
    for (unsigned i = 0; i < ACOUSTIC_TURBINE_COLUMNS; ++i) {
        sums->columns[i] = 0;
    }
    sums->frames = sums->changes = sums->residuals = 0;
}

/* Mean level of a pair of neighbouring bands, rounded down. */
static inline int32_t half_band(const int16_t *levels, unsigned i)
{
    return (levels[2 * i] + levels[2 * i + 1]) >> 1;
}

/* Level of a band of spread and change: of a band where the model has them of all, else of a half-band. */
static inline int32_t fine(const int16_t *levels, unsigned i)
{
    return ACOUSTIC_TURBINE_SPREAD_BANDS == ACOUSTIC_TURBINE_BANDS ? levels[i] : half_band(levels, i);
}

static void add_levels(uint32_t *columns, const int16_t *levels)
{
    for (unsigned band = 0; band < ACOUSTIC_TURBINE_BANDS; ++band) {
        const int32_t level = levels[band];
        columns[ACOUSTIC_TURBINE_LEVEL + band] += (uint32_t)level;
    }
    for (unsigned i = 0; i < ACOUSTIC_TURBINE_SPREAD_BANDS; ++i) {
        const int32_t coarse = fine(levels, i) >> COARSER;
        columns[ACOUSTIC_TURBINE_SPREAD_LEVEL + i] += (uint32_t)coarse;
        columns[ACOUSTIC_TURBINE_SPREAD_SQUARE + i] += (uint32_t)(coarse * coarse);
    }
}

static void add_changes(uint32_t *columns, const int16_t *levels, const int16_t *before)
{
    for (unsigned i = 0; i < ACOUSTIC_TURBINE_SPREAD_BANDS; ++i) {
        const int32_t change = fine(levels, i) - fine(before, i);
        columns[ACOUSTIC_TURBINE_CHANGE + i] += (uint32_t)(change < 0 ? -change : change);
    }
}

/* Deviation in steps as the network takes it: quarters of a dB, saturated. */
static inline int8_t quarters(int32_t deviation)
{
    return (int8_t)acoustic_turbine_clamp((deviation + 32) >> 6, -128, 127);
}

/*
 * What the frame between has beyond what the network predicts from the two around it. The mean level of the two and
 * the usual shape of the spectrum are taken from all three: neither gain nor colour of the microphone matters.
 */
static void add_residuals(uint32_t *columns, const int16_t *before, const int16_t *between, const int16_t *after)
{
    int8_t *const input = acoustic_turbine_network_input_0();
    const int8_t *const output = acoustic_turbine_network_output_0();
    int32_t level = 0;
    for (unsigned i = 0; i < ACOUSTIC_TURBINE_HALF_BANDS; ++i) {
        level += half_band(before, i) + half_band(after, i);
    }
    level = acoustic_turbine_divide_short(level, 2 * ACOUSTIC_TURBINE_HALF_BANDS);
    for (unsigned i = 0; i < ACOUSTIC_TURBINE_HALF_BANDS; ++i) {
        const int32_t less = level + acoustic_turbine_expected.usual_shape[i];
        input[i] = quarters(half_band(before, i) - less);
        input[ACOUSTIC_TURBINE_HALF_BANDS + i] = quarters(half_band(after, i) - less);
    }
    acoustic_turbine_network_run();
    for (unsigned i = 0; i < ACOUSTIC_TURBINE_HALF_BANDS; ++i) {
        const int32_t less = level + acoustic_turbine_expected.usual_shape[i];
        const int32_t beyond = half_band(between, i) - less - acoustic_turbine_expected.predicted[output[i] + 128];
        const int32_t residual = acoustic_turbine_clamp(beyond, INT16_MIN, INT16_MAX) >> COARSER;
        columns[ACOUSTIC_TURBINE_RESIDUAL_SQUARE + i] += (uint32_t)(residual * residual);
    }
}

void acoustic_turbine_add_frame(acoustic_turbine_sums *sums, const acoustic_turbine_frames *frames)
{
    const int16_t *const levels = acoustic_turbine_frame(frames, 0);
    ++sums->frames;
    add_levels(sums->columns, levels);
    if (frames->heard > 1) {
        ++sums->changes;
        add_changes(sums->columns, levels, acoustic_turbine_frame(frames, 1));
    }
    if (frames->heard == ACOUSTIC_TURBINE_CONTEXT) {
        ++sums->residuals;
        add_residuals(sums->columns, acoustic_turbine_frame(frames, 4), acoustic_turbine_frame(frames, 2), levels);
    }
}

void acoustic_turbine_pack(acoustic_turbine_packed *packed, const acoustic_turbine_sums *stretch)
{
    const uint32_t *column = stretch->columns;
    size_t at = 0; /* Bits written. */
    for (unsigned i = 0; i < sizeof packed->words / sizeof *packed->words; ++i) {
        packed->words[i] = 0;
    }
    for (unsigned kind = 0; kind < KINDS; ++kind) {
        for (unsigned i = 0; i < kinds[kind].n; ++i, at += kinds[kind].bits) {
            const uint32_t value = *column++ + kinds[kind].offset;
            const unsigned shift = at % 32;
            packed->words[at / 32] |= value << shift;
            if (shift + kinds[kind].bits > 32) {
                packed->words[at / 32 + 1] |= value >> (32 - shift);
            }
        }
    }
    packed->frames = (uint8_t)stretch->frames;
    packed->changes = (uint8_t)stretch->changes;
    packed->residuals = (uint8_t)stretch->residuals;
}

void acoustic_turbine_add_stretch(acoustic_turbine_sums *clip, const acoustic_turbine_packed *stretch)
{
    uint32_t *column = clip->columns;
    size_t at = 0; /* Bits read. */
    for (unsigned kind = 0; kind < KINDS; ++kind) {
        const uint32_t mask = (1u << kinds[kind].bits) - 1;
        for (unsigned i = 0; i < kinds[kind].n; ++i, at += kinds[kind].bits) {
            const unsigned shift = at % 32;
            uint32_t value = stretch->words[at / 32] >> shift;
            if (shift + kinds[kind].bits > 32) {
                value |= stretch->words[at / 32 + 1] << (32 - shift);
            }
            *column++ += (value & mask) - kinds[kind].offset;
        }
    }
    clip->frames = (uint16_t)(clip->frames + stretch->frames);
    clip->changes = (uint16_t)(clip->changes + stretch->changes);
    clip->residuals = (uint16_t)(clip->residuals + stretch->residuals);
}
