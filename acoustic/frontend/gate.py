"""Spectral gate: a denoiser without a network, and the baseline that a network has to beat.

Power spectral subtraction with over-subtraction and a spectral floor (Boll 1979; Berouti, Schwartz and
Makhoul 1979). The noise is learnt from the recording's own past, as a median over time in each band (Stahl,
Fischer and Bippus 2000: speech fills any one band for less than half of the time).
"""

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from acoustic import native
from acoustic.errors import ParameterError
from acoustic.frontend import compiled
from acoustic.frontend.logarithm import exp2, log2
from acoustic.frontend.noise_floor import STEPS_PER_DB, NoiseFloor, to_steps
from acoustic.frontend.stft import Stft, Synthesis
from acoustic.frontend.tables import DB_PER_OCTAVE, F32
from acoustic.frontend.windows import WindowPair
from acoustic.records import About, check, require

#: Level of a band at or below which a frame is digital silence, from which no noise is learnt.
SILENCE_DB = -120.0


@dataclass(frozen=True, kw_only=True)
class GateSettings:
    """Settings of the spectral gate; a value out of range is a `ParameterError`."""

    over_subtraction: Annotated[
        float, About("How many times the noise's power is subtracted: 1 leaves residues that ring.", low=1, high=100)
    ] = 4.0
    floor_db: Annotated[
        float,
        About("Gain that no band falls below: it keeps the background natural and masks what rings.", low=-60, high=0),
    ] = -15.0
    attack_ms: Annotated[
        float, About("Time constant of a rising gain; 0 follows at once.", unit="ms", low=0, high=1000)
    ] = 5.0
    release_ms: Annotated[
        float, About("Time constant of a falling gain; 0 follows at once.", unit="ms", low=0, high=1000)
    ] = 20.0
    block_frames: Annotated[
        int,
        About("Frames whose mean level is one entry of the noise's memory, a power of two.", low=1, high=1024),
    ] = 32
    n_blocks: Annotated[int, About("Entries of the memory; the noise is their median.", low=1, high=1024)] = 32

    def __post_init__(self) -> None:
        """Check every range."""
        check(self, "spectral gate")
        n = self.block_frames
        require("spectral gate", {f"block_frames must be a power of two, not {n}": n & (n - 1) == 0})

    def factors(self, frames_per_second: float) -> dict[str, np.float32]:
        """Return the settings as the arithmetic takes them: the fields of the C structure ``acoustic_gate``."""
        return {
            "over_subtraction": np.float32(self.over_subtraction),
            "floor": np.float32(10.0 ** (self.floor_db / 10.0)),
            "attack": _step_towards(self.attack_ms, frames_per_second),
            "release": _step_towards(self.release_ms, frames_per_second),
        }


class SpectralGate:
    """Gains of a stream of band levels; the bands may be FFT bins or mel bands.

    Until the first block of frames is complete the noise is unknown, and the gain is one.

    Parameters
    ----------
    n_bands : int
    settings : GateSettings
    frames_per_second : float
        What the time constants refer to.
    """

    def __init__(self, n_bands: int, settings: GateSettings, *, frames_per_second: float) -> None:
        self.n_bands, self.settings = n_bands, settings
        sizes = (n_bands, settings.block_frames, settings.n_blocks, int(SILENCE_DB * STEPS_PER_DB))
        factors = settings.factors(frames_per_second)
        core = native.core()
        self._fill = compiled.GateFrames(core, *sizes, **factors) if core else _NumpyGate(*sizes, **factors)

    def push(self, level_db: F32) -> F32:
        """Return the gain of each band.

        Parameters
        ----------
        level_db : float32 array, shape (n_frames, n_bands)
            Power of each band in dB relative to any reference that the noise shares.

        Returns
        -------
        float32 array of the same shape: factors of the amplitude, from ``floor_db`` to one.

        Raises
        ------
        ParameterError
            When the levels are of another shape.
        """
        if level_db.ndim != 2 or level_db.shape[1] != self.n_bands:
            raise ParameterError(f"levels must be (n_frames, {self.n_bands}), not {level_db.shape}")
        gains = np.empty(level_db.shape, np.float32)
        self._fill(level_db.astype(np.float32, copy=False), gains)
        return gains


