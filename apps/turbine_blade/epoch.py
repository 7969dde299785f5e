"""What a machine's own clips have been like since it was installed or repaired, as running sums that add up exactly.

Clips that are flagged teach it nothing, or a slowly growing fault would become the usual.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self

import numpy as np
from numpy.typing import NDArray

from .scorer.calibration import STEPS
from .scorer.channel import Expected, expected
from .scorer.head import Head
from .scorer.model import Judgement, TurbineModel, Usual
from .scorer.moments import Moments

#: Own clips from which on a machine's own mean is used.
LEAST_OWN_CLIPS = 5
#: Clips rarer than this among normal ones are not learnt from: a thousandth.
FLAGGED_SURPRISE = 3 * STEPS
#: Latest clips that drift is looked for in, and how rare they must be by chance.
RECENT_CLIPS = 100
LEAST_RECENT = 20
#: Own clips from which on a drift is told: the first recordings hold only a part of the usual weather.
LEAST_FOR_DRIFT = 50
DRIFT_P_VALUE = 1e-3
DRIFT_LEVEL_SD = 3.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Epoch:
    """Sums of a machine's clips between two marks."""

    began: str
    """Date and time, ISO 8601."""
    note: str
    """Why it began: "installed", "repaired"..."""
    clips: Moments
    """Of features and conditions."""
    rotor: Moments
    """Of the rotor's orders; of nothing where the model judges no rotor."""
    level: Moments
    """Of the level, one number a clip, in steps of 1/256 dB."""
    octaves: Moments
    """Of log2 of the distance of the clips that were judged before they were learnt, in steps of 1/256."""
    flagged: int = 0
    """Clips that were not learnt from."""
    recent: tuple[tuple[int, int], ...] = ()
    """Surprise (steps of 1/256) and level (steps of 1/256 dB) of the latest clips that this epoch has judged, flagged
    ones too, oldest first."""

    def __add__(self, other: Self) -> Self:
        """Return the sums of both; of the two, the other one is the later."""
        return replace(
            self,
            clips=self.clips + other.clips,
            rotor=self.rotor + other.rotor,
            level=self.level + other.level,
            octaves=self.octaves + other.octaves,
            flagged=self.flagged + other.flagged,
            recent=(*self.recent, *other.recent)[-RECENT_CLIPS:],
        )

    @classmethod
    def empty(cls, model: TurbineModel, note: str) -> Self:
        """Begin an epoch now."""
        n_rotor = 0 if model.rotor is None else len(model.rotor.head.mean)
        return cls(
            began=datetime.now(UTC).isoformat(timespec="seconds"),
            note=note,
            clips=Moments.none(len(model.clips.head.mean)),
            rotor=Moments.none(n_rotor),
            level=Moments.none(1),
            octaves=Moments.none(1),
        )

    def fits(self, model: TurbineModel) -> bool:
        """Whether the sums have the sizes of the model's; a baseline may be older than the rotor of its model."""
        rotor = len(self.rotor.total) if model.rotor is None else len(model.rotor.head.mean)
        sizes = (len(self.clips.total), len(self.level.total), len(self.octaves.total))
        return sizes == (len(model.clips.head.mean), 1, 1) and len(self.rotor.total) in (0, rotor)

    @property
    def ready(self) -> bool:
        """Whether there are enough clips to judge others by."""
        return self.clips.count >= LEAST_OWN_CLIPS

    def take(self, judgement: Judgement, *, judged: bool) -> Self:
        """Take a clip, see :meth:`learn`; ``judged`` says whether it was judged by what this epoch knew."""
        surprise, octaves = (judgement.surprise, judgement.octaves) if judged else (None, None)
        return self.learn(judgement.vector, surprise, judgement.level_db, octaves)

    def learn(
        self, vector: NDArray[np.int16], surprise: int | None, level_db: float, octaves: int | None = None
    ) -> Self:
        """Take a clip: into the sums unless it is flagged.

        Parameters
        ----------
        vector : int16 array, shape (d + k,)
        surprise : int or None
            In steps of 1/256; None for a clip that was not judged by this epoch, which was not ready then. It says
            nothing about the machine, so the clip is learnt from.
        level_db : float
        octaves : int, optional
            log2 of the distance of a clip that was judged, in steps of 1/256.
        """
        level = np.clip(np.array([[round(level_db * STEPS)]]), -32768, 32767).astype(np.int16)
        recent = self.recent if surprise is None else (*self.recent, (surprise, int(level[0, 0])))[-RECENT_CLIPS:]
        if surprise is not None and self.flags(surprise):
            return replace(self, flagged=self.flagged + 1, recent=recent)
        distances = np.array([[] if octaves is None else [octaves]], np.int16).reshape(-1, 1)
        return replace(
            self,
            clips=self.clips + Moments.of(vector[None]),
            level=self.level + Moments.of(level),
            octaves=self.octaves + Moments.of(distances),
            recent=recent,
        )

    def flags(self, surprise: int) -> bool:
        """Whether a clip of this surprise is not to be learnt from; the first few clips cannot be judged yet."""
        return self.ready and surprise >= FLAGGED_SURPRISE

    def learn_rotor(self, vector: NDArray[np.int16]) -> Self:
        """Take the rotor's orders of a recording none of whose clips was flagged."""
        # A baseline may be older than the rotor of its model.
        before = self.rotor if self.rotor.count else Moments.none(len(vector))
        return replace(self, rotor=before + Moments.of(vector[None]))

    def usual(self, model: TurbineModel, machine: str) -> Usual:
        """Return what is usual for the machine: by its own clips when there are enough, else by the model."""
        known = model.usual(machine)
        if not self.ready:
            return known
        return Usual(
            clips=model.clips.expect_after(self.clips, self.octaves),
            rotor=None if model.rotor is None else _own(model.rotor.head, self.rotor, known.rotor),
            level_db=self.level_db,
            level_sd_db=self.level_sd_db,
        )

    @property
    def level_db(self) -> float:
        """Mean level of the clips."""
        return float(self.level.mean[0]) / STEPS

    @property
    def level_sd_db(self) -> float:
        """Standard deviation of the clips' level, half a dB at least."""
        variance = float(self.level.scatter()[0, 0]) / max(1, self.level.count - 1)
        return max(0.5, float(np.sqrt(variance)) / STEPS)

    def drift(self) -> list[str]:
        """Say in plain sentences how the latest clips differ from what the model promises of normal ones."""
        if len(self.recent) < LEAST_RECENT or self.clips.count < LEAST_FOR_DRIFT:
            return []
        from scipy.stats import kstest

        surprise, level = np.array(self.recent, np.float64).T / STEPS
        found = []
        p = float(kstest(10.0**-surprise, "uniform", alternative="greater").pvalue)
        if p < DRIFT_P_VALUE:
            found.append(
                f"the latest {len(surprise)} clips are more unusual than normal ones (p = {p:.1g}): "
                "look at the machine; after a repair or another microphone, reset the baseline"
            )
        change = float(np.median(level)) - self.level_db
        if abs(change) > DRIFT_LEVEL_SD * self.level_sd_db:
            found.append(f"the latest clips are {change:+.1f} dB against the usual level: is the microphone as it was?")
        return found


def _own(head: Head, own: Moments, known: Expected | None) -> Expected | None:
    return expected(head, own) if own.count >= LEAST_OWN_CLIPS else known
