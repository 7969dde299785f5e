"""Files of log-mel features, such as those of ToyCar: many clips of one length in one .npz."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import DataError
from acoustic.files import read_arrays
from acoustic.frontend.noise_floor import to_steps


@dataclass(frozen=True, eq=False, kw_only=True)
class FeatureSet:
    """Clips of log-mel frames."""

    path: Path
    steps: NDArray[np.int16]
    """int16 (n_clips, n_frames, n_bands): levels in steps of 1/256 dB."""
    machine: NDArray[np.str_]
    """str (n_clips,)."""
    anomaly: NDArray[np.bool_]
    """bool (n_clips,)."""

    @classmethod
    def load(cls, path: Path) -> "FeatureSet":
        """Read a .npz file with arrays ``log_mel``, and perhaps ``machine`` and ``anomaly``.

        ``log_mel`` (n_clips, n_frames, n_bands) is in dB (a float type), or uint8 with ``step_db`` and ``offset_db``.
        ``machine`` holds text or whole numbers; without it all clips are of one. ``anomaly`` holds truth values or
        whole numbers; without it all are normal.

        Raises
        ------
        DataError
            When it cannot be read, or an array is missing, of another type or shape, or not finite.
        """
        try:
            arrays = read_arrays(path)
        except (OSError, ValueError) as error:
            raise DataError(f"{path}: cannot be read as a .npz file of plain arrays ({error})") from error
        levels = arrays.get("log_mel")
        if levels is None or levels.ndim != 3 or not levels.size:
            raise DataError(f"{path}: needs an array log_mel (clips, frames, bands); it holds {', '.join(arrays)}")
        if levels.dtype == np.uint8:
            if not {"step_db", "offset_db"} <= arrays.keys():
                raise DataError(f"{path}: log_mel is uint8, so step_db and offset_db are needed to know its decibels")
            steps = to_steps(_decibels(path, arrays["step_db"], arrays["offset_db"]))[levels]
        elif levels.dtype.kind == "f":
            if not np.isfinite(levels).all():
                raise DataError(f"{path}: log_mel holds values that are not numbers")
            steps = to_steps(levels.astype(np.float32))
        else:
            raise DataError(f"{path}: log_mel must be uint8 or float32, not {levels.dtype}")
        n = len(levels)
        machine, anomaly = arrays.get("machine", np.full(n, "machine")), arrays.get("anomaly", np.zeros(n, np.bool_))
        for name, array, kinds in (("machine", machine, "Uiu"), ("anomaly", anomaly, "biu")):
            if array.shape != (n,) or array.dtype.kind not in kinds:
                raise DataError(f"{path}: {name} is {array.dtype} of shape {array.shape} for {n} clips")
        return cls(path=path, steps=steps, machine=machine.astype(np.str_), anomaly=anomaly.astype(np.bool_))

    @property
    def n_bands(self) -> int:
        """Mel bands."""
        return int(self.steps.shape[2])

    def where(self, chosen: NDArray[np.bool_]) -> "FeatureSet":
        """Return some of the clips."""
        return FeatureSet(
            path=self.path, steps=self.steps[chosen], machine=self.machine[chosen], anomaly=self.anomaly[chosen]
        )

    def louder(self, gain_db: float) -> "FeatureSet":
        """Return the clips as a microphone of another gain would have heard them."""
        steps = np.clip(self.steps.astype(np.int32) + round(gain_db * 256), -32512, 32512).astype(np.int16)
        return FeatureSet(path=self.path, steps=steps, machine=self.machine, anomaly=self.anomaly)


def _decibels(path: Path, step_db: NDArray[Any], offset_db: NDArray[Any]) -> NDArray[np.float32]:
    """Return the level of each of the 256 values of a byte."""
    if any(array.shape != () or array.dtype.kind not in "iuf" for array in (step_db, offset_db)):
        raise DataError(f"{path}: step_db and offset_db must be a number each")
    table = np.arange(256) * float(step_db) + float(offset_db)
    if not np.isfinite(table).all():
        raise DataError(f"{path}: step_db and offset_db must be finite")
    return table.astype(np.float32)
