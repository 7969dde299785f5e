#include "acoustic_frames.h"

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

bool acoustic_fill_ring(int16_t *ring, size_t size, uint16_t oldest, uint16_t *missing, const int16_t **pcm,
                        size_t *n)
{
    const size_t taken = *n < *missing ? *n : *missing;
    size_t place = oldest + size - *missing;
    for (size_t i = 0; i < taken; ++i) {
        place = place < size ? place : place - size;
        ring[place++] = (*pcm)[i];
    }
    *pcm += taken;
    *n -= taken;
    *missing = (uint16_t)(*missing - taken);
    return *missing == 0;
}

void acoustic_windowed_ring(const float *window, const int16_t *ring, size_t size, size_t oldest,
                            acoustic_lanes *frame)
{
    const size_t n = size - oldest;
    acoustic_windowed(window, n, ring + oldest, 0, 1, frame);
    acoustic_windowed(window + n, oldest, ring, 0, 1, frame + n);
}
