#include "acoustic_frames.h"

#include <string.h>

#if ACOUSTIC_LANES == 1

void acoustic_windowed(const float *window, size_t n, const int16_t *pcm, size_t hop, size_t count,
                       acoustic_lanes *frames)
{
    (void)hop;
    (void)count;
    for (size_t i = 0; i < n; ++i) {
        frames[i] = (float)pcm[i] * window[i];
    }
}

#else

void acoustic_windowed(const float *window, size_t n, const int16_t *pcm, size_t hop, size_t count,
                       acoustic_lanes *frames)
{
    const int16_t *starts[ACOUSTIC_LANES];
    for (size_t lane = 0; lane < ACOUSTIC_LANES; ++lane) {
        starts[lane] = pcm + hop * (lane < count ? lane : count - 1);
    }
    for (size_t i = 0; i < n; ++i) {
        acoustic_int_lanes samples;
        for (size_t lane = 0; lane < ACOUSTIC_LANES; ++lane) {
            samples[lane] = starts[lane][i];
        }
        frames[i] = acoustic_from_int(samples) * window[i];
    }
}

#endif

/* The running hop: bytes of int16, since the memory is one of floats. */
static unsigned char *running_hop(const acoustic_frames *frames)
{
    return (unsigned char *)(frames->work + ACOUSTIC_WORK(frames->n_fft)) - frames->hop_samples * sizeof(int16_t);
}

/* The overlap, from its oldest sample on, into the beginning of the frame. */
static void window_overlap(const acoustic_frames *frames, size_t size)
{
    const size_t oldest = frames->oldest, n = size - oldest;
    acoustic_windowed(frames->window, n, frames->overlap + oldest, 0, 1, frames->work);
    acoustic_windowed(frames->window + n, oldest, frames->overlap, 0, 1, frames->work + n);
}

/* The newest samples of the running hop replace the oldest of the overlap. */
static void remember_hop(acoustic_frames *frames, size_t size)
{
    const size_t hop = frames->hop_samples, count = hop < size ? hop : size, wrap = size - frames->oldest;
    const size_t first = count < wrap ? count : wrap;
    const unsigned char *const newest = running_hop(frames) + (hop - count) * sizeof(int16_t);
    memcpy(frames->overlap + frames->oldest, newest, first * sizeof(int16_t));
    memcpy(frames->overlap, newest + first * sizeof(int16_t), (count - first) * sizeof(int16_t));
    frames->oldest = (uint16_t)(count < wrap ? frames->oldest + count : count - wrap);
}

/* The running hop into the end of the frame, which grows towards it and overtakes no sample that is still to come. */
static void window_hop(const acoustic_frames *frames, size_t size)
{
    const unsigned char *const samples = running_hop(frames);
    for (size_t i = 0; i < frames->hop_samples; ++i) {
        int16_t sample;
        memcpy(&sample, samples + i * sizeof sample, sizeof sample);
        frames->work[size + i] = (float)sample * frames->window[size + i] - (acoustic_lanes){0};
    }
}

/* Move samples, at most so many, to where they wait. */
static void take(acoustic_frames *frames, void *place, size_t most, const int16_t **pcm, size_t *n)
{
    const size_t taken = *n < most ? *n : most;
    memcpy(place, *pcm, taken * sizeof(int16_t));
    *pcm += taken;
    *n -= taken;
    frames->missing = (uint16_t)(frames->missing - taken);
}

void acoustic_frames_start(acoustic_frames *frames, const float *window, uint16_t frame_samples, uint16_t hop_samples,
                           uint16_t n_fft, uint16_t missing, int16_t *overlap, acoustic_lanes *work)
{
    frames->window = window;
    frames->overlap = overlap;
    frames->work = work;
    frames->frame_samples = frame_samples;
    frames->hop_samples = hop_samples;
    frames->n_fft = n_fft;
    frames->oldest = 0;
    frames->missing = missing;
}

bool acoustic_next_frame(acoustic_frames *frames, const int16_t **pcm, size_t *n)
{
    const size_t hop = frames->hop_samples, size = frames->frame_samples - hop;
    if (frames->missing > hop) { /* The first frame of all. */
        take(frames, frames->overlap + (size + hop - frames->missing), frames->missing - hop, pcm, n);
    }
    if (frames->missing <= hop) {
        take(frames, running_hop(frames) + (hop - frames->missing) * sizeof(int16_t), frames->missing, pcm, n);
    }
    if (frames->missing > 0) {
        return false;
    }
    window_overlap(frames, size);
    remember_hop(frames, size);
    window_hop(frames, size);
    frames->missing = (uint16_t)hop;
    return true;
}
