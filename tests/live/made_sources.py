"""Sources and chains made of plain numbers."""

import time
from collections.abc import Iterator

import numpy as np

from acoustic.audio import SourceHealth
from acoustic.audio.source import Pcm16

RATE_HZ = 1000


class Blocks:
    """A source of given blocks; an exception among them is raised."""

    def __init__(self, *blocks: Pcm16 | BaseException, pause_s: float = 0.0, rate_hz: int = RATE_HZ) -> None:
        self.rate_hz = rate_hz
        self.health = SourceHealth()
        self.closed = False
        self._blocks = blocks
        self._pause_s = pause_s

    def __iter__(self) -> Iterator[Pcm16]:
        for block in self._blocks:
            time.sleep(self._pause_s)
            if isinstance(block, BaseException):
                raise block
            yield block

    def close(self) -> None:
        self.closed = True


class Sums:
    """Tells the sum of each block, and of everything at the end."""

    def __init__(self) -> None:
        self.total = 0

    def push(self, pcm: Pcm16) -> list[int]:
        self.total += int(pcm.sum())
        return [int(pcm.sum())]

    def flush(self) -> list[int]:
        return [self.total]


def ones(n: int) -> Pcm16:
    return np.ones(n, np.int16)
