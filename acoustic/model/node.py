"""What the operators share: an operator with its tensors, a prepared kernel, and checks of the quantisation."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from acoustic.errors import ModelError
from acoustic.model.c_step import Array, CStep, View
from acoustic.model.tflite import Tensor

Run = Callable[..., tuple[Array, ...]]

RELU, RELU6 = 1, 3
_LIMITS = {"int8": (-128, 127), "int16": (-32768, 32767)}


@dataclass(frozen=True)
class Node:
    """An operator with its tensors in place of their numbers."""

    name: str
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    options: dict[str, Any]

    def fail(self, reason: str) -> ModelError:
        """Error that names the operator and its first output."""
        return ModelError(f"{self.name} that makes {self.outputs[0].name!r}: {reason}")

    def input(self, number: int) -> Tensor:
        """Input that must be there."""
        tensor = self.inputs[number] if number < len(self.inputs) else None
        if tensor is None:
            raise self.fail(f"input {number} is missing")
        return tensor

    def constant(self, number: int) -> Array:
        """Contents of an input that must be a constant of integers."""
        data = self.input(number).data
        if data is None or data.dtype.kind != "i":
            raise self.fail(f"input {number} must be a constant of integers")
        return data

    def options_at_least(self, minimum: int, *names: str) -> tuple[int, ...]:
        """Integer options such as strides."""
        values = tuple(int(self.options[name]) for name in names)
        if min(values) < minimum or max(values) > 65535:
            raise self.fail(f"{', '.join(names)} are {values}")
        return values


@dataclass(frozen=True)
class Kernel:
    """A prepared operator."""

    run: Run
    in_c: Callable[[], Sequence[CStep | View]]
    """The same as calls of the C kernels, for int8 activations."""
    macs: int = 0
    """Multiply-accumulates of one inference."""
    scratch_elements: int = 0
    """Size of the largest intermediate array of one inference."""


def scale_of(tensor: Tensor) -> float:
    """Scale of a tensor that must have exactly one."""
    if len(tensor.scales) != 1 or tensor.scales[0] <= 0.0:
        raise ModelError(f"tensor {tensor.name!r} is not quantised: export the network with full-integer quantisation")
    return tensor.scales[0]


def zero_point_of(tensor: Tensor) -> int:
    """Zero point of an int8 or int16 tensor."""
    scale_of(tensor)
    limits = limits_of(tensor)
    if not limits[0] <= tensor.zero_points[0] <= limits[1]:
        raise ModelError(f"damaged network: tensor {tensor.name!r} has zero point {tensor.zero_points[0]}")
    return tensor.zero_points[0]


def limits_of(tensor: Tensor) -> tuple[int, int]:
    """Smallest and largest stored value."""
    if tensor.dtype not in _LIMITS:
        raise ModelError(f"tensor {tensor.name!r} is {tensor.dtype}: export the network with full-integer quantisation")
    return _LIMITS[tensor.dtype]


def clamp_of(node: Node, activation: int) -> tuple[int, int]:
    """Range of the output after its fused activation."""
    output = node.outputs[0]
    low, high = limits_of(output)
    if activation in (RELU, RELU6):
        low = max(low, zero_point_of(output))
    if activation == RELU6:
        high = min(high, _quantised_six(output))
    if activation not in (0, RELU, RELU6):
        raise node.fail(f"fused activation {activation} is not supported (none, ReLU and ReLU6 are)")
    return low, high


def _quantised_six(tensor: Tensor) -> int:
    return zero_point_of(tensor) + math.floor(np.float32(6.0) / np.float32(scale_of(tensor)) + np.float32(0.5))


def stored(a: Array, node: Node, clamp: tuple[int, int]) -> Array:
    """Add the zero point, clamp and store; the argument is overwritten."""
    a += zero_point_of(node.outputs[0])
    return np.clip(a, *clamp, out=a).astype(node.outputs[0].dtype)


def same_quantisation(node: Node, *tensors: Tensor) -> None:
    """Refuse tensors whose stored values mean something else than the first output's."""
    first = node.outputs[0]
    expected = scale_of(first), zero_point_of(first)
    for tensor in tensors:
        if tensor.dtype != first.dtype or (scale_of(tensor), zero_point_of(tensor)) != expected:
            raise node.fail(f"{tensor.name!r} and {first.name!r} must have the same type, scale and zero point")
