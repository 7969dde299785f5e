/*
 * Takes the noise out of speech: int16 PCM at ACOUSTIC_HEARING_RATE_HZ in, int16 PCM out, the same bytes as the Python
 * package. No allocation, no libm; everything that lasts lies in `acoustic_hearing`.
 *
 *     static acoustic_hearing hearing;
 *     static int16_t clear[N + ACOUSTIC_HEARING_HOP_SAMPLES - 1];
 *     acoustic_hearing_start(&hearing);
 *     for (;;) {
 *         ... wait for n samples of the microphone, at most N ...
 *         n_clear = acoustic_hearing_push(&hearing, pcm, n, clear);
 *     }
 *
 * Blocks of any size give the same samples; whole hops give them soonest. Several streams, such as two ears, may be
 * pushed in turn, but not at the same time: the network's working memory is one. The gain that a hearing loss needs
 * is fitted on a PC and is no part of this. Build with -O2 -ffp-contract=off.
 */
#ifndef ACOUSTIC_HEARING_H
#define ACOUSTIC_HEARING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "acoustic_frontend.h"
#include "acoustic_hearing_settings.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is heard with, beside the network. */
typedef struct {
    const acoustic_stft *analysis;
    const acoustic_synthesis *synthesis;
    float floor; /* Gain that no bin falls below. */
} acoustic_hearing_definition;

/* Of the bundle that the firmware was made of. */
extern const acoustic_hearing_definition acoustic_hearing_model;

/* ---- Memory: nothing of it is for the caller ---- */

/* What the features remember, in steps of 1/256 dB with ACOUSTIC_HEARING_FRACTION_BITS more bits. */
typedef struct {
    int32_t level;                          /* The running level. */
    int32_t floor[ACOUSTIC_HEARING_BANDS];  /* Of each band. */
    bool heard;                             /* Whether there was anything but digital silence. */
} acoustic_hearing_followed;

typedef struct {
    acoustic_stft_stream stft;
    acoustic_synthesis_stream synthesis;
    acoustic_lanes work[ACOUSTIC_WORK(ACOUSTIC_HEARING_ANALYSIS_SAMPLES)]; /* Of both. */
    int16_t overlap[ACOUSTIC_HEARING_ANALYSIS_SAMPLES - ACOUSTIC_HEARING_HOP_SAMPLES];
    float sums[ACOUSTIC_HEARING_SYNTHESIS_SAMPLES];
    float re[ACOUSTIC_HEARING_BINS], im[ACOUSTIC_HEARING_BINS]; /* Of the present frame. */
    acoustic_hearing_followed followed;
    int8_t states[2][ACOUSTIC_HEARING_UNITS]; /* Of the network. */
    float floor;
    float strength;
    float wet; /* Share of the denoised sound in the last frame: it follows strength and bypass. */
    bool bypass;
} acoustic_hearing;

/* ---- Functions ---- */

/*
 * Begin a stream, at full strength, nothing heard: before anything else, whatever the memory holds. No function takes
 * NULL for `hearing`.
 */
void acoustic_hearing_start(acoustic_hearing *hearing);

/* The same by another definition, of which the analysis and the synthesis must stay. */
void acoustic_hearing_start_with(acoustic_hearing *hearing, const acoustic_hearing_definition *definition);

/*
 * Take n samples and write those that are ready. Returns how many: a multiple of the hop, at most n and a hop less
 * one. The sample that came in at position i goes out at i + ACOUSTIC_HEARING_DELAY_SAMPLES. `out` may be `pcm` where
 * every n is a multiple of the hop. Where n is 0 nothing happens, and both may be NULL.
 */
size_t acoustic_hearing_push(acoustic_hearing *hearing, const int16_t *pcm, size_t n, int16_t *out);

/* Share of the denoised sound, 0 (nothing but the delay) to 1; beyond, it is limited. A change is faded in. */
void acoustic_hearing_set_strength(acoustic_hearing *hearing, float strength);

/* Whether all is passed on as it is, with the same delay. A change is faded in. */
void acoustic_hearing_set_bypass(acoustic_hearing *hearing, bool bypass);

#ifdef __cplusplus
}
#endif

#endif
