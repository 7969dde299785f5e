"""Intervals for counts and medians: a figure without one says little."""

import numpy as np
from numpy.typing import NDArray


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """95 % interval of a proportion (Wilson 1927); (0, 1) when nothing was tried."""
    if trials == 0:
        return 0.0, 1.0
    z = 1.959963984540054
    p = successes / trials
    middle = (p + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * float(np.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials)))
    return max(0.0, middle - half), min(1.0, middle + half)


def poisson_rate(count: int, hours: float) -> tuple[float, float]:
    """95 % interval of a rate an hour from a count (Garwood 1936)."""
    from scipy.stats import chi2

    low = float(chi2.ppf(0.025, 2 * count)) / 2 if count else 0.0
    return low / hours, float(chi2.ppf(0.975, 2 * count + 2)) / 2 / hours


def median_interval(values: NDArray[np.float64], seed: int = 0, draws: int = 2000) -> tuple[float, float]:
    """95 % bootstrap interval of the median (Efron 1979)."""
    rng = np.random.default_rng(seed)
    medians = np.median(values[rng.integers(len(values), size=(draws, len(values)))], axis=1)
    low, high = np.percentile(medians, [2.5, 97.5])
    return float(low), float(high)
