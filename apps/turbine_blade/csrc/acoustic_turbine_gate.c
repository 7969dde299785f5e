#include "acoustic_turbine_gate.h"

#include <stddef.h>

#define QUARTER_FRAMES 8
#define RISE_LAG 3
#define BAND_WORDS ((ACOUSTIC_TURBINE_BANDS + 31) / 32)

/* Parts of the spectrum: first band, and the one behind the last. */
typedef struct {
    uint16_t first, stop;
} part;

static const part parts[ACOUSTIC_TURBINE_BRIGHT + 1] = {
    {ACOUSTIC_TURBINE_RUMBLE_BANDS}, {ACOUSTIC_TURBINE_BODY_BANDS}, {ACOUSTIC_TURBINE_BRIGHT_BANDS}};

/* ---- What a stretch shows, gathered frame by frame ---- */

static void open_stretch(acoustic_turbine_gate *gate)
{
    static const acoustic_turbine_open_stretch nothing = {.most_body = INT16_MIN, .least_body = INT16_MAX};
    static const acoustic_turbine_detail no_detail = {.most_rumble = INT16_MIN, .least_rumble = INT16_MAX};
    gate->open = nothing;
    gate->details[gate->detail] = no_detail;
}

void acoustic_turbine_gate_start(acoustic_turbine_gate *gate)
{
    for (unsigned level = 0; level < ACOUSTIC_TURBINE_LEVELS; ++level) {
        gate->slow_levels[level] = 0;
    }
    gate->slow_swish = 0;
    gate->learnt = 0;
    acoustic_turbine_gate_restart(gate);
}

void acoustic_turbine_gate_restart(acoustic_turbine_gate *gate)
{
    gate->detail = gate->oldest = gate->n_around = gate->n_judged = 0;
    for (unsigned i = 0; i < 3; ++i) {
        gate->details[i].usable = false;
    }
    open_stretch(gate);
}

/* Mean level of a part of the spectrum, rounded down. */
static int32_t level_of(const int16_t *levels, part bands)
{
    int32_t sum = 0;
    for (unsigned band = bands.first; band < bands.stop; ++band) {
        sum += levels[band];
    }
    return acoustic_turbine_divide_short(sum, bands.stop - bands.first);
}

/* How far a part of the spectrum as a whole leaves the line through its neighbours in time. */
static int16_t flutter_of(const acoustic_turbine_frames *frames, part bands)
{
    const int16_t *const before = acoustic_turbine_frame(frames, 4), *const here = acoustic_turbine_frame(frames, 2);
    const int16_t *const after = acoustic_turbine_frame(frames, 0);
    const int32_t limit = 2 * ACOUSTIC_TURBINE_GATE_FLUTTER_LIMIT;
    int32_t sum = 0;
    for (unsigned band = bands.first; band < bands.stop; ++band) {
        sum += acoustic_turbine_clamp(2 * here[band] - before[band] - after[band], -limit, limit);
    }
    return (int16_t)acoustic_turbine_divide_short(sum, 2 * (bands.stop - bands.first));
}

/* Whether a band rises over the loudest of its neighbourhood a few frames before. */
static bool rises(const int16_t *levels, const int16_t *before, int band)
{
    const int32_t least = levels[band] - ACOUSTIC_TURBINE_GATE_RISE;
    const int first = band > ACOUSTIC_TURBINE_GATE_RISE_REACH ? band - ACOUSTIC_TURBINE_GATE_RISE_REACH : 0;
    const int stop = band + ACOUSTIC_TURBINE_GATE_RISE_REACH < ACOUSTIC_TURBINE_BANDS
                         ? band + ACOUSTIC_TURBINE_GATE_RISE_REACH + 1
                         : ACOUSTIC_TURBINE_BANDS;
    if (before[band] >= least) {
        return false;
    }
    for (int near = first; near < stop; ++near) {
        if (before[near] >= least) {
            return false;
        }
    }
    return true;
}

