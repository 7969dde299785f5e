"""What a live stream tells of a machine, as records for programs."""

from dataclasses import dataclass
from typing import Annotated

from acoustic.records import About

from .scorer.explain import Band
from .scorer.persistence import Persistence


@dataclass(frozen=True, kw_only=True)
class ModelChosen:
    """What the machine is judged by, and when an alarm is raised."""

    machine: str | None
    known_clips: Annotated[int, About("Clips of this machine that its usual is known from.")]
    clip_s: Annotated[float, About("Length of a clip.", unit="s", digits=3)]
    persistence: Annotated[Persistence, About("When an alarm is raised.")]
    false_alarms_per_day_interval: Annotated[
        tuple[float, float], About("95 % interval of its false alarms, counted on normal clips.", digits=4)
    ]
    normal_days: Annotated[float, About("How long those clips last, end to end.", unit="d", digits=4)]
    promise_kept: Annotated[bool, About("Whether the false alarms asked for are kept to on them.")]


@dataclass(frozen=True, kw_only=True)
class ClipJudged:
    """A clip was judged."""

    start_s: Annotated[float, About(unit="s", digits=4)]
    end_s: Annotated[float, About(unit="s", digits=4)]
    score: Annotated[float, About("-log10 of p_value.", digits=4)]
    p_value: Annotated[float, About("Share of normal clips that are as unusual.", significant=4)]
    bands: Annotated[tuple[Band, ...], About("Bands that stand out, most first.")]
    level_z: Annotated[float | None, About("Level against the machine's usual, in standard deviations.", digits=2)]


@dataclass(frozen=True, kw_only=True)
class ClipSkipped:
    """Too little was left of a clip to judge it."""

    start_s: Annotated[float, About(unit="s")]
    end_s: Annotated[float, About(unit="s")]
    reasons: Annotated[str, About("What was set aside of it; empty where the recording ended in it.")]


@dataclass(frozen=True, kw_only=True)
class AlarmChanged:
    """So many of the last clips were unusual that it is no accident; or no longer."""

    t_s: Annotated[float, About(unit="s", digits=4)]
    machine: str | None
    unusual: Annotated[int, About("Unusual clips")]
    of: Annotated[int, About("of this many in a row.")]


@dataclass(frozen=True, kw_only=True)
class ClipCounts:
    """Clips so far, in health events."""

    clips: Annotated[int, About("Clips that were judged.")]
    skipped: Annotated[int, About("Clips of which too little was left to judge them.")]
    alarm: Annotated[bool, About("Whether an alarm is on.")]


@dataclass(frozen=True, kw_only=True)
class RotorTold:
    """What the blades have shown since the recording began, every ten minutes and at the end."""

    t_s: Annotated[float, About(unit="s", digits=4)]
    reading: Annotated[bool | None, About("True, or null where there is none; the other fields then are null too.")] = (
        None
    )
    reason: Annotated[str | None, About("Why there is none.")] = None
    rpm: Annotated[float | None, About("Mean rate of rotation.", unit="rpm", digits=3)] = None
    rpm_confidence: Annotated[float | None, About("0 to 1: how far the blade pass stands out.", digits=3)] = None
    z: Annotated[float | None, About("How unlike the blades are: a standard normal score.", digits=3)] = None
    p_value: Annotated[float | None, About("Chance of so high a z when all blades are alike.", significant=4)] = None


EVENTS: dict[str, type] = {
    "model": ModelChosen,
    "clip": ClipJudged,
    "skipped": ClipSkipped,
    "alarm": AlarmChanged,
    "alarm_over": AlarmChanged,
    "rotor": RotorTold,
}
"""Records by the names of their kinds."""
