/*
 * What fuzz targets are made of. A target defines fuzz_drive(), which reads commands from an input until nothing is
 * left of it and folds all that it is told into a digest. LLVMFuzzerTestOneInput() of fuzz.c, the entry that libFuzzer
 * knows, drives it twice: other blocks, and other leftovers in memory, must give the same digest.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Bytes to decide by; zeros once they are used up. */
typedef struct {
    const uint8_t *bytes;
    size_t left;
} fuzz_input;

typedef struct {
    uint64_t hash;
    uint64_t n; /* Pieces told. */
} fuzz_digest;

/* Takes one block of sound; what it wants to know it finds in user. */
typedef void fuzz_push(void *user, const int16_t *pcm, size_t n);

uint8_t fuzz_byte(fuzz_input *input);
uint16_t fuzz_half(fuzz_input *input);
uint32_t fuzz_word(fuzz_input *input);

/* A number from 0 to most. */
uint32_t fuzz_up_to(fuzz_input *input, uint32_t most);

/* Fill memory with bytes of the input, again and again where there are too few. */
void fuzz_fill(fuzz_input *input, void *to, size_t size);

/*
 * Push sound that the input chooses: none, silence, full scale, noise, clicks, or its own bytes. Each block lies in
 * memory of exactly its size, so that a sanitizer sees every sample read too far. The second time, it falls into other
 * blocks.
 */
void fuzz_sound(fuzz_input *input, fuzz_push *push, void *user);

/* Memory of a size, full of what may not matter. */
void *fuzz_memory(size_t size);

/* Fold what is told into the digest. */
void fuzz_tell(const void *bytes, size_t size);

/* Defined by the target. */
void fuzz_drive(fuzz_input *input);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Pieces told in all, for a look at whether anything happens. */
uint64_t fuzz_told(void);

#endif
