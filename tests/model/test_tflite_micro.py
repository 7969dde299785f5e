"""The int8 runtime against TensorFlow Lite Micro itself: no byte may differ."""

from pathlib import Path

import numpy as np
import pytest
from random_inputs import random_inputs

from acoustic.datasets import data_root
from acoustic.model.kernels import BUILDERS
from acoustic.model.runtime import Network

MODELS = sorted((Path(__file__).parent / "models").glob("*.tflite"))
COUNT = 1000


def run_tflite_micro(data, inputs, outputs):
    runtime = pytest.importorskip("tflite_micro").runtime
    interpreter = runtime.Interpreter.from_bytes(data)
    results = tuple(np.empty_like(output) for output in outputs)
    for row in range(COUNT):
        for number, x in enumerate(inputs):
            interpreter.set_input(x[row : row + 1], number)
        interpreter.invoke()
        for number, result in enumerate(results):
            result[row] = interpreter.get_output(number).reshape(result.shape[1:])
    return results


def check(data):
    network = Network.from_bytes(data)
    inputs = random_inputs(network, np.random.default_rng(1), COUNT)
    outputs = network.run(*inputs)
    expected = run_tflite_micro(data, inputs, outputs)
    differing = [int(np.count_nonzero(a != b)) for a, b in zip(outputs, expected, strict=True)]
    assert differing == [0] * len(outputs)
    # An output that never changes would prove nothing.
    assert all(np.ptp(output.astype(np.int32)) > 0 for output in outputs)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_same_bytes(path):
    check(path.read_bytes())


def test_same_bytes_for_the_mlperf_tiny_anomaly_network():
    root = data_root()
    path = root / "machines" / "ad01_reference" / "ad01_int8.tflite" if root else None
    if path is None or not path.exists():
        pytest.skip("ad01_int8.tflite is missing: set ACOUSTIC_DATA to the data root")
    check(path.read_bytes())


def test_every_operator_is_covered():
    used = {name for path in MODELS for name in Network.from_bytes(path.read_bytes()).operators}
    # The converter writes RESHAPE in place of these two.
    assert used == BUILDERS.keys() - {"EXPAND_DIMS", "SQUEEZE"}
