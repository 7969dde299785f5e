#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_SAMPLES = 20000 };

static fuzz_digest digest;
static unsigned pass; /* 0 or 1. */
static uint64_t told;

uint8_t fuzz_byte(fuzz_input *input)
{
    if (input->left == 0) {
        return 0;
    }
    input->left--;
    return *input->bytes++;
}

uint16_t fuzz_half(fuzz_input *input)
{
    const unsigned low = fuzz_byte(input);
    return (uint16_t)(low | (unsigned)fuzz_byte(input) << 8);
}

uint32_t fuzz_word(fuzz_input *input)
{
    const uint32_t low = fuzz_half(input);
    return low | (uint32_t)fuzz_half(input) << 16;
}

uint32_t fuzz_up_to(fuzz_input *input, uint32_t most)
{
    return (uint32_t)((uint64_t)fuzz_word(input) % ((uint64_t)most + 1u));
}

void fuzz_fill(fuzz_input *input, void *to, size_t size)
{
    uint8_t *bytes = to;
    const size_t n = input->left < size ? input->left : size;
    for (size_t i = 0; i < size; i++) {
        bytes[i] = i < n ? fuzz_byte(input) : n ? bytes[i - n] : 0;
    }
}

void *fuzz_memory(size_t size)
{
    void *memory = malloc(size ? size : 1);
    if (memory == NULL) {
        abort();
    }
    return memset(memory, pass ? 0x5a : 0xa5, size);
}

void fuzz_tell(const void *bytes, size_t size)
{
    const uint8_t *byte = bytes;
    for (size_t i = 0; i < size; i++) {
        /* FNV-1a. */
        digest.hash = (digest.hash ^ byte[i]) * UINT64_C(1099511628211);
    }
    digest.n++;
}

static int16_t sample(unsigned kind, uint32_t *state, int16_t level, size_t i)
{
    *state = *state * UINT32_C(1664525) + UINT32_C(1013904223);
    switch (kind) {
    case 0:
        return 0;
    case 1:
        return level;
    case 2:
        return i & 1u ? INT16_MIN : INT16_MAX;
    case 3:
        return (int16_t)((int32_t)(*state >> 16) - 32768);
    case 4: /* Clicks in quiet noise. */
        return *state % 1500u ? (int16_t)(*state >> 27) : level;
    default: /* Noise of any loudness. */
        return (int16_t)(((int32_t)(*state >> 16) - 32768) >> (kind & 15u));
    }
}

static void push_pieces(fuzz_push *push, void *user, const int16_t *pcm, size_t n)
{
    size_t at = 0, piece = n;
    uint32_t state = (uint32_t)n;
    do {
        if (pass) {
            state = state * UINT32_C(1664525) + UINT32_C(1013904223);
            piece = state >> 31 ? (state >> 16) % 5u : (state >> 16) % 2000u;
            piece = piece < n - at ? piece : n - at;
        }
        int16_t *const own = fuzz_memory(piece * sizeof *own);
        memcpy(own, pcm + at, piece * sizeof *own);
        push(user, own, piece);
        free(own);
        at += piece;
    } while (at < n);
}

void fuzz_sound(fuzz_input *input, fuzz_push *push, void *user)
{
    static int16_t pcm[MOST_SAMPLES];
    const unsigned kind = fuzz_byte(input) % 24u, length = fuzz_byte(input);
    const size_t n = length & 3u ? length >> 2 : fuzz_up_to(input, MOST_SAMPLES);
    const int16_t level = (int16_t)(fuzz_half(input) - 32768);
    uint32_t state = fuzz_half(input);
    if (kind == 23u) {
        fuzz_fill(input, pcm, n * sizeof *pcm);
    } else {
        for (size_t i = 0; i < n; i++) {
            pcm[i] = sample(kind, &state, level, i);
        }
    }
    push_pieces(push, user, pcm, n);
}

static fuzz_digest drive(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    digest = (fuzz_digest){UINT64_C(14695981039346656037), 0};
    fuzz_drive(&input);
    return digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_digest first, second;
    pass = 0;
    first = drive(data, size);
    pass = 1;
    second = drive(data, size);
    if (first.hash != second.hash || first.n != second.n) {
        __builtin_trap();
    }
    told += first.n;
    return 0;
}

uint64_t fuzz_told(void)
{
    return told;
}