/* Bands of a part that rise: how many, and how many lie from the lowest to the highest. */
static unsigned rising(const acoustic_turbine_frames *frames, part bands, uint32_t *set, unsigned *span)
{
    const int16_t *const levels = acoustic_turbine_frame(frames, 0);
    const int16_t *const before = acoustic_turbine_frame(frames, RISE_LAG);
    unsigned n = 0, lowest = 0;
    *span = 0;
    for (unsigned word = 0; word < BAND_WORDS; ++word) {
        set[word] = 0;
    }
    for (unsigned band = bands.first; band < bands.stop; ++band) {
        if (rises(levels, before, (int)band)) {
            set[band / 32] |= (uint32_t)1 << band % 32;
            lowest = n++ ? lowest : band;
            *span = band + 1 - lowest;
        }
    }
    return n;
}

static void unite(uint32_t *set, const uint32_t *more)
{
    for (unsigned word = 0; word < BAND_WORDS; ++word) {
        set[word] |= more[word];
    }
}

/* Voices and birds: narrow parts of the spectrum that rise out of nothing. What rises everywhere is a click. */
static void hear_voices(acoustic_turbine_detail *detail, const acoustic_turbine_frames *frames)
{
    static const part voice = {ACOUSTIC_TURBINE_VOICE_BANDS}, song = {ACOUSTIC_TURBINE_SONG_BANDS};
    uint32_t set[BAND_WORDS];
    unsigned span, n = rising(frames, voice, set, &span);
    if (n > 0 && n <= ACOUSTIC_TURBINE_GATE_VOICE_BANDS) {
        ++detail->voice_frames;
        unite(detail->voice_bands, set);
    }
    n = rising(frames, song, set, &span);
    if (n > 0 && span <= ACOUSTIC_TURBINE_GATE_SONG_SPAN) {
        ++detail->song_frames;
        unite(detail->song_bands, set);
    }
}

static void close_quarter(acoustic_turbine_open_stretch *open, acoustic_turbine_detail *detail)
{
    const int32_t n = open->in_quarter;
    const int16_t rumble = (int16_t)acoustic_turbine_divide_short(open->quarter[ACOUSTIC_TURBINE_RUMBLE], n);
    const int16_t body = (int16_t)acoustic_turbine_divide_short(open->quarter[ACOUSTIC_TURBINE_BODY], n);
    detail->most_rumble = rumble > detail->most_rumble ? rumble : detail->most_rumble;
    detail->least_rumble = rumble < detail->least_rumble ? rumble : detail->least_rumble;
    open->most_body = body > open->most_body ? body : open->most_body;
    open->least_body = body < open->least_body ? body : open->least_body;
    open->quarter[ACOUSTIC_TURBINE_RUMBLE] = open->quarter[ACOUSTIC_TURBINE_BODY] = 0;
    open->in_quarter = 0;
}

void acoustic_turbine_gate_frame(acoustic_turbine_gate *gate, const acoustic_turbine_frames *frames, uint16_t clipped)
{
    acoustic_turbine_open_stretch *const open = &gate->open;
    acoustic_turbine_detail *const detail = &gate->details[gate->detail];
    const int16_t *const levels = acoustic_turbine_frame(frames, 0);
    bool silent = true;
    for (unsigned band = 0; band < ACOUSTIC_TURBINE_BANDS && silent; ++band) {
        silent = levels[band] <= ACOUSTIC_TURBINE_GATE_SILENCE;
    }
    open->clipped_samples += clipped;
    open->silent_frames = (uint8_t)(open->silent_frames + silent);
    ++detail->frames;
    if (!ACOUSTIC_TURBINE_NUISANCES) {
        return;
    }
    detail->flutter[detail->frames - 1] = flutter_of(frames, parts[ACOUSTIC_TURBINE_BRIGHT]);
    hear_voices(detail, frames);
    for (unsigned i = 0; i <= ACOUSTIC_TURBINE_BRIGHT; ++i) {
        const int32_t level = level_of(levels, parts[i]);
        open->levels[i] += level;
        if (i <= ACOUSTIC_TURBINE_BODY) {
            open->quarter[i] += level;
        }
    }
    if (++open->in_quarter == QUARTER_FRAMES) {
        close_quarter(open, detail);
    }
}

