"""Operators that only move data."""

from __future__ import annotations

import math

import numpy as np

from acoustic.model.c_calls import move, steps_of
from acoustic.model.c_step import Array, CStep, View
from acoustic.model.node import Kernel, Node, same_quantisation, zero_point_of


def reshape(node: Node) -> Kernel:
    """Keep the values, change the shape."""
    x, output = node.input(0), node.outputs[0]
    if x.elements != output.elements or x.dtype != output.dtype:
        raise node.fail(f"shape {x.shape} does not give {output.shape}")
    return Kernel(lambda a, *_: (a.reshape(len(a), *output.shape),), lambda: [View(input=0)])


def pad(node: Node) -> Kernel:
    """Border of zeros (real ones: the zero point)."""
    x, output = node.input(0), node.outputs[0]
    same_quantisation(node, x)
    borders = [(int(before), int(after)) for before, after in node.constant(1).reshape(-1, 2)]
    shape = tuple(sum(border) + size for border, size in zip(borders, x.shape, strict=False))
    if len(borders) != len(x.shape) or min(map(min, borders), default=0) < 0 or shape != output.shape:
        raise node.fail(f"borders {borders} around {x.shape} do not give {output.shape}")
    value = zero_point_of(output)

    def in_c() -> tuple[CStep, ...]:
        steps = steps_of(output.shape)
        start = sum(before * step for (before, _), step in zip(borders, steps, strict=True))
        return move(node, x.shape, steps_of(x.shape), steps, y_start=start, fill=(output.elements, value))

    return Kernel(lambda a, *_: (np.pad(a, ((0, 0), *borders), constant_values=value),), in_c)


def _without(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return shape[:axis] + shape[axis + 1 :]


def concatenation(node: Node) -> Kernel:
    """Join along one axis."""
    output = node.outputs[0]
    tensors = [node.input(number) for number in range(len(node.inputs))]
    same_quantisation(node, *tensors)
    rank, axis = len(output.shape), int(node.options["axis"])
    if not -rank <= axis < rank or node.options["activation"]:
        raise node.fail(f"axis {axis} of shape {output.shape}, fused activation {node.options['activation']}")
    axis %= rank
    fits = all(len(t.shape) == rank and _without(t.shape, axis) == _without(output.shape, axis) for t in tensors)
    if not fits or sum(t.shape[axis] for t in tensors) != output.shape[axis]:
        raise node.fail(f"shapes {[t.shape for t in tensors]} do not give {output.shape}")

    def run(*arrays: Array) -> tuple[Array, ...]:
        batch = max(map(len, arrays))
        return (np.concatenate([np.broadcast_to(a, (batch, *a.shape[1:])) for a in arrays], axis=axis + 1),)

    def in_c() -> list[CStep]:
        moves: list[CStep] = []
        steps, start = steps_of(output.shape), 0
        for number, tensor in enumerate(tensors):
            x_steps = steps_of(tensor.shape)
            moves += move(node, tensor.shape, x_steps, steps, y_start=start, input_number=number)
            start += tensor.shape[axis] * steps[axis]
        return moves

    return Kernel(run, in_c)


def split(node: Node) -> Kernel:
    """Equal parts along one axis."""
    x, parts = node.input(1), len(node.outputs)
    axis = int(node.constant(0).reshape(-1)[0]) if node.constant(0).size == 1 else len(x.shape)
    same_quantisation(node, x, *node.outputs)
    if not -len(x.shape) <= axis < len(x.shape) or x.shape[axis] % parts:
        raise node.fail(f"axis {axis} of shape {x.shape} does not split into {parts}")
    axis %= len(x.shape)
    if any(t.shape != (*x.shape[:axis], x.shape[axis] // parts, *x.shape[axis + 1 :]) for t in node.outputs):
        raise node.fail(f"shape {x.shape} does not split into {[t.shape for t in node.outputs]}")

    def in_c() -> list[CStep | View]:
        steps: list[CStep | View] = []
        for number, part in enumerate(node.outputs):
            start = number * part.shape[axis] * steps_of(x.shape)[axis]
            if math.prod(x.shape[:axis]) == 1:  # each part lies in one piece
                steps.append(View(input=1, output=number, start=start))
            else:
                x_steps, y_steps = steps_of(x.shape), steps_of(part.shape)
                steps += move(node, part.shape, x_steps, y_steps, x_start=start, input_number=1, output=number)
        return steps

    return Kernel(lambda _, a: tuple(np.split(a, parts, axis=axis + 1)), in_c)


def strided_slice(node: Node) -> Kernel:
    """Slices with positive strides."""
    x, output = node.input(0), node.outputs[0]
    begin, end, strides = ([int(v) for v in node.constant(n).reshape(-1)] for n in (1, 2, 3))
    options = node.options
    if options["ellipsis_mask"] or options["new_axis_mask"] or options["offset"] or min(strides, default=1) < 1:
        raise node.fail("only plain slices with positive strides are supported")
    if not len(begin) == len(end) == len(strides) == len(x.shape) or x.dtype != output.dtype:
        raise node.fail(f"{len(begin)} slices for shape {x.shape}")
    slices = [slice(None)]
    for axis, (first, last, stride) in enumerate(zip(begin, end, strides, strict=True)):
        bit = 1 << axis
        if options["shrink_axis_mask"] & bit:
            first %= max(1, x.shape[axis])
            slices.append(slice(first, first + 1))
        else:
            first_or_none = None if options["begin_mask"] & bit else first
            slices.append(slice(first_or_none, None if options["end_mask"] & bit else last, stride))
    taken = math.prod(len(range(*s.indices(size))) for s, size in zip(slices[1:], x.shape, strict=True))
    if taken != output.elements:
        raise node.fail(f"slices of {x.shape} do not give {output.shape}")
    where = tuple(slices)

    def in_c() -> tuple[CStep, ...]:
        ranges = [range(*s.indices(size)) for s, size in zip(where[1:], x.shape, strict=True)]
        shape = [len(r) for r in ranges]
        steps = [r.step * step for r, step in zip(ranges, steps_of(x.shape), strict=True)]
        start = sum(r.start * step for r, step in zip(ranges, steps_of(x.shape), strict=True))
        return move(node, shape, steps, steps_of(shape), x_start=start)

    return Kernel(lambda a, *_: (a[where].reshape(len(a), *output.shape),), in_c)
