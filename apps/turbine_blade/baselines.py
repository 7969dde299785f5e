"""Baselines: what is usual for each machine, as running sums that add up exactly.

A folder holds one file a machine. A baseline has epochs: a repair begins a new one, and what was usual before stays on
record. Clips that are flagged teach it nothing, or a slowly growing fault would become the usual.
"""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, unquote

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import DataError
from acoustic.files import read_arrays, whole_file, write_failure
from apps.turbine_blade.scorer.calibration import STEPS
from apps.turbine_blade.scorer.channel import Expected, expected
from apps.turbine_blade.scorer.head import Head
from apps.turbine_blade.scorer.model import TurbineModel, Usual
from apps.turbine_blade.scorer.moments import Moments

#: Own clips from which on a machine's own mean is used.
LEAST_OWN_CLIPS = 5
#: Clips rarer than this among normal ones are not learnt from: a thousandth.
FLAGGED_SURPRISE = 3 * STEPS
#: Latest clips that drift is looked for in, and how rare they must be by chance.
RECENT_CLIPS = 100
LEAST_RECENT = 20
DRIFT_P_VALUE = 1e-3
DRIFT_LEVEL_SD = 3.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Epoch:
    """Sums of a machine's clips between two marks."""

    began: str
    """Date and time, ISO 8601."""
    note: str
    """Why it began: "installed", "repaired"..."""
    clips: Moments
    """Of features and conditions."""
    rotor: Moments
    """Of the rotor's orders; of nothing where the model judges no rotor."""
    level: Moments
    """Of the level, one number a clip, in steps of 1/256 dB."""
    flagged: int = 0
    """Clips that were not learnt from."""
    recent: tuple[tuple[int, int], ...] = ()
    """Surprise (steps of 1/256) and level (steps of 1/256 dB) of the latest clips that this epoch has judged, flagged
    ones too, oldest first."""

    def __add__(self, other: Self) -> Self:
        """Return the sums of both; of the two, the other one is the later."""
        return replace(
            self,
            clips=self.clips + other.clips,
            rotor=self.rotor + other.rotor,
            level=self.level + other.level,
            flagged=self.flagged + other.flagged,
            recent=(*self.recent, *other.recent)[-RECENT_CLIPS:],
        )

    @classmethod
    def empty(cls, model: TurbineModel, note: str) -> Self:
        """Begin an epoch now."""
        n_rotor = 0 if model.rotor is None else len(model.rotor.head.mean)
        return cls(
            began=datetime.now(UTC).isoformat(timespec="seconds"),
            note=note,
            clips=Moments.none(len(model.clips.head.mean)),
            rotor=Moments.none(n_rotor),
            level=Moments.none(1),
        )

    @property
    def ready(self) -> bool:
        """Whether there are enough clips to judge others by."""
        return self.clips.count >= LEAST_OWN_CLIPS

    def learn(self, vector: NDArray[np.int16], surprise: int | None, level_db: float) -> Self:
        """Take a clip: into the sums unless it is flagged.

        Parameters
        ----------
        vector : int16 array, shape (d + k,)
        surprise : int or None
            In steps of 1/256; None for a clip that was not judged by this epoch, which was not ready then. It says
            nothing about the machine, so the clip is learnt from.
        level_db : float
        """
        level = np.clip(np.array([[round(level_db * STEPS)]]), -32768, 32767).astype(np.int16)
        recent = self.recent if surprise is None else (*self.recent, (surprise, int(level[0, 0])))[-RECENT_CLIPS:]
        if surprise is not None and self.flags(surprise):
            return replace(self, flagged=self.flagged + 1, recent=recent)
        return replace(
            self, clips=self.clips + Moments.of(vector[None]), level=self.level + Moments.of(level), recent=recent
        )

    def flags(self, surprise: int) -> bool:
        """Whether a clip of this surprise is not to be learnt from; the first few clips cannot be judged yet."""
        return self.ready and surprise >= FLAGGED_SURPRISE

    def learn_rotor(self, vector: NDArray[np.int16]) -> Self:
        """Take the rotor's orders of a recording none of whose clips was flagged."""
        # A baseline may be older than the rotor of its model.
        before = self.rotor if self.rotor.count else Moments.none(len(vector))
        return replace(self, rotor=before + Moments.of(vector[None]))

    def usual(self, model: TurbineModel, machine: str) -> Usual:
        """Return what is usual for the machine: by its own clips when there are enough, else by the model."""
        known = model.usual(machine)
        if not self.ready:
            return known
        return Usual(
            clips=expected(model.clips.head, self.clips),
            rotor=None if model.rotor is None else _own(model.rotor.head, self.rotor, known.rotor),
            level_db=self.level_db,
            level_sd_db=self.level_sd_db,
        )

    @property
    def level_db(self) -> float:
        """Mean level of the clips."""
        return float(self.level.mean[0]) / STEPS

    @property
    def level_sd_db(self) -> float:
        """Standard deviation of the clips' level, half a dB at least."""
        variance = float(self.level.scatter()[0, 0]) / max(1, self.level.count - 1)
        return max(0.5, float(np.sqrt(variance)) / STEPS)

    def drift(self) -> list[str]:
        """Say in plain sentences how the latest clips differ from what the model promises of normal ones."""
        if len(self.recent) < LEAST_RECENT or not self.ready:
            return []
        from scipy.stats import kstest

        surprise, level = np.array(self.recent, np.float64).T / STEPS
        found = []
        p = float(kstest(10.0**-surprise, "uniform", alternative="greater").pvalue)
        if p < DRIFT_P_VALUE:
            found.append(
                f"the latest {len(surprise)} clips are more unusual than normal ones (p = {p:.1g}): "
                "look at the machine; after a repair or another microphone, reset the baseline"
            )
        change = float(np.median(level)) - self.level_db
        if abs(change) > DRIFT_LEVEL_SD * self.level_sd_db:
            found.append(f"the latest clips are {change:+.1f} dB against the usual level: is the microphone as it was?")
        return found


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
        return self.folder / f"{quote(machine, safe=' ')}.npz"


def _own(head: Head, own: Moments, known: Expected | None) -> Expected | None:
    return expected(head, own) if own.count >= LEAST_OWN_CLIPS else known


def _to_arrays(baseline: Baseline) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {}
    told = []
    for number, epoch in enumerate(baseline.epochs):
        told.append({"began": epoch.began, "note": epoch.note, "flagged": epoch.flagged, "recent": epoch.recent})
        for name in ("clips", "rotor", "level"):
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
            flagged=int(one["flagged"]),
            recent=tuple((int(surprise), int(level)) for surprise, level in one["recent"]),
        )
        for number, one in enumerate(manifest["epochs"])
    ]
    if not epochs:
        raise ValueError("it has no epoch")
    return Baseline(machine=str(manifest["machine"]), fingerprint=str(manifest["fingerprint"]), epochs=tuple(epochs))