/* ---- What a stretch and its neighbours show, whatever is usual here ---- */

/* Details of the stretches next to each other that are neither clipped nor silent. */
typedef struct {
    const acoustic_turbine_detail *of[3];
    unsigned n;
} neighbours;

static unsigned count(const uint32_t *set)
{
    unsigned n = 0;
    for (unsigned word = 0; word < BAND_WORDS; ++word) {
        for (uint32_t rest = set[word]; rest; rest &= rest - 1) {
            ++n;
        }
    }
    return n;
}

/* Whether the autocorrelation reaches 3/8 at any lag: drops keep no time, machines do. */
static bool rhythmic(const int16_t *flutter, int n)
{
    const int stop = n < ACOUSTIC_TURBINE_GATE_RHYTHM_STOP_LAG ? n : ACOUSTIC_TURBINE_GATE_RHYTHM_STOP_LAG;
    int32_t energy = 0;
    for (int i = 0; i < n; ++i) {
        energy += flutter[i] * flutter[i];
    }
    for (int lag = ACOUSTIC_TURBINE_GATE_RHYTHM_FIRST_LAG; lag < stop; ++lag) {
        int32_t sum = 0;
        for (int i = lag; i < n; ++i) {
            sum += flutter[i - lag] * flutter[i];
        }
        if (8 * sum > 3 * energy) {
            return true;
        }
    }
    return false;
}

static bool rain(const acoustic_turbine_stretch *here, const neighbours *near)
{
    const int32_t brightness = here->levels[ACOUSTIC_TURBINE_BRIGHT] - here->levels[ACOUSTIC_TURBINE_BODY];
    const int32_t slope = here->levels[ACOUSTIC_TURBINE_RUMBLE] - here->levels[ACOUSTIC_TURBINE_BODY];
    int16_t flutter[3 * ACOUSTIC_TURBINE_STRETCH_FRAMES];
    int n = 0, leaves = 0;
    if (brightness < ACOUSTIC_TURBINE_GATE_RAIN_BRIGHTNESS || slope > ACOUSTIC_TURBINE_GATE_RAIN_SLOPE) {
        return false;
    }
    for (unsigned i = 0; i < near->n; ++i) {
        for (unsigned frame = 0; frame < near->of[i]->frames; ++frame) {
            const int16_t distance = near->of[i]->flutter[frame];
            leaves += distance > ACOUSTIC_TURBINE_GATE_FLUTTER || distance < -ACOUSTIC_TURBINE_GATE_FLUTTER;
            flutter[n++] = distance;
        }
    }
    return leaves >= ACOUSTIC_TURBINE_GATE_RAIN_FRAMES && !rhythmic(flutter, n);
}

static bool speech(const neighbours *near)
{
    uint32_t bands[BAND_WORDS] = {0};
    unsigned frames = 0;
    for (unsigned i = 0; i < near->n; ++i) {
        unite(bands, near->of[i]->voice_bands);
        frames += near->of[i]->voice_frames;
    }
    return count(bands) >= ACOUSTIC_TURBINE_GATE_SPEECH_BANDS && frames >= ACOUSTIC_TURBINE_GATE_SPEECH_FRAMES;
}

static bool birds(const neighbours *near)
{
    uint32_t bands[BAND_WORDS] = {0};
    unsigned frames = 0;
    for (unsigned i = 0; i < near->n; ++i) {
        unite(bands, near->of[i]->song_bands);
        frames += near->of[i]->song_frames;
    }
    return count(bands) >= ACOUSTIC_TURBINE_GATE_BIRD_BANDS && frames >= ACOUSTIC_TURBINE_GATE_BIRD_FRAMES;
}

static bool storm(const acoustic_turbine_stretch *here, const neighbours *near)
{
    int32_t most = INT16_MIN, least = INT16_MAX;
    for (unsigned i = 0; i < near->n; ++i) {
        most = near->of[i]->most_rumble > most ? near->of[i]->most_rumble : most;
        least = near->of[i]->least_rumble < least ? near->of[i]->least_rumble : least;
    }
    return here->levels[ACOUSTIC_TURBINE_RUMBLE] - here->levels[ACOUSTIC_TURBINE_BODY] >=
               ACOUSTIC_TURBINE_GATE_STORM_SLOPE &&
           most - least >= ACOUSTIC_TURBINE_GATE_STORM_SPREAD;
}

