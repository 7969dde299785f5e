/*
 * Windowed frames of int16 PCM: what the log-mel features and the short-time spectra have in common.
 */
#ifndef ACOUSTIC_FRAMES_H
#define ACOUSTIC_FRAMES_H

#include "acoustic_frontend.h"

/*
 * Multiply `n` samples by a window. Lane l reads from pcm + l * hop; lanes from `count` on repeat the last one that
 * counts.
 */
void acoustic_windowed(const float *window, size_t n, const int16_t *pcm, size_t hop, size_t count,
                       acoustic_lanes *frames);

/* Begin with no samples; overlap holds frame_samples - hop_samples. The first frame is complete after `missing`. */
void acoustic_frames_start(acoustic_frames *frames, const float *window, uint16_t frame_samples, uint16_t hop_samples,
                           uint16_t n_fft, uint16_t missing, int16_t *overlap, acoustic_lanes *work);

/*
 * Take samples until a frame is complete or none is left; *pcm and *n move past what was taken. Returns whether
 * frames->work begins with a new frame, windowed: (frame_samples).
 */
bool acoustic_next_frame(acoustic_frames *frames, const int16_t **pcm, size_t *n);

#endif
