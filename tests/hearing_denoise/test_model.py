"""Reading bundles: what fits together is taken, everything else is refused in a sentence."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from acoustic_apps.hearing_denoise.features import FRONT_END
from acoustic_apps.hearing_denoise.model import HearingModel
from acoustic_apps.hearing_denoise.network import UNITS, to_int8
from made_hearing import WIDE, DrawnModel, drawn_bundle

from acoustic.application import from_bundle
from acoustic.errors import BundleError
from acoustic.frontend.definition import FrontEnd
from acoustic.frontend.enhancement import EnhancementFrontEnd
from acoustic.train.assemble import Assembly

LOG_MEL = FrontEnd(
    rate_hz=16_000, frame_samples=256, hop_samples=64, n_fft=256, n_mels=20, fmin_hz=100.0, fmax_hz=8000.0
)


def read(**changes: Any) -> HearingModel:
    model: HearingModel = from_bundle(drawn_bundle().replace(**changes), "mine.bundle", "hearing").typed
    return model


@pytest.mark.parametrize("front_end", [FRONT_END, WIDE])
def test_a_bundle_is_read(front_end: EnhancementFrontEnd) -> None:
    model = from_bundle(drawn_bundle(front_end), "mine.bundle").typed
    assert (model.front_end, model.units, model.decision.floor_db) == (front_end, UNITS, -20.0)
    assert model.layout.n_bins == front_end.analysis_samples // 2 + 1


def test_the_network_may_have_another_size() -> None:
    assert read(network=to_int8(DrawnModel(1, units=20))).units == 20


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        ({}, "lacks floor_db"),
        ({"floor_db": 1}, "-60 to 0"),
        ({"floor_db": -1e300}, "-60 to 0"),
        ({"floor_db": "-20"}, "a number"),
        ({"floor_db": -20.0, "wish": 1}, "unknown field 'wish'"),
    ],
)
def test_settings_that_do_not_fit_are_refused(decision: dict[str, Any], words: str) -> None:
    with pytest.raises(BundleError, match=f"mine.bundle: .*{words}"):
        read(decision=decision)


@pytest.mark.parametrize(
    ("front_end", "words"),
    [
        (LOG_MEL, "no way back to sound"),
        (replace(FRONT_END, analysis_samples=512), "257 gains"),
        (replace(FRONT_END, hop_samples=8, synthesis_samples=16), "overlap"),
        (replace(FRONT_END, rate_hz=384_000), "4000 frames a second"),
    ],
)
def test_front_ends_that_do_not_fit_are_refused(front_end: Any, words: str) -> None:
    with pytest.raises(BundleError, match=words):
        read(frontend=front_end)


def test_other_networks_and_applications_are_refused() -> None:
    net = Assembly()
    features = net.input("features", 120, scale=1 / 64)
    dense = net.dense("dense", features, np.eye(120, 129, dtype=np.float32), np.zeros(129, np.float32), scale=1 / 256)
    with pytest.raises(BundleError, match="two states"):
        read(network=net.to_bytes([dense]))
    with pytest.raises(BundleError, match="not for 'hearing'"):
        read(application="roast")
