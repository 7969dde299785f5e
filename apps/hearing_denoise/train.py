"""Training from seed to bundle: mix, learn, quantise, measure, write. Every slow step can be resumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from acoustic.model.bundle import Bundle
from acoustic.terminal import progress

from .card import write_card
from .evaluation.metrics import require_packages
from .features import FRONT_END
from .learning import Schedule, learn
from .measure import measure
from .mixtures.held_out import held_out_pairs
from .mixtures.noise import NoiseLibrary
from .mixtures.pool import PER_FILE, STRETCH_FRAMES, make_pool
from .network import to_int8
from .vectors import make_vectors

VERSION = "1.0.0"
#: Shares of what each of the two rounds has learnt in the weights that ship: such a mean keeps more of the speech than
#: either round alone (Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022).
SHARES = (0.25, 0.75)
#: Gain that no bin falls below unless the listener says otherwise.
FLOOR_DB = -20.0
#: Samples of the test vectors.
VECTOR_SAMPLES = 2 * FRONT_END.rate_hz


def train(work: Path, data_dir: Path, seed: int, *, files: int, steps: int) -> Bundle:
    """Do everything from seed to bundle.

    Parameters
    ----------
    work : Path
        Folder for what is mixed and learnt on the way; what lies there already is not done again.
    data_dir : Path
        The data root.
    seed : int
        Decides every random number.
    files, steps : int
        How much is mixed, in files of 13 minutes, and how long the network learns.

    Raises
    ------
    DataError
        Recordings are missing.
    MissingExtraError
        The packages that measure the result are not installed.
    """
    require_packages()
    paths = make_pool(work, data_dir, seed, files)
    half = (files + 1) // 2
    model: Any = None
    learnt = []
    with progress("learning", steps) as advance:
        for number, schedule in enumerate(rounds(steps)):
            own = paths[number * half :][:half] or paths
            model = learn(own, work / f"progress_{seed}_{number + 1}.npz", seed, schedule, advance, start=model)
            learnt.append(model.get_weights())
    model.set_weights([np.average(weights, axis=0, weights=SHARES) for weights in zip(*learnt, strict=True)])
    network = to_int8(model)
    calibration = {
        "seed": seed,
        "mixed_hours": round(len(paths) * PER_FILE * STRETCH_FRAMES / FRONT_END.frames_per_second / 3600, 1),
        "steps": steps,
        **measure(model, network, data_dir, FLOOR_DB, seed=seed),
    }
    return pack(network, calibration, data_dir, seed)


def rounds(steps: int) -> tuple[Schedule, Schedule]:
    """Share out the steps: the first round learns what speech and noise are, the second to please an ear.

    Each has half of the mixtures. A step of the second goes back through half as many frames.
    """
    first = round(steps * 7 / 22)
    second = Schedule(n_steps=steps - first, rate=2e-3, chunk_frames=200, per_opinion=0.15)
    return Schedule(n_steps=first), second


def pack(network: bytes, calibration: dict[str, Any], data_dir: Path, seed: int) -> Bundle:
    """Put everything into a bundle, with test vectors from a held-out mixture."""
    noisy = next(held_out_pairs(data_dir, seed=seed, n_sentences=1, snr_db=(5.0,))).noisy
    pcm = np.resize(noisy, VECTOR_SAMPLES)
    return Bundle(
        application="hearing",
        name="hearing",
        version=VERSION,
        frontend=FRONT_END,
        network=network,
        decision={"floor_db": FLOOR_DB},
        calibration=calibration,
        vectors=make_vectors(network, FLOOR_DB, pcm),
        card=write_card(calibration, NoiseLibrary.load(data_dir, "train"), network, FLOOR_DB),
    )
