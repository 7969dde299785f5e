from pathlib import Path

import made_models
import numpy as np
import pytest

from acoustic.errors import DataError
from apps.turbine_blade.baselines import FLAGGED_SURPRISE, LEAST_OWN_CLIPS, Baselines, Epoch
from apps.turbine_blade.conditions import Conditions
from apps.turbine_blade.scorer.calibration import STEPS
from apps.turbine_blade.scorer.model import TurbineModel


def learnt(model: TurbineModel, vectors: np.ndarray, surprise: int = 0) -> Epoch:
    epoch = Epoch.empty(model, "begun")
    for vector in vectors:
        epoch = epoch.learn(vector, surprise, -30.0)
    return epoch


@pytest.fixture(scope="module")
def vectors(small_model: TurbineModel) -> np.ndarray:
    none = Conditions().vector(())
    usual = small_model.usual("turbine_01")
    clips = [clip for seed in (1100, 1101, 1102, 1103) for clip in made_models.clips_of(_sound(seed))]
    return np.stack([small_model.judge(clip, usual, none).vector for clip in clips])


def _sound(seed: int) -> np.ndarray:
    return made_models.turbine_sound("turbine_01", seed)


def test_two_halves_joined_equal_the_whole(small_model: TurbineModel, vectors: np.ndarray, tmp_path: Path) -> None:
    whole = learnt(small_model, vectors)
    joined = learnt(small_model, vectors[:5]) + learnt(small_model, vectors[5:])
    store = Baselines(tmp_path)
    for name, epoch in (("whole", whole), ("joined", joined)):
        store.save(store.begin(name, small_model, "begun").with_epoch(epoch))
    first, second = (store.load(name, small_model) for name in ("whole", "joined"))
    assert first is not None
    assert second is not None
    for part in ("clips", "rotor", "level"):
        a, b = getattr(first.epoch, part), getattr(second.epoch, part)
        assert (a.count, a.total.tobytes(), a.products.tobytes()) == (b.count, b.total.tobytes(), b.products.tobytes())
    assert first.epoch.recent == second.epoch.recent


def test_what_is_flagged_teaches_nothing(small_model: TurbineModel, vectors: np.ndarray) -> None:
    epoch = learnt(small_model, vectors[:6])
    after = epoch.learn(vectors[7], FLAGGED_SURPRISE, -10.0)
    assert (after.flagged, after.clips.count) == (1, 6)
    assert after.clips.total.tobytes() == epoch.clips.total.tobytes()
    assert after.level_db == epoch.level_db
    # The first few cannot be judged yet.
    assert learnt(small_model, vectors[:LEAST_OWN_CLIPS], 9 * STEPS).clips.count == LEAST_OWN_CLIPS


def test_own_clips_count_from_the_fifth_on(small_model: TurbineModel, vectors: np.ndarray) -> None:
    few = learnt(small_model, vectors[: LEAST_OWN_CLIPS - 1]).usual(small_model, "new")
    enough = learnt(small_model, vectors[:LEAST_OWN_CLIPS]).usual(small_model, "new")
    assert (few.clips.own_clips, enough.clips.own_clips) == (0, LEAST_OWN_CLIPS)
    own = vectors[:LEAST_OWN_CLIPS].mean(axis=0)
    distance = [float(np.abs(usual.clips.mean - own).mean()) for usual in (few, enough)]
    assert distance[1] < distance[0]
    assert enough.level_db == pytest.approx(-30.0)


def test_epochs_stay_on_record(small_model: TurbineModel, vectors: np.ndarray, tmp_path: Path) -> None:
    store = Baselines(tmp_path / "deep" / "store")
    name = "T 07/north: ÄÖ.1"
    store.save(store.begin(name, small_model, "begun").with_epoch(learnt(small_model, vectors)))
    store.save(store.begin(name, small_model, "repaired"))
    found = store.load(name, small_model)
    assert found is not None
    assert [(epoch.note, epoch.clips.count) for epoch in found.epochs] == [("begun", len(vectors)), ("repaired", 0)]
    assert store.machines() == [name]
    assert store.usual_for(small_model)(name).clips.own_clips == 0


def test_files_of_another_model_and_damaged_ones_are_refused(
    small_model: TurbineModel, rotor_model: TurbineModel, tmp_path: Path
) -> None:
    store = Baselines(tmp_path)
    path = store.save(store.begin("T1", small_model, "begun"))
    data = path.read_bytes()
    for damaged in (b"", b"nothing", data[: len(data) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"T1\.npz"):
            store.load("T1", small_model)
    path.write_bytes(data)
    object.__setattr__(other := _copy(small_model), "usual_shape", small_model.usual_shape + np.int16(1))
    with pytest.raises(DataError, match="another model"):
        store.load("T1", other)
    assert store.load("T2", small_model) is None


def _copy(model: TurbineModel) -> TurbineModel:
    from dataclasses import replace

    return replace(model)


def test_drift_is_told(small_model: TurbineModel, vectors: np.ndarray) -> None:
    p = np.random.default_rng(0).uniform(0.001, 1, 40)
    epoch = learnt(small_model, vectors)
    steady, sick, deaf = epoch, epoch, epoch
    for number, surprise in enumerate((-np.log10(p) * STEPS).astype(int).tolist()):
        vector = vectors[number % len(vectors)]
        steady = steady.learn(vector, surprise, -30.0)
        sick = sick.learn(vector, surprise + 2 * STEPS, -30.0)
        deaf = deaf.learn(vector, max(surprise, FLAGGED_SURPRISE), -50.0)
    assert steady.drift() == []
    assert any("more unusual than normal" in warning for warning in sick.drift())
    assert any("-20.0 dB" in warning for warning in deaf.drift())
