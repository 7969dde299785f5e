/*
 * Hears the first crack of roasting coffee: int16 PCM at ACOUSTIC_ROAST_RATE_HZ in, events out, the same bytes as the
 * Python package. No allocation, no libm; everything that changes lies in `acoustic_roast` and in the network's arena.
 *
 *     static acoustic_roast roast;
 *     acoustic_roast_start(&roast);
 *     for (;;) {
 *         ... wait for n samples of the microphone ...
 *         acoustic_roast_push(&roast, pcm, n, listener, user);
 *     }
 *
 * Blocks of any size give the same events. Only one roast can be heard at a time, since the network's arena is one.
 * Times are milliseconds from the first sample; they wrap: start again within 24 days. Build with -O2
 * -ffp-contract=off.
 */
#ifndef ACOUSTIC_ROAST_H
#define ACOUSTIC_ROAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "acoustic_frontend.h"
#include "acoustic_roast_model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- What is heard ---- */

typedef enum {
    ACOUSTIC_ROAST_CRACK,          /* one crack, in first crack or not */
    ACOUSTIC_ROAST_FIRST_CRACK,    /* first crack has started */
    ACOUSTIC_ROAST_FIRST_CRACK_END /* first crack is over */
} acoustic_roast_event_type;

typedef struct {
    acoustic_roast_event_type type;
    uint32_t t_ms;         /* Of the crack; onset of first crack, dated back; last crack of first crack. */
    uint32_t decided_ms;   /* When that could be known. */
    uint32_t first_pop_ms; /* Of first crack: first crack of the two minutes before; else 0. */
    uint32_t cracks;       /* Of first crack: from its onset to the decision; else 0. */
    uint16_t score;        /* In 1/10000: probability of the crack, confidence in first crack; else 0. */
} acoustic_roast_event;

/* Told an event while acoustic_roast_push or acoustic_roast_flush runs. */
typedef void acoustic_roast_listener(void *user, const acoustic_roast_event *event);

/* ---- Memory: nothing of it is for the caller ---- */

/* The latest times of a window. */
typedef struct {
    uint32_t ms[ACOUSTIC_ROAST_REMEMBERED]; /* In a ring. */
    uint16_t oldest;
    uint16_t count;
} acoustic_roast_times;

/* Decides what is a crack, and when first crack starts and ends. */
typedef struct {
    acoustic_roast_times impulses; /* Of any kind that can be counted. */
    acoustic_roast_times cracks;
    float learnt[ACOUSTIC_ROAST_LEVELS]; /* Background counted so far, fading. */
    float learnt_s;                      /* Seconds of listening that it is worth. */
    float gains[ACOUSTIC_ROAST_RATES][ACOUSTIC_ROAST_LEVELS];
    float sums[ACOUSTIC_ROAST_RATES]; /* Evidence for each rate of cracks. */
    uint32_t next_tick_ms;
    uint32_t counted_ms; /* Of the last impulse, or handful of impulses, that counted. */
    uint32_t run_start_ms;
    uint32_t run_cracks; /* Cracks of the present run; 0: there is none. */
    uint32_t onset_ms;   /* Of first crack. */
    uint32_t charge_ms;
    uint8_t slots[ACOUSTIC_ROAST_LAG_SLOTS + 1][ACOUSTIC_ROAST_LEVELS]; /* Impulses counted, in a ring. */
    uint8_t slot;                                                       /* The running one. */
    uint8_t slots_used;
    uint8_t counted_slot;
    uint8_t counted_level;
    uint16_t most_recent_cracks;
    bool is_crack[ACOUSTIC_ROAST_LEVELS];
    bool charged, dropped, first_crack, ended;
} acoustic_roast_decision;

typedef struct {
    acoustic_roast_decision decision;
    acoustic_log_mel_stream log_mel;
    acoustic_noise_floor noise;
    acoustic_lanes work[ACOUSTIC_WORK(ACOUSTIC_ROAST_N_FFT)];
    int16_t overlap[ACOUSTIC_ROAST_FRAME_SAMPLES - ACOUSTIC_ROAST_HOP_SAMPLES];
    int32_t noise_sums[ACOUSTIC_ROAST_BANDS];
    int16_t noise_means[ACOUSTIC_ROAST_FLOOR_BLOCKS * ACOUSTIC_ROAST_BANDS];
    int16_t noise_median[ACOUSTIC_ROAST_BANDS];
    int16_t noise_work[ACOUSTIC_ROAST_FLOOR_BLOCKS];
    int32_t excess[ACOUSTIC_ROAST_PATCH_FRAMES];                     /* Of the last frames, in a ring. */
    int8_t patch[ACOUSTIC_ROAST_PATCH_FRAMES][ACOUSTIC_ROAST_BANDS]; /* Contrast of the same frames. */
    uint8_t flags[ACOUSTIC_ROAST_BUSY_FRAMES + ACOUSTIC_ROAST_PATCH_FRAMES]; /* Busy, clipped; in a ring. */
    uint16_t flag;                                                           /* The next one. */
    uint16_t busy, clipped; /* Frames with these flags before the patch. */
    uint16_t in_hop;        /* Samples of the running hop so far. */
    uint16_t oldest_hop;    /* Of the complete hops of the next frame, in a ring: the one with which it begins. */
    bool clipped_hops[ACOUSTIC_ROAST_HOPS - 1]; /* Whether they hold samples at full scale. */
    bool hop_clipped;                           /* And the running hop. */
    uint32_t frames;
} acoustic_roast;

/* ---- Functions ---- */

/* Begin with a new roast: before anything else, whatever the memory holds. No function takes NULL for `roast`. */
void acoustic_roast_start(acoustic_roast *roast);

/*
 * Take n samples and tell the listener what they decide, in order of time. Without a listener, NULL, nobody is told;
 * where n is 0 nothing happens, and `pcm` may be NULL. The listener may not call any of these functions.
 */
void acoustic_roast_push(acoustic_roast *roast, const int16_t *pcm, size_t n, acoustic_roast_listener *listener,
                         void *user);

/* Judge the last frames of a recording, as if silence followed. */
void acoustic_roast_flush(acoustic_roast *roast, acoustic_roast_listener *listener, void *user);

/* Time up to which everything has been judged. */
uint32_t acoustic_roast_heard_ms(const acoustic_roast *roast);

/* Beans went in at t_ms: first crack is expected minutes from there, and what came before is forgotten. */
void acoustic_roast_mark_charge(acoustic_roast *roast, uint32_t t_ms);

/* Beans are out: no first crack can start any more. */
void acoustic_roast_mark_drop(acoustic_roast *roast);

/* Take back the last first crack: it was a mistake, go on waiting for it. */
void acoustic_roast_undo(acoustic_roast *roast);

#ifdef __cplusplus
}
#endif

#endif
