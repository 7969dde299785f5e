#include "acoustic_roast.h"

#include <string.h>

#include "acoustic_roast_decision.h"
#include "acoustic_roast_network.h"
#include "acoustic_trace.h"

#define BANDS ACOUSTIC_ROAST_BANDS
#define PATCH_FRAMES ACOUSTIC_ROAST_PATCH_FRAMES
#define AFTER_FRAMES ACOUSTIC_ROAST_AFTER_FRAMES
#define FLAGS (ACOUSTIC_ROAST_BUSY_FRAMES + PATCH_FRAMES)

enum { STAGE_CONTRAST, STAGE_IMPULSES, STAGE_LOGITS };
enum { FLAG_BUSY = 1, FLAG_CLIPPED = 2 };

/* Where events go. */
typedef struct {
    acoustic_roast_listener *listener;
    void *user;
} ear;

void acoustic_roast_start(acoustic_roast *roast)
{
    memset(roast, 0, sizeof *roast);
    acoustic_roast_decision_start(&roast->decision);
    acoustic_log_mel_start(&roast->log_mel, &acoustic_roast_front_end, roast->overlap, roast->work);
    roast->noise.sums = roast->noise_sums;
    roast->noise.means = roast->noise_means;
    roast->noise.median = roast->noise_median;
    roast->noise.work = roast->noise_work;
    roast->noise.n_bands = BANDS;
    roast->noise.block_frames = ACOUSTIC_ROAST_FLOOR_BLOCK_FRAMES;
    roast->noise.n_blocks = ACOUSTIC_ROAST_FLOOR_BLOCKS;
    roast->noise.silence = ACOUSTIC_ROAST_SILENCE_STEPS;
    acoustic_noise_floor_start(&roast->noise);
}

/*
 * Milliseconds from the first sample to `parts` after the start of a frame, of which PARTS_PER_MS make a millisecond.
 * Exact: the frames of whole milliseconds are set aside first, and where each hop is one, nothing is divided.
 */
static uint32_t time_ms(uint32_t frame, uint32_t parts)
{
    const uint32_t whole = frame / ACOUSTIC_ROAST_PARTS_PER_MS, rest = frame % ACOUSTIC_ROAST_PARTS_PER_MS;
    const uint64_t rest_parts = (uint64_t)rest * ACOUSTIC_ROAST_PARTS_PER_HOP + parts;
    return whole * ACOUSTIC_ROAST_PARTS_PER_HOP + (uint32_t)(rest_parts / ACOUSTIC_ROAST_PARTS_PER_MS);
}

/* Time of the middle of a frame. */
static uint32_t middle_ms(uint32_t frame)
{
    return time_ms(frame, ACOUSTIC_ROAST_PARTS_TO_MIDDLE);
}

/* Row of the rings of the last frames that holds the frame `ago` frames before the latest one. */
static size_t row(const acoustic_roast *roast, uint32_t ago)
{
    return (roast->frames + PATCH_FRAMES - 1 - ago) % PATCH_FRAMES;
}

/* The network's opinion of the patch that ends with the latest frame. */
static int8_t logit(const acoustic_roast *roast)
{
    int8_t *input = acoustic_roast_network_input_0();
    for (uint32_t ago = PATCH_FRAMES; ago-- > 0;) {
        const int8_t *const frame = roast->patch[row(roast, ago)];
        for (size_t band = 0; band < BANDS; ++band) {
            *input++ = frame[band];
        }
    }
    ACOUSTIC_TRACE(STAGE_IMPULSES, acoustic_roast_network_input_0(), PATCH_FRAMES * BANDS);
    acoustic_roast_network_run();
    ACOUSTIC_TRACE(STAGE_LOGITS, acoustic_roast_network_output_0(), 1);
    return acoustic_roast_network_output_0()[0];
}

