#include "acoustic_frontend.h"
#include "acoustic_math.h"

void acoustic_power_db(const float *re, const float *im, size_t n, float *level_db)
{
    for (size_t bin = 0; bin < n; bin += ACOUSTIC_LANES) {
        const size_t count = n - bin < ACOUSTIC_LANES ? n - bin : ACOUSTIC_LANES;
        acoustic_lanes power = {0};
        for (size_t lane = 0; lane < count; ++lane) {
            const float bin_re = re[bin + lane], bin_im = im[bin + lane];
            ACOUSTIC_SET_LANE(power, lane, bin_re * bin_re + bin_im * bin_im);
        }
        power = acoustic_log2(acoustic_at_least(power, 0x1p-126f)) * 0x1.815182p+1f;
        for (size_t lane = 0; lane < count; ++lane) {
            level_db[bin + lane] = ACOUSTIC_LANE(power, lane);
        }
    }
}

void acoustic_gate_start(acoustic_gate_stream *stream, const acoustic_gate *definition, acoustic_noise_floor *noise,
                         int16_t *steps, float *gains)
{
    stream->definition = definition;
    stream->noise = noise;
    stream->steps = steps;
    stream->gains = gains;
    stream->heard = 0;
    acoustic_noise_floor_start(noise);
    for (size_t band = 0; band < noise->n_bands; ++band) {
        gains[band] = 1.0f;
    }
}

/* Gain of Berouti's subtraction for a ratio of noise to signal in steps of 1/256 dB, before smoothing. */
static float wanted(const acoustic_gate *definition, int32_t noise_to_signal)
{
    const float share = acoustic_exp2((float)noise_to_signal * 0x1.542a5ap-10f) * definition->over_subtraction;
    const float rest = 1.0f - share;
    return acoustic_sqrt(rest > definition->floor ? rest : definition->floor);
}

/* One frame. */
static void push(acoustic_gate_stream *stream, const float *level_db, float *gains)
{
    const acoustic_gate *const definition = stream->definition;
    const size_t n_bands = stream->noise->n_bands, block_frames = stream->noise->block_frames;
    int16_t *const levels = stream->steps, *const floor = stream->steps + n_bands;
    bool audible = false;
    acoustic_to_steps(level_db, n_bands, levels);
    acoustic_noise_floor_push(stream->noise, levels, 1, floor);
    for (size_t band = 0; band < n_bands; ++band) {
        audible = audible || levels[band] > stream->noise->silence;
    }
    stream->heard = (uint16_t)(stream->heard + (audible && stream->heard <= block_frames));
    for (size_t band = 0; band < n_bands; ++band) {
        const float target = stream->heard > block_frames ? wanted(definition, floor[band] - levels[band]) : 1.0f;
        const float change = target - stream->gains[band];
        stream->gains[band] += change * (change > 0.0f ? definition->attack : definition->release);
        gains[band] = stream->gains[band];
    }
}

void acoustic_gate_push(acoustic_gate_stream *stream, const float *level_db, size_t count, float *gains)
{
    for (size_t frame = 0; frame < count; ++frame) {
        push(stream, level_db + frame * stream->noise->n_bands, gains + frame * stream->noise->n_bands);
    }
}
