/*
 * What the network is told of a frame: levels of bands relative to the running level and to their own floor.
 */
#ifndef ACOUSTIC_HEARING_FEATURES_H
#define ACOUSTIC_HEARING_FEATURES_H

#include "acoustic_hearing.h"

/* Forget everything heard. */
void acoustic_hearing_features_start(acoustic_hearing_followed *followed);

/* Take a spectrum of ACOUSTIC_HEARING_BINS and write 2 * ACOUSTIC_HEARING_BANDS features, in half decibels. */
void acoustic_hearing_features(acoustic_hearing_followed *followed, const float *re, const float *im, int8_t *features);

#endif
