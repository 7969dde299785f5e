#include "acoustic_roast_decision.h"

#include <string.h>

#include "acoustic_math.h"

#define LEVELS ACOUSTIC_ROAST_LEVELS
#define RATES ACOUSTIC_ROAST_RATES
#define SLOTS (ACOUSTIC_ROAST_LAG_SLOTS + 1)

static const acoustic_roast_settings *const settings = &acoustic_roast_decides;

/* Add a time to those of a window; the oldest gives way where there are too many. */
static void remember(acoustic_roast_times *times, uint32_t t_ms, uint32_t window_ms)
{
    if (times->count == ACOUSTIC_ROAST_REMEMBERED) {
        times->oldest = (uint16_t)((times->oldest + 1) % ACOUSTIC_ROAST_REMEMBERED);
        --times->count;
    }
    times->ms[(times->oldest + times->count) % ACOUSTIC_ROAST_REMEMBERED] = t_ms;
    ++times->count;
    while (t_ms - acoustic_roast_time(times, 0) > window_ms) {
        times->oldest = (uint16_t)((times->oldest + 1) % ACOUSTIC_ROAST_REMEMBERED);
        --times->count;
    }
}

static uint32_t latest(const acoustic_roast_times *times)
{
    return acoustic_roast_time(times, times->count - 1U);
}

static void forget(acoustic_roast_times *times)
{
    times->oldest = times->count = 0;
}

/* Work out what an impulse of each level is worth, from the background learnt so far. */
static void weigh(acoustic_roast_decision *decision)
{
    const float weight_s = settings->background_weight_s;
    for (size_t level = 0; level < LEVELS; ++level) {
        const float share = settings->crack_share[level];
        /* One standard error more than was counted: background comes in bursts. */
        const float counted = decision->learnt[level] + acoustic_sqrt(decision->learnt[level]);
        const float background =
            (settings->background_rate[level] * weight_s + counted) / (weight_s + decision->learnt_s);
        for (size_t rate = 0; rate < RATES; ++rate) {
            const float ratio = 1.0f + settings->crack_rates[rate] * share / background;
            decision->gains[rate][level] = acoustic_log2(ratio) * ACOUSTIC_ROAST_LN2;
        }
        decision->is_crack[level] = ACOUSTIC_ROAST_USUAL_RATE * share > background;
    }
}

static void stop_run(acoustic_roast_decision *decision)
{
    for (size_t rate = 0; rate < RATES; ++rate) {
        decision->sums[rate] = 0.0f;
    }
    decision->run_cracks = 0;
}

void acoustic_roast_decision_start(acoustic_roast_decision *decision)
{
    memset(decision, 0, sizeof *decision);
    decision->next_tick_ms = ACOUSTIC_ROAST_TICK_MS;
    decision->counted_ms = 0U - settings->dead_time_ms;
    decision->slots_used = 1;
    weigh(decision);
}

void acoustic_roast_decision_undo(acoustic_roast_decision *decision)
{
    decision->first_crack = decision->ended = false;
    decision->most_recent_cracks = 0;
    stop_run(decision);
}

void acoustic_roast_decision_charge(acoustic_roast_decision *decision, uint32_t t_ms)
{
    decision->charge_ms = t_ms;
    decision->charged = true;
    decision->dropped = false;
    acoustic_roast_decision_undo(decision);
    forget(&decision->cracks);
}

void acoustic_roast_decision_drop(acoustic_roast_decision *decision)
{
    decision->dropped = true;
    stop_run(decision);
}

/* Look, after the onset, whether first crack is over. */
static bool is_over(acoustic_roast_decision *decision, uint32_t now_ms)
{
    const uint32_t since_onset_ms = now_ms - decision->onset_ms;
    uint16_t recent = 0;
    if (!decision->first_crack || decision->ended) {
        return false;
    }
    for (uint32_t i = 0; i < decision->cracks.count; ++i) {
        const uint32_t ago_ms = now_ms - acoustic_roast_time(&decision->cracks, i);
        recent = (uint16_t)(recent + (ago_ms < settings->end_window_ms && ago_ms <= since_onset_ms));
    }
    if (recent > decision->most_recent_cracks) {
        decision->most_recent_cracks = recent;
    }
    decision->ended = since_onset_ms > settings->end_window_ms && 3 * recent < decision->most_recent_cracks;
    return decision->ended;
}

/* Let what was heard some slots ago become background, unless first crack has started. */
static void close_slot(acoustic_roast_decision *decision)
{
    const uint8_t next = (uint8_t)((decision->slot + 1) % SLOTS);
    if (decision->slots_used < SLOTS) {
        ++decision->slots_used;
    } else if (!decision->first_crack) {
        for (size_t level = 0; level < LEVELS; ++level) {
            decision->learnt[level] = ACOUSTIC_ROAST_FADING * decision->learnt[level] + decision->slots[next][level];
        }
        decision->learnt_s = ACOUSTIC_ROAST_FADING * decision->learnt_s + ACOUSTIC_ROAST_SLOT_MS / 1000.0f;
        weigh(decision);
    }
    decision->slot = next;
    for (size_t level = 0; level < LEVELS; ++level) {
        decision->slots[next][level] = 0;
    }
}

