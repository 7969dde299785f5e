"""One recording through an application that makes sound: every channel by itself, at its own rate, to its end."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from acoustic.application import Facts, Loaded, Row, SoundChain, SoundPainter
from acoustic.audio import LevelMeter, Recording, StreamResampler, to_pcm16, write_wav_blocks
from acoustic.audio.recording import CLIPPED_SHARE
from acoustic.audio.resample import from_pcm16
from acoustic.audio.source import Float32, Pcm16
from acoustic.errors import ParameterError
from acoustic.records import plain
from acoustic.score.recording import Task
from acoustic.score.writers import names_in
from acoustic.text import finite

#: Larger blocks are faster, and give the same samples.
BLOCK_S = 10.0


def sounds_in(output: Path, files: Sequence[Path], roots: Sequence[Path]) -> dict[Path, Path]:
    """Decide where the sound made of each recording goes.

    Where ``output`` lies in a folder of recordings, what is in it is left out: results of an earlier run.

    Parameters
    ----------
    output
        A folder, or the WAV file for the sound of one recording.
    files
        The recordings.
    roots
        The files and folders that they were found in.

    Raises
    ------
    ParameterError
        If a recording would be overwritten, or one file is to hold the sound of several.
    """
    named, target = {path.resolve() for path in roots}, output.resolve()
    if named & {*target.parents}:
        files = [path for path in files if path.resolve() in named or target not in path.resolve().parents]
    if output.suffix and not output.is_dir():
        if len(files) != 1 or roots[0].is_dir() or output.suffix.lower() != ".wav":
            raise ParameterError(
                f"{output}: only the sound of one recording goes to a file, and that is a WAV file. Give a folder."
            )
        sounds = [output]
    else:
        sounds = names_in(output, files, ".wav")
    inputs = {path.resolve() for path in files}
    for sound in sounds:
        if sound.resolve() in inputs:
            raise ParameterError(f"{sound}: is one of the recordings and would be overwritten. Give another folder.")
    return dict(zip(files, sounds, strict=True))


def enhance_recording(loaded: Loaded[Any, Any, Any, Any], task: Task) -> Row:
    """Run one recording through its application, and write the sound it makes as int16 WAV, whole or not at all.

    Every channel has a chain of its own, so that what one microphone hears changes nothing in the other channels.
    Length and place in time stay, to the sample; beyond the chain's band nothing is left. Without a file for the sound
    it is made all the same, for its measures and its picture.

    Raises
    ------
    AudioFileError
        If it cannot be read.
    AcousticError
        If the result cannot be written.
    """
    start_s = time.perf_counter()
    application, recording = loaded.application, Recording(task.path)
    before, after = LevelMeter(), LevelMeter()
    sides = [application.chain(loaded.typed, task.options) for _ in range(recording.channels)]
    collector = application.collect(loaded.typed, task.options, sides[0])
    painter = None
    if task.picture is not None and application.picture is not None:
        painter = application.picture(loaded.typed, task.options)
    channels = Channels(sides, loaded.rate_hz, collector, painter, before)  # type: ignore[arg-type]
    blocks = _metered(channels.enhance(recording), after)
    if task.sound is None:
        for _ in blocks:
            pass
    else:
        write_wav_blocks(task.sound, blocks, recording.rate_hz, recording.channels)
    work_s = time.perf_counter() - start_s
    warnings = [*recording.warnings]
    if after.clipped >= CLIPPED_SHARE:
        warnings.append(f"limited: {after.clipped:.2%} of the result's samples are at full scale")
    if recording.rate_hz > loaded.rate_hz:
        highest_khz = loaded.rate_hz / 2000
        warnings.append(f"narrowed: the result holds only what the model hears, up to {highest_khz:g} kHz")
    facts = Facts(
        file=str(task.path),
        duration_s=recording.duration_s,
        rate_hz=recording.rate_hz,
        warnings=tuple(warnings),
        realtime_factor=work_s / recording.duration_s,
        output=None if task.sound is None else str(task.sound),
        input_dbfs=finite(before.rms_dbfs),
        output_dbfs=finite(after.rms_dbfs),
    )
    result = collector.result(facts)
    if painter is not None and task.picture is not None:
        painter.save(result, task.picture)
    row: Row = plain(result)
    return row


class Channels:
    """The channels of a recording through a chain each.

    Parameters
    ----------
    chains : list of SoundChain
        A new one for each channel.
    rate_hz : int
        Their rate (Hz).
    collector : Collector, optional
        Takes the events of the first channel.
    painter : SoundPainter, optional
        Sees the mean of the channels before and after.
    level : LevelMeter, optional
        Measures what comes in, within the band of the chains.
    """

    def __init__(
        self,
        chains: Sequence[SoundChain[Any]],
        rate_hz: int,
        collector: Any = None,
        painter: SoundPainter[Any] | None = None,
        level: LevelMeter | None = None,
    ) -> None:
        self._chains, self._rate_hz, self._collector, self._painter = chains, rate_hz, collector, painter
        self._level = LevelMeter() if level is None else level

    def enhance(self, recording: Recording) -> Iterator[Pcm16]:
        """Yield the sound made of a recording, int16 (n, channels) at its own rate: as many samples as it has."""
        rate_hz, n_channels, n_out = self._rate_hz, recording.channels, 0
        back = StreamResampler(rate_hz, recording.rate_hz, n_channels)

        def at_own_rate() -> Float32:
            samples = from_pcm16(np.stack([chain.sound() for chain in self._chains], axis=1))
            if self._painter is not None:
                self._painter.push_sound(_mixed(samples))
            return back.push(samples if n_channels > 1 else samples[:, 0]).reshape(-1, n_channels)

        for block in recording.channel_blocks(rate_hz, round(BLOCK_S * rate_hz)):
            if self._painter is not None:
                self._painter.push(_mixed(from_pcm16(block)))
            self._level.push(block)
            self._collect([chain.push(pcm) for chain, pcm in zip(self._chains, _rows(block), strict=True)])
            out = to_pcm16(at_own_rate())
            n_out += len(out)
            yield out
        self._collect([chain.flush() for chain in self._chains])
        rest = at_own_rate()
        rest = np.concatenate([rest, back.flush().reshape(-1, n_channels)])[: recording.n_frames - n_out]
        # Resampled there and back, a recording may have lost a sample at its end.
        missing = np.zeros((recording.n_frames - n_out - len(rest), n_channels), np.float32)
        yield to_pcm16(np.concatenate([rest, missing]))

    def _collect(self, events: Sequence[Sequence[Any]]) -> None:
        if self._collector is not None:
            for event in events[0]:
                self._collector.hear(event)


def _rows(block: Pcm16) -> Sequence[Pcm16]:
    return list(np.ascontiguousarray(block.T))


def _mixed(samples: Float32) -> Pcm16:
    return to_pcm16(samples.mean(axis=1))


def _metered(blocks: Iterator[Pcm16], level: LevelMeter) -> Iterator[Pcm16]:
    for block in blocks:
        level.push(block)
        yield block
