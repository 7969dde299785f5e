#include "acoustic_roast.h"
#include "acoustic_trace.h"
#include "replay.h"

static acoustic_roast roast;

static void hear(void *user, const acoustic_roast_event *event)
{
    const uint32_t words[] = {(uint32_t)event->type, event->t_ms,   event->decided_ms,
                              event->first_pop_ms,   event->cracks, event->score};
    (void)user;
    (void)words;
    ACOUSTIC_TRACE(3, words, sizeof words);
}

void replay_start(void)
{
    acoustic_roast_start(&roast);
}

void replay_push(const int16_t *pcm, size_t n)
{
    acoustic_roast_push(&roast, pcm, n, hear, 0);
}

void replay_end(void)
{
    acoustic_roast_flush(&roast, hear, 0);
}
