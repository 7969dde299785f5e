"""Recordings through an application that makes sound: every channel by itself, at the recording's own rate."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from acoustic.application import Facts, Loaded, SoundChain, SoundPainter, SoundResult
from acoustic.audio import LevelMeter, Recording, StreamResampler, to_pcm16, write_wav_blocks
from acoustic.audio.recording import CLIPPED_SHARE
from acoustic.audio.resample import from_pcm16
from acoustic.audio.source import Float32, Pcm16
from acoustic.errors import ParameterError
from acoustic.records import plain
from acoustic.score.output import names_in

E = TypeVar("E")

#: Larger blocks are faster, and give the same samples.
BLOCK_S = 10.0


@dataclass(frozen=True)
class Place:
    """Where the results of one recording go."""

    sound: Path
    picture: Path | None


def places_of(
    recordings: Sequence[Path], given: Sequence[Path], output: Path, pictures: Path | None
) -> dict[Path, Place]:
    """Decide where the result of each recording goes.

    Where ``output`` lies in a folder of recordings, what is in it is left out: results of an earlier run.

    Parameters
    ----------
    recordings
        Those that were found, see `acoustic.audio.find_recordings`.
    given
        The files and folders that the person named.
    output
        A folder, or the WAV file for the result of one recording.
    pictures
        Folder for pictures, if they are wanted.

    Raises
    ------
    ParameterError
        If a result would overwrite a recording, or one file is to hold several results.
    """
    named, target = {path.resolve() for path in given}, output.resolve()
    files = list(recordings)
    if named & {*target.parents}:
        files = [path for path in files if path.resolve() in named or target not in path.resolve().parents]
    if output.suffix and not output.is_dir():
        if len(files) != 1 or given[0].is_dir() or output.suffix.lower() != ".wav":
            raise ParameterError(
                f"{output}: only the result of one recording goes to a file, and that is a WAV file. Give a folder."
            )
        sounds = [output]
    else:
        sounds = names_in(output, files, ".wav")
    inputs = {path.resolve() for path in files}
    for sound in sounds:
        if sound.resolve() in inputs:
            raise ParameterError(f"{sound}: is one of the recordings and would be overwritten. Give another folder.")
    drawn = [None] * len(files) if pictures is None else names_in(pictures, files, ".png")
    return {file: Place(sound, picture) for file, sound, picture in zip(files, sounds, drawn, strict=True)}


def enhance_recording(
    loaded: Loaded[Any, Any, Any, Any], options: Any, path: Path, out: Path, picture: Path | None
) -> dict[str, Any]:
    """Send one recording through an application that makes sound, into an int16 WAV file; return its row.

    Every channel has a chain of its own, so that what one microphone hears changes nothing in the other channels.
    Length and place in time stay, to the sample; above the model's band nothing is left. The events are those of the
    first channel.

    Parameters
    ----------
    loaded
        A bundle with its application, whose results are of the kind `acoustic.application.SoundResult`.
    options
        The application's options.
    path, out
        The recording, and the WAV file to write, whole or not at all.
    picture
        PNG file to draw, if one is wanted.

    Returns
    -------
    dict
        The result as plain JSON.

    Raises
    ------
    AudioFileError
        If the recording cannot be read.
    AcousticError
        If a result cannot be written.
    """
    application, rate_hz, start_s = loaded.application, loaded.rate_hz, time.perf_counter()
    recording = Recording(path)
    chains: list[Any] = [application.chain(loaded.typed, options) for _ in range(recording.channels)]
    collector = application.collect(loaded.typed, options, chains[0])
    painter: Any = None
    if picture is not None and application.picture is not None:
        painter = application.picture(loaded.typed, options)

    def hear(event: Any) -> None:
        for _ in collector.hear(event):
            pass

    before, after = LevelMeter(), LevelMeter()
    blocks = enhance_blocks(
        _metered(recording.channel_blocks(rate_hz, round(BLOCK_S * rate_hz)), before),
        chains,
        rates_hz=(rate_hz, recording.rate_hz),
        n_samples=lambda: recording.n_frames,
        hear=hear,
        painter=painter,
    )
    write_wav_blocks(out, _metered(blocks, after), recording.rate_hz, recording.channels)
    work_s = time.perf_counter() - start_s
    facts = Facts(
        file=str(path),
        duration_s=recording.duration_s,
        rate_hz=recording.rate_hz,
        warnings=(*recording.warnings, *_remarks(recording, rate_hz, after)),
    )
    result: SoundResult = replace(
        collector.result(facts),
        out=str(out),
        rtf=work_s / recording.duration_s,
        latency_ms=chains[0].latency_ms,
        **measures(before, after),
    )
    if painter is not None:
        painter.save(result, picture)
    row: dict[str, Any] = plain(result)
    return row


def enhance_blocks(
    blocks: Iterable[Pcm16],
    chains: Sequence[SoundChain[E]],
    *,
    rates_hz: tuple[int, int],
    n_samples: Callable[[], int],
    hear: Callable[[E], None] = lambda event: None,
    painter: SoundPainter[Any] | None = None,
) -> Iterator[Pcm16]:
    """Yield what chains make of the channels of a recording, as many samples as it has.

    Parameters
    ----------
    blocks : iterable of int16 arrays, shape (n, channels)
        The recording at the chains' rate.
    chains : sequence of SoundChain
        A new one for each channel.
    rates_hz : tuple of int
        The chains' rate, and that of the result (Hz).
    n_samples : callable
        Returns the length of the result in samples of each channel; called after the last block.
    hear : callable
        Takes the events of the first channel.
    painter : SoundPainter, optional
        Sees the mean of the channels before and after.

    Yields
    ------
    numpy.ndarray of int16, shape (n, channels)
    """
    n_channels, n_out = len(chains), 0
    resampler = StreamResampler(*rates_hz, n_channels)

    def sound() -> Float32:
        samples = from_pcm16(np.stack([chain.sound() for chain in chains], axis=1))
        if painter is not None:
            painter.push_sound(_mixed(samples))
        return resampler.push(samples if n_channels > 1 else samples[:, 0]).reshape(-1, n_channels)

    for block in blocks:
        if painter is not None:
            painter.push(_mixed(from_pcm16(block)))
        events = [chain.push(pcm) for chain, pcm in zip(chains, np.ascontiguousarray(block.T), strict=True)]
        for event in events[0]:
            hear(event)
        out = to_pcm16(sound())
        n_out += len(out)
        yield out
    for event in [chain.flush() for chain in chains][0]:
        hear(event)
    rest = np.concatenate([sound(), resampler.flush().reshape(-1, n_channels)])[: n_samples() - n_out]
    # Resampled there and back, a recording may have lost a sample at its end.
    missing = np.zeros((n_samples() - n_out - len(rest), n_channels), np.float32)
    yield to_pcm16(np.concatenate([rest, missing]))


def measures(before: LevelMeter, after: LevelMeter) -> dict[str, float | None]:
    """Return the levels of a `SoundResult`: of what came in, of what was made, and the difference."""
    level_in, level_out = (
        level if math.isfinite(level) else None for level in (before.rms_dbfs, after.rms_dbfs)
    )  # JSON has no infinity for digital silence
    reduction = None if level_in is None or level_out is None else level_in - level_out
    return {"level_in_dbfs": level_in, "level_out_dbfs": level_out, "reduction_db": reduction}


def _remarks(recording: Recording, rate_hz: int, after: LevelMeter) -> Iterator[str]:
    """Yield what a person should know about the sound made."""
    if after.clipped >= CLIPPED_SHARE:
        yield f"limited: {after.clipped:.2%} of the result's samples are at full scale"
    if recording.rate_hz > rate_hz:
        yield f"narrowed: the result keeps its rate, but holds only what the model hears: up to {rate_hz / 2000:g} kHz"


def _mixed(samples: Float32) -> Pcm16:
    return to_pcm16(samples.mean(axis=1))


def _metered(blocks: Iterable[Pcm16], level: LevelMeter) -> Iterator[Pcm16]:
    for block in blocks:
        level.push(block)
        yield block
