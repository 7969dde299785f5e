/*
 * Listens to the board's PDM microphone and prints what is heard. While one block is computed the other one fills:
 * a block that takes longer than it lasts loses sound, and the line "load" says how far away that is.
 *
 * The library must keep up with @rate_hz@ samples a second. Boards whose PDM cannot give that rate say so at the start.
 */
#include <PDM.h>

#include "listen.h"

static const int RATE_HZ = @rate_hz@;
static const size_t BLOCK_SAMPLES = @block_samples@;
static const uint32_t BLOCK_US = (uint32_t)(1000000ULL * BLOCK_SAMPLES / RATE_HZ);

static int16_t blocks[2][BLOCK_SAMPLES];
static volatile size_t filled[2]; /* Samples that wait in each block. */
static volatile uint8_t writing;
static volatile uint32_t lost;
static uint8_t reading;

extern "C" void say_text(const char *text)
{
    Serial.print(text);
}

extern "C" void say_number(int32_t number)
{
    Serial.print((long)number);
}

/* Called from an interrupt. */
static void on_samples()
{
    static int16_t scrap[BLOCK_SAMPLES];
    const bool free = filled[writing] == 0;
    int16_t *to = free ? blocks[writing] : scrap;
    const int bytes = PDM.read(to, min((size_t)PDM.available(), sizeof scrap));
    if (free) {
        filled[writing] = (size_t)bytes / sizeof *to;
        writing = writing ^ 1;
    } else {
        lost = lost + 1;
    }
}

void setup()
{
    Serial.begin(115200);
    listen_start();
    PDM.onReceive(on_samples);
    PDM.setBufferSize(sizeof blocks[0]);
    if (!PDM.begin(1, RATE_HZ)) {
        say_text("The microphone of this board does not give the rate that the model needs.\n");
        for (;;) {
        }
    }
}

static void tell_load(uint32_t took_us)
{
    static uint32_t longest_us, sum_us, count;
    longest_us = max(longest_us, took_us);
    sum_us += took_us;
    if (++count < 10000000UL / BLOCK_US) {
        return;
    }
    say_text("load ");
    say_number((int32_t)(100ULL * sum_us / count / BLOCK_US));
    say_text(" %, longest block ");
    say_number((int32_t)longest_us);
    say_text(" us of ");
    say_number((int32_t)BLOCK_US);
    say_text(", blocks lost ");
    say_number((int32_t)lost);
    say_text("\n");
    longest_us = sum_us = count = 0;
}

void loop()
{
    const size_t n = filled[reading];
    if (n == 0) {
        return;
    }
    const uint32_t began_us = micros();
    listen_push(blocks[reading], n);
    filled[reading] = 0;
    reading ^= 1;
    tell_load(micros() - began_us);
}
