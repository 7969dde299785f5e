"""The residual network: what it is given, what it refuses, and its int8 arithmetic against the float model."""

import struct

import numpy as np
import pytest
from acoustic_apps.turbine_blade.scorer.features import half_bands
from acoustic_apps.turbine_blade.scorer.fit import fit_network
from acoustic_apps.turbine_blade.scorer.network import (
    BEFORE,
    INPUT_SCALE,
    UNIT_DB,
    ResidualNetwork,
    deviations,
    to_input,
)
from hypothesis import given
from hypothesis import strategies as st
from made_models import NETWORK_FILE, residual_network, steps_of, turbine_sound
from numpy.typing import NDArray

from acoustic.errors import ModelError, ParameterError
from acoustic.model.runtime import Network


def sound(seed: int = 1000) -> NDArray[np.int16]:
    return half_bands(steps_of(turbine_sound("turbine_01", seed, 4.0)))


@given(gain=st.integers(-8000, 8000))
def test_a_gain_leaves_no_residual(gain: int) -> None:
    half = sound()
    assert residual_network().residual(half + np.int16(gain)).tobytes() == residual_network().residual(half).tobytes()


def test_a_colour_that_is_usual_leaves_no_residual() -> None:
    """Another microphone's colour, known to be usual, changes at most the rounding of the mean level."""
    half, colour = sound(), np.random.default_rng(0).integers(-1500, 1500, 64).astype(np.int16)
    coloured = ResidualNetwork(NETWORK_FILE.read_bytes(), residual_network().usual + colour - np.int16(colour.mean()))
    difference = coloured.residual(half + colour) - residual_network().residual(half)
    assert np.median(np.abs(difference)) <= 2


def test_the_frame_itself_is_no_input() -> None:
    half = sound()[:5]
    moved = half.copy()
    moved[BEFORE] += 700
    before, after = residual_network().residual(half), residual_network().residual(moved)
    assert (after - before).tolist() == [[700] * 64]
    around, between = deviations(half, residual_network().usual)
    assert around.shape == (1, 128)
    assert between.shape == (1, 64)


def test_residual_is_what_the_network_did_not_say() -> None:
    half, runner = sound(), residual_network()
    around, between = deviations(half, runner.usual)
    output = runner.network.outputs[0]
    predicted_db = UNIT_DB * output.dequantise(runner.network.run(to_input(around))[0])
    assert runner.residual(half) / 256 == pytest.approx(between / 256 - predicted_db, abs=1 / 256)
    # And it is worth something: less is left than of the mean of the frames around.
    interpolated = (around[:, :64] + around[:, 64:]) / 2
    assert np.std(runner.residual(half)) < 0.95 * np.std(between - interpolated)


@pytest.mark.parametrize(
    ("deviation", "stored"),
    [
        (0, 0),
        (31, 0),
        (32, 1),
        (-32, 0),
        (-33, -1),
        (64, 1),
        (8127, 127),
        (100_000, 127),
        (-8224, -128),
        (-99_999, -128),
    ],
)
def test_inputs_are_quarters_of_a_decibel(deviation: int, stored: int) -> None:
    quarters = to_input(np.array([deviation], np.int32))
    assert quarters.dtype == np.int8
    assert quarters.tolist() == [stored]


def test_extreme_levels_saturate() -> None:
    half = np.where(np.random.default_rng(1).random((40, 64)) < 0.5, -32768, 32767).astype(np.int16)
    residual = residual_network().residual(half)
    assert (residual.min(), residual.max()) == (-32768, 32767)


@pytest.mark.parametrize("n", [32, 63, 65, 128])
def test_a_network_of_another_shape_is_refused(n: int) -> None:
    with pytest.raises(ModelError, match="fits no"):
        ResidualNetwork(NETWORK_FILE.read_bytes(), np.zeros(n, np.int16))


def test_a_network_of_another_unit_is_refused() -> None:
    data = NETWORK_FILE.read_bytes()
    right, wrong = struct.pack("<f", INPUT_SCALE), struct.pack("<f", INPUT_SCALE / 2)
    others = [data[:at] + wrong + data[at + 4 :] for at in range(len(data)) if data[at : at + 4] == right]
    (other,) = [other for other in others if _input_scale(other) == INPUT_SCALE / 2]
    with pytest.raises(ModelError, match="quarters of a decibel"):
        ResidualNetwork(other, np.zeros(64, np.int16))


def _input_scale(network: bytes) -> float | None:
    try:
        return Network.from_bytes(network).inputs[0].scale
    except ModelError:
        return None


def test_same_bytes_as_tensorflow_lite_micro() -> None:
    runtime = pytest.importorskip("tflite_micro").runtime
    rng = np.random.default_rng(2)
    inputs = np.concatenate([rng.integers(-128, 128, (300, 128)), rng.normal(0, 15, (300, 128))])
    inputs = np.clip(inputs, -128, 127).astype(np.int8)
    ours = residual_network().network.run(inputs)[0]
    interpreter = runtime.Interpreter.from_bytes(NETWORK_FILE.read_bytes())
    for row, theirs in zip(inputs, ours, strict=True):
        interpreter.set_input(row[None], 0)
        interpreter.invoke()
        assert interpreter.get_output(0)[0].tolist() == theirs.tolist()
    assert np.ptp(ours.astype(int)) > 100


def _beating(seed: int, n: int) -> NDArray[np.int16]:
    """Frames whose bands rise and fall in half a second, each in its own time, in noise."""
    rng = np.random.default_rng(seed)
    turns = (np.arange(n)[:, None] + rng.uniform(0, 16)) / 16 + np.linspace(0, 1, 128)
    return np.rint(256 * (-40 + 6 * np.sin(2 * np.pi * turns) + rng.normal(0, 1, (n, 128)))).astype(np.int16)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # TensorFlow's own
def test_the_fitted_network_follows_the_float_one() -> None:
    runs = [_beating(seed, 1500) for seed in range(4)]
    model, network, usual = fit_network(runs, seed=3)
    assert usual.dtype == np.int16
    assert abs(int(usual.sum())) <= 64
    runner = ResidualNetwork(network, usual)
    source = runner.network.inputs[0]
    assert (source.scale, source.zero_point) == (pytest.approx(INPUT_SCALE, rel=1e-6), 0)
    around, between = deviations(half_bands(_beating(9, 300)), usual)
    floats = UNIT_DB * model.predict_on_batch(to_input(around).astype(np.float32) * np.float32(INPUT_SCALE))
    output = runner.network.outputs[0]
    integers = UNIT_DB * output.dequantise(runner.network.run(to_input(around))[0])
    error_db = integers - floats
    # A step of the output and the rounding of weights: far less than what is left of a frame (decibels).
    assert np.sqrt((error_db**2).mean()) < 0.25
    assert np.abs(error_db).max() < 1.5
    # And it has learnt something.
    assert np.std(between / 256 - floats) < 0.6 * np.std(between / 256)
    assert fit_network(runs, seed=3)[1] == network
    assert fit_network(runs, seed=4)[1] != network


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_no_frames_no_network() -> None:
    with pytest.raises(ParameterError, match="no normal sound"):
        fit_network([np.zeros((4, 128), np.int16)], seed=1)
