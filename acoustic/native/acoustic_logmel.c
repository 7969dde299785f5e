#include "acoustic_fft.h"
#include "acoustic_frames.h"
#include "acoustic_frontend.h"
#include "acoustic_math.h"

static void root(acoustic_lanes *spectrum, const uint16_t *places, size_t n)
{
    for (size_t k = 0; k < n; ++k) {
        acoustic_lanes *const bin = spectrum + places[k];
        for (size_t lane = 0; lane < ACOUSTIC_LANES; ++lane) {
            ACOUSTIC_SET_LANE(*bin, lane, acoustic_sqrt(ACOUSTIC_LANE(*bin, lane)));
        }
    }
}

/* Bands lie where the transform leaves nothing: between the bins. */
#define BAND(band) (2 * (band) + 3)

/* Sums of the bins under each triangle: rising side, falling side, then both, each in bin order. */
static void mel_sums(const acoustic_log_mel *definition, acoustic_lanes *spectrum)
{
    const uint16_t *bounds = definition->mel_bounds;
    acoustic_lanes last_rising = {0};
    for (size_t segment = 0; segment <= definition->n_mels; ++segment) {
        acoustic_lanes rising = {0}, falling = {0};
        const float *weights = definition->mel_weights + 2 * bounds[segment];
        const uint16_t *place = definition->places + bounds[segment];
        const uint16_t *const end = definition->places + bounds[segment + 1];
        for (; place < end; ++place) {
            const acoustic_lanes bin = spectrum[*place];
            rising += bin * weights[0];
            falling += bin * weights[1];
            weights += 2;
        }
        if (segment > 0) {
            spectrum[BAND(segment - 1)] = last_rising + falling;
        }
        last_rising = rising;
    }
}

/* Levels of frames that lie in `work`, windowed but not yet padded; the first `count` lanes are written. */
static void levels(const acoustic_log_mel *definition, acoustic_lanes *work, size_t count, float *levels_db)
{
    const size_t n_fft = definition->n_fft, n_mels = definition->n_mels;
    for (size_t i = definition->frame_samples; i < n_fft; ++i) {
        work[i] = (acoustic_lanes){0};
    }
    acoustic_fft_power(n_fft, definition->twiddles, definition->places, work);
    if (definition->power == 1) {
        root(work, definition->places, n_fft / 2 + 1);
    }
    mel_sums(definition, work);
    /* Where levels_db is work, each band is read before the levels written reach it. */
    for (size_t band = 0; band < n_mels; ++band) {
        const acoustic_lanes level =
            acoustic_log2(acoustic_at_least(work[BAND(band)], definition->floor)) * definition->scale_db;
        for (size_t lane = 0; lane < count; ++lane) {
            levels_db[lane * n_mels + band] = ACOUSTIC_LANE(level, lane);
        }
    }
}

void acoustic_log_mel_frames(const acoustic_log_mel *definition, acoustic_lanes *work, const int16_t *pcm,
                             size_t count, float *levels_db)
{
    for (size_t done = 0; done < count; done += ACOUSTIC_LANES) {
        const size_t lanes = count - done < ACOUSTIC_LANES ? count - done : ACOUSTIC_LANES;
        acoustic_windowed(definition->window, definition->frame_samples, pcm + done * definition->hop_samples,
                          definition->hop_samples, lanes, work);
        levels(definition, work, lanes, levels_db + done * definition->n_mels);
    }
}

void acoustic_log_mel_start(acoustic_log_mel_stream *stream, const acoustic_log_mel *definition, int16_t *overlap,
                            acoustic_lanes *work)
{
    stream->definition = definition;
    acoustic_frames_start(&stream->frames, definition->window, definition->frame_samples, definition->hop_samples,
                          definition->n_fft, definition->frame_samples, overlap, work);
}

bool acoustic_log_mel_push(acoustic_log_mel_stream *stream, const int16_t **pcm, size_t *n, float *levels_db)
{
    const bool complete = acoustic_next_frame(&stream->frames, pcm, n);
    if (complete) {
        levels(stream->definition, stream->frames.work, 1, levels_db);
    }
    return complete;
}

void acoustic_to_steps(const float *levels_db, size_t n, int16_t *steps)
{
    for (size_t i = 0; i < n; ++i) {
        const float low = levels_db[i] > -127.0f ? levels_db[i] : -127.0f;
        steps[i] = (int16_t)acoustic_round((low < 127.0f ? low : 127.0f) * 256.0f);
    }
}
