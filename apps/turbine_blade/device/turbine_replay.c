#include "acoustic_trace.h"
#include "acoustic_turbine.h"
#include "replay.h"

enum { EVENTS = 2 };

static acoustic_turbine turbine;

static void hear(const acoustic_turbine_event *event, void *user)
{
    const int32_t numbers[] = {
        (int32_t)event->kind,       (int32_t)event->reason, (int32_t)event->start_frame, (int32_t)event->stop_frame,
        (int32_t)event->kept_frames, event->surprise,       (int32_t)event->unusual,
    };
    (void)user;
    ACOUSTIC_TRACE(EVENTS, numbers, sizeof numbers);
    (void)numbers;
}

void replay_start(void)
{
    acoustic_turbine_start(&turbine);
}

void replay_push(const int16_t *pcm, size_t n)
{
    acoustic_turbine_push(&turbine, pcm, n, hear, NULL);
}

void replay_end(void)
{
    acoustic_turbine_finish(&turbine, hear, NULL);
}
