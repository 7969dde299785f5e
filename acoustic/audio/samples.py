"""Samples in memory: arrays of the usual types as sound, refused with how to convert them where they are not clear."""

import math
from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from acoustic.audio.resample import FULL_SCALE, from_pcm16
from acoustic.audio.sound import CHUNK_FRAMES, HIGHEST_RATE_HZ, LOWEST_RATE_HZ, Sound
from acoustic.audio.source import Float32, Pcm16
from acoustic.errors import ParameterError

#: Float samples beyond this are no overshoot of a full scale of 1 but of another scale.
LARGEST_PEAK = 2.0


class Samples(Sound):
    """An array as sound; it is read where it lies, not copied.

    Parameters
    ----------
    array : array_like, shape (n,) or (n, channels)
        Floats with full scale 1.0, or integers of 8, 16 or 32 bits with the full scale of their type (unsigned ones
        around its middle, as in a WAV file).
    rate_hz : int
        Its sampling rate (Hz).
    name : str
        What it is called in results.

    Attributes
    ----------
    array : numpy.ndarray
        The samples as they came.

    Raises
    ------
    ParameterError
        If the rate is missing or out of range; if the array is empty, of another type or shape, has more channels than
        samples, holds a NaN or an infinity, or is far from full scale 1. The message says how to convert it.
    """

    def __init__(self, array: ArrayLike, rate_hz: float | None, name: str = "array") -> None:
        self.rate_hz, self.name = check_rate(rate_hz), name
        self.array = samples = check_samples(array)
        if samples.size == 0:
            raise ParameterError("The array holds no samples.")
        if samples.ndim == 2 and samples.shape[1] > samples.shape[0]:
            raise ParameterError(
                f"An array of shape {samples.shape} has more channels than samples: give (n, channels), such as x.T."
            )
        self._samples = samples.reshape(len(samples), -1)
        self.n_frames, self.channels = self._samples.shape

    def _chunks(self) -> Iterator[Float32]:
        for start in range(0, self.n_frames, CHUNK_FRAMES):
            yield as_float32(self._samples[start : start + CHUNK_FRAMES])


def check_rate(rate_hz: float | None) -> int:
    """Return a sampling rate as a whole number of Hz.

    Raises
    ------
    ParameterError
        If it is missing, no whole number, or out of range.
    """
    if rate_hz is None:
        raise ParameterError("An array does not say its sampling rate: add rate_hz, such as rate_hz=48000.")
    if not isinstance(rate_hz, Real) or isinstance(rate_hz, bool) or not math.isfinite(rate_hz):
        raise ParameterError(f"rate_hz must be a number of Hz, such as 48000, not {rate_hz!r}.")
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        raise ParameterError(
            f"rate_hz must be {LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ} Hz, not {rate_hz}. It is in Hz: 44.1 kHz is 44100."
        )
    if not isinstance(rate_hz, Integral) and rate_hz != int(rate_hz):
        raise ParameterError(f"rate_hz must be a whole number of Hz, not {rate_hz}.")
    return int(rate_hz)


def check_samples(array: ArrayLike) -> NDArray[Any]:
    """Return samples as an array of one or two dimensions, perhaps empty.

    Raises
    ------
    ParameterError
        If they are of a type or shape that is no sound, hold a NaN or an infinity, or are far from full scale 1.
    """
    try:
        samples = np.asarray(array)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ParameterError(f"The samples cannot be read as an array ({error}): give a NumPy array.") from error
    _check_type(samples.dtype)
    if samples.ndim not in (1, 2):
        raise ParameterError(
            f"Samples must have the shape (n,) or (n, channels), not {samples.shape}: give one recording at a time."
        )
    if samples.dtype.kind == "f" and samples.size:
        _check_values(samples)
    return samples


def _check_type(dtype: np.dtype[Any]) -> None:
    if dtype.kind == "c":
        raise ParameterError(f"Samples of {dtype} are no waveform: give real numbers, such as x.real.")
    if dtype.kind in "iu" and dtype.itemsize > 4:
        raise ParameterError(
            f"Samples of {dtype} have no agreed full scale: give 16-bit samples as x.astype(np.int16), or floats from "
            "-1 to 1, such as x / 32768."
        )
    if dtype.kind not in "iuf":
        raise ParameterError(f"Samples must be floats, or integers of 8, 16 or 32 bits, not {dtype}.")


def _check_values(samples: NDArray[Any]) -> None:
    # The extremes take no copy of the array, and any NaN is the result of both.
    low, high = float(samples.min()), float(samples.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        bad = np.flatnonzero(~np.isfinite(samples).all(axis=tuple(range(1, samples.ndim))))
        raise ParameterError(
            f"The array holds NaN or infinite samples, the first at index {bad[0]}: repair them, or replace them by "
            "silence with np.nan_to_num(x, posinf=0, neginf=0)."
        )
    if (peak := max(-low, high)) > LARGEST_PEAK:
        raise ParameterError(
            f"Float samples have a full scale of 1, and these reach {peak:.6g}: divide them by the full scale of their "
            "source, such as x / 32768 for 16-bit samples."
        )


def as_float32(samples: NDArray[Any]) -> Float32:
    """Convert samples that `check_samples` returned to float32 with full scale 1.0, as libsndfile does."""
    if samples.dtype.kind == "f":
        return np.ascontiguousarray(samples, np.float32)
    full_scale = 1 << (8 * samples.dtype.itemsize - 1)
    if samples.dtype.kind == "u":
        samples = samples.astype(np.int64) - full_scale
    return np.ascontiguousarray(samples, np.float32) / np.float32(full_scale)


def from_pcm16_as(pcm: Pcm16, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Convert int16 samples to a type that `check_samples` takes, with its full scale; 8 bits are rounded."""
    if dtype.kind == "f":
        return from_pcm16(pcm).astype(dtype)
    full_scale = 1 << (8 * dtype.itemsize - 1)
    samples: NDArray[Any] = np.minimum(np.rint(pcm * (full_scale / FULL_SCALE)), full_scale - 1)
    return (samples + (full_scale if dtype.kind == "u" else 0)).astype(dtype)
