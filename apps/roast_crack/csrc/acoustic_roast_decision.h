/*
 * From single impulses to "first crack has started": a marked Poisson CUSUM that adapts to each roast. What it does
 * and why is said in apps/roast_crack/decision.py of the Python package, which decides the same.
 */
#ifndef ACOUSTIC_ROAST_DECISION_H
#define ACOUSTIC_ROAST_DECISION_H

#include "acoustic_roast.h"

/* The numbers of the decision, by their names in the model's file. */
typedef struct {
    float crack_share[ACOUSTIC_ROAST_LEVELS];
    float background_rate[ACOUSTIC_ROAST_LEVELS];
    float crack_rates[ACOUSTIC_ROAST_RATES];
    float prior_s[ACOUSTIC_ROAST_PRIOR_POINTS];         /* Seconds since charge. */
    float prior_threshold[ACOUSTIC_ROAST_PRIOR_POINTS]; /* What they add to the threshold. */
    float background_weight_s;
    float threshold;
    uint32_t dead_time_ms, min_span_ms, lull_ms, end_window_ms;
    uint32_t min_cracks;
    int32_t max_busy_frames, max_clipped_frames;
    int16_t level_edges[ACOUSTIC_ROAST_LEVELS];
    const uint16_t *scores; /* Probabilities in 1/10000, by the network's output + 128: (256). */
    const int8_t *cosines;  /* Of 256 angles, and their first quarter again: (320). */
} acoustic_roast_settings;

extern const acoustic_roast_settings acoustic_roast_decides;

/* One impulse as the decision takes it. */
typedef struct {
    uint32_t t_ms;     /* Of its peak. */
    uint32_t known_ms; /* When it could be judged. */
    int16_t busy;      /* Loud frames, and frames at full scale, of the second before it. */
    int16_t clipped;
    int8_t logit; /* Output of the network. */
} acoustic_roast_impulse;

/* What an impulse is. */
typedef enum { ACOUSTIC_ROAST_NOTHING, ACOUSTIC_ROAST_IS_CRACK, ACOUSTIC_ROAST_DECIDES } acoustic_roast_verdict;

void acoustic_roast_decision_start(acoustic_roast_decision *decision);

/*
 * Let time pass up to t_ms or up to what it decides, whichever comes first. Returns whether *event tells something;
 * call it again until it does not.
 */
bool acoustic_roast_decision_advance(acoustic_roast_decision *decision, uint32_t t_ms, acoustic_roast_event *event);

/* Weigh one impulse, after advancing to it. Where it is a crack that decides first crack, *event tells that. */
acoustic_roast_verdict acoustic_roast_decision_hear(acoustic_roast_decision *decision,
                                                    const acoustic_roast_impulse *impulse,
                                                    acoustic_roast_event *event);

void acoustic_roast_decision_charge(acoustic_roast_decision *decision, uint32_t t_ms);
void acoustic_roast_decision_drop(acoustic_roast_decision *decision);
void acoustic_roast_decision_undo(acoustic_roast_decision *decision);

/* ---- Times, and their rhythm ---- */

/* The i-th of the times, from the oldest on. */
uint32_t acoustic_roast_time(const acoustic_roast_times *times, uint32_t i);

/* Whether the last six of the latest `count` times keep a beat: each interval a small multiple of the shortest. */
bool acoustic_roast_evenly_spaced(const acoustic_roast_times *times, uint32_t count);

/* Whether the times follow a beat of a drum's turns: Rayleigh's test over a comb of frequencies. */
bool acoustic_roast_beats_time(const acoustic_roast_times *times);

#endif
