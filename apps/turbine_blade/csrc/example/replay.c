#include "acoustic_trace.h"
#include "acoustic_turbine.h"
#include "replay.h"

static acoustic_turbine turbine;

static void hear(void *user, const acoustic_turbine_event *event)
{
    const int32_t words[] = {(int32_t)event->type,        (int32_t)event->reason,      (int32_t)event->start_frame,
                             (int32_t)event->stop_frame,  (int32_t)event->kept_frames, event->surprise,
                             (int32_t)event->unusual};
    (void)user;
    (void)words;
    ACOUSTIC_TRACE(2, words, sizeof words);
}

void replay_start(void)
{
    acoustic_turbine_start(&turbine);
}

void replay_push(const int16_t *pcm, size_t n)
{
    acoustic_turbine_push(&turbine, pcm, n, hear, 0);
}

void replay_end(void)
{
    acoustic_turbine_flush(&turbine, hear, 0);
}
