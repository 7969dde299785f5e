"""Elementwise operators and activation functions."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from acoustic.model import c_calls, fixedpoint
from acoustic.model.c_step import Array, CStep, Fields
from acoustic.model.fixedpoint import Scaler
from acoustic.model.node import (
    RELU,
    RELU6,
    Kernel,
    Node,
    clamp_of,
    limits_of,
    same_quantisation,
    scale_of,
    stored,
    zero_point_of,
)
from acoustic.model.tflite import Tensor


def _aligned(a: Array, rank: int) -> Array:
    """Insert axes after the batch, so that shapes of lower rank broadcast as in the file."""
    return a.reshape(len(a), *(1,) * (rank - a.ndim + 1), *a.shape[1:])


def _two_inputs(node: Node) -> tuple[Tensor, Tensor]:
    a, b, output = node.input(0), node.input(1), node.outputs[0]
    if not a.dtype == b.dtype == output.dtype:
        raise node.fail(f"types {a.dtype}, {b.dtype} and {output.dtype} must be the same")
    try:
        shape = np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        shape = ()
    if shape != output.shape:
        raise node.fail(f"shapes {a.shape} and {b.shape} do not give {output.shape}")
    return a, b


def add_or_subtract(node: Node) -> Kernel:
    """ADD and SUB: both inputs are brought to one scale with headroom, then to the output's."""
    a, b = _two_inputs(node)
    output = node.outputs[0]
    bits = 15 if output.dtype == "int16" else 20  # headroom for the scaled inputs
    twice_largest = 2.0 * max(scale_of(a), scale_of(b))
    scale_a, scale_b = (Scaler.from_factors(scale_of(t) / twice_largest) for t in (a, b))
    scale_out = Scaler.from_factors(twice_largest / (float(1 << bits) * scale_of(output)))
    clamp, offset_a, offset_b = clamp_of(node, node.options["activation"]), zero_point_of(a), zero_point_of(b)
    sign = -1 if node.name == "SUB" else 1
    rank = len(output.shape)

    def run(x: Array, y: Array) -> tuple[Array, ...]:
        left = scale_a.scale((_aligned(x, rank).astype(np.int64) - offset_a) << bits)
        right = scale_b.scale((_aligned(y, rank).astype(np.int64) - offset_b) << bits)
        return (stored(scale_out.scale(left + sign * right), node, clamp),)

    def in_c() -> list[CStep]:
        fields: Fields = {
            "a_zero_point": offset_a,
            **c_calls.factor(scale_a, "a_"),
            "b_zero_point": offset_b,
            **c_calls.factor(scale_b, "b_"),
            "subtract": int(sign < 0),
            **c_calls.factor(scale_out),
            "zero_point": zero_point_of(output),
            "low": clamp[0],
            "high": clamp[1],
        }
        return [c_calls.pairs("add", node, fields)]

    return Kernel(run, in_c)


def mul(node: Node) -> Kernel:
    """Product of two tensors."""
    a, b = _two_inputs(node)
    output = node.outputs[0]
    scaler = Scaler.from_factors(scale_of(a) * scale_of(b) / scale_of(output))
    clamp, offset_a, offset_b = clamp_of(node, node.options["activation"]), zero_point_of(a), zero_point_of(b)
    rank = len(output.shape)

    def run(x: Array, y: Array) -> tuple[Array, ...]:
        left, right = _aligned(x, rank).astype(np.int64) - offset_a, _aligned(y, rank).astype(np.int64) - offset_b
        return (stored(scaler.scale(left * right), node, clamp),)

    def in_c() -> list[CStep]:
        fields: Fields = {
            "a_zero_point": offset_a,
            "b_zero_point": offset_b,
            **c_calls.factor(scaler),
            "zero_point": zero_point_of(output),
            "low": clamp[0],
            "high": clamp[1],
        }
        return [c_calls.pairs("mul", node, fields)]

    return Kernel(run, in_c)


def _table(node: Node, function: Callable[[NDArray[np.int64]], NDArray[np.int64]]) -> Kernel:
    """Kernel of a function of one stored value, evaluated once for every value that there is."""
    x, output = node.input(0), node.outputs[0]
    if x.elements != output.elements:
        raise node.fail(f"shape {x.shape} does not give {output.shape}")
    low, high = limits_of(x)
    table = function(np.arange(low, high + 1, dtype=np.int64)).astype(output.dtype)

    def run(a: Array) -> tuple[Array, ...]:
        return (table[a.astype(np.intp) - low],)

    return Kernel(run, lambda: [c_calls.table(table, x.elements)])


def _rescaled(node: Node, clamp: tuple[int, int]) -> Kernel:
    x, output = node.input(0), node.outputs[0]
    scaler = Scaler.from_factors(scale_of(x) / scale_of(output))
    zero_point = zero_point_of(x)
    return _table(node, lambda a: stored(scaler.scale(a - zero_point), node, clamp))


def rescale(x: Tensor, output: Tensor) -> Kernel:
    """Give the kernel that stores the values of one tensor as those of another, as QUANTIZE does."""
    return quantize(Node("QUANTIZE", (x,), (output,), {}))


def quantize(node: Node) -> Kernel:
    """Another scale, or another integer type."""
    return _rescaled(node, limits_of(node.outputs[0]))


def relu(node: Node) -> Kernel:
    """max(0, x), to the output's scale."""
    return _rescaled(node, clamp_of(node, RELU))


def relu6(node: Node) -> Kernel:
    """min(max(0, x), 6)."""
    same_quantisation(node, node.input(0))  # TensorFlow Lite Micro clamps and does not rescale
    clamp = clamp_of(node, RELU6)
    return _table(node, lambda a: np.clip(a, *clamp))


