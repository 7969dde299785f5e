"""The calls of C kernels for each operator.

The builders of ``layers``, ``pointwise``, ``pooling`` and ``moving`` fill these from the very numbers that their
NumPy kernels use. A kernel's fields stand in the order of its C structure, and by its names.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from acoustic.model.c_step import Array, CStep, Fields, Weights, align
from acoustic.model.fixedpoint import Scaler
from acoustic.model.node import Node, zero_point_of
from acoustic.model.windows import Windows

SCRATCH_KERNELS = frozenset({"conv", "dense", "depthwise"})
"""Kernels that take scratch memory as their last argument."""
SUM_BITS = 30  # of the sums that the C kernels scale
MAX_SHIFT = 22  # to the right, with the zero point added before it
_MAX_MOVES = 64  # calls that one operator may turn into


def scaling(node: Node, bias: Array, scaler: Scaler, largest: Array, clamp: tuple[int, int]) -> Fields:
    """How sums of at most ``largest`` per channel become stored values."""
    if int(largest.max(initial=0)) >= 1 << SUM_BITS:
        raise node.fail(f"its sums take more than the {SUM_BITS} bits that the C kernels have")
    multiplier = np.atleast_1d(scaler.multiplier).astype(np.int32)
    shift = np.atleast_1d(scaler.right - scaler.left).astype(np.int64)
    # A channel that is zero whatever comes in may have any scale at all.
    silent = np.all(scaler.scale(np.stack([largest, -largest])) == 0, axis=0)
    silent = silent if len(multiplier) > 1 else np.atleast_1d(silent.all())
    multiplier[silent], shift[silent] = 0, 1
    if int(shift.max()) > MAX_SHIFT or int(largest.max(initial=0)) << max(0, -int(shift.min())) >= 1 << 32:
        raise node.fail("its output's scale does not fit its weights' and its input's")
    if np.all(multiplier == multiplier[0]) and np.all(shift == shift[0]):
        multiplier, shift = multiplier[:1], shift[:1]
    return {
        "bias": bias.astype(np.int32),
        "multiplier": multiplier,
        "shift": shift.astype(np.int8),
        "each": int(len(multiplier) > 1),
        "plain": int(bool(shift.min() > 0) and clamp == (-128, 127)),
        "zero_point": zero_point_of(node.outputs[0]),
        "low": clamp[0],
        "high": clamp[1],
    }


def dense(filters: Array, rows: int, to: Fields) -> CStep:
    """Fully connected layer with weights ``[channels, depth]`` over ``rows`` inputs."""
    channels, depth = filters.shape
    return CStep(
        kernel="dense",
        fields={"rows": rows, "depth": depth, "channels": channels, "weights": Weights(filters), "to": to},
        scratch_bytes=align(depth) if depth % 4 else 0,
        # A single row would need as much scratch memory as it saves.
        in_place=(0,) if rows > 1 and channels <= depth else (),
        in_place_scratch_bytes=align(depth),
    )


def conv(node: Node, windows: Windows, filters: Array, to: Fields) -> CStep:
    """Convolution with weights ``[channels, *kernel, input channels]``."""
    matrix = filters.reshape(len(filters), -1)
    if windows.kernel == windows.stride == (1, 1):
        return dense(matrix, math.prod(windows.out), to)
    step = dense(matrix, 0, to)
    return CStep(
        kernel="conv",
        fields={
            "windows": _windows(node, windows),
            "dense": step.fields,
            "x_zero_point": zero_point_of(node.input(0)),
        },
        scratch_bytes=align(matrix.shape[1]),
    )


def depthwise(node: Node, windows: Windows, filters: Array, to: Fields) -> CStep:
    """Convolution of each channel by itself, with weights ``[1, *kernel, channels]``."""
    _, height, width, depth = node.input(0).shape
    channels = filters.shape[3]
    reach = (windows.kernel[0] - 1) * windows.dilation[0] + 1
    columns = (windows.out[1] - 1) * windows.stride[1] + (windows.kernel[1] - 1) * windows.dilation[1] + 1
    scratch = align(reach * columns * channels)
    # Where the output's rows end, and how much of the input was copied to the scratch memory by then.
    ends = ((row + 1) * windows.out[1] * channels for row in range(windows.out[0]))
    copied = (row * windows.stride[0] - windows.padding[0][0] + reach for row in range(windows.out[0]))
    safe = all(end <= rows * width * depth or rows >= height for end, rows in zip(ends, copied, strict=True))
    return CStep(
        kernel="depthwise",
        fields={
            "windows": _windows(node, windows),
            "copies": channels // depth,
            "x_zero_point": zero_point_of(node.input(0)),
            "weights": _by_fours(filters.reshape(-1, channels)),
            "to": to,
        },
        scratch_bytes=scratch,
        in_place=(0,) if safe else (),
        in_place_scratch_bytes=scratch,
    )


def _by_fours(taps: Array) -> Array:
    """Order ``[taps, channels]`` as [groups of four channels, taps, 4], the last group filled up with zeros."""
    padded = np.zeros((len(taps), align(taps.shape[1])), np.int8)
    padded[:, : taps.shape[1]] = taps
    return np.ascontiguousarray(padded.reshape(len(taps), -1, 4).swapaxes(0, 1))


def pool(kernel: str, node: Node, windows: Windows, clamp: tuple[int, int]) -> CStep:
    """``average_pool`` or ``max_pool``."""
    return CStep(kernel=kernel, fields={"windows": _windows(node, windows), "low": clamp[0], "high": clamp[1]})


def mean(node: Node, axes: Sequence[int], scaler: Scaler, offset: int) -> CStep:
    """Mean over neighbouring axes."""
    shape = node.input(0).shape
    inside = [axis for axis in range(min(axes), max(axes) + 1) if axis not in axes and shape[axis] > 1]
    if inside:
        raise node.fail(f"the C kernel takes the mean over neighbouring axes only, not over {tuple(axes)} of {shape}")
    count = math.prod(shape[axis] for axis in axes)
    if count * 256 >= 1 << SUM_BITS:
        raise node.fail(f"its sums take more than the {SUM_BITS} bits that the C kernels have")
    return CStep(
        kernel="mean",
        fields={
            "outer": math.prod(shape[: min(axes)]),
            "count": count,
            "inner": math.prod(shape[max(axes) + 1 :]),
            "offset": offset,
            **factor(scaler),
            "zero_point": zero_point_of(node.outputs[0]),
        },
    )


def factor(scaler: Scaler, prefix: str = "") -> Fields:
    """Multiplier and shift of a scaler that is the same for all channels."""
    shift = int(scaler.right) - int(scaler.left)
    return {f"{prefix}multiplier": int(scaler.multiplier), f"{prefix}shift": shift}


def pairs(kernel: str, node: Node, fields: Fields) -> CStep:
    """``add`` or ``mul`` of two inputs that broadcast to the output."""
    shape = node.outputs[0].shape
    steps = [_broadcast_steps(node.input(number).shape, shape) for number in (0, 1)]
    dims = _merged(zip(shape, *steps, strict=True))
    if len(dims) > 4:
        raise node.fail(f"the C kernels broadcast over 4 axes at most, and {node.input(0).shape} has more")
    dims = [(1, 0, 0)] * (4 - len(dims)) + dims
    counts, a_steps, b_steps = (tuple(column) for column in zip(*dims, strict=True))
    whole = tuple(number for number in (0, 1) if node.input(number).elements == node.outputs[0].elements)
    return CStep(
        kernel=kernel,
        fields={"pairs": {"counts": counts, "a_steps": a_steps, "b_steps": b_steps}, **fields},
        inputs=(0, 1),
        in_place=whole,
    )


def table(values: Array, count: int) -> CStep:
    """Look up a function of one stored value, for ``count`` of them; ``values`` go from -128 to 127."""
    by_unsigned = np.roll(values.astype(np.int8), 128)
    return CStep(kernel="table", fields={"count": count, "values": by_unsigned}, in_place=(0,))


def softmax(node: Node, exps: Array) -> CStep:
    """Softmax over the last axis; ``exps`` by how far a value lies below the largest."""
    shape = node.input(0).shape
    used = int(np.flatnonzero(exps)[-1]) + 1
    depth = shape[-1]
    return CStep(
        kernel="softmax",
        fields={
            "rows": math.prod(shape) // depth,
            "depth": depth,
            "count": used,
            "exps": exps[:used].astype(np.int32),
        },
        in_place=(0,),
    )


def move(
    node: Node,
    shape: Sequence[int],
    x_steps: Sequence[int],
    y_steps: Sequence[int],
    *,
    x_start: int = 0,
    y_start: int = 0,
    fill: tuple[int, int] = (0, 0),
    input_number: int = 0,
    output: int = 0,
) -> tuple[CStep, ...]:
    """Copy a block of ``shape`` between places with the given steps in bytes; ``fill`` is how many bytes, with what."""
    dims = _merged(zip(shape, x_steps, y_steps, strict=True))
    run = dims.pop()[0] if dims and dims[-1][1:] == (1, 1) else 1
    outer = dims[:-3]
    dims = [(1, 0, 0)] * (3 - len(dims)) + dims[-3:]
    if math.prod(count for count, _, _ in outer) > _MAX_MOVES:
        raise node.fail(f"the C kernel moves data of 4 axes at most, and {tuple(shape)} has more")
    counts, x, y = (tuple(column) for column in zip(*dims, strict=True))
    steps: list[CStep] = []
    for index in np.ndindex(*(count for count, _, _ in outer)):
        x_more = sum(at * step for at, (_, step, _) in zip(index, outer, strict=True))
        y_more = sum(at * step for at, (_, _, step) in zip(index, outer, strict=True))
        step = _move_step(counts, x, y, run, y_start + y_more, (0, 0) if steps else fill)
        steps.append(replace(step, inputs=(input_number,), output=output, x_start=x_start + x_more))
    return tuple(steps)


def copy_of(size: int) -> CStep:
    """Copy one piece of memory as it is."""
    none = (0, 0, 0)
    return _move_step((1, 1, 1), none, none, run=size, y_start=0, fill=(0, 0))


def _move_step(
    counts: tuple[int, ...],
    x_steps: tuple[int, ...],
    y_steps: tuple[int, ...],
    run: int,
    y_start: int,
    fill: tuple[int, int],
) -> CStep:
    return CStep(
        kernel="move",
        fields={
            "counts": counts,
            "x_steps": x_steps,
            "y_steps": y_steps,
            "run": run,
            "y_start": y_start,
            "fill_bytes": fill[0],
            "fill_value": fill[1],
        },
    )


def steps_of(shape: Sequence[int]) -> tuple[int, ...]:
    """Give the steps in bytes of an array without gaps."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def _broadcast_steps(shape: tuple[int, ...], to: tuple[int, ...]) -> tuple[int, ...]:
    aligned = (1,) * (len(to) - len(shape)) + shape
    return tuple(0 if size == 1 else step for size, step in zip(aligned, steps_of(aligned), strict=True))


def _merged(dims: Iterable[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Axes (count, step, step), without those of one element, neighbours joined where both steps allow it."""
    merged: list[tuple[int, int, int]] = []
    for count, a, b in dims:
        if count == 1:
            continue
        if merged and merged[-1][1:] == (a * count, b * count):
            merged[-1] = (merged[-1][0] * count, a, b)
        else:
            merged.append((count, a, b))
    return merged


def _windows(node: Node, windows: Windows) -> Fields:
    _, height, width, channels = node.input(0).shape
    return {
        "height": height,
        "width": width,
        "channels": channels,
        "out_height": windows.out[0],
        "out_width": windows.out[1],
        "kernel_height": windows.kernel[0],
        "kernel_width": windows.kernel[1],
        "stride_height": windows.stride[0],
        "stride_width": windows.stride[1],
        "dilation_height": windows.dilation[0],
        "dilation_width": windows.dilation[1],
        "top": windows.padding[0][0],
        "left": windows.padding[1][0],
    }
