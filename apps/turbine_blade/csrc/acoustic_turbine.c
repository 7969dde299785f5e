#include "acoustic_turbine.h"

#include "acoustic_trace.h"

/* Stages of the proof. */
enum { FEATURES, SCORES };

/* Whom to tell. */
typedef struct {
    acoustic_turbine_listener *listener;
    void *user;
} audience;

static void tell(audience to, acoustic_turbine_event event)
{
    if (to.listener != NULL) {
        to.listener(to.user, &event);
    }
}

static void start_recording(acoustic_turbine *turbine)
{
    acoustic_log_mel_start(&turbine->log_mel, &acoustic_turbine_front_end, turbine->overlap, turbine->work.front_end);
    turbine->frames.newest = turbine->frames.heard = 0;
    acoustic_turbine_clear(&turbine->stretch);
    acoustic_turbine_clear(&turbine->clip);
    turbine->clip_start_frame = turbine->frame = 0;
    turbine->clip_stretches = turbine->next_waiting = 0;
    turbine->in_hop = turbine->hop = 0;
    for (unsigned hop = 0; hop < ACOUSTIC_TURBINE_FRAME_HOPS; ++hop) {
        turbine->clipped[hop] = 0;
    }
}

void acoustic_turbine_start(acoustic_turbine *turbine)
{
    turbine->usual = &acoustic_turbine_machine;
    turbine->wind_cm_s = turbine->rpm_hundredths = ACOUSTIC_TURBINE_UNKNOWN;
    turbine->recent = 0;
    turbine->alarmed = false;
    acoustic_turbine_gate_start(&turbine->gate);
    start_recording(turbine);
}

void acoustic_turbine_use(acoustic_turbine *turbine, const acoustic_turbine_usual *usual)
{
    turbine->usual = usual;
}

void acoustic_turbine_condition(acoustic_turbine *turbine, int32_t wind_cm_s, int32_t rpm_hundredths)
{
    turbine->wind_cm_s = wind_cm_s;
    turbine->rpm_hundredths = rpm_hundredths;
}

#ifdef ACOUSTIC_TURBINE_WIND_AT

/* A tenth of the square in (m/s)^2: a quotient by 1000, halves rounded to even. */
static int32_t squared_wind(int32_t wind_cm_s)
{
    const int32_t square = wind_cm_s * wind_cm_s, whole = square / 1000, rest = square % 1000;
    return whole + (rest > 500 || (rest == 500 && whole % 2 == 1));
}

#endif

#if ACOUSTIC_TURBINE_CONDITIONS

/* Write the numbers that stand for the conditions behind the features. */
static void add_conditions(const acoustic_turbine *turbine, int16_t *numbers)
{
    for (unsigned i = ACOUSTIC_TURBINE_FEATURES; i < ACOUSTIC_TURBINE_NUMBERS; ++i) {
        numbers[i] = turbine->usual->mean[i];
    }
#ifdef ACOUSTIC_TURBINE_WIND_AT
    if (turbine->wind_cm_s != ACOUSTIC_TURBINE_UNKNOWN) {
        const int32_t wind = acoustic_turbine_clamp(turbine->wind_cm_s, 0, 10000);
        numbers[ACOUSTIC_TURBINE_WIND_AT] = (int16_t)wind;
        numbers[ACOUSTIC_TURBINE_WIND_AT + 1] = (int16_t)acoustic_turbine_clamp(squared_wind(wind), 0, INT16_MAX);
    }
#endif
#ifdef ACOUSTIC_TURBINE_RPM_AT
    if (turbine->rpm_hundredths != ACOUSTIC_TURBINE_UNKNOWN) {
        numbers[ACOUSTIC_TURBINE_RPM_AT] = (int16_t)acoustic_turbine_clamp(turbine->rpm_hundredths, 0, 30000);
    }
#endif
}

#else

static void add_conditions(const acoustic_turbine *turbine, int16_t *numbers)
{
    (void)turbine;
    (void)numbers;
}

#endif

