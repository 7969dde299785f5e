/*
 * Feeds a fuzz target for compilers without libFuzzer: `fuzz FIRST COUNT` makes COUNT inputs, each from its number
 * alone, and says how much the target told. Where a sanitizer or the target stops it, it says in which input.
 */
#include "fuzz.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_BYTES = 1024 };

void __sanitizer_set_death_callback(void (*callback)(void));

static unsigned long number;

static void tell_number(void)
{
    fprintf(stderr, "in input %lu\n", number);
}

static void trapped(int signal_number)
{
    (void)signal_number;
    tell_number();
    _Exit(1);
}

/* splitmix64. */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Any bytes, the ends of their range only, or one piece again and again: the same command. */
static size_t make(uint8_t *bytes)
{
    static const uint8_t ends[] = {0, 1, 0x7f, 0x80, 0xff};
    uint64_t state = number;
    const size_t size = draw(&state) % (draw(&state) % 8u ? 96u : MOST_BYTES + 1u);
    const unsigned kind = (unsigned)(draw(&state) % 4u);
    const size_t period = 1 + draw(&state) % 24u;
    for (size_t i = 0; i < size; i++) {
        const uint64_t any = draw(&state);
        bytes[i] = kind == 0               ? ends[any % sizeof ends]
                   : kind == 1 && i >= period ? bytes[i - period]
                                              : (uint8_t)any;
    }
    return size;
}

int main(int argc, char **argv)
{
    static uint8_t bytes[MOST_BYTES];
    const unsigned long first = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
    const unsigned long count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (count == 0) {
        fprintf(stderr, "usage: fuzz FIRST COUNT\n");
        return 2;
    }
    __sanitizer_set_death_callback(tell_number);
    signal(SIGILL, trapped);
    signal(SIGTRAP, trapped);
    for (number = first; number < first + count; number++) {
        const size_t size = make(bytes);
        /* In memory of its own size, as libFuzzer gives it. */
        uint8_t *const own = malloc(size ? size : 1);
        for (size_t i = 0; own && i < size; i++) {
            own[i] = bytes[i];
        }
        LLVMFuzzerTestOneInput(own, size);
        free(own);
    }
    printf("%llu\n", (unsigned long long)fuzz_told());
    return 0;
}
