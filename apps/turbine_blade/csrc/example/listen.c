#include "listen.h"

#include "acoustic_turbine.h"

static acoustic_turbine turbine;

static int32_t seconds(uint32_t frame)
{
    return (int32_t)((uint64_t)frame * ACOUSTIC_TURBINE_HOP_SAMPLES / ACOUSTIC_TURBINE_RATE_HZ);
}

static void say_stretch(const acoustic_turbine_event *event)
{
    say_number(seconds(event->start_frame));
    say_text(" to ");
    say_number(seconds(event->stop_frame));
    say_text(" s: ");
}

static void hear(void *user, const acoustic_turbine_event *event)
{
    static const char *const reasons[] = {"", "clipping", "silence", "rain", "speech", "birds", "aircraft", "wind"};
    (void)user;
    say_stretch(event);
    switch (event->type) {
    case ACOUSTIC_TURBINE_SET_ASIDE:
        say_text("set aside for ");
        say_text(reasons[event->reason]);
        break;
    case ACOUSTIC_TURBINE_CLIP: /* 200 hundredths: one healthy clip in a hundred is as unusual. */
        say_text("clip, score in hundredths ");
        say_number(event->surprise * 100 / 256);
        break;
    case ACOUSTIC_TURBINE_SKIPPED:
        say_text("too little left to judge");
        break;
    case ACOUSTIC_TURBINE_ALARM: /* Here a LED goes on. */
        say_text("ALARM, unusual clips ");
        say_number(event->unusual);
        break;
    case ACOUSTIC_TURBINE_OVER:
        say_text("alarm over");
        break;
    }
    say_text("\n");
}

void listen_start(void)
{
    acoustic_turbine_start(&turbine);
}

void listen_push(const int16_t *pcm, size_t n)
{
    acoustic_turbine_push(&turbine, pcm, n, hear, 0);
}

void listen_end(void)
{
    acoustic_turbine_flush(&turbine, hear, 0);
}
