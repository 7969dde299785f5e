"""Hours of mixtures made once, in files, for training to go through many times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acoustic.files import read_arrays, whole_file
from acoustic.frontend.enhancement import EnhancementFrontEnd
from acoustic.frontend.stft import Stft
from acoustic.score import make_missing

from ..features import FeatureStream, layout_of
from .mix import draw_stretch
from .noise import MixtureLibrary

#: Frames of a stretch (8 s by the front end that ships), and stretches of a file.
STRETCH_FRAMES, PER_FILE = 2000, 96


@dataclass(frozen=True)
class Stretches:
    """Mixtures side by side.

    Attributes
    ----------
    noisy, target : int16 array, shape (n, n_samples)
    features : int8 array, shape (n, n_frames, n_features)
        What the chain would tell the network of ``noisy``, from its first frame on.
    """

    noisy: NDArray[np.int16]
    target: NDArray[np.int16]
    features: NDArray[np.int8]

    def take(self, rows: NDArray[np.intp]) -> Stretches:
        """Return some of the stretches."""
        return Stretches(self.noisy[rows], self.target[rows], self.features[rows])


def make_pool(work: Path, data_dir: Path, seed: int, n_files: int, front_end: EnhancementFrontEnd) -> list[Path]:
    """Mix the files that are not there yet; return all of them, in order."""
    work.mkdir(parents=True, exist_ok=True)
    paths = [work / f"mixtures_{seed}_{number:03d}.npz" for number in range(n_files)]
    make_missing(partial(_make_file, data_dir, seed, front_end), paths, "mixing speech and noise")
    return paths


def _make_file(data_dir: Path, seed: int, front_end: EnhancementFrontEnd, path: Path, number: int) -> None:
    library = MixtureLibrary.load(data_dir, "train", front_end.rate_hz)
    n_samples = STRETCH_FRAMES * front_end.hop_samples
    mixtures = [
        draw_stretch(np.random.default_rng([seed, number * PER_FILE + one]), library, n_samples)
        for one in range(PER_FILE)
    ]
    noisy, target = (np.stack(column) for column in zip(*mixtures, strict=True))
    with whole_file(path) as file:
        np.savez(file, noisy=noisy, target=target, features=features_of(noisy, front_end))


def features_of(pcm: NDArray[np.int16], front_end: EnhancementFrontEnd) -> NDArray[np.int8]:
    """Features of recordings side by side: int16 (n, n_samples) to int8 (n, n_frames, n_features)."""
    spectra = [Stft(front_end.windows).push(one) for one in pcm]
    re, im = (np.stack(column, axis=1) for column in zip(*spectra, strict=True))
    return FeatureStream(layout_of(front_end), (len(pcm),)).push(re, im).swapaxes(0, 1)


def batches(paths: list[Path], seed: int, epoch: int, size: int) -> Iterator[Stretches]:
    """All stretches of the files in groups of ``size``, in an order that differs from epoch to epoch."""
    rng = np.random.default_rng([seed, 5, epoch])
    for number in rng.permutation(len(paths)):
        arrays = read_arrays(paths[int(number)])
        stretches = Stretches(arrays["noisy"], arrays["target"], arrays["features"])
        order = rng.permutation(len(stretches.noisy))
        for start in range(0, len(order) - size + 1, size):
            yield stretches.take(order[start : start + size])
