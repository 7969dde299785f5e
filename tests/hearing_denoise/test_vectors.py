import numpy as np
import pytest
from acoustic_apps.hearing_denoise.vectors import check_vectors
from made_hearing import drawn_bundle

from acoustic.errors import BundleError
from acoustic.model.bundle import Bundle

pytestmark = pytest.mark.filterwarnings("default")

STAGES = ("features", "gains", "enhanced")


def test_a_bundle_replays() -> None:
    check_vectors(drawn_bundle())
    check_vectors(Bundle.from_bytes(drawn_bundle().to_bytes(), "a copy"))


def test_every_stage_holds_something() -> None:
    vectors = drawn_bundle().vectors
    assert len(vectors["features"]) == len(vectors["gains"]) == len(vectors["enhanced"]) // 64 > 50
    assert all(np.ptp(vectors[stage].astype(int)) > 20 for stage in STAGES)


@pytest.mark.parametrize("stage", STAGES)
def test_a_changed_or_missing_vector_is_told_by_its_stage(stage: str) -> None:
    bundle = drawn_bundle()
    changed = bundle.vectors[stage].copy()
    changed.flat[-1] ^= 1
    for vectors in ({**bundle.vectors, stage: changed}, {k: v for k, v in bundle.vectors.items() if k != stage}):
        with pytest.raises(BundleError, match=f"another {stage} than"):
            check_vectors(bundle.replace(vectors=vectors))


def test_vectors_without_sound_are_told() -> None:
    with pytest.raises(BundleError, match="missing"):
        check_vectors(drawn_bundle().replace(vectors={}))
