"""An application under check: scored, listened to, and pushed through block by block."""

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from acoustic.application import Application, Loaded, Row, Rows
from acoustic.audio import Recording, WavWriter, write_wav
from acoustic.audio.source import Pcm16
from acoustic.errors import AudioFileError
from acoustic.firmware import Firmware
from acoustic.links import Event, Sink
from acoustic.live import Keyboard, Listener, SoundOut, open_input
from acoustic.model.bundle import Bundle
from acoustic.score import Task, score_recording

LONGEST_BLOCK = 10_000
SECONDS = (1, 12, 60)
"""Durations that are tried."""


def require(condition: object, sentence: str) -> None:
    """Raise AssertionError unless a condition holds; unlike `assert`, in optimised Python too."""
    if not condition:
        raise AssertionError(sentence)


@dataclass(frozen=True)
class Subject:
    """An application with one of its bundles, and sound in which something happens."""

    application: Application[Any, Any, Any, Any]
    bundle: Bundle
    recordings: tuple[Path, ...] = ()

    def load(self, bundle: Bundle) -> Loaded[Any, Any, Any, Any]:
        """Read a bundle."""
        return Loaded(application=self.application, bundle=bundle, typed=self.application.read(bundle))

    @cached_property
    def loaded(self) -> Loaded[Any, Any, Any, Any]:
        """Its own bundle, read."""
        return self.load(self.bundle)

    @cached_property
    def pcm(self) -> Pcm16:
        """The sound, int16 (n,) at the model's rate."""
        if self.recordings:
            return Recording(self.recordings[0]).read(self.loaded.rate_hz)
        return self.firmware.example_pcm

    @cached_property
    def firmware(self) -> Firmware:
        """What its firmware is made of."""
        make = self.application.firmware
        if make is None:
            raise AssertionError("an application without firmware has no example: give recordings")
        return make(self.loaded.typed)

    @cached_property
    def beginning(self) -> Pcm16:
        """The shortest beginning of the sound that can be scored."""
        for seconds in SECONDS:
            pcm = self.pcm[: seconds * self.loaded.rate_hz]
            with recording_of(pcm, self.loaded.rate_hz) as path:
                try:
                    score_recording(self.loaded, self.task(path))
                except AudioFileError:
                    continue
                except Exception as error:
                    raise AssertionError(f"the sound cannot be scored: {type(error).__name__}: {error}") from error
            return pcm
        raise AssertionError(f"{SECONDS[-1]} s of the sound cannot be scored")

    @cached_property
    def row(self) -> Row:
        """What scoring the sound gives."""
        with recording_of(self.pcm, self.loaded.rate_hz) as path:
            return score_recording(self.loaded, self.task(path))

    def task(self, path: Path, **changes: Any) -> Task:
        """Return the task to score a recording."""
        return Task(path=path, **{"options": self.application.options(), **changes})

    def listen(self, path: Path, keys: str = "") -> "Memory":
        """Listen to a recording as fast as it goes, and press keys meanwhile."""
        memory, rate_hz = Memory(), self.loaded.rate_hz
        with ExitStack() as stack:
            out = None
            if self.application.makes_sound:
                folder = Path(stack.enter_context(TemporaryDirectory()))
                out = SoundOut(stack.enter_context(WavWriter(folder / "out.wav", rate_hz)), rate_hz)
            block_samples = max(1, rate_hz * self.application.block_ms // 1000)
            sound = open_input(None, str(path), rate_hz, block_samples, speed=0.0)
            options = self.application.options()
            ended = Listener(self.loaded, options, sound, [memory], Keys(keys), out).run()
        require(not ended.losses, f"listening loses something: {ended.losses}")
        return memory

    def run(self, pcm: Pcm16, blocks: Sequence[int]) -> tuple[list[Any], Pcm16]:
        """Push sound through a new chain; return its events, and the sound that it makes, int16 (n,)."""
        chain: Any = self.application.chain(self.loaded.typed, self.application.options())
        events, made, start = list[Any](), [np.empty(0, np.int16)], 0
        for n in blocks:
            block = pcm[start : start + n].copy()
            start += n
            events += chain.push(block)
            if len(blocks) > 1:
                block[:] = -12_345  # It is the caller's: what a chain keeps of it, it must have copied.
            if self.application.makes_sound:
                made.append(chain.sound())
        events += chain.flush()
        if self.application.makes_sound:
            made.append(chain.sound())
        return events, np.concatenate(made)


class Memory(Sink):
    """Keeps events, panels and the sound that is made."""

    name = "memory"
    close_s = 600.0
    draws = True

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.panels: list[Rows] = []
        self.made: list[Pcm16] = [np.empty(0, np.int16)]

    def event(self, event: Event) -> None:
        """Keep an event."""
        self.events.append(event)

    def panel(self, rows: Rows, alarmed: bool) -> None:
        """Keep the rows of the panel."""
        self.panels.append(rows)

    def output(self, pcm: Pcm16, start: int) -> None:
        """Keep sound."""
        self.made.append(pcm)


class Keys(Keyboard):
    """Keys that press themselves, one in a block."""

    def __init__(self, keys: str) -> None:
        super().__init__()
        self._keys = list(keys)

    def pressed(self) -> str:
        """Return the next key."""
        return self._keys.pop(0) if self._keys else ""


@contextmanager
def recording_of(pcm: Pcm16, rate_hz: int) -> Iterator[Path]:
    """Write a recording into a folder of its own, for the time of the block."""
    with TemporaryDirectory(prefix="acoustic-check-") as folder:
        path = Path(folder) / "sound.wav"
        write_wav(path, pcm, rate_hz)
        yield path


def cut(n_samples: int, seed: int) -> list[int]:
    """Return sizes of blocks that make up a signal, of none, one and many samples."""
    rng, blocks = np.random.default_rng(seed), [0, 1]
    while sum(blocks) < n_samples:
        blocks.append(int(np.exp(rng.uniform(0.0, math.log(LONGEST_BLOCK)))))
    ends = np.minimum(np.cumsum(blocks), n_samples)
    return [int(n) for n in np.diff(ends, prepend=0)]


def exact(value: Any) -> Any:
    """Return something that is equal where every bit of two values is."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if is_dataclass(value):
        return type(value).__name__, [exact(getattr(value, one.name)) for one in fields(value)]
    return [exact(one) for one in value] if isinstance(value, list | tuple) else repr(value)
