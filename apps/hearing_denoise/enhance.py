"""One recording through the enhancer: every channel by itself, at the recording's own rate, as long as it was."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from acoustic.audio import Aligned, LevelMeter, Recording, StreamResampler, to_pcm16, write_wav_blocks
from acoustic.audio.recording import CLIPPED_SHARE
from acoustic.audio.resample import from_pcm16
from acoustic.audio.source import Float32, Pcm16
from acoustic.errors import ParameterError
from acoustic.score import names_in

from .aid import AidPlan, AidSettings, Enhancer
from .plot import Sketch
from .report import Enhanced

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
        What was found.
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


def enhance_recording(make: Callable[[], Enhancer], places: dict[Path, Place], path: Path) -> Enhanced:
    """Enhance one recording into an int16 WAV file, written whole or not at all.

    Every channel has an enhancer of its own, so that what one microphone hears changes nothing in the other
    channels. Length and place in time stay, to the sample; beyond the enhancer's band nothing is left.

    Raises
    ------
    AudioFileError
        If it cannot be read.
    AcousticError
        If the result cannot be written.
    """
    start_s = time.perf_counter()
    recording, place, level = Recording(path), places[path], LevelMeter()
    sides = [make() for _ in range(recording.channels)]
    sketch = Sketch(sides[0].rate_hz) if place.picture is not None else None
    blocks = _metered(enhance_blocks(recording, sides, sketch), level)
    write_wav_blocks(place.sound, blocks, recording.rate_hz, recording.channels)
    work_s = time.perf_counter() - start_s
    warnings = [*recording.warnings]
    if level.clipped >= CLIPPED_SHARE:
        warnings.append(f"limited: {level.clipped:.2%} of the result's samples are at full scale")
    if sketch is not None and place.picture is not None:
        sketch.save(place.picture, path.name, warnings)
    return Enhanced(
        file=str(path),
        out=str(place.sound),
        duration_s=round(recording.duration_s, 6),
        rtf=round(work_s / recording.duration_s, 5),
        latency_ms=round(sides[0].latency_ms, 3),
        narrowed=recording.rate_hz > sides[0].rate_hz,
        warnings=tuple(warnings),
    )


def make_scorer(settings: AidSettings, places: dict[Path, Place]) -> Callable[[Path], Enhanced]:
    """Return what enhances recordings, see :func:`enhance_recording`; for `acoustic.score.score_all`."""
    return partial(enhance_recording, AidPlan.load(settings).make, places)


def enhance_blocks(recording: Recording, sides: list[Enhancer], sketch: Sketch | None = None) -> Iterator[Pcm16]:
    """Yield a recording enhanced, int16 (n, channels) at its own rate: as many samples as it has.

    Parameters
    ----------
    recording : Recording
    sides : list of Enhancer
        A new one for each channel.
    sketch : Sketch, optional
        Sees the mean of the channels before and after.
    """
    rate_hz, n_channels = sides[0].rate_hz, recording.channels
    aligned, n_out = [Aligned(side) for side in sides], 0
    back = StreamResampler(rate_hz, recording.rate_hz, n_channels)

    def at_own_rate(channels: list[Pcm16]) -> Float32:
        samples = from_pcm16(np.stack(channels, axis=1))
        if sketch is not None:
            sketch.after(_mixed(samples))
        return back.push(samples if n_channels > 1 else samples[:, 0]).reshape(-1, n_channels)

    for block in recording.channel_blocks(rate_hz, round(BLOCK_S * rate_hz)):
        if sketch is not None:
            sketch.before(_mixed(from_pcm16(block)))
        channels = np.ascontiguousarray(block.T)
        out = to_pcm16(at_own_rate([side.push(pcm) for side, pcm in zip(aligned, channels, strict=True)]))
        n_out += len(out)
        yield out
    rest = at_own_rate([side.flush() for side in aligned])
    rest = np.concatenate([rest, back.flush().reshape(-1, n_channels)])[: recording.n_frames - n_out]
    # Resampled there and back, a recording may have lost a sample at its end.
    missing = np.zeros((recording.n_frames - n_out - len(rest), n_channels), np.float32)
    yield to_pcm16(np.concatenate([rest, missing]))


def _mixed(samples: Float32) -> Pcm16:
    return to_pcm16(samples.mean(axis=1))


def _metered(blocks: Iterator[Pcm16], level: LevelMeter) -> Iterator[Pcm16]:
    for block in blocks:
        level.push(block)
        yield block
