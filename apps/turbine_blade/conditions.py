"""Operating conditions of recordings: which machine, when, in what wind, how fast it turned."""

import csv
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from acoustic.audio.start import given
from acoustic.errors import ParameterError
from acoustic.records import About

Condition = Literal["wind_m_s", "rpm"]
"""Conditions that features can be judged under."""
#: The numbers that stand for each in a vector.
CONDITIONS: dict[Condition, tuple[str, ...]] = {"wind_m_s": ("wind", "wind squared"), "rpm": ("rpm",)}
Table = Annotated[
    Path | None,
    About(
        "What is known of the recordings: columns file, and any of machine, start, wind_m_s, rpm, fault.",
        metavar="CSV",
        live=False,
    ),
]
"""An option of commands."""
_STEPS = 100
_LIMITS = {"wind_m_s": (0.0, 100.0), "rpm": (0.0, 300.0)}


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What is known of one recording beside its sound."""

    machine: str | None = None
    start: str | None = None
    """Date and time, ISO 8601, as it was given."""
    wind_m_s: float | None = None
    rpm: float | None = None
    fault: str | None = None
    """A fault that is known of, so that the recording is not taken for normal."""
    simulated: bool = False

    def vector(self, names: Sequence[Condition]) -> NDArray[np.int16]:
        """Return the numbers for the named conditions, int16 (k,): hundredths; of the squared wind, tenths.

        Raises
        ------
        ParameterError
            When one of them is not known.
        """
        numbers: list[float] = []
        for name in names:
            value = getattr(self, name)
            if value is None:
                raise ParameterError(f"the model judges under {name}, which is not known: give it in a table")
            numbers += [value * _STEPS, value**2 * 10] if name == "wind_m_s" else [value * _STEPS]
        return np.clip(np.rint(numbers), -32768, 32767).astype(np.int16)


def n_numbers(names: Sequence[Condition]) -> int:
    """How many numbers stand for the named conditions."""
    return sum(len(CONDITIONS[name]) for name in names)


class ConditionTable:
    """A CSV with a row for each recording.

    Its columns are ``file``, and any of ``machine``, ``start``, ``wind_m_s``, ``rpm``, ``fault`` and ``simulated`` (yes
    or no); others are left alone. Files are relative to the table's folder, or given by their bare names.

    Raises
    ------
    ParameterError
        When it cannot be read, has no column ``file``, or holds a number or a time that is none, or neither yes nor no.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows: dict[Path, Conditions] = {}
        self._by_name: dict[str, Conditions | None] = {}
        try:
            with path.open(newline="", encoding="utf-8-sig") as stream:
                reader = csv.DictReader(stream)
                self.columns = tuple(reader.fieldnames or ())
                if "file" not in self.columns:
                    raise ParameterError(f"{path}: has no column 'file'; its columns are {', '.join(self.columns)}")
                for number, row in enumerate(reader, start=2):
                    self._add(number, row)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise ParameterError(f"{path}: cannot be read as CSV ({error})") from error

    def __getitem__(self, recording: Path) -> Conditions:
        """Return what is known of a recording; nothing where the table has no row for it."""
        found = self._rows.get(recording.resolve()) or self._by_name.get(recording.name)
        return found or Conditions()

    def _add(self, number: int, row: dict[str, str | None]) -> None:
        where = f"{self.path}, line {number}"
        known = Conditions(
            machine=row.get("machine") or None,
            start=_start(row, where),
            wind_m_s=_number(row, "wind_m_s", where),
            rpm=_number(row, "rpm", where),
            fault=row.get("fault") or None,
            simulated=_yes_or_no(row, "simulated", where),
        )
        file = row["file"] or ""
        self._rows[(self.path.parent / file).resolve()] = known
        name = Path(file).name
        # A bare name that several folders share says nothing.
        self._by_name[name] = None if name in self._by_name else known


def _number(row: dict[str, str | None], column: str, where: str) -> float | None:
    text = (row.get(column) or "").strip()
    if not text:
        return None
    low, high = _LIMITS[column]
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise ParameterError(f"{where}: {column} must be a number from {low:g} to {high:g}, not {text!r}")
    return value


def _start(row: dict[str, str | None], where: str) -> str | None:
    """Return when a recording began, as it was written."""
    text = (row.get("start") or "").strip()
    if not text:
        return None
    try:
        given(text)
    except ParameterError as error:
        raise ParameterError(f"{where}: start: {error}") from None
    return text


def _yes_or_no(row: dict[str, str | None], column: str, where: str) -> bool:
    text = (row.get(column) or "").strip()
    if text.lower() not in ("yes", "no", ""):
        raise ParameterError(f"{where}: {column} must be yes or no, not {text!r}")
    return text.lower() == "yes"


def machine_of(recording: Path, roots: Sequence[Path], machines: Collection[str] = ()) -> str | None:
    """Name the machine of a recording by its folders.

    Parameters
    ----------
    recording : Path
    roots : sequence of Path
        What was asked for: where no folder is named like one of ``machines``, the first folder below its root is taken
        for the machine.
    machines : collection of str
        Machines that are known already.

    Returns
    -------
    str or None
    """
    for part in reversed(recording.absolute().parts[:-1]):
        if part in machines:
            return part
    for root in roots:
        if root.is_dir() and recording.is_relative_to(root):
            parts = recording.relative_to(root).parts
            return parts[0] if len(parts) > 1 else None
    return None


def known_in(
    table: Path | None, recordings: Sequence[Path], roots: Sequence[Path], machines: Collection[str] = ()
) -> dict[Path, Conditions]:
    """Gather what is known of recordings: from a table, and the machine from the folders where no table names it.

    Arguments are those of :class:`ConditionTable` and :func:`machine_of`.
    """
    known = {}
    rows = None if table is None else ConditionTable(table)
    for path in recordings:
        row = Conditions() if rows is None else rows[path]
        known[path] = row if row.machine else replace(row, machine=machine_of(path, roots, machines))
    return known
