"""The rival: the plain autoencoder of MLPerf Tiny's anomaly detection, scored by its mean squared error.

Dense layers 640-128-128-128-128-8-128-128-128-128-640 with batch normalisation, five stacked frames of 128 bands
(Koizumi et al., "Description and discussion on DCASE2020 challenge task 2", 2020; Banbury et al., "MLPerf Tiny
Benchmark", 2021).
"""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from acoustic.frontend.noise_floor import STEPS_PER_DB
from acoustic.model.runtime import Network
from acoustic.train import start_tensorflow

STACKED = 5
WIDTH, NARROW = 128, 8
BATCH = 512


def stacked(steps: NDArray[np.int16]) -> NDArray[np.float32]:
    """Five frames in a row, in dB: int16 (n_clips, n_frames, n_bands) to float32 (n_clips, n_frames - 4, 5 n_bands)."""
    windows = sliding_window_view(steps, STACKED, axis=1)  # (clips, windows, bands, 5)
    rows = np.moveaxis(windows, 3, 2).reshape(len(steps), windows.shape[1], -1)
    return rows.astype(np.float32) / np.float32(STEPS_PER_DB)


def fit_autoencoder(steps: NDArray[np.int16], epochs: int, seed: int) -> Any:
    """Fit the float autoencoder to normal clips, (n_clips, n_frames, n_bands); return the Keras model."""
    start_tensorflow()
    import keras

    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    x = stacked(steps).reshape(-1, STACKED * steps.shape[2])
    model = keras.Sequential([keras.Input((x.shape[1],))])
    for width in (*(WIDTH,) * 4, NARROW, *(WIDTH,) * 4):
        model.add(layers.Dense(width))
        model.add(layers.BatchNormalization())
        model.add(layers.Activation("relu"))
    model.add(layers.Dense(x.shape[1]))
    model.compile("adam", "mse")
    model.fit(x, x, batch_size=BATCH, epochs=epochs, verbose=0)
    return model


def float_scores(model: Any, steps: NDArray[np.int16]) -> NDArray[np.float64]:
    """Mean squared error of each clip, (n_clips,)."""
    scores = []
    for clip in stacked(steps):
        scores.append(float(np.mean((model.predict_on_batch(clip) - clip) ** 2)))
    return np.array(scores)


def int8_scores(network: bytes, steps: NDArray[np.int16]) -> NDArray[np.float64]:
    """Return the same for an int8 autoencoder, a .tflite file with TensorFlow Lite Micro's arithmetic."""
    runner = Network.from_bytes(network)
    scores = []
    for clip in stacked(steps):
        rebuilt = runner.outputs[0].dequantise(runner.run(runner.inputs[0].quantise(clip))[0])
        scores.append(float(np.mean((rebuilt - clip) ** 2)))
    return np.array(scores)
