"""What was heard in a roast: collected from events, told as a row, as JSON, table, CSV or Audacity labels."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from acoustic.score import csv_line
from acoustic.terminal import clock_time, json_line

from .chain import Crack, Event
from .decision import FirstCrack, FirstCrackEnd

#: Cracks a minute are counted over this long.
RATE_WINDOW_S = 30.0
DIGITS = 4


@dataclass(frozen=True)
class Score:
    """One recording: what was heard in it, or why it could not be scored."""

    file: str
    duration_s: float | None = None
    rate_hz: int | None = None
    """Sampling rate that the recording came with."""
    first_crack: FirstCrack | None = None
    first_crack_end: FirstCrackEnd | None = None
    cracks: tuple[Crack, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain JSON."""
        found = None
        if self.first_crack is not None:
            end_s = None if self.first_crack_end is None else round(self.first_crack_end.end_s, DIGITS)
            found = _first_crack_fields(self.first_crack, end_s)
        return {
            "file": self.file,
            "duration_s": self.duration_s,
            "rate_hz": self.rate_hz,
            "first_crack": found,
            "cracks": [_crack_fields(crack) for crack in self.cracks],
            "warnings": list(self.warnings),
            "error": self.error,
        }


@dataclass
class Tally:
    """Everything decided so far in one recording or roast."""

    cracks: list[Crack] = field(default_factory=list)
    first_crack: FirstCrack | None = None
    first_crack_end: FirstCrackEnd | None = None

    def add(self, event: Event) -> None:
        """Take one event of the chain."""
        match event:
            case Crack():
                self.cracks.append(event)
            case FirstCrack():
                self.first_crack = event
            case FirstCrackEnd():
                self.first_crack_end = event

    def forget_first_crack(self) -> None:
        """Take first crack back; the single cracks stay."""
        self.first_crack = self.first_crack_end = None

    def rate_per_min(self, now_s: float) -> float:
        """Cracks a minute over the ``RATE_WINDOW_S`` before ``now_s``."""
        count = 0
        for crack in reversed(self.cracks):
            if crack.t_s <= now_s - RATE_WINDOW_S:
                break
            count += 1
        return count * 60.0 / RATE_WINDOW_S

    def score(self, file: str, duration_s: float, rate_hz: int, warnings: Iterable[str] = ()) -> Score:
        """Return the row of the recording."""
        return Score(
            file=file,
            duration_s=round(duration_s, DIGITS),
            rate_hz=rate_hz,
            first_crack=self.first_crack,
            first_crack_end=self.first_crack_end,
            cracks=tuple(self.cracks),
            warnings=tuple(warnings),
        )


def event_record(event: Event) -> dict[str, Any]:
    """Return an event of the chain as plain JSON, with the same numbers as the row."""
    match event:
        case Crack():
            return {"event": "crack", **_crack_fields(event)}
        case FirstCrack():
            return {"event": "first_crack", **_first_crack_fields(event, None)}
        case FirstCrackEnd():
            end_s, decided_s = round(event.end_s, DIGITS), round(event.decided_s, DIGITS)
            return {"event": "first_crack_end", "end_s": end_s, "decided_s": decided_s}


def _crack_fields(crack: Crack) -> dict[str, Any]:
    return {"t_s": crack.t_s, "score": crack.score}


def _first_crack_fields(found: FirstCrack, end_s: float | None) -> dict[str, Any]:
    return {
        "onset_s": round(found.onset_s, DIGITS),
        "decided_s": round(found.decided_s, DIGITS),
        "first_pop_s": round(found.first_pop_s, DIGITS),
        "end_s": end_s,
        "cracks": found.cracks,
        "confidence": round(found.confidence, DIGITS),
    }


def json_lines(scores: Iterable[Score]) -> Iterator[str]:
    """Give one JSON object a recording."""
    for score in scores:
        yield json_line(score.to_dict())


def csv_lines(scores: Iterable[Score]) -> Iterator[str]:
    """Give a header, then one line a recording.

    ``cracks`` are those between onset and decision, ``cracks_heard`` those of the whole recording.
    """
    found = ("onset_s", "decided_s", "first_pop_s", "end_s", "cracks", "confidence")
    yield csv_line(["file", "duration_s", "rate_hz", *found, "cracks_heard", "warnings", "error"])
    for score in scores:
        row = score.to_dict()
        first_crack = row["first_crack"] or {}
        yield csv_line(
            [
                *(row[name] for name in ("file", "duration_s", "rate_hz")),
                *(first_crack.get(name) for name in found),
                len(score.cracks),
                "; ".join(score.warnings),
                score.error,
            ]
        )


def table_lines(scores: Iterable[Score], files: Iterable[str]) -> Iterator[str]:
    """Give lines for people, each as soon as its recording is done; ``files`` are all that will come."""
    width = max([4, *map(len, files)])
    columns = "  {:>7}  {:>9}  {:>7}  {:>9}  {:>7}  {:>6}  {:>10}  {}"
    header = ("length", "first pop", "onset", "decided", "end", "cracks", "confidence", "remarks")
    yield f"{'file':{width}}{columns.format(*header)}".rstrip()
    for score in scores:
        remarks = score.error or "; ".join(score.warnings)
        cells = ["-"] * 7
        if score.duration_s is not None:
            cells[0] = clock_time(score.duration_s)
            cells[5] = str(len(score.cracks))
        if score.first_crack is not None:
            found, end = score.first_crack, score.first_crack_end
            cells[1:4] = (clock_time(t, 1) for t in (found.first_pop_s, found.onset_s, found.decided_s))
            cells[4] = "-" if end is None else clock_time(end.end_s, 1)
            cells[6] = f"{found.confidence:.2f}"
        yield f"{score.file:{width}}{columns.format(*cells, remarks)}".rstrip()


def label_lines(score: Score, marks: Iterable[tuple[str, float]] = ()) -> Iterator[str]:
    """Give Audacity labels, in order of time: every crack, the moments of first crack, and ``marks`` (name, s)."""
    labels = [(crack.t_s, crack.t_s, f"crack {crack.score:.2f}") for crack in score.cracks]
    labels += [(t_s, t_s, name) for name, t_s in marks]
    if (found := score.first_crack) is not None:
        end_s = found.onset_s if score.first_crack_end is None else score.first_crack_end.end_s
        labels += [
            (found.first_pop_s, found.first_pop_s, "first pop"),
            (found.onset_s, end_s, "first crack"),
            (found.decided_s, found.decided_s, "decided"),
        ]
    for start_s, end_s, text in sorted(labels):
        yield f"{start_s:.4f}\t{end_s:.4f}\t{text}"
