/*
 * How unusual a clip is: features of its sums, their distance from what is usual for the machine, and what that
 * distance means.
 */
#ifndef ACOUSTIC_TURBINE_SCORE_H
#define ACOUSTIC_TURBINE_SCORE_H

#include "acoustic_turbine_sums.h"

/* Features and, behind them, the conditions that the clip is judged under. */
#define ACOUSTIC_TURBINE_NUMBERS (ACOUSTIC_TURBINE_FEATURES + ACOUSTIC_TURBINE_CONDITIONS)

/* What is usual for a machine: a baseline, made on a PC or a gateway from clips of its own. */
typedef struct {
    const int16_t *mean; /* (ACOUSTIC_TURBINE_NUMBERS) */
    uint32_t own_clips;  /* Clips of its own that the mean is of; 0 for a machine never heard. */
    int32_t octaves;     /* Steps of 1/256 octave by which its normal clips lie further from there than others' do. */
} acoustic_turbine_usual;

/* What measures a distance. */
typedef struct {
    const int32_t *precision; /* (ACOUSTIC_TURBINE_FEATURES): 2^20 over the standard deviation of a feature in steps. */
    const int8_t *triangle;   /* Lower triangle of the factor that whitens, row after row. */
    const int32_t *scale;     /* (ACOUSTIC_TURBINE_FEATURES): 2^20 times the scale of a row. */
    const int32_t *gain;      /* 2^10 times the steps by which a feature rises with each condition, or NULL. */
} acoustic_turbine_head;

extern const acoustic_turbine_head acoustic_turbine_distances;

/* Surprise of distances, as straight lines between points. */
typedef struct {
    const int32_t *knots;  /* (n): log2 of distance in steps of 1/256, rising. */
    const int32_t *values; /* (n): surprise. */
    uint16_t n;
} acoustic_turbine_surprise_table;

/* What is usual for the machine that the firmware was made for, and how surprising distances are: for machines with
 * clips of their own, and for machines never heard. */
extern const acoustic_turbine_usual acoustic_turbine_machine;
extern const acoustic_turbine_surprise_table acoustic_turbine_known, acoustic_turbine_never_heard;

/* Memory that scoring needs; nothing in it survives but the features. */
typedef struct {
    int16_t numbers[ACOUSTIC_TURBINE_NUMBERS];  /* Features in steps of 1/256 dB, then conditions. */
    int16_t whitened[ACOUSTIC_TURBINE_FEATURES];
} acoustic_turbine_score_work;

typedef struct {
    int64_t distance; /* Squared Mahalanobis distance over the number of features, in steps of 1/256. */
    int32_t surprise; /* Minus the decadic logarithm of the p-value, in steps of 1/256. */
} acoustic_turbine_score;

/* Features of a clip, which has at least five frames in a run: (ACOUSTIC_TURBINE_FEATURES), in steps of 1/256 dB. */
void acoustic_turbine_features(const acoustic_turbine_sums *clip, int16_t *features);

/* Judge work->numbers, features of a clip of so many frames and conditions, against what is usual. */
acoustic_turbine_score acoustic_turbine_judge(acoustic_turbine_score_work *work, const acoustic_turbine_usual *usual,
                                              uint16_t frames);

#endif
