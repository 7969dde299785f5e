import subprocess
import sys

import numpy as np
import pytest

from acoustic.errors import ParameterError
from acoustic.model.runtime import Network
from acoustic.train.quantise import check_float_against_int8, to_int8

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]  # TensorFlow's own warnings are not ours


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


def test_a_trained_network_survives_int8(keras):
    keras.utils.set_random_seed(1)
    layers = keras.layers
    x = keras.Input((16, 8, 1), name="logmel")
    y = layers.Conv2D(8, 3, strides=2, activation="relu")(x)
    y = layers.GlobalAveragePooling2D()(layers.BatchNormalization()(y))
    model = keras.Model(x, layers.Dense(3)(y))
    examples = np.random.default_rng(1).normal(size=(256, 16, 8, 1)).astype(np.float32)
    data = to_int8(model, examples)
    network = Network.from_bytes(data)
    assert network.inputs[0].shape == (16, 8, 1)
    assert network.inputs[0].dtype == network.outputs[0].dtype == "int8"
    (agreement,) = check_float_against_int8(model, data, examples)
    assert agreement.correlation > 0.99
    assert agreement.mean_abs_difference <= agreement.max_abs_difference < 10 * network.outputs[0].scale


def test_states_keep_their_order(keras):
    x, state = keras.Input((4,), name="x"), keras.Input((6,), name="a_state")
    model = keras.Model([x, state], [keras.layers.Dense(2)(x), keras.layers.Activation("tanh")(state)])
    rng = np.random.default_rng(2)
    examples = [{"a_state": rng.normal(size=6).astype("f4"), "x": rng.normal(size=4).astype("f4")} for _ in range(64)]
    data = to_int8(model, examples)
    network = Network.from_bytes(data)
    assert [spec.shape for spec in network.inputs] == [(4,), (6,)]
    assert [spec.shape for spec in network.outputs] == [(2,), (6,)]
    assert all(row.correlation > 0.98 for row in check_float_against_int8(model, data, examples))


def test_refusals(keras):
    x = keras.Input((None, 4), name="x")
    model = keras.Model(x, keras.layers.Dense(2)(x))
    with pytest.raises(ParameterError, match="only the batch"):
        to_int8(model, np.zeros((2, 3, 4), np.float32))
    with pytest.raises(ParameterError, match="at least one"):
        to_int8(model, np.zeros((0, 3, 4), np.float32))
    with pytest.raises(ParameterError, match="lacks input x"):
        to_int8(model, [{"y": np.zeros(4, np.float32)}])


CHATTER = """
from acoustic.train import quiet, start_tensorflow
start_tensorflow()
import keras
import numpy as np
from acoustic.train.quantise import to_int8
x = keras.Input((4,), name="x")
model = keras.Model(x, keras.layers.Dense(2)(x))
model.compile("adam", "mse")
model.fit(np.zeros((8, 4)), np.zeros((8, 2)), verbose=0)
to_int8(model, np.zeros((2, 4), np.float32))
import os
with quiet():
    os.write(2, b"I0000 00:00:1.5 1 cudart_stub.cc:31] Could not find cuda\\n")
    os.write(2, b"E0000 00:00:1.5 1 x.cc:1] out of memory\\n")
"""


def test_nothing_but_errors_is_told_on_stderr(keras):
    done = subprocess.run([sys.executable, "-c", CHATTER], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "E0000 00:00:1.5 1 x.cc:1] out of memory\n"
