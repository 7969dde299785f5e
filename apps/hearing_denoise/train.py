"""Training from seed to bundle: mix, learn, quantise, measure, write. Every slow step can be resumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from acoustic.application import Action, Note, Output, Written
from acoustic.datasets import require_root
from acoustic.frontend.enhancement import EnhancementFrontEnd
from acoustic.model.bundle import Bundle
from acoustic.progress import progress
from acoustic.records import About, plain
from acoustic.train.card import fill_card, freesound_numbers

from .evaluation.metrics import require_packages
from .features import FRONT_END
from .learning import Schedule, learn
from .measure import measure
from .mixtures.held_out import held_out_pairs
from .mixtures.noise import MixtureLibrary
from .mixtures.pool import PER_FILE, STRETCH_FRAMES, make_pool
from .model import DenoiserSettings, HearingModel
from .network import to_int8
from .stages import stages

VERSION = "1.0.0"
#: Shares of what each of the two rounds has learnt in the weights that ship: such a mean keeps more of the speech than
#: either round alone (Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022).
SHARES = (0.25, 0.75)
#: Gain that no bin falls below unless the listener says otherwise.
FLOOR_DB = -20.0
#: Length of the test vectors.
VECTORS_S = 2


@dataclass(frozen=True, kw_only=True)
class HearingTrainOptions:
    """How much to train, and where."""

    output: Annotated[Path, About("Bundle to write.", flag="--output -o")] = Path("hearing.bundle")
    work: Annotated[Path, About("Folder for what an interrupted run need not do again.")] = Path("hearing-training")
    seed: Annotated[int, About("Decides every random number.", low=0)] = 1
    files: Annotated[int, About("Mixtures, in files of 13 minutes.", low=1)] = 96
    steps: Annotated[int, About("How long to learn: 17600 take three hours on one core.", low=1)] = 17_600
    rate_hz: Annotated[
        int, About("Sampling rate in Hz that the model is for.", low=8000, high=96_000, flag="--rate")
    ] = FRONT_END.rate_hz


def front_end_at(rate_hz: int) -> EnhancementFrontEnd:
    """Return the front end that ships, at another rate: its windows about as long in seconds.

    >>> front_end_at(48_000).analysis_samples, front_end_at(48_000).latency_ms
    (1024, 10.666666666666666)
    """
    factor = 2.0 ** round(np.log2(rate_hz / FRONT_END.rate_hz))
    sizes = {name: round(factor * getattr(FRONT_END, name)) for name in ("analysis_samples", "synthesis_samples")}
    return EnhancementFrontEnd(rate_hz=rate_hz, hop_samples=round(factor * FRONT_END.hop_samples), **sizes)


def run(options: HearingTrainOptions) -> Iterator[Output]:
    """Train, write the bundle, and say how good it is."""
    front_end = front_end_at(options.rate_hz)
    bundle = train(
        options.work, require_root(), options.seed, files=options.files, steps=options.steps, front_end=front_end
    )
    bundle.save(options.output)
    yield Written(options.output)
    figures = bundle.calibration["means"]
    yield Note(
        f"PESQ-WB, STOI and SI-SDR of {bundle.calibration['mixtures']} held-out mixtures: "
        f"noisy {figures['noisy']}, float {figures['float']}, int8 {figures['int8']}."
    )


TRAIN = Action(
    help="Train a network on speech, noises and rooms mixed by the computer; an interrupted training goes on.\n\n"
    "Example: acoustic hearing train -o mine.bundle --work training",
    options=HearingTrainOptions,
    run=run,
    needs=("tensorflow", "pesq", "pystoi"),
)


def train(
    work: Path,
    data_dir: Path,
    seed: int,
    *,
    files: int,
    steps: int,
    front_end: EnhancementFrontEnd = FRONT_END,
) -> Bundle:
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
    front_end : EnhancementFrontEnd
        What the model hears.

    Raises
    ------
    DataError
        Recordings are missing.
    MissingExtraError
        The packages that measure the result are not installed.
    """
    require_packages()
    # Nothing of another front end is of use.
    work = work / front_end.fingerprint()[:8]
    paths = make_pool(work, data_dir, seed, files, front_end)
    half = (files + 1) // 2
    model: Any = None
    ends: list[Any] = []
    with progress("learning", steps) as advance:
        for number, schedule in enumerate(rounds(steps)):
            own = paths[number * half :][:half] or paths
            state = work / f"progress_{seed}_{number + 1}.npz"
            model = learn(own, state, seed, schedule, advance, front_end, start=model)
            ends.append(model.get_weights())
    model.set_weights([np.average(weights, axis=0, weights=SHARES) for weights in zip(*ends, strict=True)])
    network = to_int8(model)
    calibration = {
        "seed": seed,
        "mixed_hours": round(len(paths) * PER_FILE * STRETCH_FRAMES / front_end.frames_per_second / 3600, 1),
        "steps": steps,
        **measure(model, network, data_dir, front_end, FLOOR_DB, seed=seed),
    }
    settings = DenoiserSettings(floor_db=FLOOR_DB)
    return pack(HearingModel.make(front_end, network, settings), calibration, data_dir, seed)


def rounds(steps: int) -> tuple[Schedule, Schedule]:
    """Share out the steps: the first round learns what speech and noise are, the second to please an ear.

    Each has half of the mixtures. A step of the second goes back through half as many frames.
    """
    first = round(steps * 7 / 22)
    second = Schedule(n_steps=steps - first, rate=2e-3, chunk_frames=200, per_opinion=0.15)
    return Schedule(n_steps=first), second


def pack(model: HearingModel, calibration: dict[str, Any], data_dir: Path, seed: int) -> Bundle:
    """Put everything into a bundle, with test vectors from a held-out mixture."""
    rate_hz = model.front_end.rate_hz
    noisy = next(held_out_pairs(data_dir, seed=seed, n_sentences=1, snr_db=(5.0,), rate_hz=rate_hz)).noisy
    pcm = np.resize(noisy, VECTORS_S * rate_hz)
    return Bundle(
        application="hearing",
        name="hearing",
        version=VERSION,
        frontend=model.front_end,
        network=model.tflite,
        decision=plain(model.decision),
        calibration=calibration,
        vectors={"pcm": pcm, **stages(model, {"pcm": pcm})},
        card=_card(calibration, MixtureLibrary.load(data_dir, "train"), model),
    )


def _card(calibration: dict[str, Any], noise: MixtureLibrary, model: HearingModel) -> str:
    front_end, network = model.front_end, model.network
    table = {**calibration["by_snr"], "mean": calibration["means"]}
    rows = [
        f"| {ratio} | " + " | ".join("{:.2f} / {:.3f} / {:.1f}".format(*one[name]) for name in one) + " |"
        for ratio, one in table.items()
    ]
    return fill_card(
        __package__,
        **calibration,
        rate_khz=front_end.rate_hz / 1000,
        latency_ms=front_end.latency_ms,
        frame_ms=1000 * front_end.analysis_samples / front_end.rate_hz,
        hop_ms=1000 * front_end.hop_samples / front_end.rate_hz,
        synthesis_ms=1000 * front_end.synthesis_samples / front_end.rate_hz,
        n_bands=model.layout.n_bands,
        n_bins=model.layout.n_bins,
        floor_db=model.decision.floor_db,
        weights_kb=network.weight_bytes / 1000,
        mmacs=network.macs * front_end.frames_per_second / 1e6,
        state_bytes=2 * model.units,
        rows="\n".join(rows),
        freesound=freesound_numbers(path for _, path in noise.clips),
    )
