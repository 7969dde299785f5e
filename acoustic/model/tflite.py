"""Read a .tflite file into plain dataclasses, trusting nothing in it.

A .tflite file is a FlatBuffer (https://flatbuffers.dev/internals/) whose tables follow the schema of
TensorFlow Lite. Only the tables that an int8 network needs are walked here. Every offset is checked
against the file before it is used, so a damaged file ends in a ModelError and in nothing else.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ModelError

IDENTIFIER = b"TFL3"
MAX_ITEMS = 65536  # of tables in one list; real networks have hundreds
MAX_ELEMENTS = 1 << 22  # of one tensor; no microcontroller holds more

_DTYPES = {0: "float32", 2: "int32", 4: "int64", 6: "bool", 7: "int16", 9: "int8"}

OPERATOR_NAMES = {
    0: "ADD", 1: "AVERAGE_POOL_2D", 2: "CONCATENATION", 3: "CONV_2D", 4: "DEPTHWISE_CONV_2D", 6: "DEQUANTIZE", 
    9: "FULLY_CONNECTED", 14: "LOGISTIC", 16: "LSTM", 17: "MAX_POOL_2D", 18: "MUL", 19: "RELU", 21: "RELU6", 
    22: "RESHAPE", 25: "SOFTMAX", 27: "SVDF", 28: "TANH", 32: "CUSTOM", 34: "PAD", 36: "GATHER", 
    37: "BATCH_TO_SPACE_ND", 38: "SPACE_TO_BATCH_ND", 39: "TRANSPOSE", 40: "MEAN", 41: "SUB", 42: "DIV", 43: "SQUEEZE",
    44: "UNIDIRECTIONAL_SEQUENCE_LSTM", 45: "STRIDED_SLICE", 47: "EXP", 49: "SPLIT", 53: "CAST", 54: "PRELU", 
    55: "MAXIMUM", 57: "MINIMUM", 60: "PADV2", 65: "SLICE", 67: "TRANSPOSE_CONV", 70: "EXPAND_DIMS", 73: "LOG", 
    74: "SUM", 77: "SHAPE", 82: "REDUCE_MAX", 83: "PACK", 88: "UNPACK", 97: "RESIZE_NEAREST_NEIGHBOR", 98: "LEAKY_RELU",
    102: "SPLIT_V", 114: "QUANTIZE", 117: "HARD_SWISH", 126: "BATCH_MATMUL", 142: "VAR_HANDLE", 
    143: "READ_VARIABLE", 144: "ASSIGN_VARIABLE", 150: "GELU",
}  # fmt: skip
"""Builtin codes of the operators that audio networks are likely to hold, supported by the runtime or not."""

# Builtin options, per operator: (name, field of the table, kind, default).
_ACTIVATION = ("activation", 0, "int8", 0)
_STRIDES = (("padding", 0, "int8", 0), ("stride_w", 1, "int32", 0), ("stride_h", 2, "int32", 0))
_POOL = (*_STRIDES, ("filter_w", 3, "int32", 0), ("filter_h", 4, "int32", 0), ("activation", 5, "int8", 0))
_OPTIONS: dict[str, tuple[tuple[str, int, str, int | float], ...]] = {
    "ADD": (_ACTIVATION,),
    "AVERAGE_POOL_2D": _POOL,
    "CONCATENATION": (("axis", 0, "int32", 0), ("activation", 1, "int8", 0)),
    "CONV_2D": (
        *_STRIDES,
        ("activation", 3, "int8", 0),
        ("dilation_w", 4, "int32", 1),
        ("dilation_h", 5, "int32", 1),
    ),
    "DEPTHWISE_CONV_2D": (
        *_STRIDES,
        ("activation", 4, "int8", 0),
        ("dilation_w", 5, "int32", 1),
        ("dilation_h", 6, "int32", 1),
    ),
    "FULLY_CONNECTED": (_ACTIVATION, ("weights_format", 1, "int8", 0)),
    "MAX_POOL_2D": _POOL,
    "MUL": (_ACTIVATION,),
    "SOFTMAX": (("beta", 0, "float32", 0.0),),
    "STRIDED_SLICE": (
        ("begin_mask", 0, "int32", 0),
        ("end_mask", 1, "int32", 0),
        ("ellipsis_mask", 2, "int32", 0),
        ("new_axis_mask", 3, "int32", 0),
        ("shrink_axis_mask", 4, "int32", 0),
        ("offset", 5, "bool", 0),
    ),
    "SUB": (_ACTIVATION,),
}

_SCALARS = {"int8": "<b", "bool": "<?", "uint8": "<B", "int32": "<i", "uint32": "<I", "uint64": "<Q", "float32": "<f"}


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """One tensor: real value = scale * (stored - zero_point)."""

    name: str
    shape: tuple[int, ...]
    """As stored; the batch is dimension 0, and 1."""
    dtype: str
    scales: tuple[float, ...]
    """One, or one per slice along ``quantised_axis``; empty when the tensor is not quantised."""
    zero_points: tuple[int, ...]
    quantised_axis: int
    data: NDArray[Any] | None
    """Contents of a constant (read-only), None for an activation."""

    @property
    def elements(self) -> int:
        """Number of values."""
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Size in memory."""
        return self.elements * np.dtype(self.dtype).itemsize


