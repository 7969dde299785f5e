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

Times are whole milliseconds, on which frames fall; all else is float32 that is added, multiplied, divided and rooted
in one order, and the front end's logarithm. What is remembered is bounded. So a device decides the same.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from acoustic.frontend.logarithm import log2
from acoustic.frontend.tables import F32
from acoustic.records import About

from .decision_settings import LAG_SLOTS, SLOT_MS, DecisionSettings
from .rhythm import BEAT_WINDOW_MS, beats_time, evenly_spaced

#: Every slot the learnt counts fade by this factor: the background of 8 minutes ago weighs a third.
FADING = np.float32(0.99)
LN2 = np.float32(0.6931471805599453)
#: An impulse is taken for a crack where cracks at this rate (1/s) would make it one more likely than not.
USUAL_RATE = np.float32(0.3)
#: Evidence from which it is worth looking for a beat.
WORTH_CHECKING = np.float32(4.0)
#: The first pop is searched so far back.
POPS_MS = 120_000
#: So many impulses, and so many cracks, are remembered at most.
REMEMBERED = 128
#: Confidence is given in steps of 1 / 10000.
CONFIDENCE_STEPS = 10_000
TICK_MS = 1000


@dataclass(frozen=True)
class Impulse:
    """One impulse as the decision takes it."""

    t_ms: int
    """Time of its peak."""
    known_ms: int
    """Time at which it could be judged: the last sample that was needed."""
    logit: int
    """Output of the network, int8."""
    busy: int
    clipped: int


@dataclass(frozen=True, kw_only=True)
class FirstCrack:
    """First crack has started."""

    onset_s: Annotated[float, About("First crack of the run: the rolling onset, dated back.", unit="s", digits=4)]
    decided_s: Annotated[float, About("When it was declared.", unit="s", digits=4)]
    first_pop_s: Annotated[
        float, About("First isolated crack of the two minutes before, or the onset itself.", unit="s", digits=4)
    ]
    end_s: Annotated[float | None, About("Last crack; null until first crack is over.", unit="s", digits=4)] = None
    cracks: Annotated[int, About("Cracks from the onset to the decision.")]
    confidence: Annotated[float, About("How far the evidence lay above the threshold.", low=0.0, high=1.0, digits=4)]


@dataclass(frozen=True, kw_only=True)
class FirstCrackEnd:
    """First crack is over."""

    end_s: Annotated[float, About("Last crack of first crack.", unit="s", digits=4)]
    decided_s: Annotated[float, About("When that was certain.", unit="s", digits=4)]


Decided = FirstCrack | FirstCrackEnd


def to_ms(t_s: float) -> int:
    """Whole milliseconds nearest to a time in seconds."""
    return round(1000 * t_s)


