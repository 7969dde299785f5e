"""Noisy recordings and the clean speech in them: held-out mixtures, or any list of files."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Protocol

import numpy as np

from acoustic.errors import DataError
from acoustic.records import About

from ..mixtures.held_out import SNR_DB, held_out_pairs
from .metrics import RATE_HZ, Pcm, reduction_db, remaining_noise

#: Two sides of a pair whose lengths differ by more are not of one recording.
LENGTHS_WITHIN_S = 0.05


@dataclass(frozen=True, eq=False, kw_only=True)
class NoisyClip:
    """A noisy recording beside its clean speech, sample for sample, int16 (n_samples,) at ``RATE_HZ``."""

    name: str
    speech: Annotated[str, About("What is said: clips that share it are alike.")]
    noisy: Pcm
    clean: Pcm
    snr_db: Annotated[float, About("Of the mixture; whole decibels when it had to be measured.", unit="dB")]
    noise: Annotated[str, About("Kind of noise; empty when unknown.")]

    def load(self) -> "NoisyClip":
        """Return itself: it is there."""
        return self


class Loadable(Protocol):
    """A clip, or what becomes one in the process that needs it."""

    @property
    def name(self) -> str:
        """What it is called in results."""

    @property
    def speech(self) -> str:
        """What is said: clips that share it are alike."""

    def load(self) -> NoisyClip:
        """Read it; raise `AcousticError` when that fails."""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A row of a list of pairs."""

    name: str
    noisy: Path
    clean: Path
    snr_db: float | None
    noise: str

    @property
    def speech(self) -> str:
        """The clean file."""
        return str(self.clean)

    def load(self) -> NoisyClip:
        """Read both sides.

        Raises
        ------
        AudioFileError
            When a side cannot be read.
        DataError
            When their lengths differ, or the clean side is silent.
        """
        from acoustic.audio import Recording

        noisy, clean = (Recording(path).read(RATE_HZ) for path in (self.noisy, self.clean))
        if abs(len(noisy) - len(clean)) > LENGTHS_WITHIN_S * RATE_HZ:
            raise DataError(
                f"{self.noisy} lasts {len(noisy) / RATE_HZ:.2f} s and {self.clean} {len(clean) / RATE_HZ:.2f} s: "
                "give the clean speech of the same recording"
            )
        n = min(len(noisy), len(clean))
        noisy, clean = noisy[:n], clean[:n]
        if not clean.any():
            raise DataError(f"{self.clean}: silent, so there is no speech to compare with")
        snr_db = measured_snr_db(clean, noisy) if self.snr_db is None else self.snr_db
        return NoisyClip(name=self.name, speech=self.speech, noisy=noisy, clean=clean, snr_db=snr_db, noise=self.noise)


def measured_snr_db(clean: Pcm, noisy: Pcm) -> float:
    """Ratio of speech to what is not speech in a mixture, in whole decibels."""
    return float(round(reduction_db(clean, remaining_noise(clean, noisy)) or 0.0))


def read_list(path: Path) -> list[Listed]:
    """Read a list of pairs: CSV with the columns noisy and clean, and perhaps snr_db and noise.

    File names are relative to the list.

    Raises
    ------
    DataError
        When the list cannot be read, is empty, lacks a column, or a row lacks a file or has no number as snr_db.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            rows = list(reader)
            columns = reader.fieldnames or ()
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as a list of pairs ({error})") from error
    missing = {"noisy", "clean"} - {*columns}
    if missing:
        raise DataError(
            f"{path}: lacks the column {' and '.join(sorted(missing))}; it has {', '.join(columns) or 'none'}"
        )
    if not rows:
        raise DataError(f"{path}: lists no pair")
    return [_listed(path, line, row) for line, row in enumerate(rows, 2)]


def _listed(path: Path, line: int, row: dict[str, str | None]) -> Listed:
    noisy, clean = ((row[side] or "").strip() for side in ("noisy", "clean"))
    if not noisy or not clean:
        raise DataError(f"{path}, line {line}: names no {'clean' if noisy else 'noisy'} file")
    text = (row.get("snr_db") or "").strip()
    try:
        snr_db = float(text) if text else None
    except ValueError as error:
        raise DataError(f"{path}, line {line}: snr_db is {text!r}, which is no number") from error
    if snr_db is not None and not np.isfinite(snr_db):
        raise DataError(f"{path}, line {line}: snr_db is {text!r}, which is not finite")
    return Listed(
        name=noisy,
        noisy=path.parent / noisy,
        clean=path.parent / clean,
        snr_db=snr_db,
        noise=(row.get("noise") or "").strip(),
    )


def held_out(data: Path, *, sentences: int, seed: int, rooms: bool) -> tuple[int, Iterator[NoisyClip]]:
    """Held-out mixtures, how many and which; the arguments are those of `held_out_pairs`."""

    def clips() -> Iterator[NoisyClip]:
        for number, pair in enumerate(held_out_pairs(data, seed=seed, n_sentences=sentences, rooms=rooms)):
            speech = f"sentence {number // len(SNR_DB) + 1}"
            name = f"{speech}, {pair.noise} at {pair.snr_db:g} dB"
            yield NoisyClip(name=name, speech=speech, **pair._asdict())

    return sentences * len(SNR_DB), clips()