static bool usable(const acoustic_turbine_stretch *stretch)
{
    return stretch->reason != ACOUSTIC_TURBINE_CLIPPING && stretch->reason != ACOUSTIC_TURBINE_SILENCE;
}

static acoustic_turbine_stretch *stretch_at(acoustic_turbine_gate *gate, unsigned index)
{
    return &gate->around[(gate->oldest + index) % ACOUSTIC_TURBINE_AROUND];
}

/* Look at a stretch, by the details of those before, of its own and behind it, of which those not heard are NULL. */
static void look(acoustic_turbine_stretch *here, const acoustic_turbine_detail *before,
                 const acoustic_turbine_detail *own, const acoustic_turbine_detail *behind)
{
    const acoustic_turbine_detail *const three[3] = {before, own, behind};
    neighbours near = {{NULL, NULL, NULL}, 0};
    if (!usable(here)) {
        return;
    }
    for (unsigned i = 0; i < 3; ++i) {
        if (three[i] && three[i]->usable) {
            near.of[near.n++] = three[i];
        }
    }
    here->storm = storm(here, &near);
    here->reason = rain(here, &near)  ? ACOUSTIC_TURBINE_RAIN
                   : speech(&near)    ? ACOUSTIC_TURBINE_SPEECH
                   : birds(&near)     ? ACOUSTIC_TURBINE_BIRDS
                                      : ACOUSTIC_TURBINE_NO_REASON;
}

void acoustic_turbine_gate_close(acoustic_turbine_gate *gate)
{
    acoustic_turbine_open_stretch *const open = &gate->open;
    acoustic_turbine_detail *const own = &gate->details[gate->detail];
    const acoustic_turbine_detail *const before = &gate->details[(gate->detail + 2) % 3];
    const acoustic_turbine_detail *const before_that = &gate->details[(gate->detail + 1) % 3];
    acoustic_turbine_stretch *const here = stretch_at(gate, gate->n_around);
    if (open->in_quarter > 0) {
        close_quarter(open, own);
    }
    for (unsigned i = 0; i <= ACOUSTIC_TURBINE_BRIGHT; ++i) {
        here->levels[i] = (int16_t)acoustic_turbine_divide_short(open->levels[i], own->frames);
    }
    here->swish = (uint16_t)(open->most_body - open->least_body);
    here->frames = own->frames;
    here->storm = false;
    here->reason = open->clipped_samples >= ACOUSTIC_TURBINE_GATE_CLIPPED_SAMPLES ? ACOUSTIC_TURBINE_CLIPPING
                   : open->silent_frames >= ACOUSTIC_TURBINE_GATE_SILENT_FRAMES   ? ACOUSTIC_TURBINE_SILENCE
                                                                                  : ACOUSTIC_TURBINE_NO_REASON;
    own->usable = usable(here);
    if (ACOUSTIC_TURBINE_NUISANCES && gate->n_around > 0) {
        look(stretch_at(gate, gate->n_around - 1u), before_that, before, own);
    }
    ++gate->n_around;
    gate->detail = (uint8_t)((gate->detail + 1) % 3);
    open_stretch(gate);
}

void acoustic_turbine_gate_end(acoustic_turbine_gate *gate)
{
    if (ACOUSTIC_TURBINE_NUISANCES && gate->n_around > gate->n_judged) {
        look(stretch_at(gate, gate->n_around - 1u), &gate->details[(gate->detail + 1) % 3],
             &gate->details[(gate->detail + 2) % 3], NULL);
    }
}

/* ---- The judgement ---- */

/* What the place sounds like in quiet moments. */
typedef struct {
    int32_t levels[ACOUSTIC_TURBINE_LEVELS];
    int32_t swish;
    bool known; /* Whether this comes from listening for long. */
} quiet;

