"""What happens when: the phases of a session, its cracks, and the sounds around it, before anything is rendered.

Cracks come at Poisson-like intervals, after a few isolated precursors, with ramp, plateau and decay; first crack lasts
57-220 s and starts 398-790 s after the recorder in 18 real sessions, which the draws here surround.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .parameters import Ranges, RoastParameters, draw_parameters

EVENT = np.dtype([("t_s", np.float64), ("contrast_db", np.float32), ("kind", "U16")])
"""One impulse: start time, contrast over the background, what made it."""
EventArray = NDArray[Any]

AUDIBLE_DB = 8.0
"""A crack of at least this contrast counts for the onset."""
ROLLING_CRACKS = 3
ROLLING_WINDOW_S = 20.0

_NEGATIVES = {"baked": 0.45, "empty_drum": 0.15, "preheat": 0.12, "cooling": 0.16, "room": 0.12}


@dataclass(frozen=True)
class Phase:
    """A stretch of a session: ``room``, ``preheat``, ``roast`` or ``cooling``."""

    kind: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Distractor:
    """A sound that is no crack; ``level_db`` is a contrast for impulses and a level over the machine for the rest."""

    t_s: float
    kind: str
    level_db: float


@dataclass(frozen=True)
class RoastPlan:
    """Everything that will happen in a session, in seconds from its start."""

    seed: int
    ranges_name: str
    scenario: str
    parameters: RoastParameters
    phases: tuple[Phase, ...]
    cracks: EventArray
    distractors: tuple[Distractor, ...]

    @property
    def duration_s(self) -> float:
        """Length of the session."""
        return self.phases[-1].end_s

    def phase_start(self, kind: str) -> float | None:
        """When the first phase of a kind starts, or None."""
        return next((phase.start_s for phase in self.phases if phase.kind == kind), None)

    @property
    def charge_s(self) -> float | None:
        """When the beans go in."""
        return self.phase_start("roast")

    @property
    def drop_s(self) -> float | None:
        """When the beans come out, if the session has both roast and cooling."""
        return None if self.charge_s is None else self.phase_start("cooling")

    def _audible_first(self) -> NDArray[np.float64]:
        of_first = (self.cracks["kind"] != "second") & (self.cracks["contrast_db"] >= AUDIBLE_DB)
        return np.asarray(self.cracks["t_s"][of_first], dtype=np.float64)

    @property
    def first_pop_s(self) -> float | None:
        """First audible crack, isolated or not."""
        times = self._audible_first()
        return float(times[0]) if len(times) else None

    @property
    def onset_s(self) -> float | None:
        """Rolling onset: the first of at least three audible cracks within 20 s."""
        return rolling_onset(self._audible_first())

    @property
    def end_s(self) -> float | None:
        """Last audible crack of first crack in the drum."""
        if self.onset_s is None:
            return None
        return float(self._audible_first()[-1])


def rolling_onset(times_s: NDArray[np.float64]) -> float | None:
    """First of at least `ROLLING_CRACKS` sorted times within `ROLLING_WINDOW_S`, or None."""
    span = times_s[ROLLING_CRACKS - 1 :] - times_s[: max(0, len(times_s) - ROLLING_CRACKS + 1)]
    rolling = np.flatnonzero(span <= ROLLING_WINDOW_S)
    return float(times_s[rolling[0]]) if len(rolling) else None


def plan_roast(seed: int, ranges: Ranges, first_crack: bool | None = None) -> RoastPlan:
    """Draw a session: parameters, phases, cracks, distractors.

    Parameters
    ----------
    seed
        The same seed gives the same plan.
    ranges
        Family of parameters.
    first_crack
        Whether first crack is heard; None leaves it to chance (75 %). Without it the session is a roast that never
        cracks, an empty drum, a preheating, a cooling or a quiet room.
    """
    rng = np.random.default_rng([seed, 0])
    p = draw_parameters(rng, ranges)
    by_chance = bool(rng.random() < 0.75)
    negative = str(rng.choice(list(_NEGATIVES), p=list(_NEGATIVES.values())))
    scenario = "roast" if (by_chance if first_crack is None else first_crack) else negative
    crack_start_s = p.preheat_s + _first_crack_after_charge(rng)
    cracks = np.empty(0, dtype=EVENT)
    drop_s = crack_start_s + p.development_s
    if scenario == "roast":
        cracks, drop_s = _cracks(rng, p, crack_start_s)
    phases = _phases(rng, scenario, p, drop_s)
    plan = RoastPlan(seed, ranges.name, scenario, p, phases, cracks, ())
    distractors = tuple(sorted(_distractors(rng, plan), key=lambda sound: sound.t_s))
    return RoastPlan(seed, ranges.name, scenario, p, phases, cracks, distractors)


def _first_crack_after_charge(rng: np.random.Generator) -> float:
    while True:  # truncated log-normal
        value = float(np.exp(rng.normal(np.log(530.0), 0.25)))
        if 290.0 <= value <= 820.0:
            return value


def _phases(rng: np.random.Generator, scenario: str, p: RoastParameters, drop_s: float) -> tuple[Phase, ...]:
    length_s = float(rng.uniform(90, 400))
    if scenario in ("roast", "baked"):
        return (
            Phase("preheat", 0.0, p.preheat_s),
            Phase("roast", p.preheat_s, drop_s),
            Phase("cooling", drop_s, drop_s + p.cooling_s),
        )
    kind = {"empty_drum": "preheat"}.get(scenario, scenario)
    lead_s = float(rng.uniform(0, 30)) if kind != "room" else 0.0
    parts = [Phase("room", 0.0, lead_s)] if lead_s > 5.0 else []
    start_s = lead_s if parts else 0.0
    return (*parts, Phase(kind, start_s, start_s + length_s))


def _poisson_times(rng: np.random.Generator, rate_hz: float, start_s: float, end_s: float) -> NDArray[np.float64]:
    count = rng.poisson(max(rate_hz * (end_s - start_s), 0.0))
    return np.sort(rng.uniform(start_s, end_s, count))


def _cracks(rng: np.random.Generator, p: RoastParameters, start_s: float) -> tuple[EventArray, float]:
    """Draw cracks until the audible ones roll, as some weak draws never do; return them with the time of the drop."""
    while True:
        contrast = rng.normal(p.crack_contrast_db, p.crack_spread_db, 4096)
        audible = float(np.mean(contrast >= AUDIBLE_DB))
        rate_hz = p.crack_rate_per_min / 60.0 / max(audible, 0.3)
        end_s = start_s + p.crack_length_s
        times = _poisson_times(rng, rate_hz, start_s, end_s)
        fall_s = 0.45 * p.crack_length_s
        density = np.clip((times - start_s) / p.ramp_s, 0.05, 1.0) * np.clip((end_s - times) / fall_s, 0.0, 1.0)
        first = times[rng.random(len(times)) < density]
        pops = _precursor_times(rng, p, start_s)
        t = np.concatenate([pops, first])
        kind = ["precursor"] * len(pops) + ["first"] * len(first)
        drop_s = start_s + p.development_s
        if p.second_gap_s:
            second_s = end_s + p.second_gap_s
            drop_s = second_s + float(rng.uniform(20, 120))
            ramp_s = float(rng.uniform(5, 40))
            dense = _poisson_times(rng, rate_hz * rng.uniform(2.5, 5.0), second_s, drop_s)
            dense = dense[rng.random(len(dense)) < np.clip((dense - second_s) / ramp_s, 0.0, 1.0)]
            t = np.concatenate([t, dense])
            kind += ["second"] * len(dense)
        cracks = np.empty(len(t), dtype=EVENT)
        cracks["t_s"], cracks["kind"] = t, kind
        cracks["contrast_db"] = rng.normal(p.crack_contrast_db, p.crack_spread_db, len(t))
        cracks["contrast_db"] -= np.where(cracks["kind"] == "second", rng.uniform(3, 6), 0.0)
        cracks["contrast_db"] = np.clip(cracks["contrast_db"], 5.0, 32.0)
        cracks = np.sort(cracks[cracks["t_s"] < drop_s - 0.5], order="t_s")
        heard = cracks["t_s"][(cracks["contrast_db"] >= AUDIBLE_DB) & (cracks["kind"] != "second")]
        if rolling_onset(heard) is not None:
            return cracks, drop_s


def _precursor_times(rng: np.random.Generator, p: RoastParameters, start_s: float) -> NDArray[np.float64]:
    candidates = np.sort(start_s - rng.uniform(8, 65, round(p.precursors)))
    kept: list[float] = []
    for t in candidates:  # never three within the rolling window, else they would be the onset
        if not kept or t - kept[-1] > ROLLING_WINDOW_S / 2 + 0.5:
            kept.append(float(t))
    return np.array(kept)


_IMPULSIVE = {"knock": 0.2, "click": 0.22, "clank": 0.22, "door": 0.06, "scrape": 0.06, "crackle": 0.04, "clip": 0.2}
_SUSTAINED = {"speech": 0.55, "beep": 0.15, "music": 0.12, "room_clip": 0.18}


def _distractors(rng: np.random.Generator, plan: RoastPlan) -> list[Distractor]:
    p, end_s = plan.parameters, plan.duration_s
    sounds: list[Distractor] = []

    def add(times: NDArray[np.float64] | list[float], kinds: dict[str, float], low_db: float, high_db: float) -> None:
        weights = np.array(list(kinds.values()))
        for t in times:
            kind = str(rng.choice(list(kinds), p=weights / weights.sum()))
            sounds.append(Distractor(float(t), kind, float(rng.uniform(low_db, high_db))))

    add(_poisson_times(rng, p.distractor_per_min / 60, 0, end_s), _IMPULSIVE, 8, 32)
    add(_poisson_times(rng, p.talk_per_min / 60, 0, end_s), _SUSTAINED, -12, 14)
    if plan.charge_s is not None:
        add([plan.charge_s], {"pour": 1.0}, 8, 28)
    if plan.drop_s is not None and rng.random() < p.sampling_chance:
        count = int(rng.integers(1, 7))
        expected_s = plan.drop_s - 60 if plan.onset_s is None else plan.onset_s
        add(expected_s - rng.uniform(-40, 120, count), {"clank": 0.7, "click": 0.15, "knock": 0.15}, 8, 28)
    if plan.drop_s is not None:
        add([plan.drop_s - 0.3], {"door": 1.0}, 12, 30)
        add([plan.drop_s], {"pour": 1.0}, 10, 28)
    if p.baffle_db:
        start_s = float(rng.uniform(0, end_s))
        turns = np.arange(start_s, min(end_s, start_s + rng.uniform(20, 300)), 1 / p.drum_hz)
        heard = turns[rng.random(len(turns)) < rng.uniform(0.6, 1.0)]
        add(heard + rng.normal(0, 0.01, len(heard)), {"baffle": 1.0}, p.baffle_db - 2, p.baffle_db + 2)
    return [sound for sound in sounds if 0.0 <= sound.t_s < end_s]
