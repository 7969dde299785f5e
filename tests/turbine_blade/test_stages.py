"""Test vectors: every stage of a clip, replayed by whoever has the bundle."""

from dataclasses import replace

import made_models
import numpy as np
import pytest
from acoustic_apps.turbine_blade.scorer.model import TurbineModel
from acoustic_apps.turbine_blade.stages import FIRMWARE, clip_stages, stages
from made_models import turbine_sound
from numpy.typing import NDArray

from acoustic.application import from_bundle
from acoustic.errors import BundleError
from acoustic.model.bundle import Bundle
from acoustic.native import computing_with

STAGES = ("steps", "sums", "features", "distance", "surprise")


def check(bundle: Bundle) -> int:
    return from_bundle(bundle, "x").check()


@pytest.fixture(scope="module")
def bundle(small_model: TurbineModel) -> Bundle:
    return bundle_of(small_model)


def bundle_of(model: TurbineModel) -> Bundle:
    plain = made_models.bundle_of(model)
    pcm = turbine_sound("turbine_01", 1000, 4.2)
    return plain.replace(vectors={**plain.vectors, "test_pcm": pcm, **clip_stages(model, pcm)})


def one_bit_off(values: NDArray[np.int16]) -> NDArray[np.int16]:
    """Change the least bit of a number in the middle."""
    changed = values.copy()
    changed.reshape(-1)[values.size // 2] ^= 1
    return changed


def test_every_stage_holds_something_and_replays(bundle: Bundle) -> None:
    assert all(bundle.vectors[f"test_{stage}"].size for stage in STAGES)
    assert bundle.vectors["test_steps"].dtype == np.int16
    assert bundle.vectors["test_sums"].shape[0] == 5
    assert check(bundle) == len(STAGES)
    with computing_with("numpy"):
        assert check(Bundle.from_bytes(bundle.to_bytes(), "a copy")) == len(STAGES)


@pytest.mark.parametrize("stage", STAGES)
def test_a_changed_number_is_told_by_its_stage(bundle: Bundle, stage: str) -> None:
    name = f"test_{stage}"
    with pytest.raises(BundleError, match=f"another {name} than"):
        check(bundle.replace(vectors={**bundle.vectors, name: one_bit_off(bundle.vectors[name])}))


def test_a_changed_sample_is_told(bundle: Bundle) -> None:
    pcm = bundle.vectors["test_pcm"].copy()
    pcm[5000:5010] += 1000
    with pytest.raises(BundleError, match="another test_steps than"):
        check(bundle.replace(vectors={**bundle.vectors, "test_pcm": pcm}))


def test_without_the_sound_there_is_nothing_to_compare(bundle: Bundle) -> None:
    with pytest.raises(BundleError, match="test_pcm.* missing"):
        check(bundle.replace(vectors={k: v for k, v in bundle.vectors.items() if k != "test_pcm"}))


def test_a_recording_gives_what_the_device_traces(small_model: TurbineModel) -> None:
    results = stages(small_model, {"pcm": turbine_sound("turbine_01", 1000, 9.0)})
    assert tuple(results) == FIRMWARE
    assert len(results["features"]) == len(results["scores"]) == 2
    both = stages(small_model, {"pcm": turbine_sound("turbine_01", 1000, 9.0), "test_pcm": np.zeros(99_000, np.int16)})
    assert both.keys() == {*FIRMWARE, *(f"test_{stage}" for stage in STAGES)}
    assert both["features"].tobytes() == results["features"].tobytes()


@pytest.mark.parametrize(
    ("part", "stage"),
    [("usual_shape", "sums"), ("clips_head_mean", "distance"), ("clips_head_scale", "distance")],
)
def test_another_part_of_the_model_is_told_by_what_it_changes(bundle: Bundle, part: str, stage: str) -> None:
    changed = bundle.vectors[part] + np.array(300, bundle.vectors[part].dtype)
    with pytest.raises(BundleError, match=f"another test_{stage} than"):
        check(bundle.replace(vectors={**bundle.vectors, part: changed}))


def test_another_calibration_is_told(bundle: Bundle) -> None:
    values = bundle.vectors["clips_surprise_values"]
    with pytest.raises(BundleError, match="another test_surprise than"):
        check(bundle.replace(vectors={**bundle.vectors, "clips_surprise_values": values + np.int32(90)}))


def test_conditions_are_the_usual_ones(small_model: TurbineModel) -> None:
    """A model that judges under the wind has vectors too, though their recording knows none."""
    from acoustic_apps.turbine_blade.scorer.channel import Channel

    rows = {
        name: np.random.default_rng(seed).integers(-99, 99, (40, small_model.layout.n_features + 2)).astype(np.int16)
        for seed, name in enumerate("ab")
    }
    windy = replace(small_model, clips=Channel.fit(rows, 2), conditions=("wind_m_s",), levels={"a": (-20.0, 1.0)})
    check(bundle_of(windy))