static int32_t level(const acoustic_turbine_stretch *stretch, unsigned which)
{
    const int16_t *const levels = stretch->levels;
    return which == ACOUSTIC_TURBINE_SLOPE  ? levels[ACOUSTIC_TURBINE_RUMBLE] - levels[ACOUSTIC_TURBINE_BODY]
           : which == ACOUSTIC_TURBINE_HISS ? levels[ACOUSTIC_TURBINE_BRIGHT] - levels[ACOUSTIC_TURBINE_BODY]
                                            : levels[which];
}

/* Put a value among others, of which there are n, in order. */
static void insert(int32_t *sorted, unsigned n, int32_t value)
{
    for (; n > 0 && sorted[n - 1] > value; --n) {
        sorted[n] = sorted[n - 1];
    }
    sorted[n] = value;
}

/* Quiet moments of the stretches around; where the slow memory knows quieter ones, those. */
static quiet usual(acoustic_turbine_gate *gate)
{
    quiet found = {{0}, 0, gate->learnt >= ACOUSTIC_TURBINE_GATE_LEARNING_STRETCHES};
    /* The levels, and last the swish. */
    for (unsigned which = 0; which <= ACOUSTIC_TURBINE_LEVELS; ++which) {
        int32_t sorted[ACOUSTIC_TURBINE_AROUND];
        unsigned n = 0;
        for (unsigned i = 0; i < gate->n_around; ++i) {
            const acoustic_turbine_stretch *const stretch = stretch_at(gate, i);
            if (usable(stretch)) {
                insert(sorted, n++, which < ACOUSTIC_TURBINE_LEVELS ? level(stretch, which) : stretch->swish);
            }
        }
        if (n > 0 && which < ACOUSTIC_TURBINE_LEVELS) {
            found.levels[which] = sorted[(n - 1) / 4];
        } else if (n > 0) {
            found.swish = sorted[2 * (n - 1) / 4];
        }
    }
    if (found.known) {
        for (unsigned which = 0; which < ACOUSTIC_TURBINE_LEVELS; ++which) {
            found.levels[which] =
                gate->slow_levels[which] < found.levels[which] ? gate->slow_levels[which] : found.levels[which];
        }
        found.swish = gate->slow_swish > found.swish ? gate->slow_swish : found.swish;
    }
    return found;
}

/* Rain too dense for single drops: a hiss that lasts through the neighbours. */
static bool downpour(acoustic_turbine_gate *gate, const quiet *usually)
{
    unsigned n = 0;
    const unsigned first = gate->n_judged > 0 ? gate->n_judged - 1u : 0;
    for (unsigned i = first; i < gate->n_around && i <= gate->n_judged + 1u; ++i) {
        const acoustic_turbine_stretch *const near = stretch_at(gate, i);
        if (!usable(near)) {
            continue;
        }
        if (level(near, ACOUSTIC_TURBINE_BRIGHT) - usually->levels[ACOUSTIC_TURBINE_BRIGHT] <
                ACOUSTIC_TURBINE_GATE_HISS_RISE ||
            level(near, ACOUSTIC_TURBINE_HISS) - usually->levels[ACOUSTIC_TURBINE_HISS] <
                ACOUSTIC_TURBINE_GATE_HISS_RISE) {
            return false;
        }
        ++n;
    }
    return n > 1;
}

static bool gust(const acoustic_turbine_stretch *here, const quiet *usually)
{
    const int32_t slope = level(here, ACOUSTIC_TURBINE_SLOPE), rumble = level(here, ACOUSTIC_TURBINE_RUMBLE);
    return here->storm || (slope >= ACOUSTIC_TURBINE_GATE_GUST_SLOPE &&
                           slope - usually->levels[ACOUSTIC_TURBINE_SLOPE] >= ACOUSTIC_TURBINE_GATE_GUST_RISE &&
                           rumble - usually->levels[ACOUSTIC_TURBINE_RUMBLE] >= ACOUSTIC_TURBINE_GATE_GUST_RISE);
}

