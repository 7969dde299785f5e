"""One sound through its application, faster than real time: a recording with all that is made of it, or an array."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from acoustic.application import Loaded, Row
from acoustic.audio import Recording, Sound, write_wav_blocks
from acoustic.audio.source import Pcm16
from acoustic.audio.start import given
from acoustic.errors import ParameterError
from acoustic.records import json_line, plain
from acoustic.score.feed import Feed
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
    start: str | None = None
    """When it began, ISO 8601; None: what the recording tells."""
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
    before = _version(task.path)
    sound, save = Recording(task.path), exhaust
    picture = None
    if task.picture is not None:
        picture = Picture(lambda: painter_of(loaded, task.options), task.picture)
    if task.sound is not None:
        save = partial(write_wav_blocks, task.sound, rate_hz=sound.rate_hz, channels=sound.channels)
    result = score_sound(loaded, sound, task.options, picture, save, task.sound, task.start)
    row: Row = plain(result)
    if picture is not None:
        row = picture.save(result, row)
    json_line(row)  # what is no number in JSON fails here, for this recording alone
    return row if _version(task.path) == before else warned(row, "changed while it was read: score it again")


def _version(path: Path) -> object:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns


def exhaust(blocks: Iterable[Pcm16]) -> None:
    """Let sound be made that nobody keeps."""
    for _ in blocks:
        pass


def score_sound(
    loaded: Loaded[Any, Any, Any, Any],
    sound: Sound,
    options: Any,
    painter: Any = None,
    save: Callable[[Iterable[Pcm16]], object] = exhaust,
    output: Path | None = None,
    start: str | None = None,
) -> Any:
    """Score one sound; return the application's result.

    Parameters
    ----------
    loaded : Loaded
        The model.
    sound : Sound
    options
        The application's options for it.
    painter : Painter, optional
        Sees what came and, of an application that makes sound, what was made.
    save : callable
        Draws blocks of the sound that is made, int16 (n, channels) at the rate that came: as many samples as came.
    output : Path, optional
        The file that they go to.
    start : str, optional
        When it began, ISO 8601; default: as the application's options say, or else the sound itself.

    Raises
    ------
    AudioFileError
        If the sound is a recording that cannot be read.
    ParameterError
        If ``start`` is no time.
    AcousticError
        If it cannot be judged, or what is made of it cannot be written.
    """
    start = start or getattr(options, "start", None)
    began = sound.began if start is None else given(start)
    start_s = time.perf_counter()
    feed = Feed(loaded, options, sound.rate_hz, sound.channels, painter)
    save(_through(feed, sound, loaded.rate_hz, mix=not loaded.application.makes_sound))
    facts = feed.facts(
        sound.name,
        sound.n_frames,
        sound.warnings,
        realtime_factor=(time.perf_counter() - start_s) / sound.duration_s,
        output=None if output is None else str(output),
        began=began,
    )
    return feed.collector.result(facts)


def _through(feed: Feed, sound: Sound, rate_hz: int, *, mix: bool) -> Iterator[Pcm16]:
    """Feed a sound to its end; yield what is made of it."""
    blocks = sound.blocks if mix else sound.channel_blocks
    for block in blocks(rate_hz, round(BLOCK_S * rate_hz)):
        feed.push(block.reshape(-1, feed.n_chains))
        yield feed.sound()
    feed.flush(sound.n_frames)
    yield feed.sound()


def painter_of(loaded: Loaded[Any, Any, Any, Any], options: Any) -> Any:
    """Return a new painter.

    Raises
    ------
    ParameterError
        If the application draws no pictures.
    """
    if loaded.application.picture is None:
        raise ParameterError(f"{loaded.application.name} draws no pictures.")
    return loaded.application.picture(loaded.typed, options)