bool acoustic_roast_decision_advance(acoustic_roast_decision *decision, uint32_t t_ms, acoustic_roast_event *event)
{
    while ((int32_t)(t_ms - decision->next_tick_ms) >= 0) {
        const uint32_t now_ms = decision->next_tick_ms;
        const bool over = is_over(decision, now_ms);
        if (over) {
            const acoustic_roast_event end = {ACOUSTIC_ROAST_FIRST_CRACK_END, latest(&decision->cracks), now_ms, 0, 0, 0};
            *event = end;
        }
        if (now_ms % ACOUSTIC_ROAST_SLOT_MS == 0) {
            close_slot(decision);
        }
        decision->next_tick_ms += ACOUSTIC_ROAST_TICK_MS;
        if (over) {
            return true;
        }
    }
    return false;
}

/* Add an impulse to the evidence; a handful within the dead time counts once, as its best. */
static void count(acoustic_roast_decision *decision, uint32_t t_ms, uint8_t level)
{
    const uint32_t since_ms = t_ms - decision->counted_ms;
    if (since_ms >= settings->dead_time_ms) {
        const float listening_s = (float)(since_ms - settings->dead_time_ms) / 1000.0f;
        for (size_t rate = 0; rate < RATES; ++rate) {
            /* The sums fall for the time in which cracks were expected and did not come. */
            const float rest = decision->sums[rate] - settings->crack_rates[rate] * listening_s;
            decision->sums[rate] = (rest > 0.0f ? rest : 0.0f) + decision->gains[rate][level];
        }
        decision->counted_ms = t_ms;
        decision->counted_slot = decision->slot;
    } else if (level > decision->counted_level) {
        for (size_t rate = 0; rate < RATES; ++rate) {
            decision->sums[rate] += decision->gains[rate][level] - decision->gains[rate][decision->counted_level];
        }
        --decision->slots[decision->counted_slot][decision->counted_level];
    } else {
        return;
    }
    decision->counted_level = level;
    ++decision->slots[decision->counted_slot][level];
}

/* What the time since charge adds to the threshold: straight lines between the points, level outside. */
static float prior(const acoustic_roast_decision *decision, uint32_t t_ms)
{
    const float *const x = settings->prior_s, *const y = settings->prior_threshold;
    const float since_s = (float)(int32_t)(t_ms - decision->charge_ms) / 1000.0f;
    if (!decision->charged) {
        return 0.0f;
    }
    if (since_s <= x[0]) {
        return y[0];
    }
    for (size_t i = 1; i < ACOUSTIC_ROAST_PRIOR_POINTS; ++i) {
        if (since_s <= x[i]) {
            return y[i - 1] + (y[i] - y[i - 1]) * (since_s - x[i - 1]) / (x[i] - x[i - 1]);
        }
    }
    return y[ACOUSTIC_ROAST_PRIOR_POINTS - 1];
}

static bool decide(acoustic_roast_decision *decision, const acoustic_roast_impulse *impulse,
                   acoustic_roast_event *event)
{
    float evidence = decision->sums[0], threshold;
    if (decision->dropped || decision->run_cracks < settings->min_cracks ||
        impulse->t_ms - decision->run_start_ms < settings->min_span_ms) {
        return false;
    }
    for (size_t rate = 1; rate < RATES; ++rate) {
        evidence = decision->sums[rate] > evidence ? decision->sums[rate] : evidence;
    }
    threshold = settings->threshold + prior(decision, impulse->t_ms);
    if (evidence > ACOUSTIC_ROAST_WORTH_CHECKING &&
        (acoustic_roast_evenly_spaced(&decision->cracks, decision->run_cracks) ||
         acoustic_roast_beats_time(&decision->impulses))) {
        evidence = 0.0f;
    }
    if (evidence < threshold) {
        return false;
    }
    decision->first_crack = true;
    decision->onset_ms = decision->run_start_ms;
    event->type = ACOUSTIC_ROAST_FIRST_CRACK;
    event->t_ms = decision->onset_ms;
    event->decided_ms = impulse->known_ms;
    event->first_pop_ms = acoustic_roast_time(&decision->cracks, 0);
    event->cracks = decision->run_cracks;
    /* At the threshold one half; twice the evidence halves what is missing to one. */
    event->score = (uint16_t)acoustic_round((1.0f - 0.5f * threshold / evidence) * 10000.0f);
    return true;
}

acoustic_roast_verdict acoustic_roast_decision_hear(acoustic_roast_decision *decision,
                                                    const acoustic_roast_impulse *impulse,
                                                    acoustic_roast_event *event)
{
    const uint32_t t_ms = impulse->t_ms;
    uint8_t edges = 0, level;
    bool is_crack;
    for (size_t edge = 0; edge < LEVELS; ++edge) {
        edges = (uint8_t)(edges + (impulse->logit >= settings->level_edges[edge]));
    }
    if (edges == 0 || impulse->busy > settings->max_busy_frames || impulse->clipped > settings->max_clipped_frames) {
        return ACOUSTIC_ROAST_NOTHING;
    }
    level = (uint8_t)(edges - 1);
    remember(&decision->impulses, t_ms, ACOUSTIC_ROAST_BEAT_WINDOW_MS);
    is_crack = decision->is_crack[level];
    count(decision, t_ms, level);
    if (!is_crack) {
        return ACOUSTIC_ROAST_NOTHING;
    }
    if (decision->run_cracks > 0 && t_ms - latest(&decision->cracks) > settings->lull_ms) {
        decision->run_cracks = 0;
    }
    if (decision->run_cracks == 0) {
        decision->run_start_ms = t_ms;
    }
    ++decision->run_cracks;
    remember(&decision->cracks, t_ms, ACOUSTIC_ROAST_POPS_MS);
    return !decision->first_crack && decide(decision, impulse, event) ? ACOUSTIC_ROAST_DECIDES
                                                                       : ACOUSTIC_ROAST_IS_CRACK;
}
