from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acoustic.errors import ModelError, ParameterError
from acoustic.model.kernels import BUILDERS
from acoustic.model.runtime import Network

FOLDER = Path(__file__).parent / "models"
DSCNN = (FOLDER / "dscnn.tflite").read_bytes()
MODELS = [path.read_bytes() for path in sorted(FOLDER.glob("*.tflite"))]


def noise(network, count):
    rng = np.random.default_rng(3)
    return [rng.integers(-128, 128, (count, *spec.shape)).astype(spec.dtype) for spec in network.inputs]


@pytest.mark.parametrize("count", [0, 1, 2, 333])
def test_a_batch_is_as_many_single_inferences(count):
    network = Network.from_bytes((FOLDER / "gru_step.tflite").read_bytes())
    inputs = noise(network, count)
    together = network.run(*inputs)
    assert [output.shape for output in together] == [(count, 8), (count, 12)]
    for row in range(0, count, 50):
        alone = network.run(*(x[row : row + 1] for x in inputs))
        for a, b in zip(together, alone, strict=True):
            np.testing.assert_array_equal(a[row : row + 1], b)


def test_description():
    network = Network.from_bytes(DSCNN)
    assert network.inputs[0].shape == (25, 10, 1)
    assert network.outputs[0].scale == 1 / 256
    assert network.operators.count("DEPTHWISE_CONV_2D") == 2
    first, depthwise, pointwise, dense = 65 * 16 * 20, 65 * 16 * 9, 65 * 16 * 16, 16 * 6
    assert network.macs == first + 2 * (depthwise + pointwise) + dense
    weights = 16 * 20 + 2 * (16 * 9 + 16 * 16) + 16 * 6
    biases = 4 * (5 * 16 + 6)
    assert network.weight_bytes == weights + biases
    # Two layers of 65 x 16 bytes meet; nothing else is as large.
    assert network.arena_bytes == 2 * 65 * 16


def test_quantise_and_dequantise():
    spec = Network.from_bytes(DSCNN).inputs[0]
    stored = np.arange(-128, 128).astype(np.int8)
    np.testing.assert_array_equal(spec.quantise(spec.dequantise(stored)), stored)
    assert spec.quantise(np.array([1e30, -np.inf])).tolist() == [127, -128]
    with pytest.raises(ParameterError, match="not numbers"):
        spec.quantise(np.array([np.nan]))


@pytest.mark.parametrize(
    "inputs",
    [
        [],
        [np.zeros((2, 25, 10, 1), np.float32)],
        [np.zeros((25, 10, 1), np.int8)],
        [np.zeros((2, 25, 10), np.int8)],
        [np.int8(0)],
    ],
)
def test_wrong_inputs(inputs):
    with pytest.raises(ParameterError):
        Network.from_bytes(DSCNN).run(*inputs)


def test_unsupported_operator_is_named(monkeypatch):
    monkeypatch.delitem(BUILDERS, "SOFTMAX")
    with pytest.raises(ModelError, match="lacks SOFTMAX; it has ADD, .*TANH"):
        Network.from_bytes(DSCNN)


@pytest.mark.parametrize("data", [b"", b"TFL3", b"\x00" * 100, b"\xff\xff\xff\xffTFL3" + b"\xff" * 100])
def test_not_a_network(data):
    with pytest.raises(ModelError):
        Network.from_bytes(data)


@settings(max_examples=400)
@given(data=st.data())
def test_damage_gives_a_model_error_or_a_network_that_runs(data):
    damaged = bytearray(data.draw(st.sampled_from(MODELS)))
    for _ in range(data.draw(st.integers(0, 8))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.one_of(st.integers(0, 255), st.sampled_from([0, 1, 127, 128, 255])))
    damaged = damaged[: data.draw(st.one_of(st.just(len(damaged)), st.integers(0, len(damaged))))]
    try:
        network = Network.from_bytes(bytes(damaged))
    except ModelError:
        return
    outputs = network.run(*noise(network, 2))
    assert [output.shape[1:] for output in outputs] == [spec.shape for spec in network.outputs]