def sigmoid_or_tanh(node: Node) -> Kernel:
    """LOGISTIC and TANH."""
    if node.input(0).dtype != node.outputs[0].dtype:
        raise node.fail("input and output must have the same type")
    if node.input(0).dtype == "int16":
        return _sigmoid_or_tanh_16(node)
    x = node.input(0)
    function, fraction_bits, zero_point = (
        (fixedpoint.logistic, 8, -128) if node.name == "LOGISTIC" else (fixedpoint.tanh, 7, 0)
    )
    scaler = Scaler.from_factors(scale_of(x) * (1 << 27))  # to 4 integer bits
    radius = fixedpoint.input_radius(4, int(scaler.left))

    def evaluate(a: NDArray[np.int64]) -> NDArray[np.int64]:
        a = a - zero_point_of(x)
        inside = np.clip(a, -radius, radius)
        result = fixedpoint.shift_right(function(scaler.scale(inside.copy()), 4), 31 - fraction_bits) + zero_point
        result = np.where(a >= radius, 127, np.where(a <= -radius, -128, result))
        return np.clip(result, -128, 127)

    return _table(node, evaluate)


_NUDGED = (
    4, 8, 12, 14, 15, 16, 17, 19, 20, 21, 22, 25, 27, 28, 29, 30, 31, 33, 34, 35, 37, 39, 40, 41, 43, 44, 45, 46,
    49, 50, 54, 62, 63, 64, 66, 82, 86, 93, 100, 103, 112, 116, 135, 255,
)  # fmt: skip
"""Entries of the int16 sigmoid table that TensorFlow Lite keeps one above the nearest integer."""

_SIGMOID_16 = np.floor(65536.0 / (1.0 + np.exp(-np.arange(257) / 24.0)) + 0.5).astype(np.int64)
_SIGMOID_16[list(_NUDGED)] += 1


def _power_of_two(tensor: Tensor) -> int | None:
    """Exponent of a scale that is a power of two to within TensorFlow Lite's tolerance."""
    logarithm = math.log2(scale_of(tensor))
    return round(logarithm) if abs(logarithm - round(logarithm)) < 1e-3 else None


def _sigmoid_or_tanh_16(node: Node) -> Kernel:
    """Linear interpolation in a table of the sigmoid with steps of 1/24."""
    x = node.input(0)
    if zero_point_of(x) or zero_point_of(node.outputs[0]):
        raise node.fail("int16 tensors must have zero point 0")
    exponent = _power_of_two(x)
    if _power_of_two(node.outputs[0]) != -15:
        raise node.fail("an int16 output must have the scale 2**-15")
    sigmoid = node.name == "LOGISTIC"
    if exponent == -12 or (exponent == -11 and not sigmoid):
        multiplier, shift = 3 << (exponent + 12), 0
    else:
        factor, shift = scale_of(x) * 4096.0 * 3.0, 0
        while factor <= 32767.0 / 2.0 and shift <= 30:
            factor, shift = factor * 2.0, shift + 1
        multiplier = int(factor)

    def evaluate(a: NDArray[np.int64]) -> NDArray[np.int64]:
        scaled = (a * multiplier + ((1 << shift) >> 1)) >> shift
        bits = 9 if sigmoid else 8
        size = np.abs(scaled)
        step = np.minimum(size >> bits, 255)
        value = (_SIGMOID_16[step] << bits) + (size & ((1 << bits) - 1)) * (_SIGMOID_16[step + 1] - _SIGMOID_16[step])
        if sigmoid:
            value = np.where(step == 255, 0x7FFF << 10, value)
            return np.where(scaled >= 0, value + (1 << 9), (1 << 25) - value + (1 << 9) - 1) >> 10
        value = np.where(step == 255, 0xFFFF << 8, value)
        return np.where(scaled >= 0, value - (1 << 23) + (1 << 7), -value + (1 << 23) + (1 << 7) - 1) >> 8

    return _table(node, evaluate)


def softmax(node: Node) -> Kernel:
    """Softmax over the last axis, in fixed point."""
    x, output = node.input(0), node.outputs[0]
    if x.dtype != "int8" or output.dtype != "int8" or x.shape != output.shape or not x.elements:
        raise node.fail("input and output must be int8 and of the same shape")
    beta = float(node.options["beta"])
    if not 0.0 < beta < 1e6:
        raise node.fail(f"beta is {beta}")
    factor = min(beta * scale_of(x) * (1 << 26), 2.0**31 - 1.0)
    multiplier, shift = fixedpoint.quantise_multiplier(factor)
    furthest = -fixedpoint.input_radius(5, shift)
    below = -np.arange(256, dtype=np.int64)  # how far a value lies below the largest
    scaled = fixedpoint.high_product(np.maximum(below, furthest) << max(shift, 0), multiplier)
    table = np.where(below < furthest, 0, fixedpoint.exp_of_negative(scaled, 5))

    def run(a: Array) -> tuple[Array, ...]:
        wide = a.astype(np.intp)
        exps = table[wide.max(axis=-1, keepdims=True) - wide]
        total = fixedpoint.shift_right(exps, 12).sum(axis=-1, keepdims=True)
        bits = np.frexp(total.astype(np.float64))[1]  # of the total, whose leading one is moved to bit 31
        inverse = fixedpoint.one_over_one_plus((total << (32 - bits)) - (1 << 31))
        product = fixedpoint.high_product(inverse, exps)
        right = bits - 20 + 31 - 8
        result = (product + ((1 << right) >> 1)) >> right
        return (np.clip(result - 128, -128, 127).astype(np.int8),)

    return Kernel(run, lambda: [c_calls.softmax(node, table)])
