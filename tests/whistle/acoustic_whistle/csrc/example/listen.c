#include "listen.h"

#include "acoustic_whistle.h"

static acoustic_whistle whistle;

static void hear(int32_t frame)
{
    say_text("whistle at frame ");
    say_number(frame);
    say_text("\n");
}

void listen_start(void)
{
    acoustic_whistle_start(&whistle);
}

void listen_push(const int16_t *pcm, size_t n)
{
    acoustic_whistle_push(&whistle, pcm, n, hear);
}

void listen_end(void) {}
