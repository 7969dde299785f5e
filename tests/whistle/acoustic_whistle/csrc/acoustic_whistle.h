/* Hears whistles. */
#ifndef ACOUSTIC_WHISTLE_H
#define ACOUSTIC_WHISTLE_H

#include "acoustic_frontend.h"
#include "acoustic_whistle_model.h"

extern const acoustic_log_mel acoustic_whistle_front_end;

typedef struct {
    acoustic_log_mel_stream log_mel;
    int16_t overlap[ACOUSTIC_WHISTLE_OVERLAP];
    acoustic_lanes work[ACOUSTIC_WORK(ACOUSTIC_WHISTLE_N_FFT)];
    int32_t frame, run;
} acoustic_whistle;

/* ---- Functions ---- */

/* Told the first frame of each whistle. */
typedef void acoustic_whistle_listener(int32_t frame);

/* Begin a stream. */
void acoustic_whistle_start(acoustic_whistle *whistle);

/* Take n samples. */
void acoustic_whistle_push(acoustic_whistle *whistle, const int16_t *pcm, size_t n, acoustic_whistle_listener *hear);

#endif
