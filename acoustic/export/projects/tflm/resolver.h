#pragma once

#include <cstddef>

#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"

/* @arena_source@ */
constexpr size_t @name@_arena_bytes = @arena_bytes@;

using @name@_resolver = tflite::MicroMutableOpResolver<@n_operators@>;

/* Every operator of the network, and no other. */
inline TfLiteStatus @name@_add_operators(@name@_resolver &resolver)
{
    const TfLiteStatus added[] = {
@methods@
    };
    for (const TfLiteStatus status : added) {
        if (status != kTfLiteOk) {
            return status;
        }
    }
    return kTfLiteOk;
}
