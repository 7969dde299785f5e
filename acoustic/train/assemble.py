"""An int8 network put together operator by operator, where every scale is known beforehand.

:func:`~acoustic.train.quantise.to_int8` measures the ranges of all activations on examples. A network whose
activations are bounded by tanh and sigmoid needs no measuring, and one whose state goes out and comes in again
must have the same scale on both sides: here each scale is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError

#: What TensorFlow Lite requires of the outputs of these operators.
_OUTPUT = {"TANH": (1 / 128, 0), "LOGISTIC": (1 / 256, -128)}
_OPTIONS = {
    "ADD": "AddOptions",
    "CONCATENATION": "ConcatenationOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "MUL": "MulOptions",
    "SUB": "SubOptions",
}


class Assembly:
    """A network of vectors that grows operator by operator; tensors are known by their numbers."""

    def __init__(self) -> None:
        from tensorflow.lite.python import schema_py_generated as schema

        self._schema = schema
        self._buffers: list[Any] = [schema.BufferT()]
        self._tensors: list[Any] = []
        self._operators: list[Any] = []
        self._codes: list[str] = []
        self._inputs: list[int] = []

    def input(self, name: str, size: int, *, scale: float) -> int:
        """Add an input, int8 of shape (1, size) with zero point 0."""
        self._inputs.append(self._activation(name, size, scale, 0))
        return self._inputs[-1]

    def dense(self, name: str, x: int, kernel: NDArray[np.float32], bias: NDArray[np.float32], *, scale: float) -> int:
        """Add a dense layer with int8 weights and a scale for each output.

        Parameters
        ----------
        name : str
        x : int
            The tensor that it takes.
        kernel, bias : float32 arrays, shapes (n_inputs, n_outputs) and (n_outputs,)
            As Keras has them.
        scale : float
            Of its output; what lies beyond 127 steps saturates.
        """
        if kernel.shape != (self._size(x), len(bias)):
            raise ParameterError(
                f"weights of {name}: {kernel.shape} do not fit {self._size(x)} inputs, {len(bias)} biases"
            )
        scales = (np.maximum(np.abs(kernel).max(axis=0), 1e-6) / np.float32(127.0)).astype(np.float32)
        weights = np.clip(np.rint(kernel / scales), -127, 127).astype(np.int8)
        bias_scales = (np.float32(self._scale(x)) * scales).astype(np.float32)
        steps = np.rint(bias.astype(np.float64) / bias_scales).astype(np.int32)
        constants = [
            self._constant(f"{name}/weights", np.ascontiguousarray(weights.T), scales),
            self._constant(f"{name}/bias", steps, bias_scales),
        ]
        return self._add("FULLY_CONNECTED", name, [x, *constants], len(bias), scale, 0)

    def activation(self, kind: str, name: str, x: int) -> int:
        """Add ``TANH`` (of scale 1/128) or ``LOGISTIC`` (of scale 1/256, zero point -128)."""
        scale, zero_point = _OUTPUT[kind]
        return self._add(kind, name, [x], self._size(x), scale, zero_point)

    def combine(self, kind: str, name: str, a: int, b: int, *, scale: float) -> int:
        """Add ``ADD``, ``SUB`` or ``MUL`` of two tensors of one size."""
        return self._add(kind, name, [a, b], self._size(a), scale, 0)

    def concatenate(self, name: str, parts: Sequence[int]) -> int:
        """Put tensors of one scale one after the other."""
        size = sum(self._size(part) for part in parts)
        return self._add("CONCATENATION", name, list(parts), size, self._scale(parts[0]), 0)

    def to_bytes(self, outputs: Sequence[int]) -> bytes:
        """Return the .tflite file; inputs are in the order in which they were added."""
        import flatbuffers

        schema = self._schema
        graph = schema.SubGraphT()
        graph.name = "main"
        graph.tensors, graph.operators = self._tensors, self._operators
        graph.inputs, graph.outputs = self._inputs, list(outputs)
        model = schema.ModelT()
        model.version, model.description = 3, "acoustic"
        model.subgraphs, model.buffers = [graph], self._buffers
        model.operatorCodes = [self._code(kind) for kind in self._codes]
        builder = flatbuffers.Builder(1 << 17)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _size(self, number: int) -> int:
        return int(self._tensors[number].shape[1])

    def _scale(self, number: int) -> float:
        return float(self._tensors[number].quantization.scale[0])

    def _tensor(self, name: str, shape: tuple[int, ...], kind: str, scales: Any, zero_point: int) -> int:
        schema = self._schema
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type = name, list(shape), getattr(schema.TensorType, kind)
        tensor.buffer = 0
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale = [float(scale) for scale in scales]
        tensor.quantization.zeroPoint = [zero_point] * len(scales)
        self._tensors.append(tensor)
        return len(self._tensors) - 1

    def _activation(self, name: str, size: int, scale: float, zero_point: int) -> int:
        return self._tensor(name, (1, size), "INT8", [scale], zero_point)

    def _constant(self, name: str, data: NDArray[Any], scales: NDArray[np.float32]) -> int:
        number = self._tensor(name, data.shape, str(data.dtype).upper(), scales, 0)
        buffer = self._schema.BufferT()
        buffer.data = np.frombuffer(data.tobytes(), np.uint8)
        self._tensors[number].buffer = len(self._buffers)
        self._buffers.append(buffer)
        return number

    def _add(self, kind: str, name: str, inputs: list[int], size: int, scale: float, zero_point: int) -> int:
        schema = self._schema
        if kind not in self._codes:
            self._codes.append(kind)
        output = self._activation(name, size, scale, zero_point)
        operator = schema.OperatorT()
        operator.opcodeIndex = self._codes.index(kind)
        operator.inputs, operator.outputs = inputs, [output]
        if kind in _OPTIONS:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, _OPTIONS[kind])
            operator.builtinOptions = getattr(schema, f"{_OPTIONS[kind]}T")()
        if kind == "CONCATENATION":
            operator.builtinOptions.axis = 1
        self._operators.append(operator)
        return output

    def _code(self, kind: str) -> Any:
        code = self._schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = getattr(self._schema.BuiltinOperator, kind)
        code.version = 5 if kind == "FULLY_CONNECTED" else 2  # those that first had int8
        return code