/* Whether the frame that can now be judged is the largest of its neighbourhood, and loud. */
static bool is_impulse(const acoustic_roast *roast)
{
    const uint32_t judged = AFTER_FRAMES - 1;
    const int32_t excess = roast->excess[row(roast, judged)];
    if (excess < ACOUSTIC_ROAST_EXCESS_STEPS) {
        return false;
    }
    for (uint32_t away = 1; away <= ACOUSTIC_ROAST_NEIGHBOURHOOD_FRAMES; ++away) {
        if (roast->excess[row(roast, judged + away)] >= excess || roast->excess[row(roast, judged - away)] > excess) {
            return false;
        }
    }
    return true;
}

/* Count frames with flags up to where the patch begins, now that the latest frame has them. */
static void count_flags(acoustic_roast *roast, uint8_t latest)
{
    const uint8_t leaves = roast->flags[roast->flag];
    uint8_t enters;
    roast->flags[roast->flag] = latest;
    enters = roast->flags[(roast->flag + FLAGS - PATCH_FRAMES) % FLAGS];
    roast->busy = (uint16_t)(roast->busy + (enters & FLAG_BUSY) - (leaves & FLAG_BUSY));
    roast->clipped = (uint16_t)(roast->clipped + (enters / FLAG_CLIPPED) - (leaves / FLAG_CLIPPED));
    roast->flag = (uint16_t)((roast->flag + 1) % FLAGS);
}

static void tell(const ear *to, const acoustic_roast_event *event)
{
    if (to->listener != NULL) {
        to->listener(to->user, event);
    }
}

/* Let time pass up to t_ms. */
static void advance(acoustic_roast *roast, uint32_t t_ms, const ear *to)
{
    acoustic_roast_event event;
    while (acoustic_roast_decision_advance(&roast->decision, t_ms, &event)) {
        tell(to, &event);
    }
}

static void judge(acoustic_roast *roast, const ear *to)
{
    const uint32_t frame = roast->frames - AFTER_FRAMES, t_ms = middle_ms(frame);
    if (is_impulse(roast)) {
        const int32_t traced[4] = {(int32_t)frame, roast->excess[row(roast, AFTER_FRAMES - 1)], roast->busy,
                                   roast->clipped};
        acoustic_roast_impulse impulse;
        acoustic_roast_event decided;
        acoustic_roast_verdict verdict;
        ACOUSTIC_TRACE(STAGE_IMPULSES, traced, sizeof traced);
        (void)traced;
        impulse.t_ms = t_ms;
        /* The end of the latest frame: its middle, and as much again. */
        impulse.known_ms = time_ms(roast->frames - 1, 2 * ACOUSTIC_ROAST_PARTS_TO_MIDDLE);
        impulse.busy = (int16_t)roast->busy;
        impulse.clipped = (int16_t)roast->clipped;
        impulse.logit = logit(roast);
        verdict = acoustic_roast_decision_hear(&roast->decision, &impulse, &decided);
        if (verdict != ACOUSTIC_ROAST_NOTHING) {
            const acoustic_roast_event crack = {
                ACOUSTIC_ROAST_CRACK, t_ms, impulse.known_ms, 0, 0, acoustic_roast_decides.scores[impulse.logit + 128]};
            tell(to, &crack);
        }
        if (verdict == ACOUSTIC_ROAST_DECIDES) {
            tell(to, &decided);
        }
    }
    advance(roast, middle_ms(frame + 1), to);
}

