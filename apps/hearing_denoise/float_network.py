"""The float network as training left it: what the int8 one is compared with."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .network import INPUT_SCALE

F32 = NDArray[np.float32]
LAYERS = ("encode", "keep_1", "new_1", "keep_2", "new_2", "mask")


class FloatMaskNetwork:
    """The network without any rounding, for streams side by side, from a fresh start.

    Parameters
    ----------
    weights : mapping of str to two float32 arrays
        Kernel and bias of each of ``LAYERS``.
    """

    def __init__(self, weights: Mapping[str, tuple[F32, F32]]) -> None:
        self._weights = weights

    @classmethod
    def of(cls, model: Any) -> "FloatMaskNetwork":
        """Take the weights of a Keras model."""
        layers = {name: model.get_layer(name) for name in LAYERS}
        return cls({name: (np.asarray(layer.kernel), np.asarray(layer.bias)) for name, layer in layers.items()})

    def gains(self, features: NDArray[np.int8]) -> F32:
        """Run over frames: int8 (n_frames, streams, n_features) to gains (n_frames, streams, n_bins), 0 to 1."""
        x = np.tanh(self._dense("encode", features.astype(np.float32) * np.float32(INPUT_SCALE)))
        for number in (1, 2):
            x = self._recur(x, number)
        return _sigmoid(self._dense("mask", x))

    def _dense(self, name: str, x: F32) -> F32:
        kernel, bias = self._weights[name]
        return np.asarray(x @ kernel + bias)

    def _recur(self, x: F32, number: int) -> F32:
        kernels, biases = zip(*(self._weights[f"{name}_{number}"] for name in ("keep", "new")), strict=True)
        kernel = np.concatenate(kernels, axis=1)
        inputs = x @ kernel[: x.shape[-1]] + np.concatenate(biases)
        own = kernel[x.shape[-1] :]
        units = len(own)
        h = np.zeros((x.shape[1], units), np.float32)
        states = np.empty((*x.shape[:2], units), np.float32)
        for frame, state in zip(inputs, states, strict=True):
            sums = frame + h @ own
            keep, new = _sigmoid(sums[:, :units]), np.tanh(sums[:, units:])
            h = state[...] = keep * h + (new - keep * new)
        return states


def _sigmoid(x: F32) -> F32:
    return np.asarray(np.float32(0.5) * np.tanh(np.float32(0.5) * x) + np.float32(0.5))
