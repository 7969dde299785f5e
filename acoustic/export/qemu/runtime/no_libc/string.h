/* The part of string.h that the device core needs, for a compiler that comes without a C library. */
#ifndef ACOUSTIC_STRING_H
#define ACOUSTIC_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);

#endif
