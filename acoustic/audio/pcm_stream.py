"""Raw PCM from a pipe, such as ``arecord -t raw | acoustic ...`` on standard input."""

import io
from collections.abc import Iterator
from typing import Literal

import numpy as np

from acoustic.audio.resample import StreamResampler, from_pcm16, to_pcm16
from acoustic.audio.source import Float32, Pcm16, SourceHealth, check_format, reblock
from acoustic.errors import AudioFileError, ParameterError

SampleFormat = Literal["s16le", "f32le"]

_READ_BYTES = 65536
_DTYPES: dict[SampleFormat, np.dtype[np.int16] | np.dtype[np.float32]] = {
    "s16le": np.dtype("<i2"),
    "f32le": np.dtype("<f4"),
}


class PcmStream:
    """A source that reads headerless samples from a stream of bytes.

    Parameters
    ----------
    stream : io.BufferedIOBase
        Where the bytes come from, for example ``sys.stdin.buffer``; it stays open.
    in_rate_hz : int
        Sampling rate of the stream (Hz).
    rate_hz, block_samples : int
        Rate (Hz) and length (samples) of the blocks to yield.
    channels : int
        Interleaved channels; their mean is taken.
    sample_format : {"s16le", "f32le"}
        int16 or float32 (full scale 1.0), little-endian.

    Raises
    ------
    AudioFileError
        While iterating: if the stream ends before its first sample.
    """

    def __init__(
        self,
        stream: io.BufferedIOBase,
        in_rate_hz: int,
        rate_hz: int,
        block_samples: int,
        *,
        channels: int = 1,
        sample_format: SampleFormat = "s16le",
    ) -> None:
        check_format(rate_hz, block_samples)
        check_format(in_rate_hz, block_samples)
        if channels < 1:
            raise ParameterError(f"A stream has at least 1 channel, not {channels}.")
        if sample_format not in _DTYPES:
            raise ParameterError(f"The sample format is one of {', '.join(_DTYPES)}, not {sample_format}.")
        self.rate_hz = rate_hz
        self.block_samples = block_samples
        self.health = SourceHealth()
        self._stream = stream
        self._in_rate_hz = in_rate_hz
        self._channels = channels
        self._dtype = _DTYPES[sample_format]
        self._closed = False

    def __iter__(self) -> Iterator[Pcm16]:
        """Yield int16 mono blocks until the stream ends."""
        return reblock(self._pcm(), self.block_samples)

    def close(self) -> None:
        """End the iteration after the bytes that are being read."""
        self._closed = True

    def _pcm(self) -> Iterator[Pcm16]:
        resampler = StreamResampler(self._in_rate_hz, self.rate_hz)
        n_frames = 0
        for frames in self._frames():
            n_frames += len(frames)
            finite = np.isfinite(frames)
            if not finite.all():
                frames = np.where(finite, frames, np.float32(0))
                n_bad = finite.size - int(np.count_nonzero(finite))
                self.health.note(n_frames / self._in_rate_hz, f"{n_bad} damaged samples were replaced by 0")
            yield to_pcm16(resampler.push(frames.mean(axis=1)))
        yield to_pcm16(resampler.flush())
        if n_frames == 0 and not self._closed:
            raise AudioFileError("Standard input held no samples. Check the program that should write them.")

    def _frames(self) -> Iterator[Float32]:
        """Yield whole frames as float32, shape (n, channels); a read may end anywhere inside one."""
        frame_bytes = self._dtype.itemsize * self._channels
        pending = b""
        n_frames = 0
        while not self._closed and (piece := self._stream.read1(_READ_BYTES)):
            pending += piece
            n_whole = len(pending) // frame_bytes
            samples = np.frombuffer(pending, self._dtype, n_whole * self._channels).reshape(n_whole, self._channels)
            pending = pending[n_whole * frame_bytes :]
            n_frames += n_whole
            yield from_pcm16(samples.astype(np.int16)) if self._dtype.kind == "i" else samples.astype(np.float32)
        if pending:
            end_s = n_frames / self._in_rate_hz
            self.health.note(end_s, f"the stream ended inside a sample: {len(pending)} bytes left over")
