#include "@name@_tflite.h"

/* The interpreter reads it in place, and wants it aligned. */
__attribute__((aligned(16)))
@array@
const size_t @name@_tflite_bytes = sizeof @name@_tflite;
