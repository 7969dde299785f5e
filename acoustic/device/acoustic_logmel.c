#include "acoustic_fft.h"
#include "acoustic_frames.h"
#include "acoustic_frontend.h"
#include "acoustic_math.h"

static void root(acoustic_lanes *spectrum, size_t n)
{
    for (size_t k = 0; k < n; ++k) {
        for (size_t lane = 0; lane < ACOUSTIC_LANES; ++lane) {
            ACOUSTIC_SET_LANE(spectrum[k], lane, acoustic_sqrt(ACOUSTIC_LANE(spectrum[k], lane)));
        }
    }
}

/* Sums of the bins under each triangle: rising side, falling side, then both, each in bin order. */
static void mel_sums(const acoustic_log_mel *definition, const acoustic_lanes *spectrum, acoustic_lanes *bands)
{
    const uint16_t *bounds = definition->mel_bounds;
    acoustic_lanes last_rising = {0};
    for (size_t segment = 0; segment <= definition->n_mels; ++segment) {
        acoustic_lanes rising = {0}, falling = {0};
        const float *weights = definition->mel_weights + 2 * bounds[segment];
        const acoustic_lanes *bin = spectrum + bounds[segment], *const end = spectrum + bounds[segment + 1];
        for (; bin < end; ++bin) {
            rising += *bin * weights[0];
            falling += *bin * weights[1];
            weights += 2;
        }
        if (segment > 0) {
            bands[segment - 1] = last_rising + falling;
        }
        last_rising = rising;
    }
}

/* Levels of frames that lie in `work`, windowed but not yet padded; the first `count` lanes are written. */
static void levels(const acoustic_log_mel *definition, acoustic_lanes *work, size_t count, float *levels_db)
{
    const size_t n_fft = definition->n_fft, n_mels = definition->n_mels;
    acoustic_lanes *const spare = work + n_fft + 2;
    acoustic_lanes *power, *bands;
    for (size_t i = definition->frame_samples; i < n_fft; ++i) {
        work[i] = (acoustic_lanes){0};
    }
    power = acoustic_fft_power(n_fft, definition->twiddles, work, spare);
    bands = power == work ? spare : work;
    if (definition->power == 1) {
        root(power, n_fft / 2 + 1);
    }
    mel_sums(definition, power, bands);
    for (size_t band = 0; band < n_mels; ++band) {
        const acoustic_lanes level =
            acoustic_log2(acoustic_at_least(bands[band], definition->floor)) * definition->scale_db;
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

void acoustic_log_mel_start(acoustic_log_mel_stream *stream, const acoustic_log_mel *definition, int16_t *samples,
                            acoustic_lanes *work)
{
    stream->definition = definition;
    stream->samples = samples;
    stream->work = work;
    stream->oldest = 0;
    stream->missing = definition->frame_samples;
}

bool acoustic_log_mel_push(acoustic_log_mel_stream *stream, const int16_t **pcm, size_t *n, float *levels_db)
{
    const acoustic_log_mel *const definition = stream->definition;
    const size_t size = definition->frame_samples, next = stream->oldest + (size_t)definition->hop_samples;
    if (!acoustic_fill_ring(stream->samples, size, stream->oldest, &stream->missing, pcm, n)) {
        return false;
    }
    acoustic_windowed_ring(definition->window, stream->samples, size, stream->oldest, stream->work);
    levels(definition, stream->work, 1, levels_db);
    stream->oldest = (uint16_t)(next < size ? next : next - size);
    stream->missing = definition->hop_samples;
    return true;
}

void acoustic_to_steps(const float *levels_db, size_t n, int16_t *steps)
{
    for (size_t i = 0; i < n; ++i) {
        const float low = levels_db[i] > -127.0f ? levels_db[i] : -127.0f;
        steps[i] = (int16_t)acoustic_round((low < 127.0f ? low : 127.0f) * 256.0f);
    }
}
