// As much of TensorFlow Lite Micro as resolver code uses, to check that it compiles.
#pragma once
#include <stddef.h>

enum TfLiteStatus { kTfLiteOk, kTfLiteError };

namespace tflite {
template <unsigned n> struct MicroMutableOpResolver {
#define OPERATOR(name) TfLiteStatus Add##name() { return kTfLiteOk; }
    OPERATOR(Add) OPERATOR(AveragePool2D) OPERATOR(Concatenation) OPERATOR(Conv2D) OPERATOR(DepthwiseConv2D)
    OPERATOR(ExpandDims) OPERATOR(FullyConnected) OPERATOR(Logistic) OPERATOR(MaxPool2D) OPERATOR(Mean) OPERATOR(Mul)
    OPERATOR(Pad) OPERATOR(Quantize) OPERATOR(Relu) OPERATOR(Relu6) OPERATOR(Reshape) OPERATOR(Softmax) OPERATOR(Split)
    OPERATOR(Squeeze) OPERATOR(StridedSlice) OPERATOR(Sub) OPERATOR(Tanh)
#undef OPERATOR
};
} // namespace tflite
