"""When a recording began: from its metadata, or from its name.

Metadata are GUANO (Grand Unified Acoustic Notation Ontology 1.0), AudioMoth's comment, and the ``bext`` chunk of
Broadcast WAV (EBU Tech 3285); names are taken in their usual forms. A time without a zone is taken for this computer's,
and that is said.
"""

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from acoustic.errors import ParameterError
from acoustic.records import quoted

#: Source of what this computer's clock tells.
CLOCK = "this computer's clock"
#: Years that a recorder's clock is believed in.
FIRST_YEAR, LAST_YEAR = 1990, 2100
_GUANO = re.compile(r"^Timestamp:\s*(\S.*?)\s*$", re.MULTILINE)
_AUDIOMOTH = re.compile(
    r"Recorded at (\d\d):(\d\d):(\d\d)(?:\.\d+)? (\d\d)/(\d\d)/(\d{4}) \(UTC(?:([+-]\d{1,2})(?::(\d\d))?)?\)"
)
_NAME = re.compile(
    r"(?<!\d)(\d{4})[-_.]?(\d\d)[-_.]?(\d\d)[T_ -]+(\d\d)[-_.:h]?(\d\d)[-_.:m]?(\d\d)(?!\d)s?(Z|[+-]\d\d:?\d\d)?"
)
_HEX_NAME = re.compile(r"[0-9A-F]{8}")
_BEXT_DATE = 256 + 32 + 32


@dataclass(frozen=True)
class Began:
    """The moment of a recording's first sample, with its zone, and where that is known from."""

    at: datetime
    source: str

    def iso(self, position_s: float = 0.0) -> str:
        """Return the time at a position in the recording (s) as ISO 8601 with its zone, to the millisecond."""
        return (self.at + timedelta(seconds=position_s)).isoformat(timespec="milliseconds")


def began(path: Path, metadata: Mapping[bytes, bytes]) -> Began | None:
    """Find out when a recording began; None where nothing tells.

    Parameters
    ----------
    path : Path
    metadata : mapping
        Chunks of a WAV file, see `acoustic.audio.Recording.metadata`.

    Examples
    --------
    >>> began(Path("T07_20260302_121500Z.wav"), {}).iso(90)
    '2026-03-02T12:16:30.000+00:00'
    """
    return next(_candidates(path, metadata), None)


def given(text: str) -> Began:
    """Return the moment that a person or a program states.

    Raises
    ------
    ParameterError
        If the text is no date and time as ISO 8601 has it.
    """
    if (moment := next(_began("given", text.strip()), None)) is None:
        raise ParameterError(
            f"{quoted(text)} is no date and time as ISO 8601 writes it, such as 2026-03-02T12:15:00+01:00."
        )
    return moment


def fields_of(began: Began | None) -> dict[str, str | None]:
    """Return the fields ``started`` and ``started_from`` of results and events; None where nothing tells."""
    if began is None:
        return {"started": None, "started_from": None}
    return {"started": began.iso(), "started_from": began.source}


def by_clock() -> Began:
    """Return this moment, as this computer's clock has it: of a microphone that is opened."""
    return Began(datetime.now().astimezone(), CLOCK)


def read_time(text: str) -> datetime:
    """Read a time as ISO 8601 has it; one without a zone is this computer's.

    Raises
    ------
    ValueError
        If it is none, or of another century.
    """
    at = datetime.fromisoformat(text)
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise ValueError(f"the year {at.year} is not between {FIRST_YEAR} and {LAST_YEAR}")
    return at if at.tzinfo is not None else at.astimezone()


def _candidates(path: Path, metadata: Mapping[bytes, bytes]) -> Iterator[Began]:
    if match := _GUANO.search(_text(metadata.get(b"guan"))):
        yield from _began("GUANO metadata", match[1])
    if match := _AUDIOMOTH.search(_text(metadata.get(b"LIST"))):
        hour, minute, second, day, month, year, zone_h, zone_min = match.groups()
        minutes = 60 * int(zone_h or 0)
        minutes += int(zone_min or 0) * (-1 if minutes < 0 else 1)
        zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
        yield from _began("AudioMoth's comment", f"{year}-{month}-{day}T{hour}:{minute}:{second}{zone}")
    bext = metadata.get(b"bext", b"")
    if len(bext) >= _BEXT_DATE + 18:
        date, time = (_text(part) for part in struct.unpack_from("10s8s", bext, _BEXT_DATE))
        yield from _began("bext metadata", f"{re.sub('[^0-9]', '-', date)}T{re.sub('[^0-9]', ':', time)}")
    if match := _NAME.search(path.stem):
        year, month, day, hour, minute, second, zone = match.groups(default="")
        zone = zone if zone in ("", "Z") or ":" in zone else f"{zone[:3]}:{zone[3:]}"
        yield from _began("file name", f"{year}-{month}-{day}T{hour}:{minute}:{second}{zone}")
    if _HEX_NAME.fullmatch(path.stem.upper()) and path.suffix.lower() == ".wav":
        at = datetime.fromtimestamp(int(path.stem, 16), UTC)  # AudioMoth before 1.0
        if 2015 <= at.year <= 2040:
            yield Began(at, "file name")


def _began(source: str, text: str) -> Iterator[Began]:
    """Yield the moment that a text tells, unless it is none."""
    try:
        local = datetime.fromisoformat(text).tzinfo is None
        yield Began(read_time(text), f"{source}, taken for this computer's time zone" if local else source)
    except (ValueError, OverflowError):
        return


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "replace").replace("\0", " ").strip()
