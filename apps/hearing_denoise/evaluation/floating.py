"""The same network in floating point: what int8 costs is the difference.

Its weights are those of the int8 network, on whose grid they were trained; nothing in between is rounded or limited.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ModelError
from acoustic.model.bundle import Bundle
from acoustic.model.tflite import Operator, Tensor, read_graph
from apps.hearing_denoise.chain import HearingChain
from apps.hearing_denoise.network import MaskNetwork

Float = NDArray[np.float32]


def floating_chain(bundle: Bundle) -> HearingChain:
    """Return the chain of a bundle with its network in floating point."""
    chain = HearingChain(bundle)
    chain._network = FloatingMask(bundle)
    return chain


class FloatingMask(MaskNetwork):
    """Stands in for the int8 network of a chain."""

    def __init__(self, bundle: Bundle) -> None:
        self._graph = FloatingGraph(bundle.network)
        self._features, self._gains = bundle.runtime.inputs[0], bundle.runtime.outputs[0]
        super().__init__(bundle.runtime)

    def reset(self) -> None:
        """Forget everything heard."""
        self._real = [np.zeros((1, *spec.shape), np.float32) for spec in self._network.inputs[1:]]

    def push(self, features: NDArray[np.int8]) -> Any:
        """Run over frames: int8 (n_frames, 1, n_features) to gains as int8 has them, but with all digits, float32."""
        values = self._features.dequantise(features)
        out = np.empty((len(features), 1, *self._gains.shape), np.float32)
        for frame, gains in zip(values, out, strict=True):
            gains[...], *self._real = self._graph.run(frame, *self._real)
        return out / np.float32(self._gains.scale) + np.float32(self._gains.zero_point)


class FloatingGraph:
    """A .tflite network of vectors, run in float32.

    Raises
    ------
    ModelError
        When it holds an operator that is not done here.
    """

    def __init__(self, network: bytes) -> None:
        self._graph = read_graph(network)
        unknown = {operator.name for operator in self._graph.operators} - _OPERATORS.keys()
        if unknown:
            raise ModelError(f"in floating point there is no {', '.join(sorted(unknown))}")
        self._constants = {n: _real(tensor) for n, tensor in enumerate(self._graph.tensors) if tensor.data is not None}

    def run(self, *inputs: Float) -> list[Float]:
        """Take the real values of each input, (n, size), and return those of each output."""
        values = dict(self._constants)
        values.update(zip(self._graph.inputs, inputs, strict=True))
        for operator in self._graph.operators:
            (output,) = operator.outputs
            values[output] = _OPERATORS[operator.name](operator, [values[n] for n in operator.inputs if n >= 0])
        return [values[n] for n in self._graph.outputs]


def _real(tensor: Tensor) -> Float:
    """Real values of a constant."""
    assert tensor.data is not None
    along = [1] * tensor.data.ndim
    if len(tensor.scales) > 1:
        along[tensor.quantised_axis] = -1
    scales, zero_points = (np.reshape(part, along) for part in (tensor.scales, tensor.zero_points))
    return np.asarray((tensor.data.astype(np.float64) - zero_points) * scales, np.float32)


def _dense(operator: Operator, inputs: list[Float]) -> Float:
    if operator.options["activation"]:
        raise ModelError("in floating point a dense layer has no activation of its own")
    x, kernel, *bias = inputs
    return np.asarray(x @ kernel.T + (bias[0] if bias else 0), np.float32)


_OPERATORS: dict[str, Callable[[Operator, list[Float]], Float]] = {
    "ADD": lambda _, inputs: inputs[0] + inputs[1],
    "CONCATENATION": lambda _, inputs: np.concatenate(inputs, axis=-1),
    "FULLY_CONNECTED": _dense,
    "LOGISTIC": lambda _, inputs: np.asarray(1 / (1 + np.exp(-inputs[0])), np.float32),
    "MUL": lambda _, inputs: inputs[0] * inputs[1],
    "SUB": lambda _, inputs: inputs[0] - inputs[1],
    "TANH": lambda _, inputs: np.tanh(inputs[0]),
}
