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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import Any, Self

import numpy as np

from acoustic.errors import ParameterError
from acoustic.frontend.logarithm import log2
from acoustic.frontend.tables import twiddles

#: Background is counted in slots of this length, and joins the learnt rates ``LAG_SLOTS`` later.
SLOT_S = 5.0
LAG_SLOTS = 6
#: Every slot the learnt counts fade by this factor: the background of 8 minutes ago weighs a third.
FADING = 0.99
LN2 = 0.6931471805599453
#: A beat is looked for among the impulses of so many seconds, in steps of 0.008 Hz, once the evidence is worth it.
BEAT_WINDOW_S = 30.0
BEAT_STEPS = 288
BEAT_POWER = 8.5
WORTH_CHECKING = 4.0
_COSINE, _SINE = (table.astype(float).tolist() for table in twiddles(256))


@dataclass(frozen=True, kw_only=True)
class DecisionSettings:
    """What a bundle says about the decision; every field is plain numbers."""

    level_edges: tuple[int, ...]
    """Lowest int8 logit of each level, rising. Impulses below the first are ignored."""
    crack_share: tuple[float, ...]
    """How the cracks of first crack spread over the levels; the shares sum to at most one."""
    background_rate: tuple[float, ...]
    """Expected impulses a second of each level before first crack, in a roast not heard before."""
    background_weight_s: float = 30.0
    """Seconds of listening that the expectation above is worth."""
    crack_rates: tuple[float, ...] = (0.15, 0.3, 0.6, 1.2)
    """Cracks a second that are tried."""
    threshold: float = 10.0
    """Log-likelihood ratio from which first crack is declared (operating point)."""
    dead_time_s: float = 3.0
    """An impulse so soon after the last one that counted adds no evidence: a handful of noise is one event."""
    min_cracks: int = 4
    """Cracks that a run must hold before it is called first crack."""
    min_span_s: float = 8.0
    """And how long it must have lasted."""
    lull_s: float = 10.0
    """A run ends when no crack is heard for so long."""
    max_busy_frames: int = 130
    """Loud frames of the second before an impulse from which it is taken for speech, music or a step of level."""
    max_clipped_frames: int = 130
    """Clipped frames of the same second from which an impulse is not trusted."""
    charge_prior: tuple[tuple[float, float], ...] = (
        (0.0, 20.0),
        (150.0, 20.0),
        (300.0, 4.0),
        (420.0, 0.0),
        (900.0, 0.0),
        (1200.0, 3.0),
    )
    """(seconds since charge, what is added to the threshold there): straight lines between, level outside."""
    end_window_s: float = 25.0
    """First crack ends when the rate of cracks over so long is below a third of its peak."""

    def __post_init__(self) -> None:
        """Check what the arithmetic relies on."""
        levels = len(self.level_edges)
        checks = [
            (levels >= 1 and sorted(set(self.level_edges)) == list(self.level_edges), "level_edges must rise"),
            (len(self.crack_share) == levels == len(self.background_rate), "one share and one rate a level"),
            (
                min(self.crack_share, default=0) > 0 and sum(self.crack_share) <= 1.01,
                "crack_share must be positive, sum <= 1",
            ),
            (min(self.background_rate, default=0) > 0, "background_rate must be positive"),
            (
                self.background_weight_s > 0 and min(self.crack_rates, default=0) > 0,
                "weights and rates must be positive",
            ),
            (self.threshold > 0 and self.min_cracks >= 2 and self.min_span_s >= 0, "threshold, min_cracks, min_span_s"),
            (self.lull_s > 0 and self.end_window_s >= 1, "lull_s and end_window_s must be positive"),
            (_is_curve(self.charge_prior), "charge_prior must be pairs of a time, rising, and a number"),
        ]
        for holds, sentence in checks:
            if not holds:
                raise ParameterError(f"decision settings: {sentence}")

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, for the bundle."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Inverse of :meth:`to_dict`, from JSON.

        Raises
        ------
        ParameterError
            When fields are missing, unknown, or of the wrong form.
        """
        names = {f.name for f in fields(cls)}
        if set(values) != names:
            raise ParameterError(f"decision settings: {sorted(set(values) ^ names)} unknown or missing")
        try:
            return cls(**{name: _tuples(value) for name, value in values.items()})
        except TypeError as error:
            raise ParameterError(f"decision settings: {error}") from None


def _is_curve(points: tuple[tuple[float, float], ...]) -> bool:
    pairs = all(isinstance(point, tuple) and len(point) == 2 for point in points)
    return len(points) >= 1 and pairs and all(a[0] < b[0] for a, b in pairwise(points))


def _tuples(value: Any) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, list | tuple) else value


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
                max(0.0, s - fall * listening_s) for s, fall in zip(self._sums, self.settings.crack_rates, strict=True)
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
            before = [t for t in self._cracks_since if t <= t_s - window_s] or [self.first_crack.onset_s]
            self._ended = True
            yield FirstCrackEnd(end_s=before[-1], decided_s=t_s)

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


def evenly_spaced(times_s: Sequence[float]) -> bool:
    """Whether the last six impulses, or fewer, keep a beat: every interval a small multiple of the shortest."""
    intervals = [b - a for a, b in pairwise(times_s[-6:])]
    shortest = min(intervals)
    if len(intervals) < 3 or shortest < 0.2:
        return False
    for interval in intervals:
        beats = int(interval / shortest + 0.5)
        if beats > 4 or abs(interval / shortest - beats) > 0.08 * beats:
            return False
    return True


def beats_time(times_s: Sequence[float]) -> bool:
    """Whether impulses follow a beat of 0.3 to 2.6 Hz: a stuck bean or a warped baffle, once a turn of the drum.

    Rayleigh's test over a comb of frequencies: among impulses that come at random, as cracks do, n R^2 exceeds
    ``BEAT_POWER`` at any of them in about one case of seventy.
    """
    n = len(times_s)
    for step in range(BEAT_STEPS):
        turns = [(0.3 + step * 0.008) * (t_s - times_s[0]) for t_s in times_s]
        angles = [int((turn - int(turn)) * 256) for turn in turns]
        along = across = 0.0
        for angle in angles:  # one by one: sum() compensates its rounding in newer Pythons
            along += _COSINE[angle]
            across += _SINE[angle]
        if along * along + across * across > BEAT_POWER * n:
            return True
    return False
