from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acoustic_apps.turbine_blade.evaluation.feature_files import FeatureSet

from acoustic.errors import DataError

LEVELS = np.random.default_rng(0).uniform(-90, 0, (6, 20, 16)).astype(np.float32)
BYTES = np.arange(6 * 20 * 16).reshape(6, 20, 16).astype(np.uint8)


def written(folder: Path, **arrays: Any) -> Path:
    path = folder / "clips.npz"
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_decibels_become_steps(tmp_path: Path, kind: type) -> None:
    found = FeatureSet.load(written(tmp_path, log_mel=LEVELS.astype(kind)))
    assert found.steps.dtype == np.int16
    assert found.steps / 256 == pytest.approx(LEVELS.astype(kind).astype(float), abs=1 / 511)
    assert found.n_bands == 16
    assert set(found.machine) == {"machine"}
    assert not found.anomaly.any()


def test_bytes_become_steps(tmp_path: Path) -> None:
    found = FeatureSet.load(written(tmp_path, log_mel=BYTES, step_db=0.375, offset_db=np.float32(-95)))
    assert (found.steps == BYTES.astype(int) * 96 - 95 * 256).all()


def test_machines_and_anomalies(tmp_path: Path) -> None:
    machine, anomaly = np.array(list("aabbcc")), np.array([0, 1, 0, 0, 1, 1], bool)
    found = FeatureSet.load(written(tmp_path, log_mel=LEVELS, machine=machine, anomaly=anomaly))
    some = found.where(found.machine == "b")
    assert some.steps.tobytes() == found.steps[2:4].tobytes()
    assert (some.machine.tolist(), some.anomaly.tolist()) == (["b", "b"], [False, False])
    numbers = FeatureSet.load(written(tmp_path, log_mel=LEVELS, machine=np.arange(6), anomaly=anomaly.astype(int)))
    assert numbers.machine.tolist() == list("012345")
    assert numbers.anomaly.tolist() == anomaly.tolist()


def test_another_gain_moves_all_levels(tmp_path: Path) -> None:
    found = FeatureSet.load(written(tmp_path, log_mel=LEVELS))
    assert (found.louder(6.0).steps == found.steps + 6 * 256).all()
    assert found.louder(500.0).steps.max() == 127 * 256
    assert found.louder(-500.0).steps.min() == -127 * 256


def test_levels_beyond_all_sound_saturate(tmp_path: Path) -> None:
    levels = LEVELS.copy()
    levels[0, 0, :2] = 1e30, -1e30
    assert FeatureSet.load(written(tmp_path, log_mel=levels)).steps[0, 0, :2].tolist() == [127 * 256, -127 * 256]


def holding(value: float) -> np.ndarray:
    levels = LEVELS.copy()
    levels[3, 2, 1] = value
    return levels


@pytest.mark.parametrize(
    ("arrays", "why"),
    [
        ({}, "needs an array log_mel"),
        ({"mel": LEVELS}, "needs an array log_mel .* it holds mel"),
        ({"log_mel": LEVELS[0]}, "needs an array log_mel"),
        ({"log_mel": LEVELS[:0]}, "needs an array log_mel"),
        ({"log_mel": holding(np.nan)}, "not numbers"),
        ({"log_mel": holding(-np.inf)}, "not numbers"),
        ({"log_mel": LEVELS.astype(np.int32)}, "not int32"),
        ({"log_mel": LEVELS.astype(np.complex64)}, "not complex64"),
        ({"log_mel": LEVELS.astype(str)}, "not <U"),
        ({"log_mel": BYTES}, "step_db and offset_db are needed"),
        ({"log_mel": BYTES, "step_db": 0.5}, "step_db and offset_db are needed"),
        ({"log_mel": BYTES, "step_db": [0.5, 1], "offset_db": 0.0}, "a number each"),
        ({"log_mel": BYTES, "step_db": 0.5, "offset_db": "low"}, "a number each"),
        ({"log_mel": BYTES, "step_db": np.nan, "offset_db": 0.0}, "finite"),
        ({"log_mel": LEVELS, "machine": list("abc")}, "machine is <U1 of shape"),
        ({"log_mel": LEVELS, "machine": "a"}, "machine is <U1 of shape"),
        ({"log_mel": LEVELS, "machine": [b"\xff"] * 6}, "machine is"),
        ({"log_mel": LEVELS, "anomaly": np.zeros((6, 1), bool)}, "anomaly is bool of shape"),
        ({"log_mel": LEVELS, "anomaly": ["no"] * 6}, "anomaly is <U2"),
        ({"log_mel": LEVELS, "anomaly": [np.nan] * 6}, "anomaly is float64"),
        ({"log_mel": LEVELS.astype(object)}, "cannot be read"),
        ({"log_mel": LEVELS, "machine": np.array([None] * 6)}, "cannot be read"),
    ],
)
def test_other_arrays_are_told_with_the_file(tmp_path: Path, arrays: dict[str, Any], why: str) -> None:
    path = written(tmp_path, **arrays)
    with pytest.raises(DataError, match=why) as caught:
        FeatureSet.load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"no archive at all", b"\x93NUMPY"])
def test_what_is_no_archive_is_told_with_the_file(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "clips.npz"
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"clips\.npz: cannot be read"):
        FeatureSet.load(path)
    with pytest.raises(DataError, match="missing"):
        FeatureSet.load(tmp_path / "missing.npz")
    with pytest.raises(DataError, match="cannot be read"):
        FeatureSet.load(tmp_path)
