"""One way of looking at a machine: a head, and how unusual its distances are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError

from .arrays import Arrays
from .calibration import Surprise, cross_fitted, never_heard
from .head import Head
from .moments import Moments

#: What was heard, and of how much that is a part: frames of a clip and of a whole one.
Share = tuple[int | NDArray[np.int64], int]
WHOLE: Share = (1, 1)
#: Distances of a machine's own clips that weigh as much as those of all machines.
PRIOR_DISTANCES = 50
#: Normal clips that a bundle may be calibrated on.
MOST_NORMALS = 1 << 22


@dataclass(frozen=True, eq=False, kw_only=True)
class Expected:
    """Where a machine is expected."""

    mean: NDArray[np.int16]
    """int16 (d + k,): features, and the conditions they were heard under."""
    own_clips: int
    """Clips of its own that this is known from; 0 for a machine never heard."""
    octaves: int = 0
    """By how many steps of 1/256 octave its normal clips lie further from there than those of other machines."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Channel:
    """A head with its calibration and the machines it knows."""

    head: Head
    surprise: Surprise
    """For machines with clips of their own."""
    first_surprise: Surprise | None
    """For machines never heard; None where too few machines are known to say."""
    machines: dict[str, Expected]
    normal_runs: tuple[NDArray[np.int32], ...]
    """Surprise of the normal clips of each machine in order of time, cross-fitted, in steps of 1/256."""

    @classmethod
    def fit(
        cls,
        vectors: Mapping[str, NDArray[np.int16]],
        n_conditions: int,
        shares: Mapping[str, Share] | None = None,
    ) -> Self:
        """Learn from normal clips.

        Parameters
        ----------
        vectors : mapping of int16 arrays, shape (n, d + k)
            Features and conditions of each machine's normal clips in order of time.
        n_conditions : int
            How many of the numbers are conditions, k.
        shares : mapping, optional
            Where clips are of several lengths, those of each machine's clips, and that of a whole clip.

        Raises
        ------
        ParameterError
            When there are too few.
        """
        shares = shares or dict.fromkeys(vectors, WHOLE)
        moments = {name: Moments.of(rows) for name, rows in vectors.items()}
        head = Head.fit(moments.values(), n_conditions)
        crossed = _as_of_whole_clips(cross_fitted(vectors, n_conditions), shares)
        strange = _as_of_whole_clips(never_heard(vectors, n_conditions), shares)
        surprise = Surprise.fit(np.concatenate(list(crossed.values())))
        return cls(
            head=head,
            surprise=surprise,
            first_surprise=Surprise.fit(np.concatenate(list(strange.values()))) if strange else None,
            machines={name: expected(head, own) for name, own in moments.items()},
            normal_runs=tuple(surprise(distances).astype(np.int32) for distances in crossed.values()),
        )

    def expect(self, machine: str | None) -> Expected:
        """Return where a machine is expected: one that is not known, where machines are on the whole."""
        if machine is None and len(self.machines) == 1:
            return next(iter(self.machines.values()))
        return self.machines.get(machine or "", Expected(mean=self.head.mean, own_clips=0))

    def judge(
        self, vectors: NDArray[np.int16], usual: Expected, share: Share = WHOLE
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return distance and surprise of vectors, int16 (n, d + k): each int64 (n,), in steps of 1/256."""
        distances = as_of_whole(self.head.distance(vectors, usual.mean, usual.own_clips), share)
        table = None if usual.own_clips else self.first_surprise
        return distances, (table or self.surprise)(distances, usual.octaves)

    @cached_property
    def usual_octaves(self) -> float:
        """Mean of log2 of the distances of normal clips, in steps of 1/256."""
        return float(self.surprise.octaves(np.concatenate(self.normal_runs)).mean())

    def expect_after(self, own: Moments, octaves: Moments) -> Expected:
        """Return where a machine is expected after normal clips of its own.

        A machine that varies more than others, for instance because a tone of its gear lies at the edge of a band,
        lies further from its own mean, too, and would be called unusual for ever.

        Parameters
        ----------
        own : Moments
            Of features and conditions of its normal clips.
        octaves : Moments
            Of log2 of the distances, in steps of 1/256, of those that were judged before they were learnt.
        """
        further = 0
        if octaves.count:
            excess = float(octaves.mean[0]) - self.usual_octaves
            further = round(excess * octaves.count / (octaves.count + PRIOR_DISTANCES))
        return replace(expected(self.head, own), octaves=further)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all numbers by name; the names of the machines are left to the caller."""
        first = {} if self.first_surprise is None else self.first_surprise.arrays()
        return {
            **{f"head_{name}": array for name, array in self.head.arrays().items()},
            **{f"surprise_{name}": array for name, array in self.surprise.arrays().items()},
            **{f"first_{name}": array for name, array in first.items()},
            "machine_mean": np.stack([one.mean for one in self.machines.values()]),
            "machine_clips": np.array([one.own_clips for one in self.machines.values()], np.int32),
            "normal_surprise": np.concatenate(self.normal_runs),
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays, machines: Sequence[str], n_features: int, n_conditions: int = 0) -> Self:
        """Undo :meth:`arrays`.

        Raises
        ------
        BundleError, ParameterError
            When a part is missing or does not fit.
        """
        head = Head.from_arrays(arrays.under("head_"), n_features, n_conditions)
        n = len(machines)
        if not n or n != len(set(machines)):
            raise ParameterError("there must be a machine or more, of different names")
        counts = arrays.take("machine_clips", np.int32, n, low=1, high=MOST_NORMALS)
        normal = arrays.take("normal_surprise", np.int32, int(counts.sum(dtype=np.int64)))
        if len(normal) > MOST_NORMALS:
            raise ParameterError(f"there are more than {MOST_NORMALS} normal clips")
        means = arrays.take("machine_mean", np.int16, n, len(head.mean))
        return cls(
            head=head,
            surprise=Surprise.from_arrays(arrays.under("surprise_")),
            first_surprise=Surprise.from_arrays(arrays.under("first_")) if "first_knots" in arrays else None,
            machines={
                name: Expected(mean=mean, own_clips=int(clips))
                for name, mean, clips in zip(machines, means, counts, strict=True)
            },
            normal_runs=tuple(np.split(normal, np.cumsum(counts)[:-1])),
        )


def as_of_whole(distances: NDArray[np.int64], share: Share) -> NDArray[np.int64]:
    """Return distances as they would be of whole clips.

    Means over less time are less certain: their squared deviation grows as the time falls.
    """
    heard, of = share
    return np.asarray(distances * heard // of)


def _as_of_whole_clips(
    distances: Mapping[str, NDArray[np.int64]], shares: Mapping[str, Share]
) -> dict[str, NDArray[np.int64]]:
    return {name: as_of_whole(some, shares[name]) for name, some in distances.items()}


def expected(head: Head, own: Moments) -> Expected:
    """Where a machine is expected after normal clips of its own."""
    return Expected(mean=head.own_mean(own), own_clips=own.count)
