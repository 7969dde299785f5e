"""What is kept of a live session: the sound, the events and the labels, safe against a crash at any moment."""

import os
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from acoustic.audio import WavWriter
from acoustic.audio.source import Pcm16
from acoustic.files import DiskSync, whole_file, write_failure
from acoustic.terminal import json_line

SYNC_S = 1.0


class Archive:
    """Files of one name in a folder: ``.wav``, ``.jsonl`` (events as they came), ``.txt`` (Audacity labels).

    A program that also makes sound keeps that in a fourth one, ``.out.wav``.

    Sound and events are handed to the system at once and forced to the disk once a second, while the program
    goes on; the labels are written anew, whole, whenever they have changed for a second.

    Parameters
    ----------
    folder
        Made when missing.
    rate_hz
        Sampling rate of the sound (Hz).
    name
        What the names of the files start with; date and time follow.

    Raises
    ------
    AcousticError
        If a file cannot be written. What was written before stays readable.
    """

    def __init__(self, folder: Path, rate_hz: int, name: str) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_failure(folder, error) from error
        stem = _free_name(folder, f"{name}-{time.strftime('%Y%m%d-%H%M%S')}")
        self._labels = stem.with_suffix(".txt")
        self._events_path = stem.with_suffix(".jsonl")
        self._changed = True
        self._sync = DiskSync()
        self._wav = WavWriter(stem.with_suffix(".wav"), rate_hz)
        self._made: WavWriter | None = None
        try:
            self._events = self._events_path.open("xb", buffering=0)
        except OSError as error:
            self._wav.close()
            raise write_failure(self._events_path, error) from error
        self._synced = time.monotonic()

    @property
    def path(self) -> Path:
        """The sound."""
        return self._wav.path

    def hear(self, pcm: Pcm16) -> None:
        """Keep sound."""
        self._wav.write(pcm)

    def make(self, pcm: Pcm16) -> None:
        """Keep sound that the program made."""
        if self._made is None:
            self._made = WavWriter(self.path.with_suffix(".out.wav"), self._wav.rate_hz)
        self._made.write(pcm)

    def record(self, event: Mapping[str, object]) -> None:
        """Keep an event."""
        left = memoryview(f"{json_line(event)}\n".encode())
        try:
            while left:
                left = left[self._events.write(left) :]
        except OSError as error:
            raise write_failure(self._events_path, error) from error
        self._changed = True

    def sync(self, labels: Iterable[str], *, at_once: bool = False) -> None:
        """Bring labels and disk up to date, when something changed and a second has passed.

        ``labels`` are all lines so far; they are only drawn from when they are needed.
        """
        if not self._changed or not (at_once or time.monotonic() - self._synced >= SYNC_S):
            return
        try:
            self._sync.start(self._events.fileno())
            with whole_file(self._labels) as stream:
                stream.write("".join(f"{line}\n" for line in labels).encode())
        except OSError as error:
            raise write_failure(self._labels, error) from error
        self._changed, self._synced = False, time.monotonic()

    def close(self) -> None:
        """Finish the files; closing twice does nothing."""
        with ExitStack() as stack:
            # Whatever cannot be finished, the others are.
            stack.callback(self._wav.close)
            if self._made is not None:
                stack.callback(self._made.close)
            stack.callback(self._events.close)
            try:
                self._sync.finish()
                if not self._events.closed:
                    os.fsync(self._events.fileno())
            except OSError as error:
                raise write_failure(self._events_path, error) from error

    def __enter__(self) -> Self:
        """Return the archive itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the files."""
        self.close()


def _free_name(folder: Path, name: str) -> Path:
    """Return a name that no earlier session of the folder has: two may start within a second."""
    path, number = folder / f"{name}.wav", 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}.wav"
    return path