/* k of the last n clips above a level: a fault persists, and a passing car does not. */
static void count_unusual(acoustic_turbine *turbine, bool unusual, audience to)
{
    acoustic_turbine_event event = {.start_frame = turbine->frame, .stop_frame = turbine->frame};
    turbine->recent = turbine->recent << 1 | unusual;
    for (unsigned clip = 0; clip < ACOUSTIC_TURBINE_ALARM_OF; ++clip) {
        event.unusual = (uint8_t)(event.unusual + (turbine->recent >> clip & 1));
    }
    if (!turbine->alarmed && event.unusual >= ACOUSTIC_TURBINE_ALARM_AT) {
        event.type = ACOUSTIC_TURBINE_ALARM;
    } else if (turbine->alarmed && 2 * event.unusual < ACOUSTIC_TURBINE_ALARM_AT) {
        event.type = ACOUSTIC_TURBINE_OVER;
    } else {
        return;
    }
    turbine->alarmed = !turbine->alarmed;
    tell(to, event);
}

/* The clip is complete: judge what is left of it. */
static void end_clip(acoustic_turbine *turbine, audience to)
{
    int16_t *const numbers = turbine->work.score.numbers;
    acoustic_turbine_event event = {
        .type = ACOUSTIC_TURBINE_SKIPPED,
        .start_frame = turbine->clip_start_frame,
        .stop_frame = turbine->frame,
        .kept_frames = turbine->clip.frames,
    };
    if (turbine->clip.frames >= ACOUSTIC_TURBINE_LEAST_FRAMES) {
        acoustic_turbine_score score;
        acoustic_turbine_features(&turbine->clip, numbers);
        add_conditions(turbine, numbers);
        score = acoustic_turbine_judge(&turbine->work.score, turbine->usual, turbine->clip.frames);
        ACOUSTIC_TRACE(FEATURES, numbers, ACOUSTIC_TURBINE_NUMBERS * sizeof *numbers);
        ACOUSTIC_TRACE(SCORES, &score.distance, sizeof score.distance);
        ACOUSTIC_TRACE(SCORES, &score.surprise, sizeof score.surprise);
        event.type = ACOUSTIC_TURBINE_CLIP;
        event.distance = score.distance;
        event.surprise = score.surprise;
        event.features = numbers;
    }
    tell(to, event);
    if (event.type == ACOUSTIC_TURBINE_CLIP) {
        count_unusual(turbine, event.surprise >= ACOUSTIC_TURBINE_UNUSUAL, to);
    }
    acoustic_turbine_clear(&turbine->clip);
    turbine->clip_start_frame = turbine->frame;
    turbine->clip_stretches = 0;
}

/* The gate has judged the oldest stretch that waits: into its clip, or set aside. */
static void take_stretch(acoustic_turbine *turbine, const acoustic_turbine_packed *stretch, audience to)
{
    const acoustic_turbine_reason reason = acoustic_turbine_gate_judge(&turbine->gate);
    const uint32_t start_frame = turbine->frame;
    turbine->frame += stretch->frames;
    if (reason == ACOUSTIC_TURBINE_NO_REASON) {
        acoustic_turbine_add_stretch(&turbine->clip, stretch);
    } else {
        const acoustic_turbine_event event = {.type = ACOUSTIC_TURBINE_SET_ASIDE,
                                              .reason = reason,
                                              .start_frame = start_frame,
                                              .stop_frame = turbine->frame};
        tell(to, event);
    }
    if (++turbine->clip_stretches == ACOUSTIC_TURBINE_CLIP_STRETCHES) {
        end_clip(turbine, to);
    }
}

/* A stretch is complete. Its sums wait until the gate has heard what follows. */
static void end_stretch(acoustic_turbine *turbine, audience to)
{
#if ACOUSTIC_TURBINE_NUISANCES
    acoustic_turbine_packed *const place = &turbine->waiting[turbine->next_waiting];
    acoustic_turbine_gate_close(&turbine->gate);
    if (acoustic_turbine_gate_ready(&turbine->gate, false) > 0) {
        take_stretch(turbine, place, to); /* The oldest: the ring is full. */
    }
    acoustic_turbine_pack(place, &turbine->stretch);
    turbine->next_waiting = (uint8_t)((turbine->next_waiting + 1) % ACOUSTIC_TURBINE_AHEAD);
#else
    acoustic_turbine_packed *const place = &turbine->work.packed;
    acoustic_turbine_gate_close(&turbine->gate);
    acoustic_turbine_pack(place, &turbine->stretch);
    take_stretch(turbine, place, to);
#endif
    acoustic_turbine_clear(&turbine->stretch);
}

