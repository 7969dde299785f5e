"""The loop of every live program: blocks from a source through a chain, each with what it decided."""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Generic, Self, TypeVar

import numpy as np

from acoustic.application import Chain
from acoustic.audio import Source
from acoustic.audio.source import Pcm16
from acoustic.errors import AcousticError

E = TypeVar("E")


@dataclass(frozen=True)
class Step(Generic[E]):
    """One block and what came of it.

    Attributes
    ----------
    pcm : numpy.ndarray of int16, shape (n,)
        The block; empty in the last step, which holds what the chain said at the end.
    events : list
    end_s : float
        Position in the stream after the block (s).
    """

    pcm: Pcm16
    events: Sequence[E]
    end_s: float


@dataclass
class Pace:
    """How well the program keeps up with the sound.

    Attributes
    ----------
    lag_s : float
        How much later than the most punctual block so far the latest one was dealt with (s).
    max_lag_s : float
        The largest of these.
    busy_s, heard_s : float
        Time spent on anything but waiting for sound, and duration of the sound (s).
    """

    lag_s: float = 0.0
    max_lag_s: float = 0.0
    busy_s: float = 0.0
    heard_s: float = 0.0

    @property
    def realtime_factor(self) -> float:
        """Time spent per time of sound; above 1 the program cannot keep up."""
        return self.busy_s / self.heard_s if self.heard_s else 0.0


class Session(Generic[E]):
    """Run a source through a chain.

    >>> from acoustic.audio import RecordingSource, write_wav
    >>> class Peaks:
    ...     def push(self, pcm):
    ...         return [int(abs(pcm).max())]
    ...     def flush(self):
    ...         return []
    >>> write_wav("ramp.wav", np.arange(16_000, dtype=np.int16), 16_000)
    >>> with Session(RecordingSource("ramp.wav", 16_000, block_samples=8_000), Peaks()) as session:
    ...     for step in session:
    ...         print(step.end_s, step.events)
    0.5 [7999]
    1.0 [15999]
    1.0 []

    While it is open, the first Ctrl-C (SIGTERM, or a terminal that is closed) ends the stream as its end would: what
    was heard is still judged, ``interrupted`` is set, and the caller can finish its files. A second one acts as always.

    Parameters
    ----------
    source : Source
    chain : Chain

    Attributes
    ----------
    pace : Pace
    interrupted : bool
    """

    def __init__(self, source: Source, chain: Chain[E]) -> None:
        self.source = source
        self.pace = Pace()
        self.interrupted = False
        self._chain = chain
        self._waiting = False
        self._stopped = False
        self._signals: AbstractContextManager[None] | None = None

    def __enter__(self) -> Self:
        """Take over Ctrl-C."""
        self._signals = _handle_stop(self._interrupt)
        self._signals.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        """Give Ctrl-C back and close the source."""
        assert self._signals is not None
        self._signals.__exit__(None, None, None)
        self.source.close()

    def stop(self) -> None:
        """End the stream after the block at hand."""
        self._stopped = True

    def __iter__(self) -> Iterator[Step[E]]:
        """Yield a step for each block, then one for the end of the stream.

        Raises
        ------
        AcousticError
            What the source raised, after the last step.
        """
        blocks, n_samples, rate_hz = iter(self.source), 0, self.source.rate_hz
        punctual = float("inf")
        failure: AcousticError | None = None
        while not self._stopped:
            try:
                block = self._next(blocks)
            except AcousticError as error:
                failure = error
                break
            if block is None:
                break
            arrived = time.monotonic()
            n_samples += len(block)
            yield Step(block, self._chain.push(block), n_samples / rate_hz)
            done = time.monotonic()
            self.pace.busy_s += done - arrived
            self.pace.heard_s = n_samples / rate_hz
            punctual = min(punctual, done - self.pace.heard_s)
            self.pace.lag_s = done - self.pace.heard_s - punctual
            self.pace.max_lag_s = max(self.pace.max_lag_s, self.pace.lag_s)
        yield Step(np.empty(0, np.int16), self._chain.flush(), n_samples / rate_hz)
        if failure is not None:
            raise failure

    def _next(self, blocks: Iterator[Pcm16]) -> Pcm16 | None:
        """Wait for a block; only here does a signal break off what the program is doing."""
        try:
            try:
                self._waiting = True
                return None if self.interrupted else next(blocks, None)
            finally:
                self._waiting = False
        except (KeyboardInterrupt, RuntimeError) as error:
            # What breaks off a source that waits for a lock may leave a RuntimeError of the lock.
            if isinstance(error, RuntimeError) and not self.interrupted:
                raise
            return None

    def _interrupt(self) -> None:
        if self.interrupted:
            raise KeyboardInterrupt
        self.interrupted = self._stopped = True
        if self._waiting:
            raise KeyboardInterrupt


@contextmanager
def _handle_stop(interrupt: Callable[[], None]) -> Iterator[None]:
    """Call ``interrupt`` on signals that end programs while the block runs; signals are the main thread's alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handler(number: int, frame: FrameType | None) -> None:
        interrupt()

    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # What is ignored stays so: nohup lets a program outlive its terminal.
    before = {number: signal.getsignal(number) for number in numbers}
    before = {number: old for number, old in before.items() if old is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
