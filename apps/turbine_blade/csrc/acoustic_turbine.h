/*
 * Hears a damaged wind-turbine blade, in C99: 16-bit samples in, judged clips and alarms out, with the bytes that the
 * Python package computes from the same samples and the same bundle.
 *
 *     static acoustic_turbine turbine;
 *     acoustic_turbine_start(&turbine);
 *     for (;;) {
 *         ... wait for n samples of the microphone ...
 *         acoustic_turbine_push(&turbine, pcm, n, listener, user);
 *     }
 *
 * Samples are mono at ACOUSTIC_TURBINE_RATE_HZ; blocks of any size give the same events. Nothing is allocated: all
 * that changes lies in `acoustic_turbine` and in the network's arena, which is one, so only one machine can be heard
 * at a time. With 128 bands that is 15 kB, of which 5 kB are the front end's and 4 kB the sums of stretches that the
 * gate has not judged yet; 10 kB where the model sets only clipping and silence aside.
 *
 * A clip is judged when the gate has judged its last stretch: about four seconds after it ended where the model sets
 * weather and surroundings aside.
 *
 * The rotor is not followed here: that takes half a minute of levels at once. The Python package reads it, on a PC
 * or a gateway, from the same microphone.
 *
 * Build with -O2 -ffp-contract=off.
 */
#ifndef ACOUSTIC_TURBINE_H
#define ACOUSTIC_TURBINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "acoustic_frontend.h"
#include "acoustic_turbine_gate.h"
#include "acoustic_turbine_score.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- What is heard ---- */

typedef enum {
    ACOUSTIC_TURBINE_SET_ASIDE, /* A stretch of about a second is not scored, for a reason. */
    ACOUSTIC_TURBINE_CLIP,      /* A clip was judged. */
    ACOUSTIC_TURBINE_SKIPPED,   /* Of a clip too little was left to judge it. */
    ACOUSTIC_TURBINE_ALARM,     /* So many of the last clips were unusual that it is no accident. */
    ACOUSTIC_TURBINE_OVER       /* No longer. */
} acoustic_turbine_event_type;

typedef struct {
    acoustic_turbine_event_type type;
    acoustic_turbine_reason reason; /* Why a stretch was set aside. */
    uint32_t start_frame;           /* First frame of the stretch or clip; of an alarm, where its last clip ended. */
    uint32_t stop_frame;            /* Behind the last. A frame is ACOUSTIC_TURBINE_HOP_SAMPLES samples. */
    uint16_t kept_frames;           /* Frames of the clip that are not set aside. */
    uint8_t unusual;                /* Of an alarm: unusual ones of the last ACOUSTIC_TURBINE_ALARM_OF clips. */
    int32_t surprise;               /* Of a clip: minus the decadic logarithm of its p-value, in steps of 1/256. */
    int64_t distance; /* Of a clip: squared Mahalanobis distance over the number of features, in steps of 1/256. */
    /* Of a clip: ACOUSTIC_TURBINE_FEATURES numbers in steps of 1/256 dB, from which a gateway learns a baseline; then
     * the conditions it was judged under. They are there until the listener returns. */
    const int16_t *features;
} acoustic_turbine_event;

/* Told an event while acoustic_turbine_push or acoustic_turbine_flush runs. */
typedef void acoustic_turbine_listener(void *user, const acoustic_turbine_event *event);

/* ---- Memory: nothing of it is for the caller ---- */

/* Samples that a frame has in common with the next, and hops that it touches. */
#define ACOUSTIC_TURBINE_OVERLAP (ACOUSTIC_TURBINE_FRAME_SAMPLES - ACOUSTIC_TURBINE_HOP_SAMPLES)
#define ACOUSTIC_TURBINE_FRAME_HOPS                                                                                    \
    ((ACOUSTIC_TURBINE_FRAME_SAMPLES + ACOUSTIC_TURBINE_HOP_SAMPLES - 1) / ACOUSTIC_TURBINE_HOP_SAMPLES)

typedef struct {
    const acoustic_turbine_usual *usual;
    acoustic_log_mel_stream log_mel;
    int16_t overlap[ACOUSTIC_TURBINE_OVERLAP > 0 ? ACOUSTIC_TURBINE_OVERLAP : 1];
    acoustic_turbine_frames frames;
    acoustic_turbine_gate gate;
    acoustic_turbine_sums stretch; /* Of the stretch that is being heard, */
    acoustic_turbine_sums clip;    /* and of those of its clip that were judged. */
#if ACOUSTIC_TURBINE_NUISANCES
    acoustic_turbine_packed waiting[ACOUSTIC_TURBINE_AHEAD]; /* Of those that the gate has not judged yet, a ring. */
#endif
    union { /* One after the other. */
        acoustic_lanes front_end[ACOUSTIC_WORK(ACOUSTIC_TURBINE_N_FFT)];
        acoustic_turbine_packed packed;
        acoustic_turbine_score_work score;
    } work;
    int32_t wind_cm_s, rpm_hundredths; /* Or ACOUSTIC_TURBINE_UNKNOWN. */
    uint32_t clip_start_frame;
    uint32_t frame;         /* Behind the last stretch that was judged. */
    uint32_t recent;        /* A bit for each of the last clips, the latest lowest: 1 for an unusual one. */
    uint8_t clip_stretches; /* Judged so far. */
    uint8_t next_waiting;   /* Where in the ring the next one goes. */
    bool alarmed;
    uint16_t in_hop;        /* Samples of the running hop so far. */
    uint16_t hop;           /* Where it stands in the ring. */
    uint16_t clipped[ACOUSTIC_TURBINE_FRAME_HOPS]; /* Samples at full scale of each hop, a ring. */
} acoustic_turbine;

/* ---- Functions ---- */

#define ACOUSTIC_TURBINE_UNKNOWN INT32_MIN

/* The front end of the model. */
extern const acoustic_log_mel acoustic_turbine_front_end;

/*
 * Begin to listen to acoustic_turbine_machine, the machine that the firmware was made for, in unknown conditions: before
 * anything else, whatever the memory holds. No function takes NULL for `turbine`.
 */
void acoustic_turbine_start(acoustic_turbine *turbine);

/* Judge by another baseline from now on. It is not copied, and must stay. */
void acoustic_turbine_use(acoustic_turbine *turbine, const acoustic_turbine_usual *usual);

/*
 * Tell the conditions that clips are judged under from now on: wind in hundredths of m/s, 0 to 10000, rotation in
 * hundredths of a turn a minute, 0 to 30000, or ACOUSTIC_TURBINE_UNKNOWN: then those that are usual for the machine.
 * A model that judges under neither, see ACOUSTIC_TURBINE_CONDITIONS, heeds none.
 */
void acoustic_turbine_condition(acoustic_turbine *turbine, int32_t wind_cm_s, int32_t rpm_hundredths);

/*
 * Take n samples and tell the listener what they decide, in order of time. Without a listener, NULL, nobody is told;
 * where n is 0 nothing happens, and `pcm` may be NULL. The listener may not call any of these functions.
 */
void acoustic_turbine_push(acoustic_turbine *turbine, const int16_t *pcm, size_t n,
                           acoustic_turbine_listener *listener, void *user);

/*
 * End a recording: judge what was heard of it. What is pushed next is another recording of the same machine, with
 * frames numbered from 0 again; a device that sleeps between recordings calls this before it does.
 */
void acoustic_turbine_flush(acoustic_turbine *turbine, acoustic_turbine_listener *listener, void *user);

#ifdef __cplusplus
}
#endif

#endif
