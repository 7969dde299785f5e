"""The crack-event network, which says of an impulse how surely it is a crack."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import BundleError
from acoustic.model.runtime import Network

from .impulses import PATCH_FRAMES

#: The float network takes contrast in units of 16 dB. An int8 step of a patch is 1/4 dB, 1/64 of that.
UNIT_DB = 16.0
INPUT_SCALE = 1 / 64
#: Probabilities are told in steps of 1 / 10000.
SCORE_STEPS = 10_000


def build(seed: int, n_mels: int) -> Any:
    """Return the float Keras model: a patch of contrast, (32, n_mels, 1) in units of 16 dB, to a log-odds.

    Three convolutions that halve time and frequency, then a small dense layer: every step is a plain
    convolution or matrix product with ReLU6, whose bounded outputs lose little in int8.
    """
    import keras

    # Names are counted up within a process and end up in the network's file: start again, for equal bytes.
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((PATCH_FRAMES, n_mels, 1), name="contrast"),
            layers.Conv2D(8, (5, 3), (2, 2), padding="same", activation="relu6"),
            layers.Conv2D(12, 3, (2, 2), padding="same", activation="relu6"),
            layers.Conv2D(16, 3, (2, 2), padding="same", activation="relu6"),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(16, activation="relu6"),
            layers.Dense(1, name="log_odds"),
        ]
    )


class CrackNetwork:
    """The int8 network as the chain runs it.

    Parameters
    ----------
    tflite : bytes
        A .tflite file that takes one patch of ``PATCH_FRAMES`` frames and gives one log-odds.
    n_mels : int
        Bands of the patches.

    Raises
    ------
    ModelError
        When the file is damaged, or holds what the runtime does not do.
    BundleError
        When it takes or gives something else.
    """

    def __init__(self, tflite: bytes, n_mels: int) -> None:
        self.tflite = tflite
        self.runtime = Network.from_bytes(tflite)
        patch = (PATCH_FRAMES, n_mels, 1)
        inputs, outputs = self.runtime.inputs, self.runtime.outputs
        if [(spec.shape, spec.dtype, spec.zero_point) for spec in inputs] != [(patch, "int8", 0)]:
            raise BundleError(f"its network does not take patches of contrast, int8 {patch}")
        if [(math.prod(spec.shape), spec.dtype) for spec in outputs] != [(1, "int8")]:
            raise BundleError("its network does not give one int8 log-odds")
        log_odds = outputs[0].dequantise(np.arange(-128, 128, dtype=np.int8)).astype(np.float64)
        # Beyond 50 a probability is 0 or 1 in every digit that is written.
        probabilities = 1.0 / (1.0 + np.exp(-np.clip(log_odds, -50.0, 50.0)))
        self._scores = [round(SCORE_STEPS * float(p)) / SCORE_STEPS for p in probabilities]

    def logits(self, patches: NDArray[np.int8]) -> NDArray[np.int8]:
        """Score patches, int8 (n, 32, n_mels) in quarters of a dB, as int8 log-odds (n,)."""
        if not len(patches):
            return np.empty(0, np.int8)
        return np.asarray(self.runtime.run(patches[..., None])[0].reshape(-1))

    def score(self, logit: int) -> float:
        """Probability of a crack, 0 to 1, of an int8 log-odds."""
        return self._scores[logit + 128]
