"""Write the small int8 networks that the runtime is checked with (needs TensorFlow; run once, by hand).

    python tests/model/make_models.py [name ...]

Each model exercises one family of operators; weights and representative data come from a fixed seed.
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import layers as L
from keras import ops

from acoustic.model.tflite import read_graph
from acoustic.train.quantise import to_int8

FOLDER = Path(__file__).parent / "models"


def dense() -> Any:
    x = keras.Input((20,), name="x")
    return keras.Model(x, L.Dense(7)(L.Dense(24, activation="relu")(x)))


def dense_on_rows() -> Any:
    x = keras.Input((5, 12), name="x")
    return keras.Model(x, L.Dense(6, activation="relu6")(x))


def conv2d() -> Any:
    x = keras.Input((13, 10, 3), name="x")
    y = L.Conv2D(8, (3, 5), strides=(2, 1), padding="same", activation="relu")(x)
    y = L.Conv2D(6, 3, padding="valid", activation="relu6")(y)
    y = L.Conv2D(10, 1)(y)
    return keras.Model(x, L.Conv2D(4, 3, dilation_rate=2, padding="same")(y))


def conv1d() -> Any:
    x = keras.Input((24, 6), name="x")
    y = L.Conv1D(8, 3, padding="causal", activation="relu")(x)
    y = L.Conv1D(8, 3, padding="same", dilation_rate=4, activation="relu")(y)
    return keras.Model(x, L.Conv1D(5, 4, strides=2, padding="valid")(y))


def depthwise() -> Any:
    x = keras.Input((12, 9, 4), name="x")
    y = L.DepthwiseConv2D(3, strides=2, padding="same", activation="relu")(x)
    y = L.DepthwiseConv2D((2, 3), depth_multiplier=3, padding="valid", activation="relu6")(y)
    return keras.Model(x, L.SeparableConv2D(6, 3, dilation_rate=2, padding="same")(y))


def pooling() -> Any:
    x = keras.Input((12, 11, 4), name="x")
    y = L.AveragePooling2D(3, strides=2, padding="same")(x)
    y = L.MaxPooling2D((2, 3), strides=1, padding="valid")(y)
    y = L.Conv2D(8, 1, activation="relu")(y)
    z = L.AveragePooling2D((2, 2), padding="valid")(y)
    top = L.MaxPooling2D(3, padding="same")(z)
    return keras.Model(x, [L.GlobalAveragePooling2D()(y), L.GlobalAveragePooling2D(keepdims=True)(z), top])


def mean() -> Any:
    x = keras.Input((9, 7), name="x")
    y = L.Dense(6)(x)
    return keras.Model(x, [ops.mean(x, axis=1), ops.mean(x, axis=2, keepdims=True), ops.mean(y, axis=(1, 2))])


def arithmetic() -> Any:
    a, b = keras.Input((6, 4, 5), name="a"), keras.Input((6, 4, 5), name="b")
    gate = L.Dense(5, activation="sigmoid")(L.GlobalAveragePooling2D(keepdims=True)(a))
    total = L.Activation("relu")(L.Add()([a, 3.0 * b]))
    outputs = [total, L.Subtract()([a, b]), L.Multiply()([a, b]), a * gate, 1.0 - b, L.Add()([a, gate])]
    return keras.Model([a, b], outputs)


def sigmoid() -> Any:
    x = keras.Input((40,), name="x")
    return keras.Model(x, L.Activation("sigmoid")(x))


def sigmoid_wide() -> Any:
    x = keras.Input((40,), name="x")
    return keras.Model(x, [L.Activation("sigmoid")(x * 8.0), L.Activation("sigmoid")(x * 0.1)])


def tanh() -> Any:
    x = keras.Input((40,), name="x")
    return keras.Model(x, [L.Activation("tanh")(x), L.Activation("tanh")(x * 8.0), L.Activation("tanh")(x * 0.1)])


def relu() -> Any:
    x = keras.Input((40,), name="x")
    return keras.Model(x, [L.Activation("relu")(x), L.Activation("relu")(x * 0.3)])


def relu6() -> Any:
    x = keras.Input((40,), name="x")
    return keras.Model(x, L.Activation("relu6")(x))


def softmax() -> Any:
    x = keras.Input((12,), name="x")
    return keras.Model(x, [L.Activation("softmax")(x * factor) for factor in (1.0, 6.0, 0.05)])


def layout() -> Any:
    x = keras.Input((8, 6, 4), name="x")
    left, right = ops.split(x, 2, axis=3)
    y = L.Concatenate()([right, L.Activation("tanh")(left)])
    y = L.ZeroPadding2D(((1, 0), (2, 1)))(y)
    return keras.Model(x, [L.Reshape((-1,))(y), y[:, 1:7:2, 2:, :], y[:, 3]])


def dscnn() -> Any:
    """A keyword-spotting shape (Zhang et al., "Hello Edge", 2017) in miniature."""
    x = keras.Input((25, 10, 1), name="x")
    y = L.Conv2D(16, (5, 4), strides=2, padding="same", activation="relu")(x)
    for _ in range(2):
        y = L.DepthwiseConv2D(3, padding="same", activation="relu")(y)
        y = L.Conv2D(16, 1, activation="relu")(y)
    y = L.Dropout(0.2)(L.AveragePooling2D((13, 5))(y))
    return keras.Model(x, L.Dense(6, activation="softmax")(L.Flatten()(y)))


def gru_step() -> Any:
    """One step of a gated recurrent unit with its state going in and out (Cho et al., 2014)."""
    units = 12
    x, h = keras.Input((10,), name="x"), keras.Input((units,), name="state")
    z, r = ops.split(L.Dense(2 * units, activation="sigmoid")(L.Concatenate()([x, h])), 2, axis=1)
    candidate = L.Dense(units, activation="tanh")(L.Concatenate()([x, r * h]))
    h_next = h + z * (candidate - h)
    return keras.Model([x, h], [L.Dense(8, activation="sigmoid")(h_next), h_next])


def stream_conv() -> Any:
    """One step of a causal convolution whose last frames are a state going in and out."""
    x, past = keras.Input((1, 8), name="x"), keras.Input((4, 8), name="past")
    frames = L.Concatenate(axis=1)([past, x])
    y = L.Conv1D(12, 3, dilation_rate=2, activation="relu")(frames)
    return keras.Model([x, past], [L.Dense(5)(L.Flatten()(y)), frames[:, 1:, :]])


def dense16() -> Any:
    x = keras.Input((20,), name="x")
    return keras.Model(x, L.Dense(7)(L.Dense(24, activation="relu")(x)))


def unary16() -> Any:
    x = keras.Input((40,), name="x")
    return keras.Model(x, [L.Activation("sigmoid")(x), L.Activation("tanh")(x), L.Activation("tanh")(x * 0.37)])


def gru_step16() -> Any:
    return gru_step()


def layers16() -> Any:
    x = keras.Input((12, 9, 4), name="x")
    y = L.Conv2D(6, 3, strides=2, padding="same", activation="relu")(x)
    y = L.DepthwiseConv2D(3, padding="same", activation="relu6")(y)
    pooled = L.Concatenate()([L.AveragePooling2D(2)(y), L.MaxPooling2D(2)(y)])
    return keras.Model(x, [pooled, L.GlobalAveragePooling2D()(y), L.Activation("relu")(x), x - L.Activation("tanh")(x)])


MODELS: dict[str, Callable[[], Any]] = {
    f.__name__: f
    for f in (
        *(dense, dense_on_rows, conv2d, conv1d, depthwise, pooling, mean, dscnn),
        *(arithmetic, sigmoid, sigmoid_wide, tanh, relu, relu6, softmax, layout),
        *(gru_step, stream_conv),
        *(dense16, unary16, gru_step16, layers16),
    )
}


def make(name: str) -> bytes:
    """Build one model with random weights and quantise it."""
    keras.utils.set_random_seed(7)
    model = MODELS[name]()
    rng = np.random.default_rng(7)
    for variable in model.trainable_variables:
        if "bias" in variable.path:  # Keras starts biases at zero, which would leave the bias path untested
            variable.assign(rng.normal(0.0, 0.3, variable.shape))
    shapes = {tensor.name: tensor.shape[1:] for tensor in model.inputs}
    examples = [{n: rng.normal(0.2, 1.0, shape).astype(np.float32) for n, shape in shapes.items()} for _ in range(200)]
    data = to_int8(model, examples, int16_activations=name.endswith("16"))
    return _same_quantisation(data) if name == "relu6" else data


def _same_quantisation(data: bytes) -> bytes:
    """Give the output of a one-operator network the input's quantisation, which the converter never does for RELU6."""
    network = read_graph(data)
    x, y = network.tensors[network.inputs[0]], network.tensors[network.outputs[0]]
    for layout, old, new in (("<f", y.scales[0], x.scales[0]), ("<q", y.zero_points[0], x.zero_points[0])):
        data = data.replace(struct.pack(layout, old), struct.pack(layout, new))
    return data


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or MODELS:
        data = make(name)
        (FOLDER / f"{name}.tflite").write_bytes(data)
        print(f"{name}: {len(data)} bytes")
