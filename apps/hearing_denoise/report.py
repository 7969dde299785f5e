"""What is said about enhanced recordings: JSON Lines for programs, a table and remarks for people."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from acoustic.terminal import clock_time, json_line, note

#: What the fields of a JSON line are.
FIELDS = ("file", "out", "duration_s", "rtf", "latency_ms", "error")


@dataclass(frozen=True, kw_only=True)
class Enhanced:
    """What became of one recording."""

    file: str
    out: str | None = None
    """The file that holds the result; None where there is none."""
    duration_s: float | None = None
    rtf: float | None = None
    """Real-time factor: time of work, reading and writing included, per time of sound."""
    latency_ms: float | None = None
    """Algorithmic delay of the live stream; in the file it is taken out."""
    error: str | None = None
    narrowed: bool = False
    """The recording may hold what the model does not hear, and the result does not."""
    warnings: tuple[str, ...] = ()
    """What a person should know about the recording, in plain sentences."""


def json_lines(results: Iterable[Enhanced]) -> Iterator[str]:
    """Write each result as one JSON object."""
    return (json_line({name: getattr(result, name) for name in FIELDS}) for result in results)


def table_lines(results: Iterable[Enhanced]) -> Iterator[str]:
    """Write each result as a line for people."""
    for result in results:
        if result.duration_s is None or result.rtf is None:
            yield f"{result.file}  -  {result.error}"
        else:
            yield f"{result.file}  ->  {result.out}  ({clock_time(result.duration_s)}, {result.rtf:.1%} of real time)"


def with_remarks(results: Iterable[Enhanced]) -> Iterator[Enhanced]:
    """Say on stderr what there is to know about each result as it passes; what concerns many only once."""
    said = False
    for result in results:
        for warning in result.warnings:
            note(f"{result.file}: {warning}")
        if result.narrowed and not said:
            note(f"{result.file}: the result keeps its rate, but holds only what the model hears: up to 8 kHz")
            said = True
        yield result