static bool aircraft(acoustic_turbine_gate *gate, const quiet *usually, bool gusts)
{
    const unsigned beside = ACOUSTIC_TURBINE_GATE_SWELL_STRETCHES;
    const unsigned first = gate->n_judged > beside ? gate->n_judged - beside : 0;
    int32_t swish[2 * ACOUSTIC_TURBINE_GATE_SWELL_STRETCHES + 1], swell = 0;
    unsigned n = 0;
    for (unsigned i = first; i < gate->n_around && i <= gate->n_judged + beside; ++i) {
        const acoustic_turbine_stretch *const near = stretch_at(gate, i);
        if (usable(near)) {
            swell += level(near, ACOUSTIC_TURBINE_BODY) - usually->levels[ACOUSTIC_TURBINE_BODY];
            insert(swish, n++, near->swish);
        }
    }
    if (!usually->known || n <= beside || swell < ACOUSTIC_TURBINE_GATE_SWELL * (int32_t)n) {
        return false;
    }
    /* The swish is drowned. */
    return gusts ||
           (usually->swish >= ACOUSTIC_TURBINE_GATE_SWISH && 5 * swish[(n - 1) / 2] <= 3 * usually->swish);
}

static int32_t followed(int32_t slow, int32_t heard, int32_t down)
{
    return heard > slow ? slow + ACOUSTIC_TURBINE_GATE_SLOW_UP : heard < slow ? slow - down : slow;
}

/* Levels over minutes, each one number that follows by small steps. */
static void learn(acoustic_turbine_gate *gate, const acoustic_turbine_stretch *here)
{
    if (gate->learnt == 0) {
        for (unsigned which = 0; which < ACOUSTIC_TURBINE_LEVELS; ++which) {
            gate->slow_levels[which] = level(here, which);
        }
        gate->slow_swish = here->swish;
    }
    if (gate->learnt < ACOUSTIC_TURBINE_GATE_LEARNING_STRETCHES) {
        ++gate->learnt;
    }
    for (unsigned which = 0; which < ACOUSTIC_TURBINE_LEVELS; ++which) {
        gate->slow_levels[which] =
            followed(gate->slow_levels[which], level(here, which), ACOUSTIC_TURBINE_GATE_SLOW_DOWN);
    }
    gate->slow_swish = followed(gate->slow_swish, here->swish, ACOUSTIC_TURBINE_GATE_SLOW_UP);
}

/* Why a stretch that is neither clipped nor silent is set aside. */
static acoustic_turbine_reason nuisance(acoustic_turbine_gate *gate, const acoustic_turbine_stretch *here)
{
    const quiet usually = usual(gate);
    const bool gusts = gust(here, &usually);
    if (here->reason == ACOUSTIC_TURBINE_RAIN || downpour(gate, &usually)) {
        return ACOUSTIC_TURBINE_RAIN;
    }
    if (here->reason != ACOUSTIC_TURBINE_NO_REASON) {
        return (acoustic_turbine_reason)here->reason;
    }
    if (aircraft(gate, &usually, gusts)) {
        return ACOUSTIC_TURBINE_AIRCRAFT;
    }
    return gusts ? ACOUSTIC_TURBINE_WIND : ACOUSTIC_TURBINE_NO_REASON;
}

unsigned acoustic_turbine_gate_ready(const acoustic_turbine_gate *gate, bool end)
{
    const unsigned waiting = (unsigned)(gate->n_around - gate->n_judged);
    return end ? waiting : waiting > ACOUSTIC_TURBINE_AHEAD ? waiting - ACOUSTIC_TURBINE_AHEAD : 0;
}

acoustic_turbine_reason acoustic_turbine_gate_judge(acoustic_turbine_gate *gate)
{
    const acoustic_turbine_stretch *const here = stretch_at(gate, gate->n_judged);
    acoustic_turbine_reason reason = (acoustic_turbine_reason)here->reason;
    if (ACOUSTIC_TURBINE_NUISANCES && usable(here)) {
        reason = nuisance(gate, here);
        learn(gate, here);
    }
    if (++gate->n_judged > ACOUSTIC_TURBINE_BEFORE) {
        gate->oldest = (uint8_t)((gate->oldest + 1) % ACOUSTIC_TURBINE_AROUND);
        --gate->n_around;
        --gate->n_judged;
    }
    return reason;
}
