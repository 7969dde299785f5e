"""Training from seed to bundle: render, fit, quantise, calibrate, write. Every slow step can be resumed."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.audio import Recording
from acoustic.files import whole_file
from acoustic.model.bundle import Bundle
from acoustic.model.runtime import Network
from acoustic.score import make_missing
from acoustic.statistics import auc
from acoustic.train.quantise import to_int8

from .card import write_card
from .contrast import FRONT_END
from .decision_settings import DecisionSettings
from .examples import CRACK, DOUBTFUL, Examples, real_examples, roast_examples
from .fit_decision import fit_levels, fit_threshold, judge
from .network import INPUT_SCALE, build
from .sessions import real_session, recorded_session, simulate_session, simulate_sessions
from .simulate import TRAIN, NoiseLibrary, simulate_roast
from .vectors import make_vectors

VERSION = "1.0.0"
#: Seconds of PCM among the test vectors.
VECTOR_S = 4.0
#: Stretches rendered to train on, their length, and how many go into one file.
STRETCHES, STRETCH_S, PER_FILE = 1200, 60.0, 30
#: Every so many stretches of a roast, one of real sounds without any coffee.
REAL_EVERY = 6
#: Whole sessions on which the decision is fitted.
SESSIONS = 120
#: Stretches of real noise and speech in which nothing may be declared.
REAL_SESSIONS, REAL_SESSION_S = 12, 600.0
#: The last files are kept for validation: roasts that the network has not seen.
VALIDATION_FILES = 4


def render_examples(work: Path, data: Path, seed: int) -> list[Path]:
    """Render the files of examples that are not there yet; return all of them, in order."""
    work.mkdir(parents=True, exist_ok=True)
    paths = [work / f"examples_{seed}_{index:03d}.npz" for index in range(STRETCHES // PER_FILE)]
    make_missing(partial(_render_file, data, seed), paths, "rendering examples")
    return paths


def _render_file(data: Path, seed: int, path: Path, index: int) -> None:
    noise = NoiseLibrary.load(data, "train")
    parts = []
    for stretch in range(index * PER_FILE, (index + 1) * PER_FILE):
        one = seed * 1_000_000 + stretch
        parts.append(roast_examples(one, TRAIN, noise, STRETCH_S))
        if stretch % REAL_EVERY == 0:
            parts.append(real_examples(one, noise, STRETCH_S))
    examples = Examples.join(parts)
    with whole_file(path) as file:
        np.savez(file, patches=examples.patches, labels=examples.labels)


def load_examples(paths: list[Path]) -> Examples:
    """Read files of examples, without the doubtful ones."""
    parts = []
    for path in paths:
        with np.load(path, allow_pickle=False) as file:
            parts.append(Examples(file["patches"], file["labels"]))
    examples = Examples.join(parts)
    sure = examples.labels != DOUBTFUL
    return Examples(examples.patches[sure], examples.labels[sure])


@dataclass(frozen=True)
class Fitted:
    """The trained network."""

    network: bytes
    """int8 .tflite."""
    auc_float: float
    """Area under the ROC curve over impulses of the validation roasts."""
    auc_int8: float


def fit(paths: list[Path], seed: int, epochs: int = 24) -> Fitted:
    """Train the network on rendered examples and quantise it."""
    import keras

    train, validation = load_examples(paths[:-VALIDATION_FILES]), load_examples(paths[-VALIDATION_FILES:])
    model = build(seed)
    steps = epochs * (len(train.labels) // 512 + 1)
    model.compile(
        optimizer=keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(2e-3, steps), weight_decay=1e-3),
        loss=keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.01),
    )
    is_crack = (train.labels == CRACK).astype(np.float32)
    # Both classes weigh the same: the prior is the decision's business, not the network's.
    weight = np.where(is_crack > 0, 0.5 / is_crack.mean(), 0.5 / (1 - is_crack.mean())).astype(np.float32)
    model.fit(
        to_input(train.patches), is_crack, sample_weight=weight, batch_size=512, epochs=epochs, shuffle=True, verbose=0
    )
    rng = np.random.default_rng(seed)
    some = to_input(train.patches[rng.permutation(len(train.labels))[:1000]])
    # One example that spans the whole range, so that an int8 step of the input is exactly a step of the patches.
    some.reshape(len(some), -1)[0, :2] = -128 * INPUT_SCALE, 127 * INPUT_SCALE
    network = to_int8(model, some)
    truth = validation.labels == CRACK
    return Fitted(
        network,
        auc(model.predict(to_input(validation.patches), batch_size=4096, verbose=0).ravel(), truth),
        auc(Network.from_bytes(network).run(validation.patches[..., None])[0].ravel(), truth),
    )


def to_input(patches: NDArray[np.int8]) -> NDArray[np.float32]:
    """Patches in the float network's unit, (n, 32, 20, 1)."""
    return (patches.astype(np.float32) * np.float32(INPUT_SCALE))[..., None]


def pack(
    network: bytes,
    settings: DecisionSettings,
    calibration: dict[str, Any],
    card: str,
    noise: NoiseLibrary | None,
    seed: int,
) -> Bundle:
    """Put everything into a bundle, with test vectors from a simulated roast."""
    session = simulate_session(network, TRAIN, noise, seed, first_crack=True)
    stretch = simulate_roast(seed, TRAIN, duration_s=VECTOR_S, first_crack=True, noise=noise)
    return Bundle(
        application="roast",
        name="roast",
        version=VERSION,
        frontend=FRONT_END,
        network=network,
        decision=settings.to_dict(),
        calibration=calibration,
        vectors=make_vectors(network, settings, stretch.pcm, session),
        card=card,
    )


def train(work: Path, data: Path, seed: int) -> Bundle:
    """Do everything from seed to bundle.

    Parameters
    ----------
    work : Path
        Folder for what is rendered and fitted on the way; what lies there already is not done again.
    data : Path
        The data root, for the noises and voices that may be trained on.
    seed : int
        Decides every random number.
    """
    paths = render_examples(work, data, seed)
    kept = work / f"network_{seed}.npz"
    if not kept.exists():
        fitted = fit(paths, seed)
        with whole_file(kept) as file:
            network = np.frombuffer(fitted.network, np.uint8)
            np.savez(file, network=network, auc=[fitted.auc_float, fitted.auc_int8])
    with np.load(kept, allow_pickle=False) as file:
        network, (auc_float, auc_int8) = file["network"].tobytes(), file["auc"].tolist()
    sessions = simulate_sessions(work, data, network, TRAIN, seed * 1_000_000 + 500_000, SESSIONS)
    settings = fit_levels(network, sessions)
    noise = NoiseLibrary.load(data, "train")
    real = [real_session(network, noise, seed + index, REAL_SESSION_S) for index in range(REAL_SESSIONS)]
    steady = [Recording(path) for path in sorted((data / "noise" / "kitchen").glob("*.flac"))]
    real += [recorded_session(network, recording.blocks(FRONT_END.rate_hz)) for recording in steady]
    settings = fit_threshold(sessions, real, settings)
    real_h = sum(session.duration_s for session in real) / 3600
    outcome = judge(sessions, settings)
    calibration = {
        "fitted_on": f"{len(sessions)} simulated sessions and {real_h:.1f} h of real noise and speech",
        "simulated_misses": outcome.misses,
        "simulated_false_alarms": outcome.false_alarms,
        "impulse_auc_float": round(auc_float, 4),
        "impulse_auc_int8": round(auc_int8, 4),
        "seed": seed,
    }
    return pack(network, settings, calibration, write_card(calibration, settings, noise), noise, seed)
