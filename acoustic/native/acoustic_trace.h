/*
 * What a chain computes on its way, for the proof that it is what Python computes: each stage hands its bytes to
 * ACOUSTIC_TRACE(stage, bytes, n), which is nothing unless ACOUSTIC_PROOF is defined.
 */
#ifndef ACOUSTIC_TRACE_H
#define ACOUSTIC_TRACE_H

#include <stddef.h>
#include <stdint.h>

#ifdef ACOUSTIC_PROOF
/* Keep n bytes of a stage, numbered from 0; the program that proves defines it. */
void acoustic_trace(uint8_t stage, const void *bytes, size_t n);
#define ACOUSTIC_TRACE(stage, bytes, n) acoustic_trace((stage), (bytes), (n))
#else
#define ACOUSTIC_TRACE(stage, bytes, n) ((void)0)
#endif

#endif
