"""The head: how far a clip's features lie from a machine's usual ones, as a Mahalanobis distance in integers.

A covariance is learnt from many clips, within machines and common to all; each machine needs only a mean of its own
(the notion of linear discriminant analysis). The inverse covariance is kept as the triangular factor that whitens,
in int8 with a scale for each row.

Operating conditions (wind, rotation rate) may follow the features in a vector. Given them, features are expected where
the regression on the conditions has them, and the covariance is what that leaves: the conditional normal distribution.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError

from .arrays import Arrays
from .moments import Moments

#: Own clips that weigh as much as what is known of all machines.
PRIOR_CLIPS = 1.0
#: A whitened deviation of one is this many steps.
UNIT = 256
#: No feature is trusted more closely than this many steps (1/256 dB).
SMALLEST_SD = 4.0
#: A feature deviates by this many standard deviations at most.
MOST_SD = 127
_SD_SHIFT = 12
_MOST_PRECISION = int((UNIT << _SD_SHIFT) / SMALLEST_SD)
_ROW_SHIFT = 20
_GAIN_SHIFT = 10
#: Conditions that hardly varied say nothing: this share is added to their variance.
_LEAST_VARIATION = 1e-3


@dataclass(frozen=True, eq=False)
class Head:
    """Everything that the device needs to measure a distance.

    Attributes
    ----------
    mean : int16 array, shape (d + k,)
        Mean over machines, of features and conditions: where a machine never heard is expected.
    precision : int32 array, shape (d,)
        ``2^12 * 256`` over the standard deviation of each feature within a machine.
    factor : int8 array, shape (d, d)
        Lower triangle of the whitening factor of the correlations.
    scale : int32 array, shape (d,)
        ``2^20`` times the scale of each row of ``factor``.
    gain : int32 array, shape (d, k)
        ``2^10`` times the steps by which a feature rises with a step of each of the k conditions.

    Raises
    ------
    ParameterError
        When distances would not fit 64 bits.
    """

    mean: NDArray[np.int16]
    precision: NDArray[np.int32]
    factor: NDArray[np.int8]
    scale: NDArray[np.int32]
    gain: NDArray[np.int32]

    def __post_init__(self) -> None:
        """Check that no vector can overflow."""
        if self._largest_sums().max() >= 2.0**31 or self.largest_distance >= 2.0**62:
            raise ParameterError("the numbers of the head are so large that distances do not fit 64 bits")

    @classmethod
    def fit(cls, machines: Iterable[Moments], n_conditions: int = 0) -> Self:
        """Learn from the moments of each machine's normal clips, whose last ``n_conditions`` numbers are conditions.

        The correlation matrix is shrunk towards the identity by the oracle approximation (Chen, Wiesel, Eldar and
        Hero, "Shrinkage Algorithms for MMSE Covariance Estimation", IEEE Trans. Signal Processing 58, 2010), which
        needs nothing but the moments.

        Raises
        ------
        ParameterError
            When there are fewer than two clips beyond one a machine.
        """
        parts = [machine for machine in machines if machine.count]
        degrees = sum(part.count - 1 for part in parts) - n_conditions
        if degrees < 2:
            raise ParameterError(f"a covariance needs more clips than {sum(p.count for p in parts)}")
        scatter = np.sum([part.scatter() for part in parts], axis=0) / degrees
        d = len(scatter) - n_conditions
        among = scatter[d:, d:] + np.diag(_LEAST_VARIATION * np.diag(scatter)[d:] + 1.0)
        gain = scatter[:d, d:] @ np.linalg.inv(among)
        covariance = scatter[:d, :d] - gain @ scatter[d:, :d]
        sd = np.sqrt(np.maximum(np.diag(covariance), SMALLEST_SD**2))
        correlation = covariance / np.outer(sd, sd)
        correlation[np.diag_indices(d)] = 1.0  # also where a feature hardly ever changed
        whitening = np.linalg.inv(np.linalg.cholesky(shrunk(correlation, degrees)))
        largest = np.abs(whitening).max(axis=1)
        return cls(
            mean=np.rint(np.mean([part.mean for part in parts], axis=0)).astype(np.int16),
            precision=np.rint(2.0**_SD_SHIFT * UNIT / sd).astype(np.int32),
            factor=np.rint(np.tril(whitening) * (127 / largest)[:, None]).astype(np.int8),
            scale=np.rint(2.0**_ROW_SHIFT / 127 * largest).astype(np.int32),
            gain=np.rint(2.0**_GAIN_SHIFT * gain).astype(np.int32),
        )

    @property
    def model_bytes(self) -> int:
        """Bytes on the device: the triangle, and all other numbers."""
        d = len(self.factor)
        others = (self.mean, self.precision, self.scale, self.gain)
        return d * (d + 1) // 2 + sum(array.nbytes for array in others)

    def _largest_sums(self) -> NDArray[np.float64]:
        """Largest magnitude of the sum of each row of the factor over limited deviations."""
        return np.asarray(np.abs(self.factor.astype(np.float64)).sum(axis=1) * (MOST_SD * UNIT))

    @property
    def largest_distance(self) -> float:
        """Bound of :meth:`distance`."""
        whitened = self._largest_sums() * np.abs(self.scale.astype(np.float64)) / 2.0**_ROW_SHIFT + 1
        return float((whitened**2).sum())

    def own_mean(self, own: Moments) -> NDArray[np.int16]:
        """Where a machine is expected, its own clips weighed against what is known of all: int16 (d + k,).

        Parameters
        ----------
        own : Moments
            Of the machine's normal clips; none for a machine never heard.
        """
        weighed = np.rint((own.total + PRIOR_CLIPS * self.mean) / (own.count + PRIOR_CLIPS))
        return np.asarray(weighed.astype(np.int16))

    def deviation(self, vectors: NDArray[np.int16], mean: NDArray[np.int16]) -> NDArray[np.int64]:
        """Features less where they are expected under their conditions: int16 (n, d + k) to int64 (n, d), in steps."""
        d = len(self.factor)
        difference = vectors.astype(np.int64) - mean
        return np.asarray(difference[:, :d] - ((difference[:, d:] @ self.gain.T.astype(np.int64)) >> _GAIN_SHIFT))

    def whitened(self, vectors: NDArray[np.int16], mean: NDArray[np.int16]) -> NDArray[np.int64]:
        """Deviations made independent and of unit variance, in steps of 1/``UNIT``: (n, d + k) to (n, d)."""
        scaled = self.deviation(vectors, mean) * self.precision
        z = np.clip((scaled + (1 << _SD_SHIFT >> 1)) >> _SD_SHIFT, -MOST_SD * UNIT, MOST_SD * UNIT)
        # Below 2^31 on the device, and so exact in float64, which is many times faster here than integers.
        sums = (z.astype(np.float64) @ self.factor.T.astype(np.float64)).astype(np.int64)
        return np.asarray((sums * self.scale + (1 << _ROW_SHIFT >> 1)) >> _ROW_SHIFT)

    def distance(self, vectors: NDArray[np.int16], mean: NDArray[np.int16], own_clips: int) -> NDArray[np.int64]:
        """Squared Mahalanobis distance over the number of features, in steps of 1/``UNIT``.

        A mean of few clips is itself off by its share of the variance, so the distance is divided by 1 + 1/clips.

        Parameters
        ----------
        vectors : int16 array, shape (n, d + k)
        mean : int16 array, shape (d + k,)
            Where the machine is expected, see :meth:`own_mean`.
        own_clips : int
            How many clips that mean is of; 0 for a machine never heard.

        Returns
        -------
        int64 array, shape (n,); about ``UNIT`` for a normal clip.
        """
        w = self.whitened(vectors, mean)
        mean_square = (w * w).sum(axis=-1) // (w.shape[-1] * UNIT)
        if not own_clips:
            return np.asarray(mean_square)
        # own_clips / (own_clips + 1) of it, rounded down, without the product, which might not fit.
        return np.asarray(mean_square - (mean_square + own_clips) // (own_clips + 1))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the numbers by name, the triangle packed row after row."""
        return {
            "mean": self.mean,
            "precision": self.precision,
            "triangle": self.factor[np.tril_indices(len(self.factor))],
            "scale": self.scale,
            "gain": self.gain,
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays, n_features: int, n_conditions: int) -> Self:
        """Undo :meth:`arrays`.

        Raises
        ------
        BundleError, ParameterError
            When a part is missing or does not fit.
        """
        d, k = n_features, n_conditions
        factor = np.zeros((d, d), np.int8)
        factor[np.tril_indices(d)] = arrays.take("triangle", np.int8, d * (d + 1) // 2)
        return cls(
            mean=arrays.take("mean", np.int16, d + k),
            precision=arrays.take("precision", np.int32, d, low=0, high=_MOST_PRECISION),
            factor=factor,
            scale=arrays.take("scale", np.int32, d, low=0),
            gain=arrays.take("gain", np.int32, d, k),
        )


def shrunk(correlation: NDArray[np.float64], degrees: int) -> NDArray[np.float64]:
    """Shrink a correlation matrix (d, d) from ``degrees`` degrees of freedom towards the identity; see Chen et al."""
    d = len(correlation)
    square, trace = float((correlation**2).sum()), float(np.trace(correlation))
    above = (1 - 2 / d) * square + trace**2
    below = (degrees + 1 - 2 / d) * (square - trace**2 / d)
    weight = 1.0 if below <= 0 else min(1.0, above / below)
    result = (1 - weight) * correlation
    result[np.diag_indices(d)] += weight * trace / d
    return result
