#ifndef @upper@_TFLITE_H
#define @upper@_TFLITE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

extern const uint8_t @name@_tflite[];
extern const size_t @name@_tflite_bytes;

#ifdef __cplusplus
}
#endif

#endif
