"""The result of one recording of a machine: a record, its columns, and what people read of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from acoustic.application import Cell, Column, Label, Row, Started, StartedFrom
from acoustic.records import About

from .gate import SetAside
from .rotor import RotorReading
from .scorer.explain import Band


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Seconds that stand out."""

    start_s: Annotated[float, About(unit="s", digits=3)]
    end_s: Annotated[float, About(unit="s", digits=3)]
    z: Annotated[float, About("How far they stand out, in standard deviations of normal seconds.", digits=2)]


@dataclass(frozen=True, kw_only=True)
class Rotor(RotorReading):
    """What the blades have shown, and how unusual that is for the machine."""

    p_value_for_machine: Annotated[
        float | None,
        About("Share of the machine's readings as unusual; null without any to compare with.", significant=4),
    ] = None


@dataclass(frozen=True, kw_only=True)
class Level:
    """Level of the machine; it takes no part in the score."""

    db: Annotated[float, About("Mean level of the bands over the clips.", unit="dB", digits=2)]
    z: Annotated[float | None, About("Against the machine's usual, in standard deviations.", digits=2)] = None


@dataclass(frozen=True, kw_only=True)
class ClipScore:
    """Score of one clip."""

    start_s: Annotated[float, About(unit="s", digits=3)]
    end_s: Annotated[float, About(unit="s", digits=3)]
    score: Annotated[float, About(digits=4)]


@dataclass(frozen=True, kw_only=True)
class AlarmSpan:
    """Time from an alarm to its end."""

    start_s: Annotated[float, About(unit="s", digits=3)]
    end_s: Annotated[float | None, About("Null while it is on.", unit="s", digits=3)] = None


@dataclass(frozen=True, kw_only=True)
class Score:
    """One recording: how unusual it is and why, or why it could not be scored."""

    file: str
    machine: str | None = None
    start: Annotated[str | None, About("Date and time at which it began, as they were given.")] = None
    duration_s: Annotated[float | None, About(unit="s", digits=3)] = None
    score: Annotated[float | None, About("-log10 of p_value; null when too little was left to judge.", digits=4)] = None
    p_value: Annotated[float | None, About("Share of normal recordings that are as unusual.", significant=4)] = None
    anomalous: Annotated[bool | None, About("Whether the score reaches the threshold.")] = None
    threshold: Annotated[float | None, About("-log10 of the false-alarm rate.", digits=4)] = None
    bands: Annotated[tuple[Band, ...], About("Bands of the most unusual clip that stand out, most first.")] = ()
    when: Annotated[tuple[Moment, ...], About("Seconds that stand out, in order of time.")] = ()
    rotor: Rotor | None = None
    no_rotor: Annotated[str | None, About("Why the rotor has no reading.")] = None
    set_aside: Annotated[tuple[SetAside, ...], About("Time that is not scored.")] = ()
    level: Level | None = None
    clips: Annotated[int, About("Clips that were judged.")] = 0
    known_clips: Annotated[int, About("Clips of this machine that its usual is known from.")] = 0
    warnings: tuple[str, ...] = ()
    error: Annotated[str | None, About("Why it could not be scored.")] = None
    skipped: Annotated[int, About("Clips of which too little was left to judge them.")] = 0
    alarms: Annotated[int, About("Alarms that the clips raised.")] = 0
    clip_scores: tuple[ClipScore, ...] = ()
    alarm_spans: tuple[AlarmSpan, ...] = ()
    started: Started = None
    started_from: StartedFrom = None


def band_text(band: Row) -> str:
    """Name a band that stands out as people read it."""
    return f"{band['low_hz']:.0f}-{band['high_hz']:.0f} Hz {band['what']} {band['sign']}{band['z']:.1f}"


def _joined(key: str, text: Any) -> Any:
    return lambda row: "; ".join(map(text, row[key]))


def _set_aside_s(row: Row) -> float:
    total_s: float = sum(part["end_s"] - part["start_s"] for part in row["set_aside"])
    return round(total_s, 3)


COLUMNS = (
    Column(name="machine", kind=str),
    Column(name="start", kind=str),
    Column(name="duration_s", kind=float),
    Column(name="score", kind=float),
    Column(name="p_value", kind=float),
    Column(name="anomalous", kind=bool),
    Column(name="threshold", kind=float),
    Column(name="bands", kind=str, value=_joined("bands", band_text)),
    Column(name="when", kind=str, value=_joined("when", "{0[start_s]:g}-{0[end_s]:g} s".format)),
    Column(name="rotor_rpm", kind=float, value="rotor.rpm"),
    Column(name="rotor_z", kind=float, value="rotor.z"),
    Column(name="rotor_p_value", kind=float, value="rotor.p_value_for_machine"),
    Column(name="set_aside", kind=str, value=_joined("set_aside", "{0[reason]} {0[start_s]:g}-{0[end_s]:g} s".format)),
    Column(name="set_aside_s", kind=float, value=_set_aside_s),
    Column(name="level_db", kind=float, value="level.db"),
    Column(name="level_z", kind=float, value="level.z"),
    Column(name="clips", kind=int),
    Column(name="known_clips", kind=int),
    Column(name="warnings", kind=str, value=_joined("warnings", str)),
)
"""Of CSV and Parquet, between file and error."""


def _verdict(row: Row) -> str:
    return "not scored" if row["score"] is None else "ANOMALOUS" if row["anomalous"] else ""


def _reasons(row: Row) -> str:
    """Say what stands out."""
    reasons = [band_text(band) for band in row["bands"][:2]]
    if row["when"]:
        reasons.append("at " + ", ".join(f"{moment['start_s']:.0f} s" for moment in row["when"][:3]))
    rotor = row["rotor"]
    if rotor and (rotor["p_value_for_machine"] or 1.0) < 0.01:
        reasons.append(f"blades differ (rotor p {rotor['p_value_for_machine']:.1g})")
    if row["set_aside"]:
        reasons.append("set aside: " + "; ".join(sorted({part["reason"] for part in row["set_aside"]})))
    return "; ".join(reasons)


TABLE = (
    Cell(title="score", width=6, text=lambda row: "-" if row["score"] is None else f"{row['score']:.2f}"),
    Cell(title="p-value", width=8, text=lambda row: "-" if row["p_value"] is None else f"{row['p_value']:.2g}"),
    Cell(title="", width=-9, text=_verdict),
    Cell(title="what stands out", text=_reasons),
)


def labels(row: Row) -> Iterator[Label]:
    """Yield the moments that stand out, the unusual clips, the alarms, and what was set aside."""
    for moment in row["when"]:
        yield Label(moment["start_s"], moment["end_s"], f"stands out +{moment['z']:.1f}")
    for clip in row["clip_scores"]:
        if row["threshold"] is not None and clip["score"] >= row["threshold"]:
            yield Label(clip["start_s"], clip["end_s"], f"unusual {clip['score']:.1f}")
    for alarm in row["alarm_spans"]:
        yield Label(alarm["start_s"], alarm["start_s"], "ALARM")
        if alarm["end_s"] is not None:
            yield Label(alarm["end_s"], alarm["end_s"], "alarm over")
    for part in row["set_aside"]:
        yield Label(part["start_s"], part["end_s"], f"set aside: {part['reason']}")
