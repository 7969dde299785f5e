/*
 * Sizes, and the numbers that the features are computed by, of one model: written by the Python package.
 */
#ifndef ACOUSTIC_HEARING_SETTINGS_H
#define ACOUSTIC_HEARING_SETTINGS_H

#define ACOUSTIC_HEARING_RATE_HZ 16000
#define ACOUSTIC_HEARING_ANALYSIS_SAMPLES 256
#define ACOUSTIC_HEARING_SYNTHESIS_SAMPLES 128
#define ACOUSTIC_HEARING_HOP_SAMPLES 64
#define ACOUSTIC_HEARING_DELAY_SAMPLES 64 /* By which what goes out lags behind what came in. */
#define ACOUSTIC_HEARING_BINS (ACOUSTIC_HEARING_ANALYSIS_SAMPLES / 2 + 1)
#define ACOUSTIC_HEARING_UNITS 100 /* Of each of the network's two states. */
#define ACOUSTIC_HEARING_FADE_FRAMES 8

/* Bands: how many, and the bins of each, from bin 1 on. */
#define ACOUSTIC_HEARING_BANDS 60
#define ACOUSTIC_HEARING_BAND_BINS \
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, \
    2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4

#define ACOUSTIC_HEARING_LEAST_POWER 0x1.5fd7fep-37f /* Counts as nothing. */
#define ACOUSTIC_HEARING_OCTAVE_DB 0x1.815182p+1f
#define ACOUSTIC_HEARING_SILENCE_STEPS (-26880) /* A mean level in steps of 1/256 dB: below is digital silence. */

/* Running values have this many more bits than a step, and go a fraction of the way each frame, given as a shift. */
#define ACOUSTIC_HEARING_FRACTION_BITS 8
#define ACOUSTIC_HEARING_LEVEL_UP 5
#define ACOUSTIC_HEARING_LEVEL_DOWN 9
#define ACOUSTIC_HEARING_FLOOR_UP 9
#define ACOUSTIC_HEARING_FLOOR_DOWN 4
#define ACOUSTIC_HEARING_FEATURE_SHIFT 7 /* From a step to a feature. */

#endif
