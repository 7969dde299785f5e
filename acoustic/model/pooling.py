"""Pooling and means."""

from __future__ import annotations

import math

import numpy as np

from acoustic.model import c_calls, fixedpoint
from acoustic.model.c_step import Array
from acoustic.model.fixedpoint import Scaler
from acoustic.model.node import Kernel, Node, clamp_of, limits_of, same_quantisation, scale_of, stored, zero_point_of
from acoustic.model.windows import Windows


def _pool_windows(node: Node) -> tuple[Windows, tuple[int, int]]:
    same_quantisation(node, node.input(0))
    filter_h, filter_w = node.options_at_least(1, "filter_h", "filter_w")
    if node.input(0).shape[-1:] != node.outputs[0].shape[-1:]:
        raise node.fail(f"its output cannot have the shape {node.outputs[0].shape}")
    return Windows.from_node(node, (filter_h, filter_w)), clamp_of(node, node.options["activation"])


def max_pool_2d(node: Node) -> Kernel:
    """Largest value of each window."""
    windows, clamp = _pool_windows(node)
    output = node.outputs[0]

    def run(a: Array) -> tuple[Array, ...]:
        padded = windows.pad(a, limits_of(output)[0])
        most = windows.tap(padded, 0, 0)
        for row, column in np.ndindex(windows.kernel):
            most = np.maximum(most, windows.tap(padded, row, column))
        return (np.clip(most, *clamp).reshape(len(a), *output.shape),)

    return Kernel(run, lambda: [c_calls.pool("max_pool", node, windows, clamp)])


def average_pool_2d(node: Node) -> Kernel:
    """Mean of each window, of its part inside the input."""
    windows, clamp = _pool_windows(node)
    x, output = node.input(0), node.outputs[0]
    inside = windows.pad(np.ones((1, *x.shape), np.int32), 0)
    counts = sum(windows.tap(inside, row, column) for row, column in np.ndindex(windows.kernel))

    def run(a: Array) -> tuple[Array, ...]:
        padded = windows.pad(a, 0).astype(np.int32)
        sums = np.zeros((len(a), *windows.out, x.shape[3]), np.int32)
        for row, column in np.ndindex(windows.kernel):
            sums += windows.tap(padded, row, column)
        means = np.sign(sums) * ((np.abs(sums) + counts // 2) // counts)  # ties away from zero
        return (np.clip(means, *clamp).astype(output.dtype).reshape(len(a), *output.shape),)

    return Kernel(run, lambda: [c_calls.pool("average_pool", node, windows, clamp)], scratch_elements=x.elements)


def mean(node: Node) -> Kernel:
    """Mean over whole axes, such as global pooling."""
    x, output = node.input(0), node.outputs[0]
    axes = tuple(sorted({int(axis) % len(x.shape) for axis in node.constant(1).reshape(-1)})) if x.shape else ()
    count = math.prod(x.shape[axis] for axis in axes)
    if not axes or count == 0 or output.elements * count != x.elements:
        raise node.fail(f"the mean over axes {axes} of shape {x.shape} cannot have the shape {output.shape}")
    # The division by the count is part of the multiplier, which keeps its 31 bits that way.
    multiplier, shift = fixedpoint.quantise_multiplier(scale_of(x) / scale_of(output))
    headroom = max(0, min(count.bit_length() - 1, 32, 31 + shift))
    multiplier, shift = (multiplier << headroom) // count, shift - headroom
    scaler = Scaler(np.array(multiplier), np.array(max(shift, 0)), np.array(max(-shift, 0)))
    offset, clamp = zero_point_of(x) * count, limits_of(output)

    def run(a: Array, *_: Array) -> tuple[Array, ...]:
        sums = a.sum(axis=tuple(axis + 1 for axis in axes), dtype=np.int64) - offset
        return (stored(scaler.scale(sums), node, clamp).reshape(len(a), *output.shape),)

    return Kernel(run, lambda: [c_calls.mean(node, axes, scaler, offset)])
