"""From single impulses to "first crack has started": a marked Poisson CUSUM that adapts to each roast.

Every impulse carries the network's logit, which falls into one of a few *levels*. Before first crack,
impulses of level k come at a background rate that this roast, this machine and this room decide; it is
learnt while listening (a gamma prior, then counts with a lag, so that the cracks themselves are not taken
for background). In first crack they come at that rate plus r * p[k], where p[k] is how cracks spread over the
levels and r an unknown number of cracks a second. For each r of a short list the log-likelihood ratio is
summed and kept from falling below zero (Page 1954; Poisson form: Lucas 1985). First crack is declared when
the best of the sums passes the threshold and the run of cracks is long enough to be called rolling; the onset is
the run's first crack, so that it is dated back over the time that the decision took.

Noise comes in bursts, and cracks in pairs: within a short dead time impulses count once, as the best of them, for
evidence and background alike, and only the time outside of it counts as listening. What beats time is no first crack.

Only additions, multiplications, divisions, square roots and comparisons of IEEE doubles and the front end's
float32 logarithm are used, in one order, so that a device decides the same.
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from acoustic.frontend.logarithm import log2
from apps.roast_crack.decision_settings import DecisionSettings
from apps.roast_crack.rhythm import BEAT_WINDOW_S, beats_time, evenly_spaced

#: Background is counted in slots of this length, and joins the learnt rates ``LAG_SLOTS`` later.
SLOT_S = 5.0
LAG_SLOTS = 6
#: Every slot the learnt counts fade by this factor: the background of 8 minutes ago weighs a third.
FADING = 0.99
LN2 = 0.6931471805599453
#: Evidence from which it is worth looking for a beat.
WORTH_CHECKING = 4.0


@dataclass(frozen=True)
class Heard:
    """One impulse as the decision takes it."""

    t_s: float
    """Time of its peak."""
    known_s: float
    """Time at which it could be judged: the last sample that was needed."""
    logit: int
    """Output of the network, int8."""
    busy: int
    clipped: int


@dataclass(frozen=True)
class FirstCrack:
    """First crack has started."""

    onset_s: float
    """First crack of the run: the rolling onset, dated back."""
    decided_s: float
    """When it was declared."""
    first_pop_s: float
    """First isolated crack of the two minutes before, or the onset itself."""
    cracks: int
    """Cracks from the onset to the decision."""
    confidence: float
    """Between 0 and 1: how far the evidence lay above the threshold."""


@dataclass(frozen=True)
class FirstCrackEnd:
    """First crack is over."""

    end_s: float
    decided_s: float


Decided = FirstCrack | FirstCrackEnd


class Decision:
    """Takes impulses in order of time; says which are cracks, when first crack starts and when it ends."""

    def __init__(self, settings: DecisionSettings) -> None:
        self.settings = settings
        n = len(settings.level_edges)
        self._learnt = [0.0] * n
        self._learnt_s = 0.0
        self._slots: deque[list[int]] = deque([[0] * n], maxlen=LAG_SLOTS + 1)
        self._next_slot_s = SLOT_S
        self._next_tick_s = 1.0
        self._sums = [0.0] * len(settings.crack_rates)
        self._counted_s = -settings.dead_time_s
        self._counted_level = -1
        self._counted_slot = self._slots[-1]
        self._run: list[float] = []
        self._pops: deque[float] = deque()
        self._recent: deque[float] = deque()
        self._charge_s: float | None = None
        self._dropped = False
        self._cracks_since: deque[float] = deque()
        self._peak_rate = 0.0
        self._ended = False
        self.first_crack: FirstCrack | None = None
        self.vetoes = {"busy": 0, "clipping": 0, "periodic": 0}
        """Impulses set aside so far, by reason."""
        self.evidence = 0.0
        """Log-likelihood ratio of the present run, 0 while it is too short to be first crack."""
        self._weigh()

    def mark_charge(self, t_s: float) -> None:
        """Beans went in: first crack is expected minutes from here, and what came before is forgotten."""
        self._charge_s, self._dropped = t_s, False
        self.undo()
        self._pops.clear()

    def mark_drop(self, t_s: float) -> None:
        """Beans are out: no first crack can start any more."""
        self._dropped = True
        self._stop_run()

    def undo(self) -> None:
        """Take back the last first crack: it was a mistake, go on waiting for it."""
        self.first_crack, self._ended, self._peak_rate = None, False, 0.0
        self._cracks_since.clear()
        self._stop_run()

    def advance(self, t_s: float) -> Iterator[Decided]:
        """Let time pass up to ``t_s`` with no impulse in between."""
        while min(self._next_slot_s, self._next_tick_s) <= t_s:
            if self._next_tick_s <= self._next_slot_s:
                yield from self._tick(self._next_tick_s)
                self._next_tick_s += 1.0
            else:
                self._close_slot()
                self._next_slot_s += SLOT_S

    def hear(self, impulse: Heard) -> tuple[bool, FirstCrack | None]:
        """Weigh one impulse (call :meth:`advance` up to it first).

        Returns whether it is taken for a crack, and first crack when this impulse decides it.
        """
        settings = self.settings
        level = sum(impulse.logit >= edge for edge in settings.level_edges) - 1
        if level < 0:
            return False, None
        if impulse.busy > settings.max_busy_frames:
            self.vetoes["busy"] += 1
            return False, None
        if impulse.clipped > settings.max_clipped_frames:
            self.vetoes["clipping"] += 1
            return False, None
        self._recent.append(impulse.t_s)
        while self._recent[0] < impulse.t_s - BEAT_WINDOW_S:
            self._recent.popleft()
        is_crack = self._is_crack[level]
        self._count(impulse.t_s, level)
        if not is_crack:
            return False, None
        if self._run and impulse.t_s - self._run[-1] > settings.lull_s:
            self._run = []
            self.evidence = 0.0
        self._run.append(impulse.t_s)
        self._pops.append(impulse.t_s)
        while self._pops[0] < impulse.t_s - 120.0:
            self._pops.popleft()
        if self.first_crack is not None:
            self._cracks_since.append(impulse.t_s)
            return True, None
        return True, self._decide(impulse)

    def follow(self, impulses: Iterable[Heard]) -> Iterator[tuple[Heard, bool, list[Decided]]]:
        """Take impulses one by one; for each, whether it is a crack, and what it and the time before it decided."""
        for impulse in impulses:
            decided: list[Decided] = list(self.advance(impulse.t_s))
            is_crack, first_crack = self.hear(impulse)
            yield impulse, is_crack, decided if first_crack is None else [*decided, first_crack]

    def _decide(self, impulse: Heard) -> FirstCrack | None:
        settings, run = self.settings, self._run
        if self._dropped or len(run) < settings.min_cracks or run[-1] - run[0] < settings.min_span_s:
            return None
        self.evidence = max(self._sums)
        if self.evidence > WORTH_CHECKING and (evenly_spaced(run) or beats_time(list(self._recent))):
            self.vetoes["periodic"] += 1
            self.evidence = 0.0
        threshold = settings.threshold + self._prior(impulse.t_s)
        if self.evidence < threshold:
            return None
        self.first_crack = FirstCrack(
            onset_s=run[0],
            decided_s=impulse.known_s,
            first_pop_s=self._pops[0],
            cracks=len(run),
            # At the threshold one half; twice the evidence halves what is missing to one.
            confidence=round(1.0 - 0.5 * threshold / self.evidence, 4),
        )
        self._cracks_since.extend(run)
        return self.first_crack

    def _count(self, t_s: float, level: int) -> None:
        """Add an impulse to the evidence; a handful within the dead time counts once, as its best."""
        listening_s = t_s - self._counted_s - self.settings.dead_time_s
        if listening_s >= 0.0:
            # The sums fall for the time in which cracks were expected and did not come.
            before = -1
            self._sums = [
                max(0.0, s - rate * listening_s) for s, rate in zip(self._sums, self.settings.crack_rates, strict=True)
            ]
            self._counted_s, self._counted_slot = t_s, self._slots[-1]
        elif level > self._counted_level:
            before = self._counted_level
            self._counted_slot[before] -= 1
        else:
            return
        self._counted_level = level
        self._counted_slot[level] += 1
        for i, gains in enumerate(self._gains):
            self._sums[i] += gains[level] - (gains[before] if before >= 0 else 0.0)

    def _stop_run(self) -> None:
        self._sums = [0.0] * len(self._sums)
        self._run = []
        self.evidence = 0.0

    def _tick(self, t_s: float) -> Iterator[FirstCrackEnd]:
        """Look once a second, after the onset, whether first crack is over."""
        if self.first_crack is None or self._ended:
            return
        window_s = self.settings.end_window_s
        recent = sum(t > t_s - window_s for t in self._cracks_since)
        self._peak_rate = max(self._peak_rate, recent / window_s)
        if t_s - self.first_crack.onset_s > window_s and recent / window_s < self._peak_rate / 3.0:
            self._ended = True
            yield FirstCrackEnd(end_s=self._cracks_since[-1], decided_s=t_s)

    def _close_slot(self) -> None:
        """Every ``SLOT_S``: what was heard ``LAG_SLOTS`` ago becomes background, unless first crack has started."""
        n = len(self.settings.level_edges)
        if len(self._slots) == self._slots.maxlen and self.first_crack is None:
            oldest = self._slots[0]
            self._learnt = [FADING * learnt + count for learnt, count in zip(self._learnt, oldest, strict=True)]
            self._learnt_s = FADING * self._learnt_s + SLOT_S
            self._weigh()
        self._slots.append([0] * n)

    def _weigh(self) -> None:
        """Work out what an impulse of each level is worth, from the background learnt so far."""
        s = self.settings
        weight = s.background_weight_s
        background = [
            # One standard error more than was counted: background comes in bursts.
            (rate * weight + count + math.sqrt(count)) / (weight + self._learnt_s)
            for rate, count in zip(s.background_rate, self._learnt, strict=True)
        ]
        ratios = np.array(
            [[1.0 + r * share / b for share, b in zip(s.crack_share, background, strict=True)] for r in s.crack_rates]
        )
        self._gains: list[list[float]] = (log2(ratios.astype(np.float32)).astype(np.float64) * LN2).tolist()
        # Taken for a crack: more likely one than background if cracks came every few seconds.
        self._is_crack = [0.3 * share > b for share, b in zip(s.crack_share, background, strict=True)]

    def _prior(self, t_s: float) -> float:
        """Return what the time since charge adds to the threshold; nothing while the charge is unknown."""
        if self._charge_s is None:
            return 0.0
        points, x = self.settings.charge_prior, t_s - self._charge_s
        if x <= points[0][0]:
            return points[0][1]
        for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
            if x <= x1:
                return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
        return points[-1][1]
