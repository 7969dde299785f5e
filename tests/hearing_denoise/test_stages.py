"""Test vectors of a bundle: they replay, and what differs is named."""

import numpy as np
import pytest
from made_hearing import WIDE, drawn_bundle

from acoustic.application import from_bundle, load
from acoustic.errors import BundleError
from acoustic.model.bundle import Bundle
from acoustic.native import Backend, computing_with

STAGES = ("features", "gains", "enhanced")


def check(bundle: Bundle) -> int:
    return from_bundle(bundle, "a bundle").check()


@pytest.mark.parametrize("backend", ["numpy", "compiled"])
def test_bundles_replay(backend: Backend) -> None:
    with computing_with(backend):
        assert load("hearing").check() == check(drawn_bundle()) == check(drawn_bundle(WIDE)) == len(STAGES)


def test_every_stage_holds_something() -> None:
    vectors = drawn_bundle().vectors
    assert len(vectors["features"]) == len(vectors["gains"]) == len(vectors["enhanced"]) // 64 > 50
    assert all(np.ptp(vectors[stage].astype(int)) > 20 for stage in STAGES)


@pytest.mark.parametrize("stage", STAGES)
def test_a_changed_vector_is_told_by_its_stage(stage: str) -> None:
    bundle = drawn_bundle()
    changed = bundle.vectors[stage].copy()
    changed.flat[-1] ^= 1
    with pytest.raises(BundleError, match=f"another {stage} than"):
        check(bundle.replace(vectors={**bundle.vectors, stage: changed}))


def test_vectors_without_sound_are_told() -> None:
    with pytest.raises(BundleError, match="missing"):
        check(drawn_bundle().replace(vectors={}))
