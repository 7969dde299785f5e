"""Recordings: any sound file as int16 mono at any rate, in constant memory, with what is wrong with it said."""

import os
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np

from acoustic.audio.levels import LevelMeter
from acoustic.audio.resample import StreamResampler, to_pcm16
from acoustic.audio.source import Float32, Health, Pcm16, check_format, reblock
from acoustic.errors import AudioFileError

SUFFIXES = (
    *(".wav", ".wave", ".w64", ".rf64", ".flac", ".ogg", ".oga", ".opus", ".mp3"),
    *(".aif", ".aiff", ".aifc", ".au", ".snd", ".caf"),
)

CHUNK_FRAMES = 65536
# libsndfile's way of saying that a file does not state its length.
UNKNOWN_FRAMES = 2**62
# MP3 headers only estimate the length, so a shortage below this is no truncation.
TRUNCATED_S = 0.1
# Recorders that cannot go back to their header write a size near 2 or 4 GiB in advance.
PLACEHOLDER_BYTES = 0x7FFF0000
CLIPPED_SHARE = 1e-4
QUIET_PEAK_DBFS = -60.0
LARGE_DC = 0.01


class Recording:
    """One sound file: WAV, FLAC, OGG, Opus, MP3, AIFF or what else libsndfile reads.

    Parameters
    ----------
    path : str or Path
        The file; its header is read at once.

    Attributes
    ----------
    path : Path
    rate_hz : int
        Sampling rate of the file (Hz).
    channels : int
    n_frames : int
        Samples per channel: what the header says, and after a full pass what there was.
    warnings : tuple of str
        What a person should know about the last full pass, in plain sentences without the
        file's name: clipped, silent, very quiet, offset, damaged samples, cut off, recorded at a lower rate.

    Raises
    ------
    AudioFileError
        If the file is missing, empty, a folder, not sound, or holds no samples.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.warnings: tuple[str, ...] = ()
        _check_file(self.path)
        with self._open() as file:
            self.rate_hz: int = file.samplerate
            self.channels: int = file.channels
            self.n_frames: int = file.frames
            bytes_lost = _share_lost(file.extra_info)
        if self.n_frames >= UNKNOWN_FRAMES:
            self.n_frames = sum(len(chunk) for chunk in self._chunks())
        if self.n_frames == 0:
            raise AudioFileError(
                f"{self.path}: holds no samples, only a header. Was the recorder cut off? Record again."
            )
        self._promised_frames = round(self.n_frames / (1 - bytes_lost))

    @property
    def duration_s(self) -> float:
        """Length of the recording (s)."""
        return self.n_frames / self.rate_hz

    def blocks(self, rate_hz: int, block_samples: int = CHUNK_FRAMES) -> Iterator[Pcm16]:
        """Stream the recording: mean of the channels, resampled, int16.

        The samples do not depend on ``block_samples``; those of an int16 mono file at ``rate_hz`` are
        untouched. Memory does not grow with the recording's length. Damaged samples (not a number,
        infinite) become 0.

        Parameters
        ----------
        rate_hz : int
            Wanted sampling rate (Hz).
        block_samples : int
            Samples per block; only the last block may be shorter.

        Yields
        ------
        numpy.ndarray of int16, shape (block_samples,)

        Raises
        ------
        AudioFileError
            If the file is damaged in the middle, or holds not one sound sample.
        """
        check_format(rate_hz, block_samples)
        return reblock(self._pcm(rate_hz, mix=True), block_samples)

    def channel_blocks(self, rate_hz: int, block_samples: int = CHUNK_FRAMES) -> Iterator[Pcm16]:
        """Stream the recording as `blocks` does, but every channel by itself.

        Yields
        ------
        numpy.ndarray of int16, shape (block_samples, channels)
        """
        check_format(rate_hz, block_samples)
        pieces = (pcm.reshape(-1, self.channels) for pcm in self._pcm(rate_hz, mix=False))
        return reblock(pieces, block_samples)

    def read(self, rate_hz: int) -> Pcm16:
        """Return the whole recording as int16 mono, shape (n,); see `blocks`."""
        return np.concatenate(list(self.blocks(rate_hz)))

    def _pcm(self, rate_hz: int, *, mix: bool) -> Iterator[Pcm16]:
        """Yield pieces of shape (n,), or (n, channels) of the unmixed channels where there are several."""
        resampler = StreamResampler(self.rate_hz, rate_hz, 1 if mix else self.channels)
        meter = LevelMeter()
        n_read = n_bad = 0
        for chunk in self._chunks():
            n_read += len(chunk)
            finite = np.isfinite(chunk)
            if not finite.all():
                n_bad += chunk.size - int(np.count_nonzero(finite))
                chunk = np.where(finite, chunk, np.float32(0))
            meter.push(chunk)
            wanted = chunk[:, 0] if self.channels == 1 else chunk.mean(axis=1) if mix else chunk
            yield to_pcm16(resampler.push(wanted))
        self.n_frames = n_read
        yield to_pcm16(resampler.flush())
        if n_bad == n_read * self.channels:
            raise AudioFileError(f"{self.path}: holds not one sound sample, all are NaN or infinite. Export it again.")
        self.warnings = tuple(self._judge(meter, n_read, n_bad, rate_hz))

    def _judge(self, meter: LevelMeter, n_read: int, n_bad: int, rate_hz: int) -> Iterator[str]:
        lost_s = (self._promised_frames - n_read) / self.rate_hz
        if lost_s >= TRUNCATED_S:
            promised_s = self._promised_frames / self.rate_hz
            yield f"cut off: the header promises {promised_s:.1f} s, {lost_s:.1f} s are missing"
        if n_bad:
            yield f"damaged: {n_bad} samples are NaN or infinite and were replaced by 0"
        if meter.peak_dbfs == -np.inf:
            yield "silent: every sample is 0"
        elif meter.peak_dbfs < QUIET_PEAK_DBFS:
            yield f"very quiet: the peak is {meter.peak_dbfs:.0f} dBFS"
        if meter.clipped >= CLIPPED_SHARE:
            yield f"clipped: {meter.clipped:.2%} of the samples are at full scale"
        if abs(meter.dc) >= LARGE_DC:
            yield f"offset: the mean is {meter.dc:+.1%} of full scale"
        if self.rate_hz < rate_hz:
            yield (
                f"band-limited: recorded at {self.rate_hz} Hz, so nothing above {self.rate_hz // 2} Hz is in it; "
                f"the model hears up to {rate_hz // 2} Hz"
            )

    def _chunks(self) -> Iterator[Float32]:
        """Yield the decoded samples as float32, shape (n, channels)."""
        n_read = 0
        with self._open() as file:
            while True:
                chunk: Float32 = self._decode(file, n_read)
                if len(chunk) == 0:
                    return
                n_read += len(chunk)
                yield chunk

    def _decode(self, file: Any, n_read: int) -> Float32:
        import soundfile

        try:
            chunk: Float32 = file.read(CHUNK_FRAMES, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            reason = error.error_string.rstrip(".")
            raise AudioFileError(
                f"{self.path}: damaged or cut off after {n_read / self.rate_hz:.1f} s ({reason}). "
                "Copy it again, or convert the good part."
            ) from error
        return chunk

    def _open(self) -> Any:
        import soundfile

        class Forward(soundfile.SoundFile):  # type: ignore[misc]
            """A file that is only read from start to end."""

            def seekable(self) -> bool:
                # soundfile seeks after each read of a seekable file: that changes the samples of MP3 files
                # and fails for FLAC files of unstated length.
                return False

        try:
            return Forward(self.path)
        except (soundfile.LibsndfileError, TypeError) as error:
            raise AudioFileError(
                f"{self.path}: not a sound file that can be read, or damaged at its start. "
                "WAV, FLAC, OGG, Opus, MP3 and AIFF are; convert others with: ffmpeg -i FILE OUT.wav"
            ) from error


class RecordingSource:
    """A recording that plays like a microphone.

    Parameters
    ----------
    path : str or Path
        The file.
    rate_hz, block_samples : int
        Rate (Hz) and length (samples) of the blocks.
    speed : float, optional
        1.0 hands out each block when its last sample would have been recorded, 10.0 ten times as fast;
        None as fast as it can be read.

    Attributes
    ----------
    recording : Recording
    """

    def __init__(self, path: str | Path, rate_hz: int, block_samples: int, speed: float | None = None) -> None:
        check_format(rate_hz, block_samples)
        self.recording = Recording(path)
        self.rate_hz = rate_hz
        self.block_samples = block_samples
        self.speed = speed
        self.health = Health()
        self._closed = False

    def __iter__(self) -> Iterator[Pcm16]:
        """Yield the recording's blocks."""
        start = time.monotonic()
        n_samples = 0
        for block in self.recording.blocks(self.rate_hz, self.block_samples):
            n_samples += len(block)
            if self.speed is not None:
                due = start + n_samples / self.rate_hz / self.speed
                time.sleep(max(0.0, due - time.monotonic()))
            if self._closed:
                return
            yield block

    def close(self) -> None:
        """End the iteration at the next block."""
        self._closed = True

    def __enter__(self) -> Self:
        """Return the source itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


def find_recordings(paths: Iterable[str | Path]) -> list[Path]:
    """List the recordings that some files and folders stand for.

    Files are taken as given, whatever they are called. Folders are searched to any depth for files with
    a known suffix (`SUFFIXES`), in sorted order, hidden ones left out; links are followed, each folder once.
    The same file appears once. A path that does not exist and a folder without recordings stay in the
    list: `Recording` then says what is wrong with them, and the others can still be scored.
    """
    found: dict[Path, Path] = {}
    for path in map(Path, paths):
        for candidate in (_walk(path) or [path]) if path.is_dir() else [path]:
            found.setdefault(candidate.resolve(), candidate)
    return list(found.values())


def _walk(folder: Path) -> list[Path]:
    found: list[Path] = []
    seen: set[Path] = set()

    def keep_unreadable(error: OSError) -> None:
        found.append(Path(error.filename))

    for name, folders, files in os.walk(folder, followlinks=True, onerror=keep_unreadable):
        here = Path(name)
        if here.resolve() in seen:
            folders.clear()
            continue
        seen.add(here.resolve())
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        found += [here / f for f in sorted(files) if Path(f).suffix.lower() in SUFFIXES and not f.startswith(".")]
    return found


def _check_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise AudioFileError(f"{path}: a folder without recordings that can be read.")
        if not path.exists():
            raise AudioFileError(f"{path}: no such file. Check the name and the folder.")
        if not path.is_file():
            raise AudioFileError(f"{path}: not a file but a device or pipe. Send raw PCM to standard input instead.")
        with path.open("rb") as stream:
            if not stream.read(1):
                raise AudioFileError(f"{path}: the file is empty (0 bytes). Copy or record it again.")
    except OSError as error:
        raise AudioFileError(f"{path}: cannot be opened ({error.strerror}).") from error


def _share_lost(log: str) -> float:
    """Return which share of the sound bytes that a WAV or AIFF header promises is missing, from libsndfile's log.

    libsndfile silently corrects the size of the data chunk; only its log tells.
    """
    sizes = re.search(r"^\s*(?:data|SSND)\s*:\s*(\d+) \(should be (\d+)\)", log, re.MULTILINE)
    if sizes is None:
        return 0.0
    promised, there = int(sizes[1]), int(sizes[2])
    return 0.0 if promised >= PLACEHOLDER_BYTES or there == 0 else max(0.0, 1 - there / promised)