/* Take the contrast of a frame, in steps of 1/256 dB. */
static void hear_frame(acoustic_roast *roast, const int16_t *contrast, bool clipped, const ear *to)
{
    size_t place;
    int32_t excess = 0;
    ++roast->frames;
    place = row(roast, 0);
    for (size_t band = 0; band < BANDS; ++band) {
        const int32_t above = contrast[band] - ACOUSTIC_ROAST_FLICKER_STEPS;
        /* Division that rounds down, of a number made positive first: C's own rounds towards zero. */
        const int32_t step = (contrast[band] + 32768) / ACOUSTIC_ROAST_PATCH_STEPS - 32768 / ACOUSTIC_ROAST_PATCH_STEPS;
        excess += above > 0 ? above : 0;
        roast->patch[place][band] = (int8_t)(step < -128 ? -128 : step > 127 ? 127 : step);
    }
    roast->excess[place] = excess;
    count_flags(roast, (uint8_t)((excess >= ACOUSTIC_ROAST_EXCESS_STEPS ? FLAG_BUSY : 0) | (clipped ? FLAG_CLIPPED : 0)));
    if (roast->frames >= AFTER_FRAMES) {
        judge(roast, to);
    }
}

/* Take the levels of a frame in dB. */
static void hear_levels(acoustic_roast *roast, const float *levels_db, const ear *to)
{
    const int32_t limit = 127 * ACOUSTIC_ROAST_STEPS_PER_DB;
    int16_t levels[BANDS], contrast[BANDS];
    acoustic_to_steps(levels_db, BANDS, levels);
    acoustic_noise_floor_push(&roast->noise, levels, 1, contrast);
    for (size_t band = 0; band < BANDS; ++band) {
        const int32_t over = levels[band] - contrast[band];
        contrast[band] = (int16_t)(over < -limit ? -limit : over > limit ? limit : over);
    }
    ACOUSTIC_TRACE(STAGE_CONTRAST, contrast, sizeof contrast);
    hear_frame(roast, contrast, roast->clipped_hops[roast->oldest_hop], to);
}

void acoustic_roast_push(acoustic_roast *roast, const int16_t *pcm, size_t n, acoustic_roast_listener *listener,
                         void *user)
{
    const ear to = {listener, user};
    while (n > 0) {
        const size_t missing = (size_t)(ACOUSTIC_ROAST_HOP_SAMPLES - roast->in_hop), taken = n < missing ? n : missing;
        const int16_t *rest = pcm;
        size_t n_rest = taken;
        float levels_db[BANDS];
        for (size_t i = 0; i < taken; ++i) {
            roast->hop_clipped = roast->hop_clipped || pcm[i] == INT16_MAX || pcm[i] == INT16_MIN;
        }
        while (acoustic_log_mel_push(&roast->log_mel, &rest, &n_rest, levels_db)) {
            hear_levels(roast, levels_db, &to);
        }
        pcm += taken;
        n -= taken;
        roast->in_hop = (uint16_t)(roast->in_hop + taken);
        if (roast->in_hop == ACOUSTIC_ROAST_HOP_SAMPLES) {
            roast->in_hop = 0;
            roast->clipped_hops[roast->oldest_hop] = roast->hop_clipped;
            roast->oldest_hop = (uint16_t)((roast->oldest_hop + 1) % (ACOUSTIC_ROAST_HOPS - 1));
            roast->hop_clipped = false;
        }
    }
}

void acoustic_roast_flush(acoustic_roast *roast, acoustic_roast_listener *listener, void *user)
{
    static const int16_t silence[BANDS];
    const ear to = {listener, user};
    for (size_t frame = 0; frame < AFTER_FRAMES - 1; ++frame) {
        hear_frame(roast, silence, false, &to);
    }
}

uint32_t acoustic_roast_heard_ms(const acoustic_roast *roast)
{
    const uint32_t judged = roast->frames < AFTER_FRAMES ? 0 : roast->frames - AFTER_FRAMES + 1;
    return middle_ms(judged);
}

void acoustic_roast_mark_charge(acoustic_roast *roast, uint32_t t_ms)
{
    acoustic_roast_decision_charge(&roast->decision, t_ms);
}

void acoustic_roast_mark_drop(acoustic_roast *roast)
{
    acoustic_roast_decision_drop(&roast->decision);
}

void acoustic_roast_undo(acoustic_roast *roast)
{
    acoustic_roast_decision_undo(&roast->decision);
}
