"""Operators with weights: dense layers and convolutions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acoustic.model import c_calls, fixedpoint
from acoustic.model.c_step import Array, Fields
from acoustic.model.fixedpoint import Scaler
from acoustic.model.node import Kernel, Node, clamp_of, limits_of, scale_of, stored, zero_point_of
from acoustic.model.windows import Windows


@dataclass(frozen=True)
class _Weights:
    """Weights ready for exact floating-point products, and what happens to the sums."""

    matrix: Array
    """[K, channels] (float32 or float64: whichever holds every possible sum exactly)."""
    bias: NDArray[np.int64]
    """[channels], with the input's zero point folded in."""
    scaler: Scaler
    wide: bool
    largest: NDArray[np.int64]
    """[channels], of the sums' magnitudes."""

    def finish(self, sums: Array) -> NDArray[np.int64]:
        accumulators = sums.astype(np.int64)
        accumulators += self.bias
        return self.scaler.scale_wide(accumulators) if self.wide else self.scaler.scale(accumulators)

    def scaling(self, node: Node, clamp: tuple[int, int]) -> Fields:
        return c_calls.scaling(node, self.bias, self.scaler, self.largest, clamp)


def _weights(node: Node, matrix: Array) -> _Weights:
    """Prepare ``[K, channels]`` int8 weights; inputs are activation, weights and an optional bias."""
    x, filters, output = node.input(0), node.input(1), node.outputs[0]
    channels = matrix.shape[1]
    if filters.dtype != "int8" or any(filters.zero_points):
        raise node.fail("weights must be int8 with zero point 0")
    if len(filters.scales) not in (1, channels):
        raise node.fail(f"{len(filters.scales)} weight scales for {channels} channels")
    wide = x.dtype == "int16"
    bias = np.zeros(channels, np.int64)
    if len(node.inputs) > 2 and node.inputs[2] is not None:
        bias = node.constant(2).astype(np.int64).reshape(-1)
        if len(bias) != channels or node.input(2).dtype != ("int64" if wide else "int32"):
            raise node.fail(f"{len(bias)} {node.input(2).dtype} biases for {channels} channels of {x.dtype}")
    factors = scale_of(x) * np.array(filters.scales) / scale_of(output)
    magnitudes = np.abs(matrix.astype(np.int64)).sum(axis=0)
    low, high = limits_of(x)
    zero_point = zero_point_of(x)
    largest = magnitudes * max(zero_point - low, high - zero_point) + np.abs(bias)
    if not wide and np.any(largest > fixedpoint.INT32_MAX):
        raise node.fail("its sums can overflow the 32-bit accumulator")
    exact = np.float32 if int(magnitudes.max(initial=0)) * -low < 2**24 else np.float64
    return _Weights(
        matrix=matrix.astype(exact),
        bias=bias - zero_point * matrix.astype(np.int64).sum(axis=0),
        scaler=Scaler.from_factors(factors),
        wide=wide,
        largest=largest,
    )


def fully_connected(node: Node) -> Kernel:
    """Dense layer over the last axis."""
    x, output = node.input(0), node.outputs[0]
    filters = node.constant(1)
    if filters.ndim != 2 or filters.shape[1] == 0 or x.elements % filters.shape[1] or node.options["weights_format"]:
        raise node.fail(f"weights of shape {filters.shape} do not fit an input of shape {x.shape}")
    weights = _weights(node, filters.T)
    rows = x.elements // filters.shape[1]
    if output.elements != rows * filters.shape[0]:
        raise node.fail(f"its output cannot have the shape {output.shape}")
    clamp = clamp_of(node, node.options["activation"])

    def run(a: Array, *_: Array) -> tuple[Array, ...]:
        sums = a.reshape(-1, filters.shape[1]).astype(weights.matrix.dtype) @ weights.matrix
        return (stored(weights.finish(sums), node, clamp).reshape(len(a), *output.shape),)

    return Kernel(run, lambda: [c_calls.dense(filters, rows, weights.scaling(node, clamp))], macs=rows * filters.size)


def conv_2d(node: Node) -> Kernel:
    """Convolution, as one matrix product over all windows."""
    x, output = node.input(0), node.outputs[0]
    filters = node.constant(1)
    if filters.ndim != 4 or filters.shape[3] != x.shape[-1] or output.shape[-1:] != filters.shape[:1]:
        raise node.fail(f"weights of shape {filters.shape} do not fit an input of shape {x.shape}")
    channels, depth = filters.shape[0], math.prod(filters.shape[1:])
    windows = Windows.from_node(node, (filters.shape[1], filters.shape[2]))
    weights = _weights(node, filters.reshape(channels, depth).T)
    clamp, zero_point = clamp_of(node, node.options["activation"]), zero_point_of(x)
    positions = math.prod(windows.out)

    def run(a: Array, *_: Array) -> tuple[Array, ...]:
        padded = windows.pad(a, zero_point).astype(weights.matrix.dtype)
        sums = windows.view(padded).reshape(-1, depth) @ weights.matrix
        return (stored(weights.finish(sums), node, clamp).reshape(len(a), *output.shape),)

    return Kernel(
        run,
        lambda: [c_calls.conv(node, windows, filters, weights.scaling(node, clamp))],
        macs=positions * channels * depth,
        scratch_elements=positions * depth,
    )


def depthwise_conv_2d(node: Node) -> Kernel:
    """Convolution of each channel by itself, one kernel position after the other."""
    x, output = node.input(0), node.outputs[0]
    filters = node.constant(1)
    if filters.ndim != 4 or x.shape[-1:] in ((), (0,)) or filters.shape[0] != 1 or filters.shape[3] % x.shape[-1]:
        raise node.fail(f"weights of shape {filters.shape} do not fit an input of shape {x.shape}")
    rows, columns, channels = filters.shape[1:]
    if output.shape[-1:] != (channels,):
        raise node.fail(f"its output cannot have the shape {output.shape}")
    windows = Windows.from_node(node, (rows, columns))
    weights = _weights(node, filters.reshape(-1, channels))
    clamp, zero_point = clamp_of(node, node.options["activation"]), zero_point_of(x)
    # Repeated along the width: NumPy then runs over width and channels in one loop.
    taps = np.repeat(weights.matrix.reshape(rows, columns, 1, channels), windows.out[1], axis=2)
    copies = channels // x.shape[-1]

    def run(a: Array, *_: Array) -> tuple[Array, ...]:
        padded = windows.pad(a, zero_point).astype(taps.dtype)
        if copies > 1:
            padded = np.repeat(padded, copies, axis=-1)
        sums = np.zeros((len(a), *windows.out, channels), taps.dtype)
        product = np.empty_like(sums)
        for row, column in np.ndindex(rows, columns):
            sums += np.multiply(windows.tap(padded, row, column), taps[row, column], out=product)
        return (stored(weights.finish(sums), node, clamp).reshape(len(a), *output.shape),)

    return Kernel(
        run,
        lambda: [c_calls.depthwise(node, windows, filters, weights.scaling(node, clamp))],
        macs=output.elements * rows * columns,
        scratch_elements=x.elements * copies,
    )
