#include "listen.h"

#include "acoustic_hearing.h"

#define BLOCK ACOUSTIC_HEARING_HOP_SAMPLES

static acoustic_hearing hearing;
static int32_t seconds, taken, n_given, before, after; /* Sums of magnitudes within the present second. */

static int32_t magnitudes(const int16_t *pcm, size_t n)
{
    int32_t sum = 0;
    for (size_t i = 0; i < n; ++i) {
        sum += pcm[i] < 0 ? -pcm[i] : pcm[i];
    }
    return sum;
}

/* Here the loudspeaker would be given the samples; this shows how much quieter they are. */
static void give(const int16_t *clear, size_t n)
{
    after += magnitudes(clear, n);
    n_given += (int32_t)n;
}

static void say_second(void)
{
    say_text("second ");
    say_number(++seconds);
    say_text(": mean magnitude ");
    say_number(before / taken);
    say_text(", denoised ");
    say_number(n_given > 0 ? after / n_given : 0);
    say_text("\n");
    taken = n_given = before = after = 0;
}

void listen_start(void)
{
    acoustic_hearing_start(&hearing);
}

void listen_push(const int16_t *pcm, size_t n)
{
    while (n > 0) {
        int16_t clear[2 * BLOCK - 1];
        const size_t part = n < BLOCK ? n : BLOCK;
        before += magnitudes(pcm, part);
        taken += (int32_t)part;
        give(clear, acoustic_hearing_push(&hearing, pcm, part, clear));
        pcm += part;
        n -= part;
        if (taken >= ACOUSTIC_HEARING_RATE_HZ) {
            say_second();
        }
    }
}

void listen_end(void)
{
}