class Decision:
    """Takes impulses in order of time; says which are cracks, when first crack starts and when it ends."""

    def __init__(self, settings: DecisionSettings) -> None:
        self.settings = s = settings
        n = len(s.level_edges)
        self._crack_rates = np.array(s.crack_rates, np.float32)
        self._crack_share = np.array(s.crack_share, np.float32)
        self._background_rate = np.array(s.background_rate, np.float32)
        self._prior_curve = np.array(s.charge_prior, np.float32)
        self._dead_time_ms, self._min_span_ms = to_ms(s.dead_time_s), to_ms(s.min_span_s)
        self._lull_ms, self._end_window_ms = to_ms(s.lull_s), to_ms(s.end_window_s)
        self._learnt = np.zeros(n, np.float32)
        self._learnt_s = np.float32(0.0)
        self._slots: deque[F32] = deque([np.zeros(n, np.float32)], maxlen=LAG_SLOTS + 1)
        self._next_tick_ms = TICK_MS
        self._sums = np.zeros(len(s.crack_rates), np.float32)
        self._counted_ms = -self._dead_time_ms
        self._counted_level = -1
        self._counted_slot = self._slots[-1]
        self._impulses_ms: deque[int] = deque(maxlen=REMEMBERED)
        self._cracks_ms: deque[int] = deque(maxlen=REMEMBERED)
        self._run_cracks = 0
        self._run_start_ms = 0
        self._charge_ms: int | None = None
        self._dropped = False
        self._onset_ms = 0
        self._most_recent_cracks = 0
        self._ended = False
        self.first_crack: FirstCrack | None = None
        self.vetoes = {"busy": 0, "clipping": 0, "periodic": 0}
        """Impulses set aside so far, by reason."""
        self.evidence = 0.0
        """Log-likelihood ratio of the present run, 0 while it is too short to be first crack."""
        self._weigh()

    def mark_charge(self, t_ms: int) -> None:
        """Beans went in: first crack is expected minutes from here, and what came before is forgotten."""
        self._charge_ms, self._dropped = t_ms, False
        self.undo()
        self._cracks_ms.clear()

    def mark_drop(self) -> None:
        """Beans are out: no first crack can start any more."""
        self._dropped = True
        self._stop_run()

    def undo(self) -> None:
        """Take back the last first crack: it was a mistake, go on waiting for it."""
        self.first_crack, self._ended, self._most_recent_cracks = None, False, 0
        self._stop_run()

    def advance(self, t_ms: int) -> Iterator[Decided]:
        """Let time pass up to ``t_ms`` with no impulse in between."""
        while self._next_tick_ms <= t_ms:
            yield from self._tick(self._next_tick_ms)
            if self._next_tick_ms % SLOT_MS == 0:
                self._close_slot()
            self._next_tick_ms += TICK_MS

    def hear(self, impulse: Impulse) -> tuple[bool, FirstCrack | None]:
        """Weigh one impulse (call :meth:`advance` up to it first).

        Returns whether it is taken for a crack, and first crack when this impulse decides it.
        """
        settings, t_ms = self.settings, impulse.t_ms
        level = sum(impulse.logit >= edge for edge in settings.level_edges) - 1
        if level < 0:
            return False, None
        if impulse.busy > settings.max_busy_frames:
            self.vetoes["busy"] += 1
            return False, None
        if impulse.clipped > settings.max_clipped_frames:
            self.vetoes["clipping"] += 1
            return False, None
        _remember(self._impulses_ms, t_ms, BEAT_WINDOW_MS)
        is_crack = bool(self._is_crack[level])
        self._count(t_ms, level)
        if not is_crack:
            return False, None
        if self._run_cracks and t_ms - self._cracks_ms[-1] > self._lull_ms:
            self._run_cracks = 0
            self.evidence = 0.0
        if not self._run_cracks:
            self._run_start_ms = t_ms
        self._run_cracks += 1
        _remember(self._cracks_ms, t_ms, POPS_MS)
        return True, self._decide(impulse) if self.first_crack is None else None

    def follow(self, impulses: Iterable[Impulse]) -> Iterator[tuple[Impulse, bool, list[Decided]]]:
        """Take impulses one by one; for each, whether it is a crack, and what it and the time before it decided."""
        for impulse in impulses:
            decided: list[Decided] = list(self.advance(impulse.t_ms))
            is_crack, first_crack = self.hear(impulse)
            yield impulse, is_crack, decided if first_crack is None else [*decided, first_crack]

    def _decide(self, impulse: Impulse) -> FirstCrack | None:
        settings, span_ms = self.settings, impulse.t_ms - self._run_start_ms
        if self._dropped or self._run_cracks < settings.min_cracks or span_ms < self._min_span_ms:
            return None
        evidence = self._sums.max()
        if evidence > WORTH_CHECKING and self._beats_time():
            self.vetoes["periodic"] += 1
            evidence = np.float32(0.0)
        self.evidence = float(evidence)
        threshold = np.float32(settings.threshold) + self._prior(impulse.t_ms)
        if evidence < threshold:
            return None
        # At the threshold one half; twice the evidence halves what is missing to one.
        confidence = np.float32(1.0) - np.float32(0.5) * threshold / evidence
        self._onset_ms = self._run_start_ms
        self.first_crack = FirstCrack(
            onset_s=self._onset_ms / 1000,
            decided_s=impulse.known_ms / 1000,
            first_pop_s=self._cracks_ms[0] / 1000,
            cracks=self._run_cracks,
            confidence=round(float(confidence * np.float32(CONFIDENCE_STEPS))) / CONFIDENCE_STEPS,
        )
        return self.first_crack

    def _beats_time(self) -> bool:
        """Whether the run, or what was heard of late, keeps a beat."""
        run_ms = list(self._cracks_ms)[-self._run_cracks :]
        return evenly_spaced(run_ms) or beats_time(self._impulses_ms)

    def _count(self, t_ms: int, level: int) -> None:
        """Add an impulse to the evidence; a handful within the dead time counts once, as its best."""
        listening_ms = t_ms - self._counted_ms - self._dead_time_ms
        if listening_ms >= 0:
            # The sums fall for the time in which cracks were expected and did not come.
            expected = self._crack_rates * (np.float32(listening_ms) / np.float32(1000))
            self._sums = np.maximum(self._sums - expected, np.float32(0.0)) + self._gains[:, level]
            self._counted_ms, self._counted_slot = t_ms, self._slots[-1]
        elif level > self._counted_level:
            self._sums += self._gains[:, level] - self._gains[:, self._counted_level]
            self._counted_slot[self._counted_level] -= 1
        else:
            return
        self._counted_level = level
        self._counted_slot[level] += 1

    def _stop_run(self) -> None:
        self._sums[:] = 0.0
        self._run_cracks = 0
        self.evidence = 0.0

    def _tick(self, t_ms: int) -> Iterator[FirstCrackEnd]:
        """Look once a second, after the onset, whether first crack is over."""
        if self.first_crack is None or self._ended:
            return
        since_ms = max(self._onset_ms, t_ms - self._end_window_ms + 1)
        recent = sum(crack_ms >= since_ms for crack_ms in self._cracks_ms)
        self._most_recent_cracks = max(self._most_recent_cracks, recent)
        if t_ms - self._onset_ms > self._end_window_ms and 3 * recent < self._most_recent_cracks:
            self._ended = True
            yield FirstCrackEnd(end_s=self._cracks_ms[-1] / 1000, decided_s=t_ms / 1000)

    def _close_slot(self) -> None:
        """Let what was heard ``LAG_SLOTS`` ago become background, unless first crack has started."""
        if len(self._slots) == self._slots.maxlen and self.first_crack is None:
            self._learnt = FADING * self._learnt + self._slots[0]
            self._learnt_s = FADING * self._learnt_s + np.float32(SLOT_MS / 1000)
            self._weigh()
        self._slots.append(np.zeros_like(self._learnt))

    def _weigh(self) -> None:
        """Work out what an impulse of each level is worth, from the background learnt so far."""
        weight_s = np.float32(self.settings.background_weight_s)
        # One standard error more than was counted: background comes in bursts.
        counted = self._learnt + np.sqrt(self._learnt)
        background = (self._background_rate * weight_s + counted) / (weight_s + self._learnt_s)
        ratios = np.float32(1.0) + self._crack_rates[:, None] * self._crack_share / background
        self._gains = log2(ratios) * LN2
        self._is_crack = USUAL_RATE * self._crack_share > background

    def _prior(self, t_ms: int) -> np.float32:
        """Return what the time since charge adds to the threshold; nothing while the charge is unknown."""
        if self._charge_ms is None:
            return np.float32(0.0)
        x = np.float32(t_ms - self._charge_ms) / np.float32(1000)
        x0, y0 = self._prior_curve[0]
        for x1, y1 in self._prior_curve:
            if x <= x1:
                return np.float32(y1 if x1 == x0 else y0 + (y1 - y0) * (x - x0) / (x1 - x0))
            x0, y0 = x1, y1
        return np.float32(y0)


def _remember(times_ms: deque[int], t_ms: int, window_ms: int) -> None:
    """Add a time to those of a window."""
    times_ms.append(t_ms)
    while t_ms - times_ms[0] > window_ms:
        times_ms.popleft()
