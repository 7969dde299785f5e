/*
 * The front end of `acoustic` in C99: log-mel features, short-time spectra, synthesis and noise floor, from and to
 * int16 PCM, with the bytes that the Python package computes. No allocation, no libm, no state but what the caller
 * gives. Sizes are in samples, bands or frames unless they say otherwise.
 *
 * A definition (`acoustic_log_mel`, ...) is constant and lies in flash with its tables; the Python package writes it.
 * A stream (`acoustic_log_mel_stream`, ...) is what changes, with memory from the caller. Push samples like this:
 *
 *     while (acoustic_log_mel_push(&stream, &pcm, &n, levels_db)) {
 *         ... levels_db holds the next frame ...
 *     }
 *
 * Blocks of any size give the same frames. One stream may not be used from two threads at a time.
 *
 * `acoustic_lanes` is float on a microcontroller (see acoustic_lanes.h). Build with -O2 -ffp-contract=off.
 */
#ifndef ACOUSTIC_FRONTEND_H
#define ACOUSTIC_FRONTEND_H

#include <stdbool.h>

#include "acoustic_lanes.h"

/* Version of the arithmetic: it changes whenever any output byte would. */
#define ACOUSTIC_ARITHMETIC_VERSION 1

/*
 * Numbers of working memory that each function below needs. Of what lies in it nothing survives a call, but for the
 * samples that a stream takes: after a push that returned no frame the memory is the stream's.
 */
#define ACOUSTIC_WORK(n_fft) ((n_fft) + 2)

/* ---- What all streams of frames have in common ---- */

/* Samples on their way into frames. */
typedef struct {
    const float *window;
    int16_t *overlap;       /* What the next frame has in common with the one before, in a ring. */
    acoustic_lanes *work;   /* ACOUSTIC_WORK(n_fft); at its end lies the running hop. */
    uint16_t frame_samples;
    uint16_t hop_samples;
    uint16_t n_fft;
    uint16_t oldest;        /* Where in the ring the next frame begins. */
    uint16_t missing;       /* Samples until it is complete. */
} acoustic_frames;

/* ---- Log-mel features (Davis and Mermelstein 1980, without their cosine transform) ---- */

/* What a log-mel front end is. */
typedef struct {
    const float *window;        /* Window / 65536, shape (frame_samples): full scale is one, and the FFT takes halves. */
    const float *twiddles;      /* cos(2 pi k / n_fft), -sin(2 pi k / n_fft): shape (3 * n_fft / 4, 2). */
    const uint16_t *places;     /* Where the transform leaves each bin, see acoustic_fft.h: (n_fft / 2 + 1). */
    const uint16_t *mel_bounds; /* First bin of each segment between band edges, and the last's end: (n_mels + 2). */
    const float *mel_weights;   /* Of a bin on the rising and on the falling side: (n_fft / 2 + 1, 2). */
    uint16_t frame_samples;     /* Length of the window, even, at most n_fft. */
    uint16_t hop_samples;       /* From one frame to the next, at most frame_samples. */
    uint16_t n_fft;             /* A power of two, 16 to 8192; the frame is padded with zeros at its end. */
    uint16_t n_mels;            /* At most n_fft / 2. */
    uint16_t power;             /* 1: magnitude, 2: power spectrum under the triangles. */
    float floor;                /* Smallest band value. */
    float scale_db;             /* 10 log10(2), or twice that for magnitudes. */
} acoustic_log_mel;

/* Log-mel frames of a stream. */
typedef struct {
    const acoustic_log_mel *definition;
    acoustic_frames frames;
} acoustic_log_mel_stream;

/* Begin a stream; overlap holds frame_samples - hop_samples, work holds ACOUSTIC_WORK(n_fft). */
void acoustic_log_mel_start(acoustic_log_mel_stream *stream, const acoustic_log_mel *definition, int16_t *overlap,
                            acoustic_lanes *work);

/*
 * Take samples until a frame is complete or none is left; *pcm and *n move past what was taken. Returns whether
 * levels_db, shape (n_mels), holds a new frame: its bands in dB relative to full scale squared. On a microcontroller
 * levels_db may be the beginning of the working memory.
 */
bool acoustic_log_mel_push(acoustic_log_mel_stream *stream, const int16_t **pcm, size_t *n, float *levels_db);

/*
 * The frames that begin at the first `count` hops of pcm, into levels_db of shape (count, n_mels). pcm holds at
 * least (count - 1) * hop_samples + frame_samples samples.
 */
void acoustic_log_mel_frames(const acoustic_log_mel *definition, acoustic_lanes *work, const int16_t *pcm,
                             size_t count, float *levels_db);

/* Levels in steps of 1/256 dB, halves rounded to even, limited to +-127 dB. */
void acoustic_to_steps(const float *levels_db, size_t n, int16_t *steps);

/* ---- Running noise floor: the median of the mean levels of the last blocks of frames, band by band ---- */

/* A noise floor with its memory. */
typedef struct {
    int32_t *sums;         /* (n_bands): of the running block. */
    int16_t *means;        /* (n_blocks, n_bands): of the remembered blocks, in a ring. */
    int16_t *median;       /* (n_bands): of the means. */
    int16_t *work;         /* (n_blocks) */
    uint16_t n_bands;
    uint16_t block_frames; /* Frames a block, a power of two, at most 32768. */
    uint16_t n_blocks;     /* Blocks remembered. */
    uint16_t in_block;     /* Frames in the running block. */
    uint16_t n_means;      /* Blocks remembered so far. */
    uint16_t next_mean;    /* Where in the ring the next mean goes. */
    int16_t silence;       /* Level in steps at or below which a frame is digital silence: nothing is learnt from it. */
} acoustic_noise_floor;

