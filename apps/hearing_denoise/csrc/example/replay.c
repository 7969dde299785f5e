#include "acoustic_hearing.h"
#include "replay.h"

static acoustic_hearing hearing;

void replay_start(void)
{
    acoustic_hearing_start(&hearing);
}

void replay_push(const int16_t *pcm, size_t n)
{
    int16_t clear[2 * ACOUSTIC_HEARING_HOP_SAMPLES - 1];
    while (n > 0) {
        const size_t part = n < ACOUSTIC_HEARING_HOP_SAMPLES ? n : ACOUSTIC_HEARING_HOP_SAMPLES;
        acoustic_hearing_push(&hearing, pcm, part, clear);
        pcm += part;
        n -= part;
    }
}

void replay_end(void)
{
}
