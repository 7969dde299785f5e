"""How unusual a distance is: p-values from cross-fitted normals, as a small table of integers.

A threshold fitted on the clips that the model was fitted on promises far fewer false alarms than it keeps: so every
normal clip is judged by a head that was fitted without it and without its neighbours in time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from acoustic.frontend.logarithm import log2

from .arrays import Arrays
from .head import Head
from .moments import Moments

#: Parts that the normals of a machine are cut into, each a run in time.
FOLDS = 20
#: Steps of an octave of distance, and of a decade of p-value.
STEPS = 256
#: Fewer normals than this tell nothing of what is rare.
LEAST_NORMALS = 8
_KNOTS, _TAIL_SHARE = 24, 0.1


@dataclass(frozen=True, eq=False)
class Surprise:
    """Turns distances into surprise, -log10(p): 2 for one normal clip in a hundred.

    Straight lines between quantiles of normal distances; beyond the last, a Pareto tail (Hill, "A simple general
    approach to inference about the tail of a distribution", Annals of Statistics 3, 1975).

    Attributes
    ----------
    knots : int32 array, shape (k,)
        log2 of distance in steps of 1/256, rising.
    values : int32 array, shape (k,)
        Surprise in steps of 1/256, not falling; the last two points set the slope beyond.

    Raises
    ------
    ParameterError
        When the columns are no such table, or a surprise would not fit 32 bits.
    """

    knots: NDArray[np.int32]
    values: NDArray[np.int32]

    def __post_init__(self) -> None:
        """Check the table."""
        columns = (self.knots, self.values)
        if any(column.dtype != np.int32 or column.ndim != 1 for column in columns) or len(self.knots) < 2:
            raise ParameterError("a table of surprise must have two int32 columns that rise")
        steps = [np.diff(column.astype(np.int64)) for column in columns]
        if len(steps[0]) != len(steps[1]) or steps[0].min() <= 0 or steps[1].min() < 0 or steps[1][-1] == 0:
            raise ParameterError("a table of surprise must have two int32 columns that rise")
        if self(np.array([2**62]), -(2**15)).max() >= 2**31:
            raise ParameterError("a table of surprise rises so steeply that its values do not fit 32 bits")

    @classmethod
    def fit(cls, distances: NDArray[np.int64]) -> Self:
        """Learn from distances of normal clips that were judged by heads fitted without them, (n,).

        Raises
        ------
        ParameterError
            When there are fewer than ``LEAST_NORMALS``.
        """
        n = len(distances)
        if n < LEAST_NORMALS:
            raise ParameterError(f"a threshold needs at least {LEAST_NORMALS} normal clips, not {n}")
        octaves = np.sort(log2_steps(distances))
        rarity = (n - np.arange(n)) / (n + 1)  # share of normals at or above each
        tail = max(3, round(_TAIL_SHARE * n))
        edge = n - tail
        rank = np.unique(np.linspace(0, edge, _KNOTS).round().astype(int))
        knots, values = octaves[rank], -np.log10(rarity[rank]) * STEPS
        # As many normals reach a level as reach the first of those at it; and so both columns rise.
        keep = np.append(True, np.diff(knots) > 0)
        knots, values = knots[keep], values[keep]
        excess = max(1.0, float((octaves[edge + 1 :] - octaves[edge]).mean()))
        decade = max(1, round(excess * np.log(10)))
        knots = np.append(knots, knots[-1] + decade).astype(np.int32)
        values = np.append(values, values[-1] + STEPS)
        return cls(knots, np.rint(values).astype(np.int32))

    def __call__(self, distances: NDArray[np.int64], octaves: int = 0) -> NDArray[np.int64]:
        """Surprise of distances (n,) in steps of 1/256, int64 (n,), 0 or more.

        ``octaves`` says by how many steps of 1/256 octave the machine's own normal clips lie further than others' do.
        """
        x = log2_steps(distances) - octaves
        knots, values = self.knots.astype(np.int64), self.values.astype(np.int64)
        right = np.clip(np.searchsorted(knots, x, side="right"), 1, len(knots) - 1)
        run, rise = knots[right] - knots[right - 1], values[right] - values[right - 1]
        return np.asarray(np.maximum(values[right - 1] + (x - knots[right - 1]) * rise // run, 0))

    def octaves(self, surprise: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """Undo the table: log2 of the distances of surprises, both in steps of 1/256."""
        slope = float(self.values[-1] - self.values[-2]) / float(self.knots[-1] - self.knots[-2])
        beyond = float(self.knots[-1]) + (surprise - float(self.values[-1])) / slope
        return np.where(surprise > self.values[-1], beyond, np.interp(surprise, self.values, self.knots))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the table by name."""
        return {"knots": self.knots, "values": self.values}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Undo :meth:`arrays`; `BundleError` or `ParameterError` when a column is missing or does not fit."""
        return cls(arrays.take("knots", np.int32, None), arrays.take("values", np.int32, None))


def log2_steps(distances: NDArray[np.int64]) -> NDArray[np.int64]:
    """log2 of distances in steps of 1/256, int64; 0 counts as the smallest distance."""
    octaves = log2(np.maximum(distances, 1).astype(np.float32))
    return np.asarray(np.rint(octaves * np.float32(STEPS)).astype(np.int64))


def cross_fitted(
    machines: Mapping[str, NDArray[np.int16]], n_conditions: int = 0, folds: int = FOLDS
) -> dict[str, NDArray[np.int64]]:
    """Distance of each normal clip from heads and means fitted without its part of the time.

    Parameters
    ----------
    machines : mapping of int16 arrays, shape (n, d + k)
        Features and conditions of the normal clips of each machine, in order of time.
    n_conditions : int
        How many of the numbers are conditions, k.
    folds : int
        Parts that each machine's clips are cut into.

    Returns
    -------
    dict of int64 arrays, shape (n,)
    """
    distances = {name: np.zeros(len(rows), np.int64) for name, rows in machines.items()}
    for head, rest, parts in without_parts(machines, n_conditions, folds):
        for name, part in parts.items():
            distances[name][part] = head.distance(machines[name][part], head.own_mean(rest[name]), rest[name].count)
    return distances


def without_parts(
    machines: Mapping[str, NDArray[np.int16]], n_conditions: int = 0, folds: int = FOLDS
) -> Iterator[tuple[Head, dict[str, Moments], dict[str, slice]]]:
    """Yield a head for each part of the time, the moments it was fitted to, and the clips that were left out.

    Arguments are those of :func:`cross_fitted`.
    """
    whole = {name: Moments.of(rows) for name, rows in machines.items()}
    for parts in _parts({name: len(rows) for name, rows in machines.items()}, folds):
        rest = {name: whole[name] - Moments.of(machines[name][part]) for name, part in parts.items()}
        yield Head.fit(rest.values(), n_conditions), rest, parts


def never_heard(machines: Mapping[str, NDArray[np.int16]], n_conditions: int = 0) -> dict[str, NDArray[np.int64]]:
    """Distance of each normal clip from a head that never heard its machine; arguments as for :func:`cross_fitted`.

    It is empty for fewer than three machines: from two, nothing can be said of a third.
    """
    if len(machines) < 3:
        return {}
    whole = {name: Moments.of(rows) for name, rows in machines.items()}
    found = {}
    for name, rows in machines.items():
        head = Head.fit([moments for other, moments in whole.items() if other != name], n_conditions)
        found[name] = head.distance(rows, head.mean, 0)
    return found


def _parts(counts: Mapping[str, int], folds: int) -> Iterator[dict[str, slice]]:
    """For each fold, the run of clips of each machine that is left out."""
    folds = min(folds, max(counts.values()))
    for fold in range(folds):
        yield {name: slice(fold * n // folds, (fold + 1) * n // folds) for name, n in counts.items()}
