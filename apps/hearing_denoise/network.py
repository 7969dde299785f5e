"""The mask network: two small recurrent layers between the features and a gain for every bin.

A recurrent layer is a gated unit without reset (Ravanelli et al., "Light gated recurrent units for speech
recognition", IEEE Trans. Emerging Topics in Computational Intelligence 2 (2018), here with tanh)::

    keep = sigmoid(W [x, h]);  new = tanh(V [x, h]);  h' = keep * h + (new - keep * new)

Inputs, states and everything between lie within -1 and 1, so that one int8 scale, 1/128, fits them all: a state
goes out and comes in again unchanged.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.model.runtime import Network
from acoustic.train import start_tensorflow
from acoustic.train.assemble import Assembly

from .features import BandLayout

#: Units of the first dense layer and of both recurrent ones, as they are trained.
ENCODED, UNITS = 64, 100
#: The float network takes features in units of 32 dB; an int8 step of a feature is 1/2 dB.
INPUT_SCALE = 1 / 64
#: int8 scales: of all that lies within -1 and 1, of what goes into a sigmoid, and of what goes into a tanh.
UNIT_SCALE, SIGMOID_SCALE, TANH_SCALE = 1 / 128, 1 / 16, 1 / 32
#: Scale and zero point of the gains.
GAIN_GRID = (1 / 256, -128)

#: The states: what a frame leaves in these outputs is what the next one takes in these inputs.
STATES = ((1, 1), (2, 2))


def build(seed: int, layout: BandLayout) -> Any:
    """Return the float Keras model of one frame: features and two states to gains and the states after."""
    start_tensorflow()
    import keras

    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    features = keras.Input((layout.n_features,), name="features")
    states = [keras.Input((UNITS,), name=f"state_{number}") for number in (1, 2)]
    x = layers.Dense(ENCODED, activation="tanh", name="encode")(features)
    after = []
    for number, h in enumerate(states, 1):
        both = layers.Concatenate()([x, h])
        # Remembering from the start is easier to unlearn than to learn.
        longer = keras.initializers.Constant(1.0)
        keep = layers.Dense(UNITS, activation="sigmoid", bias_initializer=longer, name=f"keep_{number}")(both)
        new = layers.Dense(UNITS, activation="tanh", name=f"new_{number}")(both)
        x = keep * h + (new - keep * new)
        after.append(x)
    gains = layers.Dense(layout.n_bins, activation="sigmoid", name="mask")(x)
    return keras.Model([features, *states], [gains, *after])


def to_int8(model: Any) -> bytes:
    """Quantise the model of :func:`build` to an int8 .tflite: weights by their own range, the rest as said above."""
    net = Assembly()

    def dense(name: str, x: int, scale: float) -> int:
        layer = model.get_layer(name)
        return net.dense(name, x, np.asarray(layer.kernel), np.asarray(layer.bias), scale=scale)

    n_features, n_units = (model.get_layer(name).kernel.shape[axis] for name, axis in (("encode", 0), ("keep_1", 1)))
    features = net.input("features", n_features, scale=INPUT_SCALE)
    states = [net.input(f"state_{number}", n_units, scale=UNIT_SCALE) for number in (1, 2)]
    x = net.activation("TANH", "encoded", dense("encode", features, TANH_SCALE))
    after = []
    for number, h in enumerate(states, 1):
        both = net.concatenate(f"both_{number}", [x, h])
        keep = net.activation("LOGISTIC", f"kept_{number}", dense(f"keep_{number}", both, SIGMOID_SCALE))
        new = net.activation("TANH", f"newly_{number}", dense(f"new_{number}", both, TANH_SCALE))
        lost = net.combine("MUL", f"lost_{number}", keep, new, scale=UNIT_SCALE)
        rest = net.combine("SUB", f"rest_{number}", new, lost, scale=UNIT_SCALE)
        held = net.combine("MUL", f"held_{number}", keep, h, scale=UNIT_SCALE)
        x = net.combine("ADD", f"after_{number}", held, rest, scale=UNIT_SCALE)
        after.append(x)
    gains = net.activation("LOGISTIC", "gains", dense("mask", x, SIGMOID_SCALE))
    return net.to_bytes([gains, *after])


class MaskNetwork:
    """The int8 network as the chain runs it, frame by frame; its state stays with it.

    Parameters
    ----------
    network : Network
    streams : int
        How many streams run side by side.
    """

    def __init__(self, network: Network, streams: int = 1) -> None:
        self._network, self._streams = network, streams
        self.reset()

    def reset(self) -> None:
        """Forget everything heard."""
        specs = self._network.inputs[1:]
        self._states = [tuple(np.zeros(spec.shape, np.int8) for spec in specs) for _ in range(self._streams)]

    def push(self, features: NDArray[np.int8]) -> NDArray[np.int8]:
        """Run over frames.

        Parameters
        ----------
        features : int8 array, shape (n_frames, streams, n_features)

        Returns
        -------
        int8 array, shape (n_frames, streams, n_bins): gains as :func:`as_gain` reads them.
        """
        out = np.empty((*features.shape[:2], *self._network.outputs[0].shape), np.int8)
        for stream, states in enumerate(self._states):
            frames = np.ascontiguousarray(features[:, stream])
            (gains,), self._states[stream] = self._network.run_sequence(frames, feedback=STATES, states=states)
            out[:, stream] = gains
        return out


def blended(gains: NDArray[np.float32], wet: NDArray[np.float32]) -> NDArray[np.float32]:
    """Gains of a mixture: a share ``wet`` with these gains, the rest as it is."""
    return np.asarray(np.float32(1.0) - wet * (np.float32(1.0) - gains), np.float32)


def as_gain(stored: NDArray[np.int8]) -> NDArray[np.float32]:
    """Gain, 0 to 255/256, of what the network puts out."""
    return (stored.astype(np.float32) + np.float32(128.0)) * np.float32(1 / 256)


def floor_of(floor_db: float) -> np.float32:
    """Gain of a floor in dB."""
    return np.float32(10.0 ** (floor_db / 20.0))
