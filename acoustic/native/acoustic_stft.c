#include "acoustic_fft.h"
#include "acoustic_frames.h"
#include "acoustic_frontend.h"
#include "acoustic_math.h"

/* Spectra of windowed frames that lie in `work`; the first `count` lanes are written. */
static void spectra(const acoustic_stft *definition, acoustic_lanes *work, size_t count, float *re, float *im)
{
    const size_t last = definition->n_fft / 2;
    acoustic_fft_forward(definition->n_fft, definition->twiddles, definition->places, work);
    for (size_t lane = 0; lane < count; ++lane) {
        for (size_t bin = 0; bin <= last; ++bin) {
            const acoustic_lanes *const pair = work + definition->places[bin];
            re[bin] = ACOUSTIC_LANE(pair[0], lane);
            im[bin] = ACOUSTIC_LANE(pair[1], lane);
        }
        im[0] = im[last] = 0.0f;
        re += last + 1;
        im += last + 1;
    }
}

void acoustic_stft_frames(const acoustic_stft *definition, acoustic_lanes *work, const int16_t *pcm, size_t count,
                          float *re, float *im)
{
    const size_t n_bins = definition->n_fft / 2 + (size_t)1;
    for (size_t done = 0; done < count; done += ACOUSTIC_LANES) {
        const size_t lanes = count - done < ACOUSTIC_LANES ? count - done : ACOUSTIC_LANES;
        acoustic_windowed(definition->window, definition->n_fft, pcm + done * definition->hop_samples,
                          definition->hop_samples, lanes, work);
        spectra(definition, work, lanes, re + done * n_bins, im + done * n_bins);
    }
}

void acoustic_stft_start(acoustic_stft_stream *stream, const acoustic_stft *definition, int16_t *overlap,
                         acoustic_lanes *work)
{
    stream->definition = definition;
    acoustic_frames_start(&stream->frames, definition->window, definition->n_fft, definition->hop_samples,
                          definition->n_fft, definition->hop_samples, overlap, work);
    for (size_t i = 0; i < (size_t)(definition->n_fft - definition->hop_samples); ++i) {
        overlap[i] = 0;
    }
}

bool acoustic_stft_push(acoustic_stft_stream *stream, const int16_t **pcm, size_t *n, float *re, float *im)
{
    const bool complete = acoustic_next_frame(&stream->frames, pcm, n);
    if (complete) {
        spectra(stream->definition, stream->frames.work, 1, re, im);
    }
    return complete;
}

void acoustic_synthesis_start(acoustic_synthesis_stream *stream, const acoustic_synthesis *definition, float *sums,
                              acoustic_lanes *work)
{
    stream->definition = definition;
    stream->sums = sums;
    stream->work = work;
    stream->oldest = 0;
    for (size_t i = 0; i < definition->window_samples; ++i) {
        sums[i] = 0.0f;
    }
}

/* Where point i of a frame lies. */
static inline size_t place_of(const acoustic_synthesis *definition, size_t i)
{
    return definition->places[i / 2] + (i & 1 ? (size_t)0 : 1);
}

/* Frames back from spectra, windowed at their ends. */
static void windowed_frames(const acoustic_synthesis *definition, acoustic_lanes *work, const float *re,
                            const float *im, size_t count)
{
    const size_t n_fft = definition->n_fft, n_bins = n_fft / 2 + 1, first = n_fft - definition->window_samples;
    const float scale = 1.0f / (float)n_fft; /* a power of two: exact */
    for (size_t lane = 0; lane < ACOUSTIC_LANES; ++lane) {
        const size_t row = n_bins * (lane < count ? lane : count - 1);
        for (size_t bin = 0; bin < n_bins - 1; ++bin) {
            ACOUSTIC_SET_LANE(work[2 * bin], lane, re[row + bin]);
            ACOUSTIC_SET_LANE(work[2 * bin + 1], lane, im[row + bin]);
        }
        ACOUSTIC_SET_LANE(work[1], lane, re[row + n_bins - 1]);
    }
    acoustic_fft_inverse(n_fft, definition->twiddles, work);
    for (size_t i = first; i < n_fft; ++i) {
        acoustic_lanes *const point = work + place_of(definition, i);
        *point = *point * scale * definition->window[i - first];
    }
}

/* Add the end of a frame to the ring of sums. */
static void add(acoustic_synthesis_stream *stream, const acoustic_lanes *frames, size_t lane)
{
    const acoustic_synthesis *const definition = stream->definition;
    const size_t n_fft = definition->n_fft, wrap = n_fft - stream->oldest;
    size_t i = n_fft - definition->window_samples;
    for (float *sum = stream->sums + stream->oldest; i < wrap; ++i) {
        *sum++ += ACOUSTIC_LANE(frames[place_of(definition, i)], lane);
    }
    for (float *sum = stream->sums; i < n_fft; ++i) {
        *sum++ += ACOUSTIC_LANE(frames[place_of(definition, i)], lane);
    }
}

void acoustic_synthesis_push(acoustic_synthesis_stream *stream, const float *re, const float *im, size_t count,
                             int16_t *pcm)
{
    const acoustic_synthesis *const definition = stream->definition;
    const size_t n_bins = definition->n_fft / 2 + (size_t)1, hop = definition->hop_samples;
    for (size_t done = 0; done < count; done += ACOUSTIC_LANES) {
        const size_t lanes = count - done < ACOUSTIC_LANES ? count - done : ACOUSTIC_LANES;
        windowed_frames(definition, stream->work, re + done * n_bins, im + done * n_bins, lanes);
        for (size_t lane = 0; lane < lanes; ++lane) {
            float *const oldest = stream->sums + stream->oldest;
            const size_t next = stream->oldest + hop;
            add(stream, stream->work, lane);
            for (size_t i = 0; i < hop; ++i) {
                *pcm++ = acoustic_to_int16(oldest[i]);
                oldest[i] = 0.0f;
            }
            stream->oldest = (uint16_t)(next < definition->window_samples ? next : 0);
        }
    }
}
