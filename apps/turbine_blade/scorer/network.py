"""The network: predicts the level of a frame's bands from the frames around it, and is wrong where a machine is sick.

An interpolation network (Suefusa et al., "Anomalous sound detection based on interpolation deep neural network",
ICASSP 2020) in int8: the frame itself is not among its inputs, so it cannot learn to copy.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ModelError
from acoustic.model.runtime import Network

#: Frames from the predicted one to each of those it is predicted from: beyond the overlap of the FFT's frames.
BEFORE = 2
#: Frames from the first input to the last.
CONTEXT_FRAMES = 2 * BEFORE + 1
HIDDEN = 32
#: The float network takes levels in units of 8 dB; an int8 step of the input is 1/4 dB, 64 steps of 1/256 dB.
UNIT_DB = 8.0
INPUT_SCALE = 1 / 32
#: No prediction lies further from the usual: sums of squares then fit the device's integers.
LARGEST_DB = 4096.0
_SHIFT = 6


def build(n_half_bands: int, seed: int) -> Any:
    """Return the float Keras model: two frames, (2 n,) in units of 8 dB about the usual, to the one between, (n,)."""
    import keras

    # Names are counted up within a process and end up in the network's file: start again, for equal bytes.
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((2 * n_half_bands,), name="around"),
            keras.layers.Dense(HIDDEN, activation="relu"),
            keras.layers.Dense(n_half_bands, name="between"),
        ]
    )


def deviations(half: NDArray[np.int16], usual: NDArray[np.int16]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return what the network is given, and what it should predict.

    The mean of the two frames is taken from them and from the frame between, and so is the usual shape of the
    spectrum: what is left depends neither on the microphone's gain nor on its colour.

    Parameters
    ----------
    half : int16 array, shape (n, n_half_bands), n >= ``CONTEXT_FRAMES``
        Levels in steps of 1/256 dB.
    usual : int16 array, shape (n_half_bands,)
        The usual level of each band less the mean of all, in the same steps.

    Returns
    -------
    around : int32 array, shape (n - 2 ``BEFORE``, 2 n_half_bands)
    between : int32 array, shape (n - 2 ``BEFORE``, n_half_bands)
    """
    wide = half.astype(np.int32)
    before, between, after = wide[: -2 * BEFORE], wide[BEFORE:-BEFORE], wide[2 * BEFORE :]
    level = (before.sum(axis=1) + after.sum(axis=1)) // (2 * half.shape[1])
    less = level[:, None] + usual.astype(np.int32)
    return np.concatenate([before - less, after - less], axis=1), between - less


def to_input(around: NDArray[np.int32]) -> NDArray[np.int8]:
    """Deviations in steps of 1/256 dB as the int8 network takes them: quarters of a dB, saturated."""
    quarters = np.clip((around + (1 << _SHIFT >> 1)) >> _SHIFT, -128, 127)
    return np.asarray(quarters.astype(np.int8))


class ResidualNetwork:
    """The int8 network as the chain runs it.

    Parameters
    ----------
    network : bytes
        A .tflite file made from :func:`build`.
    usual : int16 array, shape (n_half_bands,)
        See :func:`deviations`.

    Raises
    ------
    ModelError
        When the network is of other shapes, or its input is not in quarters of a dB.
    """

    def __init__(self, network: bytes, usual: NDArray[np.int16]) -> None:
        self.network, self.usual = Network.from_bytes(network), usual
        source, result = self.network.inputs[0], self.network.outputs[0]
        shapes = [spec.shape for spec in (*self.network.inputs, *self.network.outputs)]
        if shapes != [(2 * len(usual),), usual.shape] or {source.dtype, result.dtype} != {"int8"}:
            raise ModelError(f"the network takes {source.shape} and gives {result.shape}, which fits no {usual.shape}")
        if abs(source.scale / INPUT_SCALE - 1) > 1e-3 or source.zero_point != 0:
            raise ModelError("the network's input is not in quarters of a decibel: train it again")
        stored = np.arange(-128, 128) - result.zero_point
        if not np.abs(stored).max() * result.scale * UNIT_DB < LARGEST_DB:
            raise ModelError(f"the network's output goes beyond {LARGEST_DB:g} dB: train it again")
        self.predicted = np.rint(stored * (result.scale * UNIT_DB * 256)).astype(np.int32)
        """Steps of 1/256 dB that each output byte stands for, from -128 on: int32 (256,)."""

    def residual(self, half: NDArray[np.int16]) -> NDArray[np.int32]:
        """Return what each frame but two at either end has beyond its prediction: int32 (n - 4, n_half_bands)."""
        around, between = deviations(half, self.usual)
        predicted = self.predicted[self.network.run(to_input(around))[0].astype(np.intp) + 128]
        return np.asarray(np.clip(between - predicted, -32768, 32767))
