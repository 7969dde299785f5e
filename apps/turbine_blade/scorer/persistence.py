"""From single clips to alarms: k of the last n clips above a level, chosen for a wanted number of false alarms a day.

A hundredth of all clips is many false alarms a day; a fault persists, and a passing car does not. Clips next to each
other are not independent: rain lasts for hours. So k is chosen on real sequences of normal clips; and as these are
seldom long enough to show an alarm as rare as is wanted, also by how much their counts vary.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from acoustic.records import About
from acoustic.statistics import poisson_rate

from .calibration import STEPS
from .model import TurbineModel

SECONDS_PER_DAY = 86_400.0
#: Clips looked back on.
WINDOW = 30
#: A clip counts when it is rarer than one normal clip in so many.
COUNTED_RARITY = 10.0


@dataclass(frozen=True, kw_only=True)
class Persistence:
    """Alarm when ``k`` of the last ``n`` clips reach ``surprise``; over when fewer than half of ``k`` do."""

    k: Annotated[int, About("Unusual clips that raise an alarm,")]
    n: Annotated[int, About("of this many in a row.")]
    surprise: Annotated[float, About("-log10 of the share of normal clips that count as unusual.")]

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
        share = 1 / COUNTED_RARITY
        together = _togetherness([run >= round(surprise * STEPS) for run in runs], n, share)
        for k in range(int(n * share) + 1, n + 1):
            chosen = cls(k=k, n=n, surprise=surprise)
            counted = sum(chosen.count_alarms(run) for run in runs)
            expected = _alarms_a_clip(k, n, share, together) * clips_per_day
            kept = expected <= alarms_per_day and counted <= alarms_per_day * days
            if kept:
                break
        interval = poisson_rate(counted, max(days, 1e-9))
        return Choice(
            persistence=chosen, counted=counted, days=days, interval_per_day=interval, expected=expected, kept=kept
        )

    def count_alarms(self, run: NDArray[np.integer[Any]]) -> int:
        """Count the alarms that one run of clips would raise, as :class:`AlarmCounter` does one by one."""
        total = np.cumsum(run >= self.level)
        count = total - np.concatenate([np.zeros(min(self.n, len(run)), np.intp), total[: -self.n]])
        turns = (count >= self.k).astype(np.int8) - (2 * count < self.k)
        turns = turns[turns != 0]
        return int(np.count_nonzero(np.diff(turns, prepend=-1) > 0))

    @property
    def level(self) -> int:
        """Surprise that counts as unusual, in steps of 1/256."""
        return round(self.surprise * STEPS)


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
    """False alarms a day, by how much the counts of normal clips vary."""
    kept: bool
    """Whether the false alarms wanted are kept to; otherwise not even n of n clips does."""


@lru_cache(maxsize=8)
def choice_for(model: TurbineModel, alarms_per_day: float | None = None) -> Choice:
    """Choose the persistence of a model that listens all the time, for so many false alarms or the bundle's."""
    rate = model.alarms_per_day if alarms_per_day is None else alarms_per_day
    return Persistence.choose(model.clips.normal_runs, rate, SECONDS_PER_DAY / model.clip_s)


class AlarmCounter:
    """Follows the clips of one machine."""

    def __init__(self, persistence: Persistence) -> None:
        self.persistence = persistence
        self._recent: deque[bool] = deque(maxlen=persistence.n)
        self.alarmed = False

    @property
    def count(self) -> int:
        """How many of the last n clips were unusual."""
        return sum(self._recent)

    def push(self, surprise: int) -> str | None:
        """Take the surprise of a clip in steps of 1/256; return "alarm", "over" or nothing."""
        self._recent.append(surprise >= self.persistence.level)
        if not self.alarmed and self.count >= self.persistence.k:
            self.alarmed = True
            return "alarm"
        if self.alarmed and 2 * self.count < self.persistence.k:
            self.alarmed = False
            return "over"
        return None


def _togetherness(unusual: Sequence[NDArray[np.bool_]], n: int, share: float) -> float:
    """Correlation of two clips out of n in a row, 0 to 1, from how the counts of n clips vary; 0 if none are known."""
    counts = [np.convolve(run, np.ones(n), "valid") for run in unusual if len(run) >= n]
    if not counts or n == 1:
        return 0.0
    variance = float(np.square(np.concatenate(counts) - n * share).mean())
    return float(np.clip((variance / (n * share * (1 - share)) - 1) / (n - 1), 0.0, 0.999))


def _alarms_a_clip(k: int, n: int, share: float, together: float) -> float:
    """Return how often the k-th unusual one of the last n clips comes just now.

    The share of unusual clips differs from time to time as a beta distribution says (Skellam, "A probability
    distribution derived from the binomial distribution by regarding the probability of success as variable between
    the sets of trials", Journal of the Royal Statistical Society B 10, 1948).
    """
    from scipy.special import betaln, comb

    if together < 1e-6:
        return float(comb(n - 1, k - 1) * share**k * (1 - share) ** (n - k))
    a, b = share * (1 / together - 1), (1 - share) * (1 / together - 1)
    return float(comb(n - 1, k - 1) * np.exp(betaln(a + k, b + n - k) - betaln(a, b)))
