"""Change of sampling rate, and the one place where float samples become int16."""

from typing import Any

import numpy as np

from acoustic.audio.source import Float32, Pcm16
from acoustic.errors import ParameterError

FULL_SCALE = 32768


def to_pcm16(x: Float32) -> Pcm16:
    """Convert float samples to int16: ``x * 32768``, rounded half to even, clipped to the int16 range.

    The samples of `from_pcm16` come back unchanged.

    Parameters
    ----------
    x : numpy.ndarray of float32, any shape
        Finite samples, full scale = 1.0.
    """
    pcm: Pcm16 = np.clip(np.rint(x * np.float32(FULL_SCALE)), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    return pcm


def from_pcm16(pcm: Pcm16) -> Float32:
    """Convert int16 samples to float32 with full scale 1.0, exactly; `to_pcm16` is the way back."""
    return pcm.astype(np.float32) / np.float32(FULL_SCALE)


class StreamResampler:
    """Resample a stream piece by piece, with the same result as all at once.

    The filter is the "HQ" one of the SoX Resampler library (linear phase, 20 bits). What comes out
    lags what was pushed by the filter's delay (`lag_s`); `flush` delivers the rest.
    Equal rates pass the samples through untouched and without delay.

    Parameters
    ----------
    in_rate_hz, out_rate_hz : int
        Sampling rates (Hz).
    channels : int
        Number of channels.
    """

    def __init__(self, in_rate_hz: int, out_rate_hz: int, channels: int = 1) -> None:
        if min(in_rate_hz, out_rate_hz, channels) < 1:
            raise ParameterError(
                f"Rates and channels must be at least 1, not {in_rate_hz} Hz, {out_rate_hz} Hz, {channels} channels."
            )
        self._empty: Float32 = np.zeros(0 if channels == 1 else (0, channels), np.float32)
        self._out_rate_hz = out_rate_hz
        self._soxr: Any = None
        if in_rate_hz != out_rate_hz:
            import soxr

            self._soxr = soxr.ResampleStream(in_rate_hz, out_rate_hz, channels, dtype="float32", quality="HQ")

    @property
    def lag_s(self) -> float:
        """How far what came out lags behind what was pushed (s); about 20 ms between 16 and 48 kHz."""
        return 0.0 if self._soxr is None else float(self._soxr.delay()) / self._out_rate_hz

    def push(self, x: Float32) -> Float32:
        """Resample the next piece.

        Parameters
        ----------
        x : numpy.ndarray of float32, shape (n,) or (n, channels)
            Samples of any number, none included.

        Returns
        -------
        numpy.ndarray of float32, shape (m,) or (m, channels)
            What is ready so far; may be empty.
        """
        return x if self._soxr is None else self._run(x, last=False)

    def flush(self) -> Float32:
        """Return what is still inside the filter and end the stream: nothing may be pushed afterwards."""
        return self._empty if self._soxr is None else self._run(self._empty, last=True)

    def _run(self, x: Float32, *, last: bool) -> Float32:
        y: Float32 = self._soxr.resample_chunk(x, last=last)
        return y
