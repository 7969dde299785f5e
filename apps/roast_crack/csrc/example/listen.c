#include "listen.h"

#include "acoustic_roast.h"

static acoustic_roast roast;

static void say_time(const char *what, uint32_t t_ms)
{
    say_text(what);
    say_number((int32_t)(t_ms / 1000u));
    say_text(".");
    say_number((int32_t)(t_ms / 100u % 10u));
    say_text(" s");
}

static void hear(void *user, const acoustic_roast_event *event)
{
    (void)user;
    switch (event->type) {
    case ACOUSTIC_ROAST_CRACK:
        say_time("crack at ", event->t_ms);
        say_text(", probability ");
        say_number(event->score / 100);
        say_text(" %\n");
        break;
    case ACOUSTIC_ROAST_FIRST_CRACK: /* Here a LED goes on. */
        say_time("FIRST CRACK since ", event->t_ms);
        say_time(", known at ", event->decided_ms);
        say_text("\n");
        break;
    case ACOUSTIC_ROAST_FIRST_CRACK_END:
        say_time("first crack is over since ", event->t_ms);
        say_text("\n");
        break;
    }
}

void listen_start(void)
{
    acoustic_roast_start(&roast);
}

void listen_push(const int16_t *pcm, size_t n)
{
    acoustic_roast_push(&roast, pcm, n, hear, 0);
}

void listen_end(void)
{
    acoustic_roast_flush(&roast, hear, 0);
}
