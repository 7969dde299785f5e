#include "acoustic_roast_decision.h"

/* The shortest interval of a beat. */
#define SHORTEST_MS 200

uint32_t acoustic_roast_time(const acoustic_roast_times *times, uint32_t i)
{
    return times->ms[(times->oldest + i) % ACOUSTIC_ROAST_REMEMBERED];
}

bool acoustic_roast_evenly_spaced(const acoustic_roast_times *times, uint32_t count)
{
    uint32_t intervals[5], shortest = UINT32_MAX, first;
    count = count < times->count ? count : times->count;
    count = count < 6 ? count : 6;
    if (count < 4) {
        return false;
    }
    first = times->count - count;
    for (uint32_t i = 0; i < count - 1; ++i) {
        intervals[i] = acoustic_roast_time(times, first + i + 1) - acoustic_roast_time(times, first + i);
        shortest = intervals[i] < shortest ? intervals[i] : shortest;
    }
    if (shortest < SHORTEST_MS) {
        return false;
    }
    for (uint32_t i = 0; i < count - 1; ++i) {
        const uint32_t beats = (2 * intervals[i] + shortest) / (2 * shortest), even = beats * shortest;
        const uint32_t off = intervals[i] > even ? intervals[i] - even : even - intervals[i];
        if (beats > 4 || 25 * off > 2 * even) {
            return false;
        }
    }
    return true;
}

bool acoustic_roast_beats_time(const acoustic_roast_times *times)
{
    const int8_t *const cosines = acoustic_roast_decides.cosines;
    const int32_t limit = ACOUSTIC_ROAST_BEAT_HALF_POWER * ACOUSTIC_ROAST_COSINE_SCALE * ACOUSTIC_ROAST_COSINE_SCALE;
    for (uint32_t beat = ACOUSTIC_ROAST_FIRST_BEAT; beat <= ACOUSTIC_ROAST_LAST_BEAT; ++beat) {
        int32_t along = 0, across = 0;
        for (uint32_t i = 0; i < times->count; ++i) {
            const uint32_t since_ms = acoustic_roast_time(times, i) - acoustic_roast_time(times, 0);
            const uint32_t angle = ((beat * since_ms) >> (ACOUSTIC_ROAST_TURN_BITS - 8)) & 255;
            along += cosines[angle];
            across += cosines[angle + 64];
        }
        if (2 * (along * along + across * across) > limit * times->count) {
            return true;
        }
    }
    return false;
}
