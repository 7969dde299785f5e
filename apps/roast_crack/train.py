"""Training from seed to bundle: render, fit, quantise, calibrate, write. Every slow step can be resumed."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.audio import Recording
from acoustic.files import whole_file
from acoustic.frontend import FrontEnd
from acoustic.model.bundle import Bundle
from acoustic.records import plain
from acoustic.score import make_missing
from acoustic.statistics import auc
from acoustic.train import start_tensorflow
from acoustic.train.card import fill_card, freesound_numbers
from acoustic.train.quantise import to_int8

from .contrast import FRONT_END
from .decision_settings import DecisionSettings
from .examples import CRACK, DOUBTFUL, Examples, real_examples, roast_examples
from .fit_decision import fit_levels, fit_threshold, judge
from .model import check_front_end
from .network import INPUT_SCALE, CrackNetwork, build
from .sessions import real_session, recorded_session, simulate_session, simulate_sessions
from .simulate import TRAIN, NoiseLibrary, simulate_roast
from .stages import SESSION, with_vectors

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


def render_examples(front_end: FrontEnd, work: Path, data: Path, seed: int) -> list[Path]:
    """Render the files of examples that are not there yet; return all of them, in order."""
    work.mkdir(parents=True, exist_ok=True)
    paths = [work / f"examples_{seed}_{index:03d}.npz" for index in range(STRETCHES // PER_FILE)]
    make_missing(partial(_render_file, front_end, data, seed), paths, "rendering examples")
    return paths


def _render_file(front_end: FrontEnd, data: Path, seed: int, path: Path, index: int) -> None:
    noise = NoiseLibrary.load(data, "train")
    parts = []
    for stretch in range(index * PER_FILE, (index + 1) * PER_FILE):
        one = seed * 1_000_000 + stretch
        parts.append(roast_examples(front_end, one, TRAIN, noise, STRETCH_S))
        if stretch % REAL_EVERY == 0:
            parts.append(real_examples(front_end, one, noise, STRETCH_S))
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

    network: CrackNetwork
    auc_float: float
    """Area under the ROC curve over impulses of the validation roasts."""
    auc_int8: float


def fit(paths: list[Path], seed: int, epochs: int = 24) -> Fitted:
    """Train the network on rendered examples and quantise it."""
    start_tensorflow()
    import keras

    train, validation = load_examples(paths[:-VALIDATION_FILES]), load_examples(paths[-VALIDATION_FILES:])
    n_mels = train.patches.shape[2]
    model = build(seed, n_mels)
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
    network = CrackNetwork(to_int8(model, some), n_mels)
    truth = validation.labels == CRACK
    return Fitted(
        network,
        auc(model.predict(to_input(validation.patches), batch_size=4096, verbose=0).ravel(), truth),
        auc(network.logits(validation.patches), truth),
    )


def to_input(patches: NDArray[np.int8]) -> NDArray[np.float32]:
    """Patches in the float network's unit, (n, 32, n_mels, 1)."""
    return (patches.astype(np.float32) * np.float32(INPUT_SCALE))[..., None]


def pack(
    front_end: FrontEnd,
    network: CrackNetwork,
    settings: DecisionSettings,
    calibration: dict[str, Any],
    card: str,
    noise: NoiseLibrary | None,
    seed: int,
) -> Bundle:
    """Put everything into a bundle, with test vectors from a simulated roast."""
    session = simulate_session(front_end, network, TRAIN, noise, seed, first_crack=True)
    stretch = simulate_roast(seed, TRAIN, VECTOR_S, first_crack=True, noise=noise, rate_hz=front_end.rate_hz)
    impulses = (session.frame.astype(np.int32), session.logit, session.busy, session.clipped)
    bundle = Bundle(
        application="roast",
        name="roast",
        version=VERSION,
        frontend=front_end,
        network=network.tflite,
        decision=plain(settings),
        calibration=calibration,
        vectors={"pcm": stretch.pcm, **dict(zip(SESSION, impulses, strict=True))},
        card=card,
    )
    return with_vectors(bundle)


def train(work: Path, data: Path, seed: int, front_end: FrontEnd = FRONT_END) -> Bundle:
    """Do everything from seed to bundle.

    Parameters
    ----------
    work : Path
        Folder for what is rendered and fitted on the way; what lies there already is not done again.
    data : Path
        The data root, for the noises and voices that may be trained on.
    seed : int
        Decides every random number.
    front_end : FrontEnd
        What the model is to hear.

    Raises
    ------
    ParameterError
        When cracks cannot be heard with the front end, or no threshold keeps real noise quiet.
    """
    check_front_end(front_end)
    work = work / front_end.fingerprint()[:8]
    paths = render_examples(front_end, work, data, seed)
    network, auc_float, auc_int8 = _fitted(work / f"network_{seed}.npz", paths, seed, front_end.n_mels)
    sessions = simulate_sessions(work, data, front_end, network, TRAIN, seed * 1_000_000 + 500_000, SESSIONS)
    settings = fit_levels(network, sessions)
    noise = NoiseLibrary.load(data, "train")
    real = [real_session(front_end, network, noise, seed + index, REAL_SESSION_S) for index in range(REAL_SESSIONS)]
    steady = [Recording(path) for path in sorted((data / "noise" / "kitchen").glob("*.flac"))]
    real += [recorded_session(front_end, network, recording.blocks(front_end.rate_hz)) for recording in steady]
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
    return pack(front_end, network, settings, calibration, _card(calibration, settings, noise), noise, seed)


def _fitted(kept: Path, paths: list[Path], seed: int, n_mels: int) -> tuple[CrackNetwork, float, float]:
    """Return the network with its AUC in float and int8; train it unless that was done already."""
    if not kept.exists():
        fitted = fit(paths, seed)
        with whole_file(kept) as file:
            tflite = np.frombuffer(fitted.network.tflite, np.uint8)
            np.savez(file, network=tflite, auc=[fitted.auc_float, fitted.auc_int8])
    with np.load(kept, allow_pickle=False) as file:
        auc_float, auc_int8 = file["auc"].tolist()
        return CrackNetwork(file["network"].tobytes(), n_mels), auc_float, auc_int8


def _card(calibration: dict[str, Any], settings: DecisionSettings, noise: NoiseLibrary) -> str:
    clips = freesound_numbers((*noise.impulsive, *noise.beds, *noise.rooms))
    return fill_card(__package__, **calibration, threshold=settings.threshold, freesound=clips)
