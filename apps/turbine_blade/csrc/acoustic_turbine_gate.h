/*
 * Sets aside what is not the machine: rain, wind on the microphone, birds, aircraft, speech, clipping and silence.
 *
 * A stretch is compared with those around it, up to nine before and four behind it, and after a minute with what the
 * place usually sounds like; so it is judged about four seconds after it was heard. All levels are compared with one
 * another only. The thresholds, ACOUSTIC_TURBINE_GATE_..., are those of the Python package.
 */
#ifndef ACOUSTIC_TURBINE_GATE_H
#define ACOUSTIC_TURBINE_GATE_H

#include <stdbool.h>

#include "acoustic_turbine_frames.h"

/* Why a stretch is set aside. */
typedef enum {
    ACOUSTIC_TURBINE_NO_REASON,
    ACOUSTIC_TURBINE_CLIPPING,
    ACOUSTIC_TURBINE_SILENCE,
    ACOUSTIC_TURBINE_RAIN,
    ACOUSTIC_TURBINE_SPEECH,
    ACOUSTIC_TURBINE_BIRDS,
    ACOUSTIC_TURBINE_AIRCRAFT,
    ACOUSTIC_TURBINE_WIND
} acoustic_turbine_reason;

#define ACOUSTIC_TURBINE_STRETCH_FRAMES 32

/* Stretches that one is compared with: before it, behind it, in all. A model that heeds no nuisances needs none. */
#define ACOUSTIC_TURBINE_BEFORE (ACOUSTIC_TURBINE_NUISANCES ? ACOUSTIC_TURBINE_GATE_CONTEXT_STRETCHES : 0)
#define ACOUSTIC_TURBINE_AHEAD (ACOUSTIC_TURBINE_NUISANCES ? ACOUSTIC_TURBINE_GATE_AHEAD_STRETCHES : 0)
#define ACOUSTIC_TURBINE_AROUND (ACOUSTIC_TURBINE_BEFORE + 1 + ACOUSTIC_TURBINE_AHEAD)

/* Levels that a stretch is compared by. */
enum {
    ACOUSTIC_TURBINE_RUMBLE,
    ACOUSTIC_TURBINE_BODY,
    ACOUSTIC_TURBINE_BRIGHT,
    ACOUSTIC_TURBINE_SLOPE, /* Rumble less body. */
    ACOUSTIC_TURBINE_HISS,  /* Bright less body. */
    ACOUSTIC_TURBINE_LEVELS
};

/* What is kept of a stretch for as long as others are compared with it. */
typedef struct {
    int16_t levels[ACOUSTIC_TURBINE_BRIGHT + 1]; /* Mean levels in steps of 1/256 dB. */
    uint16_t swish;                              /* Loudest less quietest quarter of the body. */
    uint8_t frames;
    uint8_t reason; /* Found without what is usual here. */
    bool storm;     /* Its rumble is as steep and as unsteady as turbulence. */
} acoustic_turbine_stretch;

/* What a stretch and its two neighbours show together. */
typedef struct {
    uint32_t voice_bands[(ACOUSTIC_TURBINE_BANDS + 31) / 32]; /* Those that rose, as bits. */
    uint32_t song_bands[(ACOUSTIC_TURBINE_BANDS + 31) / 32];
    int16_t flutter[ACOUSTIC_TURBINE_STRETCH_FRAMES]; /* How far the bright bands leave the line through neighbours. */
    int16_t most_rumble, least_rumble;                /* Of the quarters. */
    uint8_t voice_frames, song_frames;
    uint8_t frames;
    bool usable; /* Neither clipped nor silent. */
} acoustic_turbine_detail;

/* The stretch that is being heard. */
typedef struct {
    int32_t levels[ACOUSTIC_TURBINE_BRIGHT + 1];  /* Sums over the stretch, */
    int32_t quarter[ACOUSTIC_TURBINE_BODY + 1];   /* and over its running quarter. */
    uint32_t clipped_samples;
    int16_t most_body, least_body;                /* Of the quarters. */
    uint8_t silent_frames;
    uint8_t in_quarter; /* Frames. */
} acoustic_turbine_open_stretch;

typedef struct {
    acoustic_turbine_open_stretch open;
    acoustic_turbine_detail details[3]; /* Of the open stretch and the two before it, a ring. */
    acoustic_turbine_stretch around[ACOUSTIC_TURBINE_AROUND]; /* A ring. */
    int32_t slow_levels[ACOUSTIC_TURBINE_LEVELS];             /* Of quiet moments over minutes. */
    int32_t slow_swish;
    uint8_t learnt;   /* Stretches that those have followed, up to a minute of them. */
    uint8_t detail;   /* Where the open stretch's details stand. */
    uint8_t oldest;   /* Where the oldest of the stretches around stands, */
    uint8_t n_around; /* how many there are, */
    uint8_t n_judged; /* and how many of them, oldest first, have been judged. */
} acoustic_turbine_gate;

/* Forget everything. */
void acoustic_turbine_gate_start(acoustic_turbine_gate *gate);

/* Begin another recording of the same place: only what it usually sounds like is kept. */
void acoustic_turbine_gate_restart(acoustic_turbine_gate *gate);

/* Take the newest frame, with the number of full-scale samples in its hop. */
void acoustic_turbine_gate_frame(acoustic_turbine_gate *gate, const acoustic_turbine_frames *frames, uint16_t clipped);

/* End the open stretch, which has a frame or more. */
void acoustic_turbine_gate_close(acoustic_turbine_gate *gate);

/* Take the stretch that ended last for the last one of the recording. */
void acoustic_turbine_gate_end(acoustic_turbine_gate *gate);

/* How many stretches are to be judged now: those that have seen enough of what follows, or all at the end. */
unsigned acoustic_turbine_gate_ready(const acoustic_turbine_gate *gate, bool end);

/* Judge the oldest that was not judged yet. */
acoustic_turbine_reason acoustic_turbine_gate_judge(acoustic_turbine_gate *gate);

#endif
