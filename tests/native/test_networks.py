"""Networks executed by the compiled core: the bytes of NumPy, one inference at a time, in batches and in sequences."""

import ctypes
from pathlib import Path

import numpy as np
import pytest
from made_graphs import LAYERS
from random_inputs import random_inputs

from acoustic import native
from acoustic.errors import ParameterError
from acoustic.export.compilers import STRICT_FLAGS, compile_c
from acoustic.model.bundle import Bundle
from acoustic.model.compiled import NativeProgram
from acoustic.model.runtime import DENSE_RUNS, Network
from acoustic.native import build

FOLDER = Path(__file__).parent.parent / "model" / "models"
MODELS = sorted(path.stem for path in FOLDER.glob("*.tflite") if not path.stem.endswith("16"))
SHIPPED = ["roast", "turbine"]


@pytest.fixture(scope="module")
def kernels(compiler: str, tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    path = tmp_path_factory.mktemp("kernels") / "kernels.so"
    sources = sorted((build.HERE / "nn").glob("*.c"))
    compile_c([compiler], sources, path, flags=[*STRICT_FLAGS, *build.PYTHON_FLAGS])
    return ctypes.CDLL(str(path))


@pytest.fixture
def compiled(kernels: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let networks use the compiled kernels; the list receives how many runs they did."""
    runs = []
    run = NativeProgram.run

    def counted(self, memory, input_places, inputs, output_places, outputs):
        runs.append(len(outputs[0]))
        run(self, memory, input_places, inputs, output_places, outputs)

    monkeypatch.setattr(NativeProgram, "run", counted)
    monkeypatch.setattr(native, "core", lambda: kernels)
    return runs


def load(name: str) -> Network:
    return Network.from_bytes(
        Bundle.load(name).network if name in SHIPPED else (FOLDER / f"{name}.tflite").read_bytes()
    )


def numpy_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "core", lambda: None)


@pytest.mark.parametrize("name", [*MODELS, *SHIPPED])
def test_same_bytes(name, compiled, monkeypatch):
    network = load(name)
    inputs = random_inputs(network, np.random.default_rng(5), 240)
    got = [network.run(*(x[start : start + 60] for x in inputs)) for start in range(0, 240, 60)]
    assert compiled == [60] * 4
    numpy_alone(monkeypatch)
    for output, parts in zip(network.run(*inputs), zip(*got, strict=True), strict=True):
        np.testing.assert_array_equal(np.concatenate(parts), output)
    assert compiled == [60] * 4


@pytest.mark.parametrize("kind", LAYERS)
def test_same_bytes_for_any_geometry(kind, compiled, monkeypatch):
    varied = 0
    for seed in range(50):
        rng = np.random.default_rng([seed, 1])
        network = Network(LAYERS[kind](rng))
        inputs = random_inputs(network, rng, 25)
        (got,) = network.run(*inputs)
        with monkeypatch.context() as patch:
            numpy_alone(patch)
            (expected,) = network.run(*inputs)
        np.testing.assert_array_equal(got, expected, err_msg=f"{kind} of seed {seed}")
        varied += int(np.ptp(expected.astype(int)) > 100)
    assert len(compiled) == 50
    assert varied > 25


def test_many_dense_inferences_are_one_matrix_product(compiled):
    network = load("dense")
    (x,) = random_inputs(network, np.random.default_rng(6), DENSE_RUNS + 1)
    network.run(x)
    assert compiled == []
    network.run(x[:DENSE_RUNS])
    assert compiled == [DENSE_RUNS]


@pytest.mark.parametrize("name", ["dense", "dscnn"])
def test_no_inference(name, compiled):
    network = load(name)
    assert network.run(np.zeros((0, *network.inputs[0].shape), np.int8))[0].shape == (0, *network.outputs[0].shape)


def test_inputs_with_gaps(compiled):
    network = load("dscnn")
    (x,) = random_inputs(network, np.random.default_rng(7), 20)
    np.testing.assert_array_equal(network.run(x[::2])[0], network.run(np.ascontiguousarray(x[::2]))[0])
    np.testing.assert_array_equal(network.run(x[::-1])[0][::-1], network.run(x)[0])


def test_a_wide_network_is_left_to_numpy(compiled):
    network = load("dense16")
    (x,) = random_inputs(network, np.random.default_rng(8), 200)
    assert network.run(x[:5])[0].shape == (5, 7)
    assert compiled == []


@pytest.mark.parametrize("name", ["gru_step", "stream_conv"])
def test_sequence(name, compiled, monkeypatch):
    network = load(name)
    feedback = [(1, 1)]
    x, past = random_inputs(network, np.random.default_rng(9), 200)
    whole, states = network.run_sequence(x, feedback=feedback, states=[past[7]])
    assert compiled == [200]
    first, between = network.run_sequence(x[:83], feedback=feedback, states=[past[7]])
    second, after = network.run_sequence(x[83:], feedback=feedback, states=between)
    np.testing.assert_array_equal(np.concatenate([first[0], second[0]]), whole[0])
    np.testing.assert_array_equal(after[0], states[0])
    numpy_alone(monkeypatch)
    expected, expected_states = network.run_sequence(x, feedback=feedback, states=[past[7]])
    np.testing.assert_array_equal(whole[0], expected[0])
    np.testing.assert_array_equal(states[0], expected_states[0])
    # The state does matter.
    assert np.any(network.run_sequence(x, feedback=feedback, states=[past[8]])[0][0] != whole[0])


def test_a_sequence_is_as_many_runs(monkeypatch):
    numpy_alone(monkeypatch)
    network = load("stream_conv")
    x, past = random_inputs(network, np.random.default_rng(10), 200)
    (outputs,), (last,) = network.run_sequence(x, feedback=[(1, 1)], states=[past[7]])
    spec, back = network.inputs[1], network.outputs[1]
    assert (spec.scale, spec.zero_point) == (back.scale, back.zero_point)  # no rescaling in between
    state = past[7][np.newaxis]
    for time in range(30):
        output, state = network.run(x[time : time + 1], state)
        np.testing.assert_array_equal(output[0], outputs[time])
    assert last.shape == spec.shape


@pytest.mark.parametrize(
    ("feedback", "n_inputs", "n_states"),
    [([(1, 1)], 2, 1), ([(1, 1)], 1, 0), ([], 1, 0), ([(2, 1)], 1, 1), ([(1, 2)], 1, 1), ([(1, 0), (1, 1)], 1, 2)],
)
def test_wrong_feedback(feedback, n_inputs, n_states):
    network = load("gru_step")
    x, state = random_inputs(network, np.random.default_rng(11), 200)
    with pytest.raises(ParameterError):
        network.run_sequence(*[x] * n_inputs, feedback=feedback, states=[state[0]] * n_states)


def test_wrong_arrays():
    network = load("gru_step")
    x, state = random_inputs(network, np.random.default_rng(12), 200)
    with pytest.raises(ParameterError, match=r"must be int8 \[N, 10\]"):
        network.run_sequence(x[0], feedback=[(1, 1)], states=[state[0]])
    with pytest.raises(ParameterError, match=r"must be int8 \[12\]"):
        network.run_sequence(x, feedback=[(1, 1)], states=[state])