static uint16_t next_hop(const acoustic_turbine *turbine)
{
    return (uint16_t)((turbine->hop + 1) % ACOUSTIC_TURBINE_FRAME_HOPS);
}

static void take_frame(acoustic_turbine *turbine, const float *levels_db, audience to)
{
    acoustic_turbine_frames *const frames = &turbine->frames;
    frames->newest = (uint8_t)((frames->newest + 1) % ACOUSTIC_TURBINE_CONTEXT);
    acoustic_to_steps(levels_db, ACOUSTIC_TURBINE_BANDS, frames->levels[frames->newest]);
    if (frames->heard == 0) {
        /* Before the first frame nothing is known: for the gate it is as if it had always sounded so. */
        for (unsigned row = 0; row < ACOUSTIC_TURBINE_CONTEXT; ++row) {
            for (unsigned band = 0; band < ACOUSTIC_TURBINE_BANDS; ++band) {
                frames->levels[row][band] = frames->levels[frames->newest][band];
            }
        }
    }
    frames->heard = (uint8_t)(frames->heard + (frames->heard < ACOUSTIC_TURBINE_CONTEXT));
    /* The frame begins with the oldest of the hops that it touches. */
    acoustic_turbine_gate_frame(&turbine->gate, frames, turbine->clipped[next_hop(turbine)]);
    acoustic_turbine_add_frame(&turbine->stretch, frames);
    if (turbine->stretch.frames == ACOUSTIC_TURBINE_STRETCH_FRAMES) {
        end_stretch(turbine, to);
    }
}

void acoustic_turbine_push(acoustic_turbine *turbine, const int16_t *pcm, size_t n,
                           acoustic_turbine_listener *listener, void *user)
{
    const audience to = {listener, user};
    while (n > 0) {
        const size_t missing = (size_t)(ACOUSTIC_TURBINE_HOP_SAMPLES - turbine->in_hop), taken = n < missing ? n : missing;
        float *const levels_db = turbine->work.front_end;
        const int16_t *rest = pcm;
        size_t n_rest = taken;
        uint16_t *const clipped = &turbine->clipped[turbine->hop];
        for (size_t i = 0; i < taken; ++i) {
            *clipped = (uint16_t)(*clipped + (pcm[i] == INT16_MAX || pcm[i] == INT16_MIN));
        }
        while (acoustic_log_mel_push(&turbine->log_mel, &rest, &n_rest, levels_db)) {
            take_frame(turbine, levels_db, to);
        }
        pcm += taken;
        n -= taken;
        turbine->in_hop = (uint16_t)(turbine->in_hop + taken);
        if (turbine->in_hop == ACOUSTIC_TURBINE_HOP_SAMPLES) {
            turbine->in_hop = 0;
            turbine->hop = next_hop(turbine);
            turbine->clipped[turbine->hop] = 0;
        }
    }
}

void acoustic_turbine_flush(acoustic_turbine *turbine, acoustic_turbine_listener *listener, void *user)
{
    const audience to = {listener, user};
    if (turbine->stretch.frames > 0) {
        end_stretch(turbine, to);
    }
    acoustic_turbine_gate_end(&turbine->gate);
#if ACOUSTIC_TURBINE_NUISANCES
    for (unsigned n = acoustic_turbine_gate_ready(&turbine->gate, true); n > 0; --n) {
        const unsigned oldest = (turbine->next_waiting + ACOUSTIC_TURBINE_AHEAD - n) % ACOUSTIC_TURBINE_AHEAD;
        take_stretch(turbine, &turbine->waiting[oldest], to);
    }
#endif
    if (turbine->clip_stretches > 0) {
        end_clip(turbine, to);
    }
    acoustic_turbine_gate_restart(&turbine->gate);
    start_recording(turbine);
}