@dataclass(frozen=True, kw_only=True)
class Operator:
    """One step of the graph; inputs and outputs are tensor numbers, -1 for an absent optional input."""

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: dict[str, int | float]


@dataclass(frozen=True, kw_only=True)
class Graph:
    """The one subgraph of a network, operators in order of execution."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_graph(data: bytes) -> Graph:
    """Read the network in a .tflite file.

    Raises
    ------
    ModelError
        If the bytes are no .tflite file, are damaged or cut short, or hold several subgraphs.
    """
    if len(data) < 8 or data[4:8] != IDENTIFIER:
        raise ModelError("not a .tflite network: the file does not carry the identifier TFL3")
    reader = _Reader(data)
    model = reader.table(0)
    subgraphs = model.tables(2)
    if len(subgraphs) != 1:
        raise ModelError(f"the network has {len(subgraphs)} subgraphs; export it without control flow")
    names = [_operator_name(code) for code in model.tables(1)]
    buffers = model.tables(4)
    tensors = tuple(_tensor(table, buffers) for table in subgraphs[0].tables(0))
    operators = tuple(_operator(table, names) for table in subgraphs[0].tables(3))
    inputs, outputs = subgraphs[0].ints(1), subgraphs[0].ints(2)
    for number in (*inputs, *outputs, *(n for op in operators for n in (*op.inputs, *op.outputs) if n != -1)):
        if not 0 <= number < len(tensors):
            raise ModelError(f"damaged network: tensor {number} of {len(tensors)} is named")
    if not inputs or not outputs:
        raise ModelError("damaged network: it has no input or no output")
    return Graph(tensors=tensors, operators=operators, inputs=inputs, outputs=outputs)


class _Reader:
    """Bounds-checked little-endian reads."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def scalar(self, kind: str, at: int) -> Any:
        layout = _SCALARS[kind]
        self.check(at, struct.calcsize(layout))
        return struct.unpack_from(layout, self.data, at)[0]

    def check(self, at: int, size: int) -> None:
        if at < 0 or size < 0 or at + size > len(self.data):
            raise ModelError(f"damaged network: {size} bytes at {at} lie outside its {len(self.data)} bytes")

    def follow(self, at: int) -> int:
        """Position that the forward offset stored at ``at`` points to."""
        return at + int(self.scalar("uint32", at))

    def table(self, at: int) -> _Table:
        return _Table(self, self.follow(at))


