from pathlib import Path

import numpy as np
import pytest
from acoustic_apps.hearing_denoise.evaluation.floating import floating
from acoustic_apps.hearing_denoise.evaluation.metrics import si_sdr_db
from acoustic_apps.hearing_denoise.evaluation.systems import FLOAT, INT8, networks
from acoustic_apps.hearing_denoise.features import FRONT_END, layout_of
from acoustic_apps.hearing_denoise.float_network import LAYERS, FloatMaskNetwork
from made_hearing import WIDE, DrawnModel, drawn_bundle, drawn_network, noisy_pcm

from acoustic.errors import BundleError
from acoustic.frontend.enhancement import EnhancementFrontEnd


def test_it_has_the_weights_that_were_quantised() -> None:
    model = DrawnModel(1)
    features = np.random.default_rng(0).integers(-60, 60, (20, 3, layout_of(FRONT_END).n_features)).astype(np.int8)
    found = floating(drawn_network()).gains(features)
    assert found == pytest.approx(FloatMaskNetwork.of(model).gains(features), abs=0.02)
    # Not by chance: layers that change places tell.
    weights = {name: model.get_layer(name) for name in LAYERS}
    weights["keep_2"], weights["new_2"] = weights["new_2"], weights["keep_2"]
    swapped = FloatMaskNetwork({name: (layer.kernel, layer.bias) for name, layer in weights.items()})
    assert np.abs(found - swapped.gains(features)).max() > 0.1


@pytest.mark.parametrize("front_end", [FRONT_END, WIDE])
def test_a_bundle_is_two_systems(tmp_path: Path, front_end: EnhancementFrontEnd) -> None:
    drawn_bundle(front_end).save(tmp_path / "drawn.bundle")
    int8, exact = networks(str(tmp_path / "drawn.bundle"))
    assert (int8.name, exact.name) == (INT8, FLOAT)
    pcm = noisy_pcm(1, 1.5)[: 16_000 + 37]
    ours, theirs = int8.process(pcm), exact.process(pcm)
    assert ours.shape == theirs.shape == pcm.shape
    assert ours.dtype == theirs.dtype == np.int16
    # Aligned and alike, but not the same.
    assert si_sdr_db(theirs, ours) > 15
    assert (ours != theirs).any()
    assert int8.process(pcm).tobytes() == ours.tobytes()


def test_no_bundle_is_no_system_and_one_for_something_else_is_refused() -> None:
    assert networks(None) == []
    with pytest.raises(BundleError):
        networks("nobody's")
