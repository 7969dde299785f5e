"""One recording through the chain of its application, faster than real time."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acoustic.application import Facts, Loaded, Row
from acoustic.audio import Recording
from acoustic.records import plain

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

    Raises
    ------
    AudioFileError
        If it cannot be read.
    AcousticError
        If it cannot be judged, or a file cannot be written.
    """
    if loaded.application.makes_sound:
        from acoustic.score.sound import enhance_recording

        return enhance_recording(loaded, task)
    application, recording = loaded.application, Recording(task.path)
    chain = application.chain(loaded.typed, task.options)
    collector = application.collect(loaded.typed, task.options, chain)
    painter = None
    if task.picture is not None and application.picture is not None:
        painter = application.picture(loaded.typed, task.options)
    n_samples = 0
    for block in recording.blocks(loaded.rate_hz, round(BLOCK_S * loaded.rate_hz)):
        for event in chain.push(block):
            collector.hear(event)
        if painter is not None:
            painter.push(block)
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
    if painter is not None and task.picture is not None:
        painter.save(result, task.picture)
    row: Row = plain(result)
    return row
