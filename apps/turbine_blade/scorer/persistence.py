"""From single clips to alarms: k of the last n clips above a level, chosen for a wanted number of false alarms a day.

A hundredth of all clips is many false alarms a day; a fault persists, and a passing car does not. Clips next to each
other are not independent, so k is chosen on real sequences of normal clips, with the binomial's answer as the least.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from acoustic.statistics import poisson_rate
from apps.turbine_blade.scorer.calibration import STEPS

#: Clips looked back on.
WINDOW = 30
#: A clip counts when it is rarer than one normal clip in so many.
COUNTED_RARITY = 10.0


@dataclass(frozen=True, kw_only=True)
class Persistence:
    """Alarm when ``k`` of the last ``n`` clips reach ``surprise``; over when fewer than half of ``k`` do."""

    k: int
    n: int
    surprise: float
    """Minus the decadic logarithm of the share of normal clips that reach it."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not 1 <= self.k <= self.n:
            raise ParameterError(f"persistence: k must be 1 to n = {self.n}, not {self.k}")

    @classmethod
    def choose(cls, runs: Sequence[NDArray[np.integer[Any]]], alarms_per_day: float, clips_per_day: float) -> "Choice":
        """Find the smallest k that keeps to ``alarms_per_day`` on normal clips.

        It is above what normal clips give on average: an alarm that is hardly ever over comes seldom, too.

        Parameters
        ----------
        runs : sequence of integer arrays
            Surprise of the normal clips of each machine in order of time, cross-fitted, in steps of 1/256.
        alarms_per_day : float
            False alarms wanted, above 0.
        clips_per_day : float
            Clips a day when a machine is listened to all the time.

        Returns
        -------
        Choice
        """
        if not alarms_per_day > 0 or not clips_per_day > 0:
            raise ParameterError("false alarms a day and clips a day must be above 0")
        n = max(1, min(WINDOW, int(clips_per_day)))
        surprise = float(np.log10(COUNTED_RARITY))
        days = sum(map(len, runs)) / clips_per_day
        best = None
        for k in range(int(n / COUNTED_RARITY) + 1, n + 1):
            best = cls(k=k, n=n, surprise=surprise)
            counted = sum(best.count_alarms(run) for run in runs)
            expected = _binomial_alarms(k, n, 1 / COUNTED_RARITY) * clips_per_day
            if expected <= alarms_per_day and counted <= alarms_per_day * days:
                break
        assert best is not None
        low, high = poisson_rate(counted, max(days, 1e-9))
        return Choice(persistence=best, counted=counted, days=days, interval_per_day=(low, high), expected=expected)

    def count_alarms(self, run: NDArray[np.integer[Any]]) -> int:
        """Alarms that one run of clips would raise."""
        counter = AlarmCounter(self)
        return sum(counter.push(int(value)) == "alarm" for value in run)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, for JSON."""
        return {"k": self.k, "n": self.n, "surprise": self.surprise}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A persistence and what is known of its false alarms."""

    persistence: Persistence
    counted: int
    """Alarms on the normal clips it was chosen on."""
    days: float
    """How long those clips last, end to end."""
    interval_per_day: tuple[float, float]
    """95 % interval of its false alarms a day, from what was counted."""
    expected: float
    """False alarms a day if clips were independent of each other."""


class AlarmCounter:
    """Follows the clips of one machine."""

    def __init__(self, persistence: Persistence) -> None:
        self.persistence = persistence
        self._level = round(persistence.surprise * STEPS)
        self._recent: deque[bool] = deque(maxlen=persistence.n)
        self.alarmed = False

    @property
    def count(self) -> int:
        """How many of the last n clips were unusual."""
        return sum(self._recent)

    def push(self, surprise: int) -> str | None:
        """Take the surprise of a clip in steps of 1/256; return "alarm", "over" or nothing."""
        self._recent.append(surprise >= self._level)
        if not self.alarmed and self.count >= self.persistence.k:
            self.alarmed = True
            return "alarm"
        if self.alarmed and 2 * self.count < self.persistence.k:
            self.alarmed = False
            return "over"
        return None


def _binomial_alarms(k: int, n: int, p: float) -> float:
    """Alarms a clip when clips are independent: the k-th of the last n comes just now."""
    from scipy.stats import binom

    return float(p * binom.pmf(k - 1, n - 1, p))