/* Forget everything. */
void acoustic_noise_floor_start(acoustic_noise_floor *noise);

/*
 * Take levels in steps of 1/256 dB, shape (count, n_bands), and write the floor under each frame, from the past
 * alone. Before the first block is complete and in digital silence the floor is the frame's own level.
 */
void acoustic_noise_floor_push(acoustic_noise_floor *noise, const int16_t *levels, size_t count, int16_t *floor);

/* ---- Short-time Fourier transform and its synthesis by overlap-add (Allen and Rabiner 1977) ---- */

/* What an analysis is. */
typedef struct {
    const float *window;   /* Window / 65536: shape (n_fft). */
    const float *twiddles; /* As above. */
    const uint16_t *places;
    uint16_t hop_samples;  /* Divides n_fft. */
    uint16_t n_fft;        /* A power of two, 16 to 8192. */
} acoustic_stft;

/* Spectra of a stream. Silence is assumed before the first sample, so that it too lies under overlapping windows. */
typedef struct {
    const acoustic_stft *definition;
    acoustic_frames frames;
} acoustic_stft_stream;

/* Begin a stream; overlap holds n_fft - hop_samples, work holds ACOUSTIC_WORK(n_fft). */
void acoustic_stft_start(acoustic_stft_stream *stream, const acoustic_stft *definition, int16_t *overlap,
                         acoustic_lanes *work);

/* As acoustic_log_mel_push; a frame is re and im, shape (n_fft / 2 + 1) each. */
bool acoustic_stft_push(acoustic_stft_stream *stream, const int16_t **pcm, size_t *n, float *re, float *im);

/* As acoustic_log_mel_frames; re and im have the shape (count, n_fft / 2 + 1). */
void acoustic_stft_frames(const acoustic_stft *definition, acoustic_lanes *work, const int16_t *pcm, size_t count,
                          float *re, float *im);

/* What a synthesis is. */
typedef struct {
    const float *window;     /* Window * 32768: shape (window_samples). */
    const float *twiddles;   /* As above. */
    const uint16_t *places;
    uint16_t hop_samples;    /* Divides window_samples. */
    uint16_t window_samples; /* The window lies at the end of the frame; at most n_fft. */
    uint16_t n_fft;          /* A power of two, 16 to 8192. */
} acoustic_synthesis;

/* Samples from a stream of spectra. */
typedef struct {
    const acoustic_synthesis *definition;
    float *sums;          /* The overlapping frames added up so far, window_samples in a ring. */
    acoustic_lanes *work; /* ACOUSTIC_WORK(n_fft) */
    uint16_t oldest;      /* Where in the ring the next hop begins. */
} acoustic_synthesis_stream;

/* Begin with silence; sums holds window_samples, work holds ACOUSTIC_WORK(n_fft). */
void acoustic_synthesis_start(acoustic_synthesis_stream *stream, const acoustic_synthesis *definition, float *sums,
                              acoustic_lanes *work);

/*
 * Take spectra, re and im of shape (count, n_fft / 2 + 1), and write the samples that no later frame can change:
 * (count * hop_samples). The imaginary parts of the first and the last bin count as zero. Halves are rounded to
 * even; what exceeds full scale is limited to it.
 */
void acoustic_synthesis_push(acoustic_synthesis_stream *stream, const float *re, const float *im, size_t count,
                             int16_t *pcm);

/*
 * ---- Spectral gate: power spectral subtraction with over-subtraction and a floor (Boll 1979; Berouti, Schwartz and
 * Makhoul 1979), the noise learnt by a running noise floor ----
 */

/* What a gate is. */
typedef struct {
    float over_subtraction; /* How many times the noise's power is subtracted. */
    float floor;            /* Square of the smallest gain. */
    float attack;           /* Part of the way that a rising gain goes in one frame, 0 to 1. */
    float release;          /* The same of a falling gain. */
} acoustic_gate;

/* Gains of a stream of band levels. */
typedef struct {
    const acoustic_gate *definition;
    acoustic_noise_floor *noise;
    int16_t *steps; /* (2, n_bands): levels and floor of a frame. */
    float *gains;   /* (n_bands): of the last frame. */
    uint16_t heard; /* Frames that were not digital silence, up to one more than a block of the noise. */
} acoustic_gate_stream;

/* Begin; noise is set but not started, steps holds 2 * n_bands, gains holds n_bands. */
void acoustic_gate_start(acoustic_gate_stream *stream, const acoustic_gate *definition, acoustic_noise_floor *noise,
                         int16_t *steps, float *gains);

/*
 * Take levels in dB, shape (count, n_bands), and write the gain of each band: a factor of the amplitude. It is one
 * until the noise is known.
 */
void acoustic_gate_push(acoustic_gate_stream *stream, const float *level_db, size_t count, float *gains);

/* Power of n bins in dB relative to full scale squared; nothing counts as -126 octaves. */
void acoustic_power_db(const float *re, const float *im, size_t n, float *level_db);

#endif
