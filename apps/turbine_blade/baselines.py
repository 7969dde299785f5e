"""Baselines: what is usual for each machine, as running sums that add up exactly.

A folder holds one file a machine. A baseline has epochs: a repair begins a new one, and what was usual before stays on
record.
"""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, unquote

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import DataError, ParameterError
from acoustic.files import read_arrays, whole_file, write_failure

from .epoch import Epoch
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
            baseline = _from_arrays(read_arrays(path))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path}: not a baseline, or damaged ({error}). Take it from a backup.") from error
        if baseline.fingerprint != model.fingerprint:
            raise DataError(
                f"{path}: was made with another model, whose features are different. Use that model, or begin again in "
                "another folder."
            )
        return baseline

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

    def usual_for(self, model: TurbineModel) -> Callable[[str | None], Usual]:
        """Return a function that gives what is usual for a machine: by its baseline, or else by the model."""
        known: dict[str | None, Usual] = {}

        def usual(machine: str | None) -> Usual:
            if machine not in known:
                baseline = None if machine is None else self.load(machine, model)
                known[machine] = (
                    model.usual(machine) if baseline is None else baseline.epoch.usual(model, baseline.machine)
                )
            return known[machine]

        return usual

    def _path(self, machine: str) -> Path:
        name = f"{quote(machine, safe=' ')}.npz"
        if len(name) > LONGEST_NAME:
            raise ParameterError(f"machine {machine[:40]!r}...: the name is too long to name a file; use a shorter one")
        return self.folder / name


def _to_arrays(baseline: Baseline) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {}
    told = []
    for number, epoch in enumerate(baseline.epochs):
        told.append({"began": epoch.began, "note": epoch.note, "flagged": epoch.flagged, "recent": epoch.recent})
        for name in ("clips", "rotor", "level", "octaves"):
            moments: Moments = getattr(epoch, name)
            arrays[f"{name}_count_{number}"] = np.array(moments.count)
            arrays[f"{name}_total_{number}"] = moments.total
            arrays[f"{name}_products_{number}"] = moments.products
    manifest = {"machine": baseline.machine, "fingerprint": baseline.fingerprint, "epochs": told}
    arrays["manifest"] = np.frombuffer(json.dumps(manifest).encode(), np.uint8)
    return arrays


def _from_arrays(arrays: dict[str, NDArray[Any]]) -> Baseline:
    manifest = json.loads(arrays["manifest"].tobytes())

    def moments(name: str, number: int) -> Moments:
        count, total, products = (arrays[f"{name}_{part}_{number}"] for part in ("count", "total", "products"))
        if total.dtype != np.int64 or products.dtype != np.int64 or products.shape != (len(total), len(total)):
            raise ValueError(f"{name} are no sums")
        return Moments(int(count), total, products)

    epochs = [
        Epoch(
            began=str(one["began"]),
            note=str(one["note"]),
            clips=moments("clips", number),
            rotor=moments("rotor", number),
            level=moments("level", number),
            octaves=moments("octaves", number),
            flagged=int(one["flagged"]),
            recent=tuple((int(surprise), int(level)) for surprise, level in one["recent"]),
        )
        for number, one in enumerate(manifest["epochs"])
    ]
    if not epochs:
        raise ValueError("it has no epoch")
    return Baseline(machine=str(manifest["machine"]), fingerprint=str(manifest["fingerprint"]), epochs=tuple(epochs))
