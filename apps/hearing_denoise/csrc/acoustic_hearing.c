#include "acoustic_hearing.h"

#include <string.h>

#include "acoustic_hearing_features.h"
#include "acoustic_hearing_network.h"
#include "acoustic_trace.h"

#define HOP ACOUSTIC_HEARING_HOP_SAMPLES
#define BINS ACOUSTIC_HEARING_BINS
#define UNITS ACOUSTIC_HEARING_UNITS

enum { STAGE_FEATURES, STAGE_GAINS, STAGE_PCM };

void acoustic_hearing_start_with(acoustic_hearing *hearing, const acoustic_hearing_definition *definition)
{
    acoustic_stft_start(&hearing->stft, definition->analysis, hearing->overlap, hearing->work);
    acoustic_synthesis_start(&hearing->synthesis, definition->synthesis, hearing->sums, hearing->work);
    hearing->floor = definition->floor;
    acoustic_hearing_features_start(&hearing->followed);
    memset(hearing->states, 0, sizeof hearing->states);
    hearing->strength = hearing->wet = 1.0f;
    hearing->bypass = false;
}

void acoustic_hearing_set_strength(acoustic_hearing *hearing, float strength)
{
    const float low = strength > 0.0f ? strength : 0.0f;
    hearing->strength = low < 1.0f ? low : 1.0f;
}

void acoustic_hearing_set_bypass(acoustic_hearing *hearing, bool bypass)
{
    hearing->bypass = bypass;
}

/* Run the network over the present frame; its gains lie where it leaves them. */
static const int8_t *stored_gains(acoustic_hearing *hearing)
{
    int8_t *const features = acoustic_hearing_network_input_0();
    acoustic_hearing_features(&hearing->followed, hearing->re, hearing->im, features);
    ACOUSTIC_TRACE(STAGE_FEATURES, features, 2 * ACOUSTIC_HEARING_BANDS);
    memcpy(acoustic_hearing_network_input_1(), hearing->states[0], UNITS);
    memcpy(acoustic_hearing_network_input_2(), hearing->states[1], UNITS);
    acoustic_hearing_network_run();
    memcpy(hearing->states[0], acoustic_hearing_network_output_1(), UNITS);
    memcpy(hearing->states[1], acoustic_hearing_network_output_2(), UNITS);
    ACOUSTIC_TRACE(STAGE_GAINS, acoustic_hearing_network_output_0(), BINS);
    return acoustic_hearing_network_output_0();
}

/* Go a step of the fade towards what is wanted, and return the share of the denoised sound. */
static float fade(acoustic_hearing *hearing)
{
    const float step = 1.0f / ACOUSTIC_HEARING_FADE_FRAMES;
    const float way = (hearing->bypass ? 0.0f : hearing->strength) - hearing->wet;
    const float up = way < step ? way : step;
    hearing->wet += up > -step ? up : -step;
    return hearing->wet;
}

/* Denoise the present frame and write a hop. */
static void enhance(acoustic_hearing *hearing, int16_t *out)
{
    const int8_t *const stored = stored_gains(hearing);
    const float wet = fade(hearing);
    for (size_t bin = 0; bin < BINS; ++bin) {
        const float gain = ((float)stored[bin] + 128.0f) * (1.0f / 256.0f);
        const float held = gain > hearing->floor ? gain : hearing->floor;
        const float faded = 1.0f - wet * (1.0f - held);
        hearing->re[bin] *= faded;
        hearing->im[bin] *= faded;
    }
    acoustic_synthesis_push(&hearing->synthesis, hearing->re, hearing->im, 1, out);
    ACOUSTIC_TRACE(STAGE_PCM, out, HOP * sizeof *out);
}

size_t acoustic_hearing_push(acoustic_hearing *hearing, const int16_t *pcm, size_t n, int16_t *out)
{
    size_t written = 0;
    while (n > 0 && acoustic_stft_push(&hearing->stft, &pcm, &n, hearing->re, hearing->im)) {
        enhance(hearing, out + written);
        written += HOP;
    }
    return written;
}
