/*
 * Sums over a stretch of about a second, and over a clip, from which the features are made. Sums of stretches add up
 * to those of a clip, whatever is left out between them. While the gate has not judged a stretch yet, its sums wait
 * packed into as many bits as they can take.
 */
#ifndef ACOUSTIC_TURBINE_SUMS_H
#define ACOUSTIC_TURBINE_SUMS_H

#include "acoustic_turbine_frames.h"

/* Where each sum stands. */
enum {
    ACOUSTIC_TURBINE_LEVEL = 0, /* Of each band, in steps of 1/256 dB; a number with a sign. */
    /* Of each band of spread, in sixteenths of a dB; with a sign. */
    ACOUSTIC_TURBINE_SPREAD_LEVEL = ACOUSTIC_TURBINE_LEVEL + ACOUSTIC_TURBINE_BANDS,
    ACOUSTIC_TURBINE_SPREAD_SQUARE = ACOUSTIC_TURBINE_SPREAD_LEVEL + ACOUSTIC_TURBINE_SPREAD_BANDS,
    /* Change from frame to frame, in steps. */
    ACOUSTIC_TURBINE_CHANGE = ACOUSTIC_TURBINE_SPREAD_SQUARE + ACOUSTIC_TURBINE_SPREAD_BANDS,
    /* Squared error of the network, in sixteenths of a dB. */
    ACOUSTIC_TURBINE_RESIDUAL_SQUARE = ACOUSTIC_TURBINE_CHANGE + ACOUSTIC_TURBINE_SPREAD_BANDS,
    ACOUSTIC_TURBINE_COLUMNS = ACOUSTIC_TURBINE_RESIDUAL_SQUARE + ACOUSTIC_TURBINE_HALF_BANDS
};

/* Bits of each sum over a stretch of 32 frames of +-127 dB. */
#define ACOUSTIC_TURBINE_LEVEL_BITS 21
#define ACOUSTIC_TURBINE_SPREAD_LEVEL_BITS 17
#define ACOUSTIC_TURBINE_SPREAD_SQUARE_BITS 27
#define ACOUSTIC_TURBINE_CHANGE_BITS 21
#define ACOUSTIC_TURBINE_RESIDUAL_SQUARE_BITS 28
#define ACOUSTIC_TURBINE_PACKED_BITS                                                                                  \
    (ACOUSTIC_TURBINE_BANDS * ACOUSTIC_TURBINE_LEVEL_BITS +                                                           \
     ACOUSTIC_TURBINE_SPREAD_BANDS * (ACOUSTIC_TURBINE_SPREAD_LEVEL_BITS + ACOUSTIC_TURBINE_SPREAD_SQUARE_BITS +      \
                                      ACOUSTIC_TURBINE_CHANGE_BITS) +                                                 \
     ACOUSTIC_TURBINE_HALF_BANDS * ACOUSTIC_TURBINE_RESIDUAL_SQUARE_BITS)

typedef struct {
    uint32_t columns[ACOUSTIC_TURBINE_COLUMNS];
    uint16_t frames;    /* Summed up. */
    uint16_t changes;   /* Of them, those with a frame before them. */
    uint16_t residuals; /* Those with four. */
} acoustic_turbine_sums;

typedef struct {
    uint32_t words[(ACOUSTIC_TURBINE_PACKED_BITS + 31) / 32];
    uint8_t frames, changes, residuals;
} acoustic_turbine_packed;

/* What is expected of a frame. */
typedef struct {
    const int16_t *usual_shape; /* (ACOUSTIC_TURBINE_HALF_BANDS): level of each band less the mean of all, in steps. */
    const int32_t *predicted;   /* (256): steps that the network's output stands for, from -128 on. */
} acoustic_turbine_expectation;

extern const acoustic_turbine_expectation acoustic_turbine_expected;

void acoustic_turbine_clear(acoustic_turbine_sums *sums);

/* Take the newest frame. */
void acoustic_turbine_add_frame(acoustic_turbine_sums *sums, const acoustic_turbine_frames *frames);

/* Add the sums of a stretch to those of a clip of at most 31 stretches. */
void acoustic_turbine_add_stretch(acoustic_turbine_sums *clip, const acoustic_turbine_packed *stretch);

void acoustic_turbine_pack(acoustic_turbine_packed *packed, const acoustic_turbine_sums *stretch);

#endif
