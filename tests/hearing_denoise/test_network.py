import numpy as np
import pytest
from acoustic_apps.hearing_denoise.features import FRONT_END, layout_of
from acoustic_apps.hearing_denoise.float_network import LAYERS, FloatMaskNetwork
from acoustic_apps.hearing_denoise.network import UNITS, MaskNetwork, as_gain, to_int8
from made_hearing import DrawnModel, drawn_network
from numpy.typing import NDArray

from acoustic.model.runtime import Network

pytestmark = pytest.mark.filterwarnings("default")
LAYOUT = layout_of(FRONT_END)


def some_features(n_frames: int, streams: int = 1) -> NDArray[np.int8]:
    rng = np.random.default_rng(7)
    return rng.integers(-60, 60, (n_frames, streams, LAYOUT.n_features)).astype(np.int8)


def test_it_keeps_within_the_budget() -> None:
    network = Network.from_bytes(drawn_network())
    assert network.weight_bytes <= 100_000
    assert network.macs * FRONT_END.frames_per_second <= 25e6
    assert network.arena_bytes + sum(spec.shape[0] for spec in network.inputs[1:]) <= 4_000


def test_states_go_round_on_one_scale() -> None:
    network = Network.from_bytes(drawn_network())
    assert [spec.shape for spec in network.inputs] == [(LAYOUT.n_features,), (UNITS,), (UNITS,)]
    assert [spec.shape for spec in network.outputs] == [(LAYOUT.n_bins,), (UNITS,), (UNITS,)]
    for before, after in zip(network.inputs[1:], network.outputs[1:], strict=True):
        assert (before.scale, before.zero_point) == (after.scale, after.zero_point) == (1 / 128, 0)


def test_frames_one_by_one_are_those_of_a_block() -> None:
    features = some_features(20)
    network = Network.from_bytes(drawn_network())
    whole = MaskNetwork(network).push(features)
    stream = MaskNetwork(network)
    parts = [stream.push(features[start : start + 3]) for start in range(0, 20, 3)]
    assert np.array_equal(np.concatenate(parts), whole)
    stream.reset()
    assert np.array_equal(stream.push(features), whole)


def test_streams_side_by_side_are_those_alone() -> None:
    features = some_features(10, 3)
    network = Network.from_bytes(drawn_network())
    together = MaskNetwork(network, 3).push(features)
    for number in range(3):
        assert np.array_equal(MaskNetwork(network).push(features[:, number : number + 1])[:, 0], together[:, number])


def test_int8_follows_float() -> None:
    features = some_features(60, 2)
    int8 = as_gain(MaskNetwork(Network.from_bytes(drawn_network()), 2).push(features))
    exact = FloatMaskNetwork.of(DrawnModel(1)).gains(features)
    assert np.corrcoef(int8.ravel(), exact.ravel())[0, 1] > 0.99
    assert np.abs(int8 - exact).mean() < 0.02


def test_gains_are_shares_of_one() -> None:
    assert as_gain(np.array([-128, 0, 127], np.int8)).tolist() == [0.0, 0.5, 255 / 256]


@pytest.mark.slow
def test_the_keras_model_is_the_float_network() -> None:
    from acoustic_apps.hearing_denoise.network import build

    model = build(5, LAYOUT)
    features = some_features(5)
    gains = FloatMaskNetwork.of(model).gains(features)[:, 0]
    states = [np.zeros((1, UNITS), np.float32)] * 2
    for frame, wanted in zip(features, gains, strict=True):
        out, *states = model.predict_on_batch([frame.astype(np.float32) / 64, *states])
        assert np.abs(out[0] - wanted).max() < 1e-5
    assert sum(weight.shape[-1] for weight in model.trainable_variables) > 0
    assert {layer.name for layer in model.layers} >= set(LAYERS)
    assert to_int8(model) == to_int8(build(5, LAYOUT))