class _Table:
    """A FlatBuffer table: fields are found through its vtable, absent ones have their default."""

    def __init__(self, reader: _Reader, at: int) -> None:
        self._reader = reader
        self._at = at
        vtable = at - int(reader.scalar("int32", at))
        reader.check(vtable, 4)
        size = int.from_bytes(reader.data[vtable : vtable + 2], "little")
        reader.check(vtable, size)
        self._fields = np.frombuffer(reader.data, "<u2", max(0, size - 4) // 2, vtable + 4)

    def _field(self, number: int) -> int | None:
        """Position of a field, None when absent."""
        offset = int(self._fields[number]) if number < len(self._fields) else 0
        return self._at + offset if offset else None

    def scalar(self, number: int, kind: str, default: int | float) -> Any:
        at = self._field(number)
        return default if at is None else self._reader.scalar(kind, at)

    def child(self, number: int) -> _Table | None:
        at = self._field(number)
        return None if at is None else self._reader.table(at)

    def vector(self, number: int, dtype: str) -> NDArray[Any]:
        at = self._field(number)
        if at is None:
            return np.zeros(0, dtype)
        start = self._reader.follow(at)
        count = int(self._reader.scalar("uint32", start))
        self._reader.check(start + 4, count * np.dtype(dtype).itemsize)
        return np.frombuffer(self._reader.data, dtype, count, start + 4)

    def ints(self, number: int) -> tuple[int, ...]:
        values = self.vector(number, "<i4")
        if len(values) > MAX_ITEMS:
            raise ModelError(f"damaged network: a list of {len(values)} tensors")
        return tuple(int(value) for value in values)

    def text(self, number: int) -> str:
        return self.vector(number, "u1").tobytes().decode("utf-8", "replace")

    def tables(self, number: int) -> list[_Table]:
        at = self._field(number)
        if at is None:
            return []
        start = self._reader.follow(at)
        count = int(self._reader.scalar("uint32", start))
        self._reader.check(start + 4, 4 * count)
        if count > MAX_ITEMS:
            raise ModelError(f"damaged network: a list of {count} parts")
        return [self._reader.table(start + 4 + 4 * n) for n in range(count)]


def _operator_name(code: _Table) -> str:
    # Codes below 127 are written to the old one-byte field too; the larger of the two counts.
    number = max(int(code.scalar(0, "int8", 0)), int(code.scalar(3, "int32", 0)))
    name = OPERATOR_NAMES.get(number, f"builtin operator {number}")
    return f"CUSTOM {code.text(1)}" if name == "CUSTOM" else name


def _operator(table: _Table, names: list[str]) -> Operator:
    index = int(table.scalar(0, "uint32", 0))
    if index >= len(names):
        raise ModelError(f"damaged network: operator code {index} of {len(names)} is named")
    name = names[index]
    options = table.child(4)
    values = {
        key: default if options is None else options.scalar(field, kind, default)
        for key, field, kind, default in _OPTIONS.get(name, ())
    }
    return Operator(name=name, inputs=table.ints(1), outputs=table.ints(2), options=values)


def _tensor(table: _Table, buffers: list[_Table]) -> Tensor:
    name = table.text(3)
    code = int(table.scalar(1, "int8", 0))
    if code not in _DTYPES:
        raise ModelError(f"tensor {name!r} has type {code}; the int8 runtime reads {', '.join(_DTYPES.values())}")
    dtype = _DTYPES[code]
    shape = table.ints(0)
    if len(shape) > 8 or any(size < 0 for size in shape) or math.prod(shape) > MAX_ELEMENTS:
        raise ModelError(f"tensor {name!r} has the shape {shape}, which no network has")
    index = int(table.scalar(2, "uint32", 0))
    if index >= len(buffers):
        raise ModelError(f"damaged network: buffer {index} of {len(buffers)} is named")
    if int(buffers[index].scalar(1, "uint64", 0)) > 1:
        raise ModelError(f"tensor {name!r} keeps its data outside the FlatBuffer; export a network below 2 GB")
    raw = buffers[index].vector(0, "u1")
    data = None
    if raw.size:
        if raw.size != math.prod(shape) * np.dtype(dtype).itemsize:
            raise ModelError(f"damaged network: tensor {name!r} of shape {shape} has {raw.size} bytes of data")
        data = raw.view(np.dtype(dtype).newbyteorder("<")).reshape(shape)
    quantisation = table.child(4)
    scales = quantisation.vector(2, "<f4") if quantisation else np.zeros(0, "<f4")
    zero_points = quantisation.vector(3, "<i8") if quantisation else np.zeros(0, "<i8")
    if len(scales) != len(zero_points) or not np.all(np.isfinite(scales)) or np.any(scales < 0):
        raise ModelError(f"damaged network: tensor {name!r} has unusable scales or zero points")
    return Tensor(
        name=name,
        shape=shape,
        dtype=dtype,
        scales=tuple(float(scale) for scale in scales),
        zero_points=tuple(int(zero_point) for zero_point in zero_points),
        quantised_axis=int(quantisation.scalar(6, "int32", 0)) if quantisation else 0,
        data=data,
    )
