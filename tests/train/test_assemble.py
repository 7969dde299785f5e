import numpy as np
import pytest

from acoustic.errors import ParameterError
from acoustic.model.runtime import Network
from acoustic.train.assemble import Assembly

pytestmark = pytest.mark.filterwarnings("default")


def unit(name: str = "h", size: int = 6) -> tuple[Assembly, int]:
    net = Assembly()
    return net, net.input(name, size, scale=1 / 128)


def test_a_dense_layer_is_the_rounded_product() -> None:
    rng = np.random.default_rng(0)
    kernel, bias = rng.standard_normal((6, 4)).astype(np.float32), rng.standard_normal(4).astype(np.float32)
    net, x = unit()
    network = Network.from_bytes(net.to_bytes([net.dense("layer", x, kernel, bias, scale=1 / 16)]))
    stored = rng.integers(-128, 128, (50, 6)).astype(np.int8)
    (out,) = network.run(stored)
    wanted = np.clip((stored / 128) @ kernel + bias, -8, 127 / 16)
    assert np.abs(network.outputs[0].dequantise(out) - wanted).max() < 1 / 32 + 0.06  # rounded sum, rounded weights
    assert network.macs == 24


def test_a_layer_beyond_its_range_saturates() -> None:
    net, x = unit(size=1)
    kernel, bias = np.full((1, 2), [[50.0, -50.0]], np.float32), np.zeros(2, np.float32)
    network = Network.from_bytes(net.to_bytes([net.dense("layer", x, kernel, bias, scale=1 / 16)]))
    assert network.run(np.array([[127]], np.int8))[0].tolist() == [[127, -128]]


def test_an_output_can_go_round_unchanged() -> None:
    net, h = unit()
    other = net.input("x", 6, scale=1 / 128)
    network = Network.from_bytes(net.to_bytes([net.combine("ADD", "sum", h, other, scale=1 / 128)]))
    assert network.outputs[0].scale == network.inputs[0].scale
    assert network.outputs[0].zero_point == network.inputs[0].zero_point == 0
    stored = np.arange(-128, 124, dtype=np.int8)[:246].reshape(-1, 6)
    assert np.array_equal(network.run(stored, np.zeros_like(stored))[0], stored)


@pytest.mark.parametrize(("kind", "wanted"), [("ADD", 30), ("SUB", 10), ("MUL", 2)])
def test_two_tensors_are_combined(kind: str, wanted: int) -> None:
    net, a = unit(size=1)
    b = net.input("b", 1, scale=1 / 128)
    network = Network.from_bytes(net.to_bytes([net.combine(kind, "out", a, b, scale=1 / 128)]))
    assert network.run(np.array([[20]], np.int8), np.array([[10]], np.int8))[0].tolist() == [[wanted]]


def test_tanh_sigmoid_and_concatenation() -> None:
    net, x = unit(size=1)
    tanh, sigmoid = net.activation("TANH", "t", x), net.activation("LOGISTIC", "s", x)
    both = net.concatenate("both", [tanh, x])
    network = Network.from_bytes(net.to_bytes([both, sigmoid]))
    joined, gain = network.run(np.array([[64]], np.int8))
    assert joined.tolist() == [[round(128 * np.tanh(0.5)), 64]]
    assert gain.tolist() == [[round(256 / (1 + np.exp(-0.5))) - 128]]


def test_equal_networks_have_equal_bytes() -> None:
    first, second = (net.to_bytes([net.activation("TANH", "t", x)]) for net, x in (unit(), unit()))
    assert first == second


def test_weights_that_do_not_fit_are_refused() -> None:
    net, x = unit()
    with pytest.raises(ParameterError, match="do not fit"):
        net.dense("layer", x, np.zeros((5, 2), np.float32), np.zeros(2, np.float32), scale=1.0)


def test_tflite_micro_gives_the_same_bytes() -> None:
    tflite_micro = pytest.importorskip("tflite_micro")
    rng = np.random.default_rng(3)
    net, h = unit()
    kernel = rng.standard_normal((6, 6)).astype(np.float32)
    keep = net.activation("LOGISTIC", "keep", net.dense("k", h, kernel, np.ones(6, np.float32), scale=1 / 16))
    new = net.activation("TANH", "new", net.dense("n", h, kernel.T.copy(), np.zeros(6, np.float32), scale=1 / 32))
    lost = net.combine("MUL", "lost", keep, new, scale=1 / 128)
    after = net.combine("ADD", "after", lost, net.combine("SUB", "rest", h, lost, scale=1 / 128), scale=1 / 128)
    tflite = net.to_bytes([after])
    network, micro = Network.from_bytes(tflite), tflite_micro.runtime.Interpreter.from_bytes(tflite)
    for stored in rng.integers(-128, 128, (40, 1, 6)).astype(np.int8):
        micro.set_input(stored, 0)
        micro.invoke()
        assert np.array_equal(micro.get_output(0), network.run(stored)[0])
