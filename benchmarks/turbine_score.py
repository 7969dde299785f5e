"""Hours of audio scored per core-second, beside the plain pipeline: librosa and an autoencoder's squared error.

    python -m benchmarks.turbine_score [--files 40]

Both read the same simulated 32 s recordings and give one score a file. Ours is `score_recording` of the shipped bundle:
gate, clips, bands, moments and rotor; once more for a machine without rotor and weather. The rival is the usual
baseline of the DCASE challenge (`librosa.load`, `librosa.feature.melspectrogram` with 128 bands, five stacked frames, a
dense autoencoder 640-128x4-8-128x4-640 in Keras, mean squared error).
"""

import argparse
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from benchmarks.harness import core_seconds  # noqa: E402  (first: it sets the number of threads)

import librosa  # noqa: E402 isort: skip
from dataclasses import replace  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402
from acoustic_apps.turbine_blade.simulate import Turbine, simulate_clip  # noqa: E402

from acoustic.application import Loaded, load  # noqa: E402
from acoustic.audio import write_wav  # noqa: E402
from acoustic.score.recording import Task, score_recording  # noqa: E402

DURATION_S = 32.0


def main() -> None:
    """Simulate, take turns, print the ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    layers = [keras.Input((640,))]
    for width in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        layers += [keras.layers.Dense(width), keras.layers.BatchNormalization(), keras.layers.Activation("relu")]
    autoencoder = keras.Sequential([*layers, keras.layers.Dense(640)])

    def rival(path: Path) -> float:
        y, rate_hz = librosa.load(path, sr=None)
        mel = librosa.feature.melspectrogram(y=y, sr=rate_hz, n_fft=1024, hop_length=512, n_mels=128, power=2.0)
        log_mel = 20.0 / 2.0 * np.log10(mel + np.finfo(float).eps)
        n = log_mel.shape[1] - 4
        stacked = np.concatenate([log_mel[:, k : k + n] for k in range(5)]).T.astype(np.float32)
        return float(np.mean((autoencoder.predict_on_batch(stacked) - stacked) ** 2))

    full = load("turbine")
    machine = replace(full, typed=replace(full.typed, rotor=None, nuisances=False))
    options = full.application.options()

    def ours(loaded: Loaded[Any, Any, Any, Any], path: Path) -> float | None:
        return score_recording(loaded, Task(path=path, options=options))["score"]

    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number in range(asked.files):
            path = Path(folder) / f"{number}.wav"
            clip = simulate_clip(Turbine.draw(number % 5), number, duration_s=DURATION_S, nuisances="weather")
            write_wav(path, clip.pcm, clip.rate_hz)
            paths.append(path)
        turns = core_seconds(
            [
                lambda: [rival(path) for path in paths],
                lambda: [ours(full, path) for path in paths],
                lambda: [ours(machine, path) for path in paths],
            ],
            asked.rounds,
        )
    hours = asked.files * DURATION_S / 3600
    names = ("librosa + autoencoder, mean squared error", "turbine: gate, clips, rotor", "machine: clips alone")
    for name, seconds, ratio in zip(
        names, np.median(turns, axis=0), np.median(turns[:, :1] / turns, axis=0), strict=True
    ):
        print(f"{name:42} {hours / seconds:6.3f} hours a core-second   {ratio:5.2f} times the rival")


if __name__ == "__main__":
    main()
