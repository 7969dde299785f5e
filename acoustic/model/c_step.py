"""How an operator runs in C: which kernel of ``acoustic/native/nn``, with which constants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Value: TypeAlias = "int | tuple[int, ...] | Array | Weights | Fields"
Fields: TypeAlias = "dict[str, Value]"


@dataclass(frozen=True, eq=False)
class Weights:
    """Weights of a dense layer or convolution, which cores read in different orders."""

    rows: NDArray[np.int8]
    """[channels, depth]."""

    def paired(self) -> NDArray[np.int8]:
        """In the order of the DSP instructions, as ``acoustic_nn.h`` describes it."""
        channels, depth = self.rows.shape
        padded = np.zeros((align(channels), align(depth)), np.int8)
        padded[:channels, :depth] = self.rows
        padded[::2] ^= np.int8(-128)
        # [blocks, pair, which of it, groups, second half, first or second] -> byte order within a block and group
        split = padded.reshape(-1, 2, 2, padded.shape[1] // 4, 2, 2)
        return np.ascontiguousarray(split.transpose(0, 3, 1, 5, 4, 2)).reshape(-1)


@dataclass(frozen=True, kw_only=True, eq=False)
class CStep:
    """One call of a C kernel."""

    kernel: str
    """``acoustic_nn_<kernel>`` is the function and ``acoustic_nn_<kernel>_t`` its structure."""
    fields: Fields
    inputs: tuple[int, ...] = (0,)
    """Numbers of the operator's inputs that the kernel reads."""
    output: int = 0
    """Number of the operator's output that it writes."""
    x_start: int = 0
    """First byte that it reads of the input."""
    scratch_bytes: int = 0
    in_place: tuple[int, ...] = ()
    """Inputs, counted in ``inputs``, that the output may overlie."""
    in_place_scratch_bytes: int = 0
    """Scratch memory that it needs when it does."""


@dataclass(frozen=True, kw_only=True)
class View:
    """An output that is part of an input as it stands in memory: nothing to do."""

    input: int
    output: int = 0
    start: int = 0


def align(size: int, alignment: int = 4) -> int:
    """Round up to a multiple."""
    return -(-size // alignment) * alignment
