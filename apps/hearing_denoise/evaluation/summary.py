"""What the rows of many clips come to: means with intervals, by signal-to-noise ratio, by noise, and differences."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.statistics import mean_interval

from .judge import Row

#: More ratios than these are gathered in steps.
MOST_RATIOS, RATIO_STEP_DB = 8, 5.0


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A column of `Row` that has a mean."""

    field: str
    title: str
    digits: int

    def of(self, rows: Sequence[Row]) -> NDArray[np.float64]:
        """Return its values, (n,); NaN where it was not measured."""
        return np.array([getattr(row, self.field) for row in rows], np.float64)

    def show(self, value: float | None, *, sign: bool = False) -> str:
        """Write a value as tables have it."""
        return "-" if value is None else f"{value:{'+' if sign else ''}.{self.digits}f}"

    def with_interval(self, mean: "Mean | None", *, sign: bool = False) -> str:
        """Write a mean with its interval as tables have it."""
        if mean is None:
            return "-"
        value, low, high = (self.show(number, sign=sign) for number in (mean.value, mean.low, mean.high))
        return f"{value} [{low}, {high}]"


#: What every clip has.
MAIN = (
    Measure(field="pesq", title="PESQ-WB", digits=3),
    Measure(field="stoi", title="STOI", digits=3),
    Measure(field="estoi", title="ESTOI", digits=3),
    Measure(field="si_sdr_db", title="SI-SDR dB", digits=2),
)
#: What only some have.
OTHER = (
    Measure(field="pause_reduction_db", title="pauses dB down", digits=1),
    Measure(field="noise_reduction_db", title="noise only dB down", digits=1),
    Measure(field="musical_noise", title="musical noise", digits=2),
    Measure(field="clean_pesq", title="clean in PESQ", digits=3),
    Measure(field="haspi_normal", title="HASPI", digits=3),
    Measure(field="haspi_moderate", title="HASPI, moderate loss", digits=3),
)
MEASURES = (*MAIN, *OTHER)
#: Those by which rivals are to be beaten.
BEATEN = tuple(measure for measure in MAIN if measure.field != "estoi")


@dataclass(frozen=True, kw_only=True)
class Mean:
    """Mean over clips with its 95 % interval: speech is drawn again and again, with all of its clips."""

    value: float
    low: float
    high: float
    clips: int

    @classmethod
    def of(cls, values: NDArray[np.float64], speech: NDArray[np.str_]) -> "Mean | None":
        """Return the mean of what was measured; None of nothing."""
        there = np.isfinite(values)
        if not there.any():
            return None
        low, high = mean_interval(values[there], speech[there])
        return cls(value=float(values[there].mean()), low=low, high=high, clips=int(there.sum()))

    def to_dict(self, digits: int) -> dict[str, Any]:
        """Return it rounded, as plain JSON."""
        return {
            "mean": round(self.value, digits),
            "interval": [round(self.low, digits), round(self.high, digits)],
            "clips": self.clips,
        }


class EvaluationSummary:
    """Rows of several systems, which all were given the same clips.

    Parameters
    ----------
    rows : sequence of Row
        Those of one system in the order of those of any other.
    source : str
        Where the clips are from, and what of them is simulated.
    """

    def __init__(self, rows: Sequence[Row], source: str) -> None:
        self.source = source
        self._rows: dict[str, list[Row]] = {}
        for row in rows:
            self._rows.setdefault(row.system, []).append(row)
        first = next(iter(self._rows.values()))
        self.clips = len(first)
        self.speech = np.array([row.speech for row in first])
        self.ratios_db = _ratios(np.array([row.snr_db for row in first]))
        self.noises = np.array([row.noise for row in first])

    @property
    def systems(self) -> tuple[str, ...]:
        """Names, in the order in which they were run."""
        return tuple(self._rows)

    @property
    def ours(self) -> str:
        """The system that is judged: the first after the noisy input."""
        return self.systems[1]

    def values(self, system: str, measure: Measure) -> NDArray[np.float64]:
        """Return a measure of every clip, (n_clips,); NaN where there is none."""
        return measure.of(self._rows[system])

    def mean(self, system: str, measure: Measure) -> Mean | None:
        """Return the mean over all clips."""
        return Mean.of(self.values(system, measure), self.speech)

    def difference(self, system: str, other: str, measure: Measure) -> Mean | None:
        """Return the mean over all clips of what a system has more than another one."""
        return Mean.of(self.values(system, measure) - self.values(other, measure), self.speech)

    def by_ratio(self, system: str, measure: Measure) -> dict[float, float]:
        """Return the mean at each signal-to-noise ratio in dB."""
        return _by(self.ratios_db, self.values(system, measure), float)

    def by_noise(self, system: str, measure: Measure) -> dict[str, float]:
        """Return the mean in each kind of noise."""
        return _by(self.noises, self.values(system, measure), str)

    def clips_by_noise(self) -> dict[str, int]:
        """Return the number of clips of each kind of noise."""
        return {str(noise): int((self.noises == noise).sum()) for noise in np.unique(self.noises)}

    def measured(self, measures: Sequence[Measure]) -> list[Measure]:
        """Choose those that any clip has."""
        return [m for m in measures if np.isfinite(self.values(self.systems[0], m)).any()]


def _by(keys: NDArray[Any], values: NDArray[np.float64], name: Callable[[Any], Any]) -> dict[Any, float]:
    there = np.isfinite(values)
    keys, values = keys[there], values[there]
    return {name(key): float(values[keys == key].mean()) for key in np.unique(keys)}


def _ratios(snr_db: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gather ratios that are all different."""
    if len(np.unique(snr_db)) <= MOST_RATIOS:
        return snr_db
    return np.asarray(np.round(snr_db / RATIO_STEP_DB) * RATIO_STEP_DB)