class _NumpyGate:
    """The arithmetic of :class:`SpectralGate`."""

    def __init__(
        self,
        *sizes: int,
        over_subtraction: np.float32,
        floor: np.float32,
        attack: np.float32,
        release: np.float32,
    ) -> None:
        n_bands, block_frames, n_blocks, silence = sizes
        self._noise = NoiseFloor(n_bands, block_frames=block_frames, n_blocks=n_blocks, silence=silence)
        self._over_subtraction, self._floor = over_subtraction, floor
        self._attack, self._release = attack, release
        self._frames_heard = 0
        self._gain = np.ones(n_bands, np.float32)

    def __call__(self, level_db: F32, out: F32) -> None:
        """Fill ``out`` with the gains for levels, both (n_frames, n_bands)."""
        levels = to_steps(level_db)
        heard = self._frames_heard + np.cumsum(levels.max(axis=1, initial=-32768) > self._noise.silence)
        self._frames_heard = int(heard[-1]) if len(heard) else self._frames_heard
        out[:] = self._wanted(self._noise.push(levels).astype(np.int32) - levels)
        out[heard <= self._noise.block_frames] = 1.0
        for frame in out:
            change = frame - self._gain
            change *= np.where(change > 0, self._attack, self._release)
            self._gain += change
            frame[:] = self._gain

    def _wanted(self, noise_to_signal: NDArray[np.int32]) -> F32:
        """Gain of Berouti's subtraction for a ratio in steps of 1/256 dB, before smoothing."""
        share = exp2(noise_to_signal.astype(np.float32) * np.float32(1.0 / (STEPS_PER_DB * DB_PER_OCTAVE)))
        share *= self._over_subtraction
        return np.asarray(np.sqrt(np.maximum(np.float32(1.0) - share, self._floor)))


class GateDenoiser:
    """Takes stationary noise out of a stream of int16 PCM: STFT, spectral gate on each bin, synthesis.

    >>> noise = np.random.default_rng(0).normal(0, 1000, 32_000).astype(np.int16)
    >>> denoiser = GateDenoiser(rate_hz=16_000)
    >>> clean = np.concatenate([denoiser.push(noise), denoiser.flush()])[denoiser.delay_samples :]
    >>> clean.shape, bool(clean[8_000:].std() < 0.4 * noise[8_000:].std())
    ((32000,), True)

    Blocks of any size give the same bytes.

    Parameters
    ----------
    rate_hz : int
    settings : GateSettings
    windows : WindowPair, optional
        Root-Hann windows of about 16 ms with a hop of a quarter of that, if not given.
    """

    def __init__(
        self, rate_hz: int, settings: GateSettings = GateSettings(), *, windows: WindowPair | None = None
    ) -> None:
        if windows is None:
            n_fft = 1 << round(math.log2(0.016 * rate_hz))
            windows = WindowPair.root_hann(n_fft, n_fft // 4)
        self.rate_hz, self.windows = rate_hz, windows
        self._stft, self._synthesis = Stft(windows), Synthesis(windows)
        self._gate = SpectralGate(windows.n_fft // 2 + 1, settings, frames_per_second=rate_hz / windows.hop_samples)
        self._samples_in = self._samples_out = 0

    @property
    def delay_samples(self) -> int:
        """By how much the output lags behind the input."""
        return self.windows.delay_samples

    def push(self, pcm: NDArray[np.int16]) -> NDArray[np.int16]:
        """Take samples, return those that are ready: int16 of one dimension, a multiple of the hop.

        Raises
        ------
        ParameterError
            When the samples are not one-dimensional int16.
        """
        re, im = self._stft.push(pcm)
        gains = self._gate.push(power_db(re, im))
        denoised = self._synthesis.push(re * gains, im * gains)
        self._samples_in += len(pcm)
        self._samples_out += len(denoised)
        return denoised

    def flush(self) -> NDArray[np.int16]:
        """End the stream and return the rest: all output is ``delay_samples`` longer than all input."""
        missing = self._samples_in + self.delay_samples - self._samples_out
        return self.push(np.zeros(missing + self.windows.hop_samples, np.int16))[:missing]


def _step_towards(time_constant_ms: float, frames_per_second: float) -> np.float32:
    """Part of the way that a one-pole smoother goes in one frame."""
    if time_constant_ms == 0.0:
        return np.float32(1.0)
    return np.float32(1.0 - math.exp(-1000.0 / (time_constant_ms * frames_per_second)))


def power_db(re: F32, im: F32) -> F32:
    """Power of spectra in dB relative to full scale squared; nothing counts as -126 octaves."""
    core = native.core()
    if core:
        return compiled.power_db(core, re, im)
    power = re * re + im * im
    return log2(np.maximum(power, np.float32(2.0**-126))) * np.float32(DB_PER_OCTAVE)
