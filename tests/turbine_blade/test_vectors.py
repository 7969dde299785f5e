import made_models
import numpy as np
import pytest

from acoustic.errors import BundleError
from acoustic.model.bundle import Bundle
from apps.turbine_blade.scorer.model import TurbineModel
from apps.turbine_blade.train import pack
from apps.turbine_blade.vectors import check_vectors

CALIBRATION = {
    "simulated": True,
    "rotor_readings": 0,
    "nuisances": False,
    **dict.fromkeys(("clips", "clip_s", "recordings", "machines", "hours", "seed"), 1),
}


@pytest.fixture(scope="module")
def bundle(small_model: TurbineModel) -> Bundle:
    return pack(small_model, "small", CALIBRATION, made_models.turbine_sound("turbine_01", 1, 4.2))


def test_a_bundle_replays_itself_and_comes_back_the_same(bundle: Bundle, small_model: TurbineModel) -> None:
    check_vectors(bundle)
    again = TurbineModel.from_bundle(Bundle.from_bytes(bundle.to_bytes(), "memory"))
    assert again.fingerprint == small_model.fingerprint
    assert again.decision() == small_model.decision()
    for name, array in small_model.arrays().items():
        assert array.tobytes() == again.arrays()[name].tobytes(), name


@pytest.mark.parametrize("stage", ["test_steps", "test_sums", "test_features", "test_distance", "test_surprise"])
def test_a_changed_number_is_found_and_its_stage_named(bundle: Bundle, stage: str) -> None:
    changed = bundle.vectors[stage].copy()
    changed.flat[-1] += 1
    with pytest.raises(BundleError, match=stage):
        check_vectors(bundle.replace(vectors={**bundle.vectors, stage: changed}))


def test_missing_and_misshapen_parts_are_refused(bundle: Bundle) -> None:
    vectors = dict(bundle.vectors)
    del vectors["clips_head_scale"]
    with pytest.raises(BundleError, match="Train it again"):
        TurbineModel.from_bundle(bundle.replace(vectors=vectors))
    vectors = {**bundle.vectors, "section_sd": np.ones((4, 3), np.int16)}
    with pytest.raises(BundleError, match="sections"):
        TurbineModel.from_bundle(bundle.replace(vectors=vectors))
    with pytest.raises(BundleError, match="made for 'roast'"):
        TurbineModel.from_bundle(bundle.replace(application="roast"))
