"""Where buffers lie in one block of memory, when each lives only as long as it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Lifetime:
    """A buffer's size, and the first and last step that it is needed in."""

    size_bytes: int
    first: int
    last: int


def place(buffers: Sequence[Lifetime], alignment: int) -> tuple[list[int], int]:
    """Place buffers greedily by size, largest first (as TensorFlow Lite Micro does).

    Parameters
    ----------
    buffers : sequence of Lifetime
    alignment : int
        Of every buffer's start, in bytes.

    Returns
    -------
    starts : list of int
        One for each buffer.
    size : int
        Of the whole block, in bytes.
    """
    starts = [0] * len(buffers)
    sizes = [-(-buffer.size_bytes // alignment) * alignment for buffer in buffers]
    placed: list[int] = []
    for number in sorted(range(len(buffers)), key=lambda n: -sizes[n]):
        start = 0
        for other in sorted(placed, key=lambda n: starts[n]):
            together = buffers[other].first <= buffers[number].last and buffers[number].first <= buffers[other].last
            if together and starts[other] < start + sizes[number] and start < starts[other] + sizes[other]:
                start = starts[other] + sizes[other]
        starts[number] = start
        placed.append(number)
    return starts, max((start + size for start, size in zip(starts, sizes, strict=True)), default=0)
