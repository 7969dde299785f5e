"""Baselines: what is usual for each machine, as running sums that add up exactly.

A folder holds one file per machine. A baseline has epochs: a repair begins a new one, and what was usual before stays
on record.
"""

import io
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import quote, unquote

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import AcousticError, DataError, ParameterError
from acoustic.files import locked, read_arrays, whole_file, write_failure
from acoustic.records import About, plain, read

from .epoch import RECENT_CLIPS, Epoch
from .scorer.arrays import Arrays
from .scorer.model import TurbineModel, Usual
from .scorer.moments import Moments

#: Longest name of a file that every file system takes, less what a temporary one adds to it.
LONGEST_NAME = 240


@dataclass(frozen=True, eq=False, kw_only=True)
class Baseline:
    """A machine's epochs, oldest first."""

    machine: str
    fingerprint: str
    """Of the model whose features the sums are of."""
    epochs: tuple[Epoch, ...] = field(default=())

    @property
    def epoch(self) -> Epoch:
        """The running one."""
        return self.epochs[-1]

    def with_epoch(self, epoch: Epoch) -> Self:
        """Return the baseline with its running epoch replaced."""
        return replace(self, epochs=(*self.epochs[:-1], epoch))

    def describe(self) -> dict[str, Any]:
        """Return everything worth knowing, as plain JSON."""
        return {
            "machine": self.machine,
            "clips": self.epoch.clips.count,
            "ready": self.epoch.ready,
            "rotor_readings": self.epoch.rotor.count,
            "flagged": self.epoch.flagged,
            "level_db": round(self.epoch.level_db, 2) if self.epoch.level.count else None,
            "warnings": self.epoch.drift(),
            "epochs": [
                {"began": one.began, "note": one.note, "clips": one.clips.count, "flagged": one.flagged}
                for one in self.epochs
            ],
        }


class Baselines:
    """A folder of baselines.

    Parameters
    ----------
    folder : Path
        Made when the first baseline is saved.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def machines(self) -> list[str]:
        """Names of the machines with a baseline, sorted."""
        return sorted(unquote(path.stem) for path in self.folder.glob("*.npz"))

    def load(self, machine: str, model: TurbineModel) -> Baseline | None:
        """Read a machine's baseline; None when there is none.

        Raises
        ------
        DataError
            When the file is damaged, or its sums are of another model's features.
        """
        path = self._path(machine)
        if not path.exists():
            return None
        try:
            baseline = _from_arrays(Arrays(read_arrays(path)))
        except (OSError, ValueError, RecursionError, AcousticError) as error:
            raise DataError(f"{path}: not a baseline, or damaged ({error}). Take it from a backup.") from error
        if baseline.fingerprint != model.fingerprint:
            raise DataError(
                f"{path}: was made with another model, whose features are different. Use that model, or begin again in "
                "another folder."
            )
        if not all(epoch.fits(model) for epoch in baseline.epochs):
            raise DataError(f"{path}: not a baseline, or damaged (it has other sizes). Take it from a backup.")
        return baseline

    @contextmanager
    def changing(self, machine: str) -> Iterator[None]:
        """Let nobody else change the machine's baseline while the block runs; wait for whoever does already.

        Raises
        ------
        AcousticError
            When the folder cannot be written to.
        """
        path = self._path(machine)
        with ExitStack() as stack:
            try:
                stack.enter_context(locked(path))
            except OSError as error:
                raise write_failure(path, error) from error
            yield

    def begin(self, machine: str, model: TurbineModel, note: str) -> Baseline:
        """Return the baseline of a machine with a new epoch, not saved yet."""
        known = self.load(machine, model) or Baseline(machine=machine, fingerprint=model.fingerprint)
        return replace(known, epochs=(*known.epochs, Epoch.empty(model, note)))

    def save(self, baseline: Baseline) -> Path:
        """Write a baseline, whole or not at all; return its file.

        Raises
        ------
        AcousticError
            When it cannot be written.
        """
        path = self._path(baseline.machine)
        stream = io.BytesIO()
        np.savez_compressed(stream, allow_pickle=False, **_to_arrays(baseline))
        try:
            with whole_file(path) as file:
                file.write(stream.getvalue())
        except OSError as error:
            raise write_failure(path, error) from error
        return path

    def usual(self, model: TurbineModel, machine: str | None) -> Usual:
        """Return what is usual for a machine: by its baseline, or else by the model."""
        baseline = None if machine is None else self.load(machine, model)
        return model.usual(machine) if baseline is None else baseline.epoch.usual(model, baseline.machine)

    def _path(self, machine: str) -> Path:
        name = f"{quote(machine, safe=' ')}.npz"
        if len(name) > LONGEST_NAME:
            raise ParameterError(f"machine {machine[:40]!r}...: the name is too long to name a file; use a shorter one")
        return self.folder / name


@dataclass(frozen=True, kw_only=True)
class _EpochText:
    """What a file holds of an epoch beside its sums."""

    began: Annotated[str, About(longest=100)]
    note: Annotated[str, About(longest=1000)]
    flagged: Annotated[int, About(low=0)]
    recent: Annotated[tuple[tuple[int, int], ...], About(longest=RECENT_CLIPS, low=-(2**31), high=2**31)]


@dataclass(frozen=True, kw_only=True)
class _Manifest:
    machine: str
    fingerprint: str
    epochs: Annotated[tuple[_EpochText, ...], About(longest=10_000)]


_SUMS = ("clips", "rotor", "level", "octaves")


def _to_arrays(baseline: Baseline) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {}
    texts = []
    for number, epoch in enumerate(baseline.epochs):
        texts.append(_EpochText(began=epoch.began, note=epoch.note, flagged=epoch.flagged, recent=epoch.recent))
        for name in _SUMS:
            for part, array in getattr(epoch, name).arrays().items():
                arrays[f"{name}_{part}_{number}"] = array
    manifest = _Manifest(machine=baseline.machine, fingerprint=baseline.fingerprint, epochs=tuple(texts))
    arrays["manifest"] = np.frombuffer(json.dumps(plain(manifest)).encode(), np.uint8)
    return arrays


def _from_arrays(arrays: Arrays) -> Baseline:
    manifest = read(_Manifest, json.loads(arrays.take("manifest", np.uint8, None).tobytes()), "manifest")
    epochs = [
        Epoch(
            began=text.began,
            note=text.note,
            flagged=text.flagged,
            recent=text.recent,
            **{name: Moments.from_arrays(arrays.under(f"{name}_"), f"_{number}") for name in _SUMS},
        )
        for number, text in enumerate(manifest.epochs)
    ]
    if not epochs:
        raise ValueError("it has no epoch")
    return Baseline(machine=manifest.machine, fingerprint=manifest.fingerprint, epochs=tuple(epochs))
