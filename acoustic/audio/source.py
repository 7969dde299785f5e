"""What sources of sound, and what changes sound, have in common: blocks of PCM, a rate, a health record."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from acoustic.errors import ParameterError

Pcm16 = npt.NDArray[np.int16]
Float32 = npt.NDArray[np.float32]

MAX_EVENTS = 100


@dataclass(frozen=True)
class HealthEvent:
    """One thing that went wrong, or right again.

    Attributes
    ----------
    time_s : float
        Position in the stream (s from its first sample).
    message : str
        One plain sentence.
    """

    time_s: float
    message: str


@dataclass
class SourceHealth:
    """How well a source has kept up since it was opened.

    Attributes
    ----------
    overflows : int
        Blocks that the device itself flagged as following lost samples; how many were lost is unknown.
    dropped_blocks : int
        Blocks thrown away because the program did not fetch them in time; replaced by zeros.
    reconnects : int
        Times the device went away and came back.
    moves : int
        Times the sound server moved the stream to another device.
    lost_s : float
        Duration of all zeros put in for dropped blocks and for the time without a device (s); of a loudspeaker the
        sound that was not played.
    silent : bool
        True while a device has delivered nothing but zeros for longer than a real microphone can.
    events : deque of HealthEvent
        The latest 100 events, oldest first.
    """

    overflows: int = 0
    dropped_blocks: int = 0
    reconnects: int = 0
    moves: int = 0
    lost_s: float = 0.0
    silent: bool = False
    events: deque[HealthEvent] = field(default_factory=lambda: deque(maxlen=MAX_EVENTS))

    def note(self, time_s: float, message: str) -> None:
        """Add an event."""
        self.events.append(HealthEvent(time_s, message))


class Source(Protocol):
    """Anything that yields int16 mono blocks: a recording, a microphone, a raw PCM stream.

    All blocks have the same length but the last, which may be shorter.
    """

    rate_hz: int
    health: SourceHealth

    def __iter__(self) -> Iterator[Pcm16]:
        """Yield int16 blocks, shape ``(block_samples,)``."""
        ...

    def close(self) -> None:
        """Release the device or file; the iteration ends."""
        ...


class Processor(Protocol):
    """Anything that takes sound and gives sound, such as a denoiser; blocks of any size give the same samples."""

    rate_hz: int

    @property
    def delay_samples(self) -> int:
        """By how much the output lags behind the input (samples)."""
        ...

    def push(self, pcm: Pcm16, /) -> Pcm16:
        """Take samples, return those that are ready: int16 of one dimension."""
        ...

    def flush(self) -> Pcm16:
        """End the stream and return the rest: all output is ``delay_samples`` longer than all input."""
        ...


def check_format(rate_hz: int, block_samples: int) -> None:
    """Refuse a rate or block length that no source can deliver.

    Raises
    ------
    ParameterError
        If either is below 1.
    """
    if rate_hz < 1:
        raise ParameterError(f"The sampling rate must be at least 1 Hz, not {rate_hz}.")
    if block_samples < 1:
        raise ParameterError(f"A block must hold at least 1 sample, not {block_samples}.")


def reblock(chunks: Iterable[Pcm16], block_samples: int) -> Iterator[Pcm16]:
    """Cut a stream of chunks of any length into blocks of one length (the last may be shorter).

    Parameters
    ----------
    chunks : iterable of int16 arrays, shape (n,)
        Chunks in order; empty ones are allowed.
    block_samples : int
        Samples per block.

    Yields
    ------
    numpy.ndarray of int16, shape (block_samples,)
    """
    waiting: list[Pcm16] = []
    n_waiting = 0
    for chunk in chunks:
        waiting.append(chunk)
        n_waiting += len(chunk)
        if n_waiting < block_samples:
            continue
        joined = np.concatenate(waiting)
        n_whole = n_waiting - n_waiting % block_samples
        for start in range(0, n_whole, block_samples):
            yield joined[start : start + block_samples]
        waiting = [joined[n_whole:]]
        n_waiting -= n_whole
    if n_waiting:
        yield np.concatenate(waiting)
