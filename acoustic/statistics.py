"""How well scores tell two kinds apart, and intervals for what was counted: a figure without one says little."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError

#: Standard errors on either side of a 95 % interval.
Z = 1.959963984540054


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """95 % interval of a proportion (Wilson 1927); (0, 1) when nothing was tried."""
    from scipy.stats import binomtest

    if trials == 0:
        return 0.0, 1.0
    interval = binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


def poisson_rate(count: int, hours: float) -> tuple[float, float]:
    """95 % interval of a rate an hour from a count (Garwood 1936)."""
    # Half the quantiles of chi-squared; scipy.stats, which has those, takes seconds to import.
    from scipy.special import gammaincinv

    low = float(gammaincinv(count, 0.025)) if count else 0.0
    return low / hours, float(gammaincinv(count + 1, 0.975)) / hours


def median_interval(values: NDArray[np.float64], seed: int = 0, draws: int = 2000) -> tuple[float, float]:
    """95 % bootstrap interval of the median (Efron 1979)."""
    rng = np.random.default_rng(seed)
    medians = np.median(values[rng.integers(len(values), size=(draws, len(values)))], axis=1)
    low, high = np.percentile(medians, [2.5, 97.5])
    return float(low), float(high)


def mean_interval(
    values: NDArray[np.float64], groups: NDArray[Any], seed: int = 0, draws: int = 2000
) -> tuple[float, float]:
    """95 % bootstrap interval of the mean of values that are alike within groups: whole groups are drawn.

    Parameters
    ----------
    values : numpy.ndarray of float64, shape (n,)
        Of differences between pairs, the interval is that of their mean.
    groups : numpy.ndarray, shape (n,)
        What each value belongs to, such as the sentence of several mixtures (Davison and Hinkley 1997, section 3.8).
    """
    _, group = np.unique(groups, return_inverse=True)
    sums, sizes = np.bincount(group, values), np.bincount(group)
    drawn = np.random.default_rng(seed).integers(len(sums), size=(draws, len(sums)))
    low, high = np.percentile(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1), [2.5, 97.5])
    return float(low), float(high)


def auc(scores: NDArray[Any], truth: NDArray[np.bool_]) -> float:
    """Area under the ROC curve by rank sums (Mann and Whitney 1947), ties counted half.

    Parameters
    ----------
    scores : numpy.ndarray, shape (n,)
        Higher speaks for a positive.
    truth : numpy.ndarray of bool, shape (n,)
        True for a positive: a crack, an anomaly.

    Raises
    ------
    ParameterError
        If there are not both positives and negatives.
    """
    from scipy.stats import rankdata

    positives, negatives = _count_both(truth)
    ranks = rankdata(scores)
    return float((ranks[truth].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def auc_interval(scores: NDArray[Any], truth: NDArray[np.bool_]) -> tuple[float, float]:
    """95 % interval of the area under the ROC curve: arguments and errors as for :func:`auc`.

    The standard error is that of Hanley and McNeil (1982) at the limit itself, as in Wilson's interval of a
    proportion (Newcombe 2006, Statistics in Medicine 25, 559-573): a perfect score of few recordings keeps its doubt.
    """
    positives, negatives = _count_both(truth)
    area = auc(scores, truth)
    return _lowest_area(area, positives, negatives), 1.0 - _lowest_area(1.0 - area, negatives, positives)


def combined_p_value(p_values: Sequence[float] | NDArray[np.float64]) -> float:
    """One p-value of several that may depend on each other.

    The Cauchy combination test (Liu and Xie, "Cauchy combination test: a powerful test with analytic p-value
    calculation under arbitrary dependency structures", J. Am. Stat. Assoc. 115, 2020).
    """
    p = np.clip(np.asarray(p_values, np.float64), 1e-300, 0.999)
    # tan(pi (1/2 - p)) = 1 / tan(pi p), exact for small p too.
    return float(np.arctan2(1.0, np.mean(1.0 / np.tan(np.pi * p))) / np.pi)


def _lowest_area(seen: float, positives: int, negatives: int) -> float:
    """Bisect for the area of which ``seen`` lies ``Z`` standard errors above."""
    low, high = 0.0, seen
    while low < (area := (low + high) / 2) < high:
        variance = (
            area
            * (1 - area)
            * (1 + (positives - 1) * (1 - area) / (2 - area) + (negatives - 1) * area / (1 + area))
            / (positives * negatives)
        )
        if seen - area > Z * variance**0.5:
            low = area
        else:
            high = area
    return low


def partial_auc(scores: NDArray[Any], truth: NDArray[np.bool_], max_fpr: float = 0.1) -> float:
    """Area under the ROC curve up to a false positive rate, 0.5 for chance and 1 at best (McClish 1989).

    It is the pAUC of the DCASE challenges. ``scores`` and ``truth`` are as for :func:`auc`, of which this is the
    value at ``max_fpr`` 1.

    Raises
    ------
    ParameterError
        If ``max_fpr`` is not above 0 and at most 1, or if there are not both positives and negatives.
    """
    if not 0.0 < max_fpr <= 1.0:
        raise ParameterError(f"The largest false positive rate must be above 0 and at most 1, not {max_fpr}.")
    positives, negatives = _count_both(truth)
    _, inverse = np.unique(scores, return_inverse=True)
    hits = np.concatenate([[0.0], np.cumsum(np.bincount(inverse, truth)[::-1]) / positives])
    false = np.concatenate([[0.0], np.cumsum(np.bincount(inverse, ~truth)[::-1]) / negatives])
    inside = np.searchsorted(false, max_fpr, "right")
    hits = np.append(hits[:inside], np.interp(max_fpr, false[inside - 1 : inside + 1], hits[inside - 1 : inside + 1]))
    false = np.append(false[:inside], max_fpr)
    area, chance = float(np.trapezoid(hits, false)), max_fpr**2 / 2
    return (1.0 + (area - chance) / (max_fpr - chance)) / 2


def detection_rate(scores: NDArray[Any], truth: NDArray[np.bool_], false_alarm_rate: float) -> float:
    """Share of the positives above the lowest threshold that at most this share of the negatives exceeds.

    ``scores`` and ``truth`` are as for :func:`auc`. The threshold comes from the negatives given: it says what the
    scores allow, not what a threshold chosen beforehand achieves.

    Raises
    ------
    ParameterError
        If the rate is not within 0 and 1, or if there are not both positives and negatives.
    """
    if not 0.0 <= false_alarm_rate <= 1.0:
        raise ParameterError(f"The false alarm rate must lie between 0 and 1, not {false_alarm_rate}.")
    _count_both(truth)
    if false_alarm_rate == 1.0:
        return 1.0
    threshold = np.quantile(scores[~truth], 1.0 - false_alarm_rate, method="inverted_cdf")
    return float(np.mean(scores[truth] > threshold))


def _count_both(truth: NDArray[np.bool_]) -> tuple[int, int]:
    """Count positives and negatives."""
    positives = int(np.count_nonzero(truth))
    negatives = len(truth) - positives
    if not positives or not negatives:
        raise ParameterError(f"Positives and negatives are needed, not {positives} and {negatives}.")
    return positives, negatives
