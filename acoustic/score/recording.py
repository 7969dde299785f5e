"""One recording through the chain of its application, faster than real time."""

from typing import Any

from acoustic.application import Facts, Loaded, Row
from acoustic.audio import Recording
from acoustic.records import plain
from acoustic.score.sound import enhance_recording
from acoustic.score.task import Task

#: Larger blocks are faster, and give the same result.
BLOCK_S = 30.0


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
