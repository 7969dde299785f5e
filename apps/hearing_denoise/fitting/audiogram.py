"""Audiogram: the quietest tones that an ear hears, at six frequencies."""

import csv
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from acoustic.errors import ParameterError
from acoustic.records import quoted

#: Where thresholds are kept, prescribed for and amplified (Hz).
FREQUENCIES_HZ = (250, 500, 1000, 2000, 4000, 6000)
#: Where audiometers measure (Hz); a file may hold any of them.
AUDIOMETRIC_HZ = (125, 250, 500, 750, 1000, 1500, 2000, 3000, 4000, 6000, 8000)
#: What audiometers measure (dB HL).
LOWEST_DB_HL, HIGHEST_DB_HL = -10.0, 120.0
#: A file must reach at least from the one to the other (Hz): the prescription averages over this range.
NEEDED_HZ = (500, 2000)


@dataclass(frozen=True, kw_only=True)
class Audiogram:
    """Hearing thresholds of one ear, by air conduction.

    Raises
    ------
    ParameterError
        When there are not six thresholds, or one is outside -10 to 120 dB HL.
    """

    thresholds_db_hl: tuple[float, ...]
    """One for each of ``FREQUENCIES_HZ``, dB HL: 0 is normal hearing, more is a loss."""

    def __post_init__(self) -> None:
        """Check the number and the range."""
        n = len(self.thresholds_db_hl)
        if n != len(FREQUENCIES_HZ):
            raise ParameterError(f"audiogram: {_wanted()}, not {n}")
        for frequency_hz, threshold in zip(FREQUENCIES_HZ, self.thresholds_db_hl, strict=True):
            _check_threshold(threshold, f"audiogram, {frequency_hz} Hz")

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read six numbers between commas, such as ``"20,25,30,45,60,65"``: dB HL at 250 Hz to 6 kHz.

        Raises
        ------
        ParameterError
            When there are not six, or one is no number or out of range.
        """
        words = text.split(",")
        if len(words) != len(FREQUENCIES_HZ):
            raise ParameterError(
                f"audiogram {quoted(text)}: {_wanted()}, with commas between them; these are {len(words)}"
            )
        return cls(thresholds_db_hl=tuple(_number(word, f"audiogram {quoted(text)}") for word in words))

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a CSV with the columns ``frequency_hz`` and ``threshold_db_hl``, a row for each frequency measured.

        Between the measured frequencies, thresholds are interpolated on a logarithmic scale of frequency; beyond the
        lowest and the highest they stay the same.

        Raises
        ------
        ParameterError
            When the file cannot be read, lacks a column, holds a frequency that audiometers do not measure, the same
            one twice, a threshold out of range, or does not reach from 500 to 2000 Hz.
        """
        try:
            with path.open(newline="", encoding="utf-8-sig") as stream:
                measured = _read_rows(path, csv.DictReader(stream))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise ParameterError(f"{path}: cannot be read as CSV ({error})") from error
        low, high = NEEDED_HZ
        if not measured or min(measured) > low or max(measured) < high:
            raise ParameterError(f"{path}: thresholds are needed from {low} Hz or below to {high} Hz or above")
        frequencies = sorted(measured)
        thresholds = np.interp(np.log(FREQUENCIES_HZ), np.log(frequencies), [measured[f] for f in frequencies])
        return cls(thresholds_db_hl=tuple(float(threshold) for threshold in thresholds))

    @classmethod
    def from_file_or_text(cls, given: str) -> Self:
        """Take what a user typed: the path of a file that is there, or else six numbers.

        Raises
        ------
        ParameterError
            When it is neither.
        """
        if os.path.isfile(given):  # unlike `Path.is_file`, takes any text
            return cls.from_file(Path(given))
        if "," not in given:
            raise ParameterError(f"audiogram {quoted(given)}: no such file; give a CSV or {_wanted()}")
        return cls.from_text(given)


def _wanted() -> str:
    return f"six thresholds in dB HL are needed, at {', '.join(map(str, FREQUENCIES_HZ))} Hz"


def _read_rows(path: Path, reader: "csv.DictReader[str]") -> dict[int, float]:
    """Threshold in dB HL by frequency in Hz."""
    columns: Iterable[str] = reader.fieldnames or ()
    for column in ("frequency_hz", "threshold_db_hl"):
        if column not in columns:
            raise ParameterError(f"{path}: has no column {column!r}; its columns are {', '.join(columns) or 'none'}")
    measured: dict[int, float] = {}
    for line, row in enumerate(reader, start=2):
        where = f"{path}, line {line}"
        frequency_hz = _number(row["frequency_hz"], where)
        if frequency_hz not in AUDIOMETRIC_HZ:
            known = ", ".join(map(str, AUDIOMETRIC_HZ))
            raise ParameterError(f"{where}: frequency_hz must be one of {known}, not {frequency_hz:g}")
        if frequency_hz in measured:
            raise ParameterError(f"{where}: {frequency_hz:g} Hz is there twice; one file holds one ear")
        threshold = _number(row["threshold_db_hl"], where)
        _check_threshold(threshold, where)
        measured[int(frequency_hz)] = threshold
    return measured


def _number(text: str | None, where: str) -> float:
    try:
        return float(text or "")
    except ValueError:
        raise ParameterError(f"{where}: {(text or '').strip()!r} is not a number") from None


def _check_threshold(threshold: float, where: str) -> None:
    if not LOWEST_DB_HL <= threshold <= HIGHEST_DB_HL:
        raise ParameterError(
            f"{where}: a threshold must be {LOWEST_DB_HL:g} to {HIGHEST_DB_HL:g} dB HL, not {threshold:g}"
        )
