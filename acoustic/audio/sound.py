"""Sound of any rate and number of channels as int16 PCM at a model's rate, with what is wrong with it said."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np

from acoustic.audio.levels import LevelMeter
from acoustic.audio.resample import StreamResampler, to_pcm16
from acoustic.audio.source import Float32, Pcm16, check_format, reblock
from acoustic.audio.start import Began
from acoustic.errors import AudioFileError

CHUNK_FRAMES = 65536
# Below the lowest nothing can be heard, and what says so is wrong.
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 1000, 768_000
CLIPPED_SHARE = 1e-4
QUIET_PEAK_DBFS = -60.0
LARGE_DC = 0.01
# A channel so far below the loudest one is dead; a mixture so far below the channels is of sound that cancels (dB).
DEAD_CHANNEL_DB, CANCELLED_DB = -60.0, -20.0
# Digital silence of this length counts, and is told from this share of the sound on.
SILENCE_S, SILENT_SHARE = 0.5, 0.1


class Sound(ABC):
    """Sound that has an end: a recording, or samples in memory. It can be read any number of times.

    Attributes
    ----------
    name : str
        What it is called in results and messages: the path of a recording.
    rate_hz : int
        Its own sampling rate (Hz).
    channels : int
    n_frames : int
        Samples per channel.
    warnings : tuple of str
        What a person should know about the last full pass, in plain sentences without the name: clipped, silent, very
        quiet, offset, damaged samples, dead channels, recorded at a lower rate.
    began : Began or None
        When it began; None where nothing tells.
    """

    name: str
    rate_hz: int
    channels: int
    n_frames: int
    warnings: tuple[str, ...] = ()
    began: Began | None = None

    @property
    def duration_s(self) -> float:
        """Duration (s)."""
        return self.n_frames / self.rate_hz

    def blocks(self, rate_hz: int, block_samples: int = CHUNK_FRAMES) -> Iterator[Pcm16]:
        """Stream the sound: mean of the channels, resampled, int16.

        The samples do not depend on ``block_samples``; those of an int16 mono file at ``rate_hz`` are
        untouched. Memory does not grow with its length. Damaged samples (not a number,
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
            If a file is damaged, or holds not one sound sample.
        """
        check_format(rate_hz, block_samples)
        return reblock(self._pcm(rate_hz, mix=True), block_samples)

    def channel_blocks(self, rate_hz: int, block_samples: int = CHUNK_FRAMES) -> Iterator[Pcm16]:
        """Stream the sound as `blocks` does, but every channel by itself.

        Yields
        ------
        numpy.ndarray of int16, shape (block_samples, channels)
        """
        check_format(rate_hz, block_samples)
        pieces = (pcm.reshape(-1, self.channels) for pcm in self._pcm(rate_hz, mix=False))
        return reblock(pieces, block_samples)

    def read(self, rate_hz: int) -> Pcm16:
        """Return the whole sound as int16 mono, shape (n,); see `blocks`."""
        return np.concatenate(list(self.blocks(rate_hz)))

    def _pcm(self, rate_hz: int, *, mix: bool) -> Iterator[Pcm16]:
        """Yield pieces of shape (n,), or (n, channels) of the unmixed channels where there are several."""
        resampler = StreamResampler(self.rate_hz, rate_hz, 1 if mix else self.channels)
        meter = SoundMeter(self.rate_hz, self.channels)
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
            raise AudioFileError(f"{self.name}: holds not one sound sample, all are NaN or infinite. Export it again.")
        self.warnings = (*self._faults(n_read, n_bad), *meter.remarks(rate_hz, mix=mix))

    @abstractmethod
    def _chunks(self) -> Iterator[Float32]:
        """Yield the samples as float32, shape (n, channels), full scale 1.0."""

    def _faults(self, n_read: int, n_bad: int) -> Iterator[str]:
        """Yield what is wrong with the samples: ``n_read`` frames were read, ``n_bad`` samples were not finite."""
        if n_bad:
            yield f"damaged: {n_bad} samples are NaN or infinite and were replaced by 0"


class SoundMeter:
    """What a person should know about sound, whatever it is read from, measured block by block.

    Parameters
    ----------
    rate_hz : int
        Its own sampling rate (Hz).
    channels : int
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._rate_hz, self._n_frames = rate_hz, 0
        self._level, self._channels = LevelMeter(), ChannelMeter(channels, round(SILENCE_S * rate_hz))

    def push(self, chunk: Float32) -> None:
        """Take finite samples, float32 (n, channels) with full scale 1.0."""
        self._n_frames += len(chunk)
        self._level.push(chunk)
        self._channels.push(chunk)

    def remarks(self, model_rate_hz: int, *, mix: bool) -> Iterator[str]:
        """Yield plain sentences, for a model of that rate (Hz) that hears the mean of the channels, or each of them."""
        level = self._level
        yield from self._channels.remarks(self._n_frames, mix=mix)
        if level.peak_dbfs == -np.inf:
            yield "silent: every sample is 0"
        elif level.peak_dbfs < QUIET_PEAK_DBFS:
            yield f"very quiet: the peak is {level.peak_dbfs:.0f} dBFS"
        if level.clipped >= CLIPPED_SHARE:
            yield f"clipped: {level.clipped:.2%} of the samples are at full scale"
        if abs(level.dc) >= LARGE_DC:
            yield f"offset: the mean is {level.dc:+.1%} of full scale"
        if self._rate_hz < model_rate_hz:
            yield (
                f"band-limited: recorded at {self._rate_hz} Hz, so nothing above {self._rate_hz // 2} Hz is in it; "
                f"the model hears up to {model_rate_hz // 2} Hz"
            )


class ChannelMeter:
    """What the channels of a recording are like beside each other, and how much of it is digital silence.

    Parameters
    ----------
    n_channels : int
    run_frames : int
        Frames of nothing but zeros in a row that count as silence.
    """

    def __init__(self, n_channels: int, run_frames: int) -> None:
        self._squares, self._mixed = np.zeros(n_channels), 0.0
        self._run_frames, self._run, self._n_silent = run_frames, 0, 0

    def push(self, chunk: Float32) -> None:
        """Take samples, float32 (n, channels)."""
        if len(self._squares) > 1:  # a single one is compared with none
            self._squares += np.square(chunk, dtype=np.float64).sum(axis=0)
            self._mixed += float(np.square(chunk.mean(axis=1), dtype=np.float64).sum())
        loud = chunk[:, 0] != 0 if chunk.shape[1] == 1 else chunk.any(axis=1)
        if len(chunk) and self._run < self._run_frames and loud.all():
            self._run = 0
            return
        edges = np.flatnonzero(loud)
        if not len(edges):
            self._run += len(chunk)
            return
        runs = np.diff(edges, prepend=-1 - self._run) - 1
        self._n_silent += int(runs[runs >= self._run_frames].sum())
        self._run = len(chunk) - 1 - int(edges[-1])

    def remarks(self, n_frames: int, *, mix: bool) -> Iterator[str]:
        """Yield what a person should know about the channels."""
        loudest = float(self._squares.max())
        dead = np.flatnonzero(self._squares <= loudest * 10 ** (DEAD_CHANNEL_DB / 10))
        if loudest > 0 and len(dead):
            names = ", ".join(str(1 + number) for number in dead)
            effect = ", so the mean of all is quieter than the sound" if mix else ""
            yield f"dead channel: nothing is on channel {names} of {len(self._squares)}{effect}"
        elif len(self._squares) > 1 and self._mixed < self._squares.mean() * 10 ** (CANCELLED_DB / 10):
            yield "antiphase: the channels cancel each other in their mean; give a file with one of them"
        n_silent = self._n_silent + (self._run if self._run >= self._run_frames else 0)
        if SILENT_SHARE <= n_silent / max(1, n_frames) < 1.0:
            yield f"digital silence: {n_silent / n_frames:.0%} of it are samples of exactly 0"
