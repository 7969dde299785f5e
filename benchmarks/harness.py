"""What the benchmarks share: fair turns, and librosa at our settings. Import it before anything that imports NumPy."""

import os

# One thread for everybody, before NumPy starts its own.
os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", NUMBA_NUM_THREADS="1")

import time  # noqa: E402
from collections.abc import Callable, Sequence  # noqa: E402

import librosa  # noqa: E402
import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from acoustic.frontend import FrontEnd  # noqa: E402


def core_seconds(work: Sequence[Callable[[], object]], rounds: int) -> NDArray[np.float64]:
    """CPU seconds of each turn (rows) and piece of work (columns): in turns, so that a busy machine slows all alike."""
    turns = [[_cpu_s(one) for one in work] for _ in range(rounds + 1)]
    return np.array(turns[1:])  # the first turn warms up


def _cpu_s(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def librosa_mel(y: NDArray[np.float32], fe: FrontEnd) -> NDArray[np.float32]:
    """Mel spectrogram of librosa at the settings of a front end, without the logarithm: (n_mels, n_frames)."""
    spectrogram: NDArray[np.float32] = librosa.feature.melspectrogram(y=y, **fe.to_librosa())
    return spectrogram
