"""What is said about a recording: as JSON, as a row of a table, as text."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acoustic.score.output import csv_line

from acoustic.terminal import json_line

from .gate import SetAside
from .rotor import RotorReading
from .scorer.explain import Band


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Seconds that stand out."""

    start_s: float
    end_s: float
    z: float
    """How far, in standard deviations of normal seconds."""

    def to_dict(self) -> dict[str, float]:
        """Return the moment as plain JSON."""
        return {"start_s": round(self.start_s, 3), "end_s": round(self.end_s, 3), "z": round(self.z, 2)}


@dataclass(frozen=True, kw_only=True)
class Score:
    """One recording: how unusual it is and why, or why it could not be scored."""

    file: str
    machine: str | None = None
    start: str | None = None
    duration_s: float | None = None
    score: float | None = None
    """Minus the decadic logarithm of ``p_value``; None when too little was left to judge."""
    p_value: float | None = None
    """Share of normal recordings that are as unusual."""
    anomalous: bool | None = None
    threshold: float | None = None
    bands: tuple[Band, ...] = ()
    when: tuple[Moment, ...] = ()
    rotor: RotorReading | None = None
    rotor_p_value: float | None = None
    """How unusual the rotor's orders are for this machine; None where there is nothing to compare with."""
    no_rotor: str | None = None
    """Why there is no reading of the rotor."""
    set_aside: tuple[SetAside, ...] = ()
    clips: int = 0
    """Clips that were judged."""
    clip_scores: tuple[tuple[float, float, float], ...] = ()
    """Start and end in seconds, and the score, of each of them."""
    level_db: float | None = None
    level_z: float | None = None
    """Level against the machine's usual, in standard deviations; it takes no part in the score."""
    known: int = 0
    """Clips of this machine that its usual is known from."""
    warnings: tuple[str, ...] = ()
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain JSON."""
        rotor = None
        if self.rotor is not None:
            rotor = _rounded(self.rotor.to_dict()) | {"p_value_for_machine": _significant(self.rotor_p_value)}
        level = None if self.level_db is None else {"db": _round(self.level_db, 2), "z": _round(self.level_z, 2)}
        return {
            "file": self.file,
            "machine": self.machine,
            "start": self.start,
            "duration_s": _round(self.duration_s, 3),
            "score": _round(self.score, 4),
            "p_value": _significant(self.p_value),
            "anomalous": self.anomalous,
            "threshold": _round(self.threshold, 4),
            "bands": [band.to_dict() for band in self.bands],
            "when": [moment.to_dict() for moment in self.when],
            "rotor": rotor,
            "no_rotor": self.no_rotor,
            "set_aside": [
                {"start_s": round(s.start_s, 3), "end_s": round(s.end_s, 3), "reason": s.reason} for s in self.set_aside
            ],
            "level": level,
            "clips": self.clips,
            "known_clips": self.known,
            "warnings": list(self.warnings),
            "error": self.error,
        }


#: Columns of CSV and Parquet, with their type.
COLUMNS: dict[str, type] = {
    "file": str,
    "machine": str,
    "start": str,
    "duration_s": float,
    "score": float,
    "p_value": float,
    "anomalous": bool,
    "threshold": float,
    "bands": str,
    "when": str,
    "rotor_rpm": float,
    "rotor_z": float,
    "rotor_p_value": float,
    "set_aside": str,
    "set_aside_s": float,
    "level_db": float,
    "level_z": float,
    "clips": int,
    "known_clips": int,
    "warnings": str,
    "error": str,
}


def flat(record: dict[str, Any]) -> dict[str, Any]:
    """Turn :meth:`Score.to_dict`'s output into one value for each of ``COLUMNS``."""
    rotor, level = record["rotor"] or {}, record["level"] or {}
    return {
        **{name: record.get(name) for name in COLUMNS},
        "bands": "; ".join(_band_text(band) for band in record["bands"]),
        "when": "; ".join(f"{m['start_s']:g}-{m['end_s']:g} s" for m in record["when"]),
        "rotor_rpm": rotor.get("rpm"),
        "rotor_z": rotor.get("z"),
        "rotor_p_value": rotor.get("p_value_for_machine"),
        "set_aside": "; ".join(f"{s['reason']} {s['start_s']:g}-{s['end_s']:g} s" for s in record["set_aside"]),
        "set_aside_s": round(sum(s["end_s"] - s["start_s"] for s in record["set_aside"]), 3),
        "level_db": level.get("db"),
        "level_z": level.get("z"),
        "warnings": "; ".join(record["warnings"]),
    }


def json_lines(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield a JSON object a recording."""
    return map(json_line, records)


def csv_lines(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield CSV with a header, a line a recording."""
    yield csv_line(COLUMNS)
    for record in records:
        yield csv_line("" if value is None else value for value in flat(record).values())


def table_lines(records: Iterable[dict[str, Any]], names: Iterable[str]) -> Iterator[str]:
    """Yield a line a recording for people, under a header; ``names`` set the width of the first column."""
    width = max([len("file"), *map(len, names)])
    yield f"{'file':<{width}}  {'score':>6}  {'p-value':>8}  {'':9}  what stands out"
    for record in records:
        yield f"{record['file']:<{width}}  {_verdict(record)}".rstrip()


def _verdict(record: dict[str, Any]) -> str:
    if record["error"] is not None:
        return f"error: {record['error']}"
    aside = "; ".join(sorted({s["reason"] for s in record["set_aside"]}))
    aside = f"set aside: {aside}" if aside else ""
    if record["score"] is None:
        return f"{'-':>6}  {'-':>8}  {'not scored':9}  {aside}"
    reasons = [_band_text(band) for band in record["bands"][:2]]
    if record["when"]:
        reasons.append("at " + ", ".join(f"{m['start_s']:.0f} s" for m in record["when"][:3]))
    rotor = record["rotor"]
    if rotor and (rotor["p_value_for_machine"] or 1.0) < 0.01:
        reasons.append(f"blades differ (rotor p {rotor['p_value_for_machine']:.1g})")
    if aside:
        reasons.append(aside)
    mark = "ANOMALOUS" if record["anomalous"] else ""
    return f"{record['score']:6.2f}  {record['p_value']:8.2g}  {mark:9}  {'; '.join(reasons)}"


def _band_text(band: dict[str, Any]) -> str:
    return f"{band['low_hz']:.0f}-{band['high_hz']:.0f} Hz {band['what']} {band['sign']}{band['z']:.1f}"


def failure(path: Path, error: str) -> dict[str, Any]:
    """Return the record of a recording that could not be scored."""
    return Score(file=str(path), error=error).to_dict()


def _round(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _significant(value: float | None) -> float | None:
    """Four significant digits: p-values span many decades."""
    return None if value is None else float(f"{value:.4g}")


def _rounded(value: Any) -> Any:
    """Round every number of a nested record to four significant digits."""
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return _significant(value) if isinstance(value, float) else value
