"""The operators that the int8 runtime does, by their name in TensorFlow Lite.

An activation is an array ``[N, *shape]``: N independent inferences, and the shape as the file gives it.
Constants come as ``[1, *shape]``. Arithmetic is that of TensorFlow Lite Micro's reference kernels.
"""

from collections.abc import Callable

from acoustic.model import layers, moving, pointwise, pooling
from acoustic.model.node import Kernel, Node

BUILDERS: dict[str, Callable[[Node], Kernel]] = {
    "ADD": pointwise.add_or_subtract,
    "AVERAGE_POOL_2D": pooling.average_pool_2d,
    "CONCATENATION": moving.concatenation,
    "CONV_2D": layers.conv_2d,
    "DEPTHWISE_CONV_2D": layers.depthwise_conv_2d,
    "EXPAND_DIMS": moving.reshape,
    "FULLY_CONNECTED": layers.fully_connected,
    "LOGISTIC": pointwise.sigmoid_or_tanh,
    "MAX_POOL_2D": pooling.max_pool_2d,
    "MEAN": pooling.mean,
    "MUL": pointwise.mul,
    "PAD": moving.pad,
    "QUANTIZE": pointwise.quantize,
    "RELU": pointwise.relu,
    "RELU6": pointwise.relu6,
    "RESHAPE": moving.reshape,
    "SOFTMAX": pointwise.softmax,
    "SPLIT": moving.split,
    "SQUEEZE": moving.reshape,
    "STRIDED_SLICE": moving.strided_slice,
    "SUB": pointwise.add_or_subtract,
    "TANH": pointwise.sigmoid_or_tanh,
}
