"""Features of a clip: statistics of its log-mel frames, in integers whose sums add up exactly.

Frames come as levels in steps of 1/256 dB. Neighbouring bands are paired into half-bands where fewer will do.
A stretch of about a second is summarised by sums (:class:`StretchSums`); sums of stretches add up to those of a
clip, whatever was left out between them, and :meth:`Layout.features` turns them into four groups of features,
all free of the clip's own level:

- ``shape``: mean level of each band less the mean of all bands;
- ``spread``: 20 log10 of the standard deviation over time of each band's level;
- ``change``: 20 log10 of the mean change from frame to frame;
- ``residual``: 20 log10 of the root-mean-square error with which the network predicts a frame from those around.
"""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from acoustic.frontend import FrontEnd
from acoustic.frontend.logarithm import log2
from acoustic.frontend.noise_floor import STEPS_PER_DB, to_steps

from .network import BEFORE, CONTEXT_FRAMES, ResidualNetwork

Steps = NDArray[np.int16]
Sums = NDArray[np.int64]
Size = Literal["compact", "full"]

#: Default of training, as in MLPerf Tiny's anomaly detection: 31.25 frames per second, 128 Slaney bands up to 8 kHz.
FRONT_END = FrontEnd(
    rate_hz=16_000, frame_samples=1024, hop_samples=512, n_fft=1024, n_mels=128, fmin_hz=0.0, fmax_hz=8_000.0
)
#: Mel bands at most.
MOST_BANDS = 256
#: Frames of a stretch, over which the gate decides: about a second.
STRETCH_FRAMES = 32
#: Spreads below this (dB) are all the same: quantisation, not sound.
SPREAD_FLOOR_DB = 0.05
#: Squares are summed of levels in coarser steps, sixteenths of a dB: a stretch of them fits 32 bits.
_COARSER = 4
_COARSE_PER_DB = STEPS_PER_DB >> _COARSER
#: 20 log10(x) of x^2 = this times log2(x^2).
_DB_PER_OCTAVE_OF_POWER = np.float32(3.0102999566398120)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Which features a clip has.

    Raises
    ------
    ParameterError
        When the number of bands is odd or out of range, or the size unknown.
    """

    n_bands: int
    """Mel bands, an even number."""
    size: Size = "compact"
    """``compact``: spread and change of half-bands; ``full``: of every band, half as many weights again and more."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        if self.n_bands % 2 or not 8 <= self.n_bands <= MOST_BANDS:
            raise ParameterError(f"features need an even number of bands from 8 to {MOST_BANDS}, not {self.n_bands}")
        if self.size not in get_args(Size):
            raise ParameterError(f"the size must be compact or full, not {self.size!r}")

    @property
    def n_half_bands(self) -> int:
        """Bands of the network."""
        return self.n_bands // 2

    @property
    def n_spread(self) -> int:
        """Bands of spread and change."""
        return self.n_bands if self.size == "full" else self.n_half_bands

    @property
    def groups(self) -> dict[str, slice]:
        """Where each group of features lies."""
        sizes = {"shape": self.n_bands, "spread": self.n_spread, "change": self.n_spread, "residual": self.n_half_bands}
        ends = np.cumsum(list(sizes.values())).tolist()
        return {name: slice(end - size, end) for (name, size), end in zip(sizes.items(), ends, strict=True)}

    @property
    def n_features(self) -> int:
        """Length of the feature vector."""
        return self.n_bands + 2 * self.n_spread + self.n_half_bands

    @property
    def columns(self) -> dict[str, slice]:
        """Where each sum of a row of :class:`StretchSums` lies."""
        sizes = {
            "frames": 1,
            "changes": 1,
            "residuals": 1,
            "level": self.n_bands,
            "spread_level": self.n_spread,
            "spread_square": self.n_spread,
            "change": self.n_spread,
            "residual_square": self.n_half_bands,
        }
        ends = np.cumsum(list(sizes.values())).tolist()
        return {name: slice(end - size, end) for (name, size), end in zip(sizes.items(), ends, strict=True)}

    @property
    def n_columns(self) -> int:
        """Length of a row of sums."""
        return 3 + self.n_bands + 3 * self.n_spread + self.n_half_bands

    def level_db(self, sums: Sums) -> NDArray[np.float64]:
        """Mean level over bands and time in dB: int64 (..., n_columns) to (...)."""
        columns = self.columns
        frames = np.maximum(sums[..., columns["frames"]][..., 0], 1)
        return np.asarray(sums[..., columns["level"]].sum(axis=-1) / (frames * self.n_bands * STEPS_PER_DB))

    def features(self, sums: Sums) -> Steps:
        """Turn sums into features.

        Parameters
        ----------
        sums : int64 array, shape (..., n_columns)
            Each row with at least ``CONTEXT_FRAMES`` frames in a run.

        Returns
        -------
        int16 array, shape (..., n_features), in steps of 1/256 dB.
        """
        part = {name: sums[..., where] for name, where in self.columns.items()}
        frames = part["frames"]
        mean = (2 * part["level"] + frames) // (2 * frames)
        level = (2 * mean.sum(axis=-1, keepdims=True) + self.n_bands) // (2 * self.n_bands)
        shape = np.clip(mean - level, -32768, 32767).astype(np.int16)
        variance = _ratio(frames * part["spread_square"] - part["spread_level"] ** 2, frames**2)
        change = _ratio(part["change"], np.maximum(part["changes"], 1) << _COARSER)
        residual = _ratio(part["residual_square"], np.maximum(part["residuals"], 1))
        return np.concatenate([shape, _spread(variance), _spread(change * change), _spread(residual)], axis=-1)


