"""One recording through the chain of its application, faster than real time."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acoustic.application import Facts, Loaded, Row
from acoustic.audio import Recording
from acoustic.records import json_line, plain
from acoustic.score.picture import Picture, warned

#: Larger blocks are faster, and give the same result.
BLOCK_S = 30.0


@dataclass(frozen=True, kw_only=True)
class Task:
    """A recording to score, and where what belongs to it goes."""

    path: Path
    options: Any
    """The application's options for it."""
    picture: Path | None = None
    """PNG to draw."""
    sound: Path | None = None
    """WAV for the sound that the application makes of it."""


def score_recording(loaded: Loaded[Any, Any, Any, Any], task: Task) -> Row:
    """Score one recording, draw it, and write the sound that is made of it, as the task says.

    A picture that cannot be drawn is a warning of the row.

    Raises
    ------
    AudioFileError
        If it cannot be read.
    AcousticError
        If it cannot be judged, or its sound cannot be written.
    """
    before = _version(task.path)
    if loaded.application.makes_sound:
        from acoustic.score.sound import enhance_recording

        row = enhance_recording(loaded, task)
    else:
        row = _score(loaded, task)
    json_line(row)  # what is no number in JSON fails here, for this recording alone
    return row if _version(task.path) == before else warned(row, "changed while it was read: score it again")


def _version(path: Path) -> object:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns


def picture_of(loaded: Loaded[Any, Any, Any, Any], task: Task) -> Picture | None:
    """Return the picture that the task asks for."""
    make = loaded.application.picture
    if task.picture is None or make is None:
        return None
    return Picture(lambda: make(loaded.typed, task.options), task.picture)


def _score(loaded: Loaded[Any, Any, Any, Any], task: Task) -> Row:
    application, recording = loaded.application, Recording(task.path)
    chain = application.chain(loaded.typed, task.options)
    collector = application.collect(loaded.typed, task.options, chain)
    picture = picture_of(loaded, task)
    n_samples = 0
    for block in recording.blocks(loaded.rate_hz, round(BLOCK_S * loaded.rate_hz)):
        for event in chain.push(block):
            collector.hear(event)
        if picture is not None:
            picture.push(block)
        n_samples += len(block)
    for event in chain.flush():
        collector.hear(event)
    facts = Facts(
        file=str(task.path),
        duration_s=n_samples / loaded.rate_hz,
        rate_hz=recording.rate_hz,
        warnings=tuple(recording.warnings),
    )
    result = collector.result(facts)
    row: Row = plain(result)
    return row if picture is None else picture.save(result, row)
