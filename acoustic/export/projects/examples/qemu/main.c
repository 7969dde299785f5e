/*
 * Reads a WAV file (16 bits, one channel, @rate_hz@ Hz) over semihosting and prints what is heard, on an emulated
 * bare board: no operating system, no C library beyond memcpy. See the Makefile.
 */
#include <stdbool.h>

#include "board.h"
#include "listen.h"

#define RATE_HZ @rate_hz@u
#define BLOCK_SAMPLES @block_samples@

static int16_t block[BLOCK_SAMPLES];

void say_text(const char *text)
{
    size_t n = 0;
    while (text[n]) {
        n++;
    }
    board_write(text, n);
}

void say_number(int32_t number)
{
    char digits[12];
    char *at = digits + sizeof digits - 1;
    uint32_t rest = number < 0 ? 0u - (uint32_t)number : (uint32_t)number;
    *at = '\0';
    do {
        *--at = (char)('0' + rest % 10u);
        rest /= 10u;
    } while (rest);
    if (number < 0) {
        *--at = '-';
    }
    say_text(at);
}

static uint32_t little_endian(const uint8_t *bytes, unsigned n)
{
    uint32_t value = 0;
    while (n--) {
        value = value << 8 | bytes[n];
    }
    return value;
}

static bool is(const uint8_t *tag, const char *name)
{
    for (unsigned n = 0; n < 4; n++) {
        if (tag[n] != (uint8_t)name[n]) {
            return false;
        }
    }
    return true;
}

static bool skip(uint32_t bytes)
{
    while (bytes) {
        const uint32_t piece = bytes < sizeof block ? bytes : (uint32_t)sizeof block;
        if (board_read(block, piece) != piece) {
            return false;
        }
        bytes -= piece;
    }
    return true;
}

/* Go to the samples; returns how many bytes there are, 0 where the file is of another kind. */
static uint32_t find_samples(void)
{
    uint8_t head[16];
    bool fits = false;
    if (board_read(head, 12) != 12 || !is(head, "RIFF") || !is(head + 8, "WAVE")) {
        return 0;
    }
    while (board_read(head, 8) == 8) {
        const uint32_t size = little_endian(head + 4, 4);
        if (is(head, "data")) {
            return fits ? size : 0;
        }
        uint32_t rest = size + (size & 1u);
        if (is(head, "fmt ")) {
            if (size < 16 || board_read(head, 16) != 16) {
                return 0;
            }
            rest -= 16;
            fits = little_endian(head + 2, 2) == 1 && little_endian(head + 4, 4) == RATE_HZ &&
                   little_endian(head + 14, 2) == 16;
        }
        if (!skip(rest)) {
            return 0;
        }
    }
    return 0;
}

int program_main(void)
{
    uint32_t rest = find_samples();
    if (!rest) {
        say_text("input.bin is no WAV file of 16 bits, one channel and ");
        say_number((int32_t)RATE_HZ);
        say_text(" Hz\n");
        return 1;
    }
    listen_start();
    while (rest >= sizeof *block) {
        const uint32_t piece = rest < sizeof block ? rest : (uint32_t)sizeof block;
        const size_t bytes = board_read(block, piece);
        listen_push(block, bytes / sizeof *block);
        rest = bytes < piece ? 0 : rest - piece;
    }
    listen_end();
    return 0;
}