def _ratio(numerator: Sums, denominator: Sums) -> NDArray[np.float32]:
    return np.asarray(numerator.astype(np.float32) / denominator.astype(np.float32))


def _spread(square: NDArray[np.float32]) -> Steps:
    """20 log10 of the root of squared sixteenths of a dB, with a floor, in steps of 1/256 dB relative to 1 dB."""
    square_db = square * np.float32(1 / _COARSE_PER_DB**2) + np.float32(SPREAD_FLOOR_DB**2)
    return to_steps(log2(square_db.reshape(-1)).reshape(square_db.shape) * _DB_PER_OCTAVE_OF_POWER)


def half_bands(steps: Steps) -> Steps:
    """Mean level of each pair of neighbouring bands, rounded down: int16 (n, n_bands) to (n, n_bands / 2)."""
    return ((steps[:, 0::2].astype(np.int32) + steps[:, 1::2]) >> 1).astype(np.int16)


class StretchSums:
    """Sums over each stretch of ``STRETCH_FRAMES`` frames of a stream.

    Blocks of any size give the same sums. What needs several frames (a change, a residual) counts for the stretch
    of its last frame.
    """

    def __init__(self, layout: Layout, network: ResidualNetwork) -> None:
        self.layout, self._network = layout, network
        self.reset()

    def reset(self) -> None:
        """Begin another recording."""
        self._tail = np.empty((0, self.layout.n_bands), np.int16)
        self._open = np.zeros(self.layout.n_columns, np.int64)
        self._in_stretch = 0

    def push(self, steps: Steps) -> Sums:
        """Take frames, return the sums of the stretches that they complete.

        Parameters
        ----------
        steps : int16 array, shape (n_frames, n_bands)
            Levels in steps of 1/256 dB.

        Returns
        -------
        int64 array, shape (n_stretches, n_columns); see :attr:`Layout.columns`.
        """
        if not len(steps):
            return np.empty((0, self.layout.n_columns), np.int64)
        known = len(self._tail)
        terms = self._terms(np.concatenate([self._tail, steps]))[known:]
        self._tail = np.concatenate([self._tail, steps])[-(CONTEXT_FRAMES - 1) :]
        starts = np.arange(-self._in_stretch, len(terms), STRETCH_FRAMES)
        sums = np.add.reduceat(terms, np.maximum(starts, 0), axis=0)
        sums[0] += self._open
        self._in_stretch = (self._in_stretch + len(terms)) % STRETCH_FRAMES
        if self._in_stretch:
            self._open, sums = sums[-1], sums[:-1]
        else:
            self._open = np.zeros_like(self._open)
        return sums

    def flush(self) -> Sums:
        """End the recording: the sums of the last, shorter stretch, int64 (0 or 1, n_columns)."""
        last = self._open[None] if self._in_stretch else np.empty((0, self.layout.n_columns), np.int64)
        self.reset()
        return last

    def _terms(self, steps: Steps) -> NDArray[np.int64]:
        """Return what each frame adds to the sums: nothing where it takes predecessors that are missing."""
        columns, half = self.layout.columns, half_bands(steps)
        terms = np.zeros((len(steps), self.layout.n_columns), np.int64)
        fine: NDArray[Any] = steps if self.layout.size == "full" else half
        spread = (fine >> _COARSER).astype(np.int64)
        terms[:, columns["frames"]] = 1
        terms[:, columns["level"]] = steps
        terms[:, columns["spread_level"]] = spread
        terms[:, columns["spread_square"]] = spread**2
        terms[1:, columns["changes"]] = 1
        terms[1:, columns["change"]] = np.abs(np.diff(fine.astype(np.int64), axis=0))
        if len(steps) >= CONTEXT_FRAMES:
            residual = self._network.residual(half)
            terms[2 * BEFORE :, columns["residuals"]] = 1
            terms[2 * BEFORE :, columns["residual_square"]] = (residual >> _COARSER).astype(np.int64) ** 2
        return terms
