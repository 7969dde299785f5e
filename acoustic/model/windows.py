"""Sliding windows of convolutions and pooling, with TensorFlow's SAME and VALID padding."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from acoustic.model.c_step import Array
from acoustic.model.node import Node
from acoustic.model.tflite import MAX_ELEMENTS

MAX_TAPS = 1 << 16  # positions of one kernel
_SAME = 0


@dataclass(frozen=True)
class Windows:
    """Sliding windows over height and width of ``[1, height, width, channels]``."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: tuple[tuple[int, int], tuple[int, int]]
    out: tuple[int, int]

    @classmethod
    def from_node(cls, node: Node, kernel: tuple[int, int]) -> Windows:
        """Read stride, dilation and padding from an operator, and check its shapes."""
        x, output = node.input(0), node.outputs[0]
        if len(x.shape) != 4 or len(output.shape) != 4 or x.shape[0] != 1 or min(*kernel, *x.shape) < 1:
            raise node.fail(f"kernel {kernel} does not fit an input of shape {x.shape}")
        stride_h, stride_w = node.options_at_least(1, "stride_h", "stride_w")
        dilation_h, dilation_w = (
            node.options_at_least(1, "dilation_h", "dilation_w") if "dilation_h" in node.options else (1, 1)
        )
        stride, dilation = (stride_h, stride_w), (dilation_h, dilation_w)
        padding, out = [], []
        for size, taps, step, spread in zip(x.shape[1:3], kernel, stride, dilation, strict=True):
            reach = (taps - 1) * spread + 1
            count = -(-size // step) if node.options["padding"] == _SAME else (size - reach) // step + 1
            if count < 1:
                raise node.fail(f"kernel {kernel} does not fit an input of shape {x.shape}")
            missing = max(0, (count - 1) * step + reach - size)
            padding.append((missing // 2, missing - missing // 2))
            out.append(count)
        if output.shape[:3] != (1, *out):
            raise node.fail(f"its output cannot have the shape {output.shape}")
        padded = math.prod(size + sum(border) for size, border in zip(x.shape[1:3], padding, strict=True))
        if max(padded, math.prod(out) * math.prod(kernel)) * x.shape[3] > MAX_ELEMENTS or math.prod(kernel) > MAX_TAPS:
            raise node.fail(f"kernel {kernel} with dilation {dilation} on shape {x.shape} is too large")
        return cls(kernel, stride, dilation, (padding[0], padding[1]), (out[0], out[1]))

    def pad(self, a: Array, value: int) -> Array:
        """From ``[N, 1, height, width, channels]`` to ``[N, height, width, channels]`` with borders of ``value``."""
        a = a.reshape(len(a), *a.shape[2:])
        return np.pad(a, ((0, 0), *self.padding, (0, 0)), constant_values=value) if any(map(any, self.padding)) else a

    def tap(self, padded: Array, row: int, column: int) -> Array:
        """View of what one kernel position sees, ``[N, *out, channels]``."""
        views = tuple(
            slice(at * spread, at * spread + (count - 1) * step + 1, step)
            for at, spread, count, step in zip((row, column), self.dilation, self.out, self.stride, strict=True)
        )
        return padded[:, *views]

    def view(self, padded: Array) -> Array:
        """View ``[N, *out, *kernel, channels]`` of all windows."""
        reach = tuple((taps - 1) * spread + 1 for taps, spread in zip(self.kernel, self.dilation, strict=True))
        windows = sliding_window_view(padded, reach, axis=(1, 2))[:, :: self.stride[0], :: self.stride[1]]
        windows = windows[:, : self.out[0], : self.out[1], :, :: self.dilation[0], :: self.dilation[1]]
        return np.moveaxis(windows, 3, -1)
