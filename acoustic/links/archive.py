"""What is kept of a live session: the sound, the events and the labels, safe against a crash at any moment."""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from acoustic.application import Label
from acoustic.audio import WavWriter
from acoustic.audio.source import Pcm16
from acoustic.files import DiskSync, whole_file, write_failure
from acoustic.links.sink import Event, Sink
from acoustic.records import json_line

SYNC_S = 1.0
MOST_WAITING_BYTES = 2**24
#: How names of files state a moment, so that it is found again when they are scored.
MOMENT = "%Y%m%d-%H%M%S%z"
UNKNOWN_MOMENT = "undated"


class Archive(Sink):
    """Files of one name in a folder: ``.wav``, ``.jsonl`` (events as they came), ``.txt`` (Audacity labels).

    A program that also makes sound keeps that in a fourth one, ``.out.wav``.

    Sound and events are handed to the system at once and forced to the disk once a second, while the program
    goes on; the labels are written anew, whole, whenever they have changed for a second. Zeros stand for sound that
    could not be written, so that everything stays at its time; events wait until they can be.

    Parameters
    ----------
    folder
        Made when missing.
    rate_hz
        Sampling rate of the sound (Hz).
    name
        What the names of the files start with.
    moment
        What follows; default: date and time, with the zone.

    Raises
    ------
    AcousticError
        If a file cannot be written. What was written before stays readable.
    """

    name = "archive"
    # Everything heard is to be kept, however slow the disk.
    close_s = 60.0

    def __init__(self, folder: Path, rate_hz: int, name: str, moment: str | None = None) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_failure(folder, error) from error
        stem = _free_name(folder, f"{name}-{moment or time.strftime(MOMENT)}")
        self._labels_path = stem.with_suffix(".txt")
        self._events_path = stem.with_suffix(".jsonl")
        self._written: list[str] | None = None
        self._sync = DiskSync()
        self._wav = WavWriter(stem.with_suffix(".wav"), rate_hz)
        self._output: WavWriter | None = None
        try:
            self._events = self._events_path.open("xb", buffering=0)
        except OSError as error:
            self._wav.close()
            raise write_failure(self._events_path, error) from error
        # Of events that a full disk did not take; they are few, and wait until there is room.
        self._waiting = bytearray()
        self._synced = time.monotonic()

    @property
    def path(self) -> Path:
        """The sound."""
        return self._wav.path

    def sound(self, pcm: Pcm16, start: int) -> None:
        """Keep sound that came in."""
        _write_at(self._wav, pcm, start)

    def output(self, pcm: Pcm16, start: int) -> None:
        """Keep sound that the program made."""
        if self._output is None:
            self._output = WavWriter(self.path.with_suffix(".out.wav"), self._wav.rate_hz)
        _write_at(self._output, pcm, start)

    def event(self, event: Event) -> None:
        """Keep an event; once a second what was kept is forced to the disk."""
        if len(self._waiting) < MOST_WAITING_BYTES:
            self._waiting += f"{json_line(event)}\n".encode()
        try:
            self._write_events()
            if time.monotonic() - self._synced >= SYNC_S:
                self._sync.start(self._events.fileno())
                self._synced = time.monotonic()
        except OSError as error:
            raise write_failure(self._events_path, error) from error

    def _write_events(self) -> None:
        while self._waiting:
            del self._waiting[: self._events.write(self._waiting)]

    def labels(self, labels: Iterable[Label]) -> None:
        """Write all labels anew where they have changed."""
        lines = list(label_lines(labels))
        if lines == self._written:
            return
        try:
            with whole_file(self._labels_path) as stream:
                stream.write("".join(f"{line}\n" for line in lines).encode())
        except OSError as error:
            raise write_failure(self._labels_path, error) from error
        self._written = lines

    def close(self) -> None:
        """Finish the files; closing twice does nothing."""
        with ExitStack() as stack:
            # Whatever cannot be finished, the others are.
            stack.callback(self._wav.close)
            if self._output is not None:
                stack.callback(self._output.close)
            stack.callback(self._events.close)
            try:
                self._sync.finish()
                if not self._events.closed:
                    self._write_events()
                    os.fsync(self._events.fileno())
            except OSError as error:
                raise write_failure(self._events_path, error) from error


def _write_at(wav: WavWriter, pcm: Pcm16, start: int) -> None:
    """Write sound at its place, after zeros for what is missing before it."""
    while (missing := start - wav.n_samples) > 0:
        wav.write(np.zeros(min(missing, wav.rate_hz), np.int16))
    wav.write(pcm)


def label_lines(labels: Iterable[Label]) -> Iterator[str]:
    """Write labels as Audacity reads them, one line each, in order of time."""
    for label in sorted(labels, key=lambda one: (one.start_s, one.end_s, one.text)):
        text = " ".join(label.text.split())
        yield f"{label.start_s:.4f}\t{label.end_s:.4f}\t{text}"


def _free_name(folder: Path, name: str) -> Path:
    """Return a name that no earlier session of the folder has: two may start within a second."""
    path, number = folder / f"{name}.wav", 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}.wav"
    return path
