"""Training from recordings of normal sound to a bundle."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from acoustic.application import Action, Note, Output, Record, Written
from acoustic.audio import Recording, find_recordings
from acoustic.errors import AudioFileError, ParameterError
from acoustic.frontend import FrontEnd
from acoustic.model.bundle import Bundle
from acoustic.progress import track
from acoustic.records import About, plain
from acoustic.score.processes import attempt_all
from acoustic.train.card import fill_card

from .conditions import Condition, Conditions, Table, known_in
from .epoch import LEAST_OWN_CLIPS
from .scorer.features import FRONT_END, STRETCH_FRAMES, Layout, Size, Steps
from .scorer.fit import (
    LEAST_ROTOR_READINGS,
    MOST_FRAMES,
    STRETCH_SAMPLE,
    Normals,
    fit_model,
    fit_network,
)
from .scorer.model import APPLICATION, TurbineModel
from .stages import clip_stages
from .summarise import Recipe, Summary, normal_frames, summarise_recording

VERSION = "1.0.0"
#: Recordings that the network hears at most; of each an equal share.
NETWORK_RECORDINGS = 400
#: Longest clip unless asked for, and the fewest stretches that statistics can be made of.
MOST_CLIP_S, LEAST_STRETCHES = 10.24, 2
#: Share of set-aside sound from which on it is worth a word.
MUCH_SET_ASIDE = 0.2
#: Name of a machine whose recordings lie in no folder of their own.
UNNAMED = "machine"

Kind = Literal["turbine", "machine"]


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A bundle, and what became of the recordings."""

    bundle: Bundle
    failed: dict[Path, str]
    """Recordings that could not be used, and why."""
    clipless: dict[Path, str]
    """Recordings that were heard and gave no clip, and why."""
    set_aside: float
    """Share of the sound that the gate set aside."""
    least_rate: float
    """Smallest false-alarm rate that the number of normal clips supports."""


SizeName = Annotated[Size, About("compact: about 64 kB; full: about 110 kB, a little surer.")]
Seed = Annotated[int, About("Decides every random number.", low=0)]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What decides a model beside the recordings."""

    kind: Annotated[
        Kind, About("turbine: set weather and surroundings aside, follow a rotor; machine: any fan, pump or motor.")
    ] = "turbine"
    size: SizeName = "compact"
    conditions: Annotated[
        tuple[Condition, ...],
        About("Judge under this column of the table: wind_m_s, rpm; may be repeated.", flag="--condition"),
    ] = ()
    clip_s: Annotated[
        float | None,
        About("Seconds that are judged at a time; default: about 10.", low=2, high=60, flag="--clip"),
    ] = None
    false_alarm_rate: Annotated[
        float, About("Share of normal recordings that may be called anomalous.", low=1e-9, high=0.5)
    ] = 0.01
    false_alarms_per_day: Annotated[float, About("When listening.", low=1e-6, high=1e6)] = 0.1
    name: Annotated[str | None, About("Name of the model; default: the output's.")] = None
    seed: Seed = 1
    jobs: Annotated[int | None, About("Recordings read at the same time; default: one for each core.", low=1)] = None


def train(
    recordings: Sequence[Path],
    known: Mapping[Path, Conditions],
    settings: Settings,
    front_end: FrontEnd = FRONT_END,
) -> Trained:
    """Fit a model to recordings of normal sound.

    Parameters
    ----------
    recordings : sequence of Path
    known : mapping
        Machine, time and conditions of each; those with a known fault are left out.
    settings : Settings
    front_end : FrontEnd
        What the model hears.

    Raises
    ------
    AudioFileError
        When no recording can be used.
    ParameterError
        When there is too little sound, or a condition is not known.
    """
    failed = {path: f"left out: it has a known fault ({known[path].fault})" for path in recordings if known[path].fault}
    usable, durations = [], []
    for path in sorted(set(recordings) - set(failed), key=lambda p: (known[p].machine or "", known[p].start or "", p)):
        try:
            durations.append(Recording(path).duration_s)
        except AudioFileError as error:
            failed[path] = str(error)
            continue
        usable.append(path)
    if not usable:
        reasons = "".join(f"\n{reason}" for reason in failed.values())
        raise AudioFileError(f"None of the {len(recordings)} recordings can be trained on.{reasons}")
    vectors = {path: known[path].vector(settings.conditions) for path in usable}
    clip_stretches = _clip_stretches(front_end, durations, settings.clip_s)
    nuisances = settings.kind == "turbine"
    _, network, usual_shape = fit_network(_sample(front_end, usable, nuisances, failed), settings.seed)
    recipe = Recipe(
        front_end=front_end,
        layout=Layout(n_bands=front_end.n_mels, size=settings.size),
        network=network,
        usual_shape=usual_shape,
        clip_stretches=clip_stretches,
        nuisances=nuisances,
        rotor=settings.kind == "turbine",
    )
    summaries = _summarise(recipe, [path for path in usable if path not in failed], known, settings.jobs, failed)
    clipless = _clipless(summaries)
    normals = _normals(recipe, summaries, known, vectors)
    rotor = _rotor(summaries, known)
    model = fit_model(
        front_end,
        recipe.layout,
        network,
        usual_shape,
        normals,
        clip_stretches=clip_stretches,
        conditions=settings.conditions,
        nuisances=nuisances,
        rotor=rotor,
        false_alarm_rate=settings.false_alarm_rate,
        alarms_per_day=settings.false_alarms_per_day,
    )
    clips = sum(len(one.vectors) for one in normals.values())
    heard_s = sum(summary.duration_s for summary in summaries.values())
    aside_s = sum(part.end_s - part.start_s for summary in summaries.values() for part in summary.set_aside)
    calibration = {
        "simulated": any(known[path].simulated for path in summaries),
        "recordings": len(summaries) - len(clipless),
        "machines": len(normals),
        "clips": clips,
        "clip_s": round(model.clip_s, 3),
        "hours": round(heard_s / 3600, 3),
        "set_aside": round(aside_s / heard_s, 4),
        "nuisances": nuisances,
        "rotor_readings": sum(map(len, rotor.values())) if model.rotor is not None else 0,
        "seed": settings.seed,
    }
    bundle = pack(model, settings.name or APPLICATION, calibration, _test_pcm(next(iter(summaries)), model))
    return Trained(bundle=bundle, failed=failed, clipless=clipless, set_aside=aside_s / heard_s, least_rate=1 / clips)


def pack(model: TurbineModel, name: str, calibration: dict[str, Any], pcm: NDArray[np.int16]) -> Bundle:
    """Put a model into a bundle, with test vectors from one clip of PCM."""
    return Bundle(
        application=APPLICATION,
        name=name,
        version=VERSION,
        frontend=model.front_end,
        network=model.network_file,
        decision=plain(model.decision()),
        calibration=calibration,
        vectors={**model.arrays(), "test_pcm": pcm, **clip_stages(model, pcm)},
        card=_card(calibration, name),
    )


def _clip_stretches(front_end: FrontEnd, durations: Sequence[float], clip_s: float | None) -> int:
    """Length of a clip in stretches: as asked, or what most of the recordings fill."""
    stretch_s = STRETCH_FRAMES * front_end.hop_samples / front_end.rate_hz
    if clip_s is not None:
        wanted = round(clip_s / stretch_s)
    else:
        # A clip may lack a part of its last stretch: recordings of 10.0 s are clips of ten stretches.
        most = round(MOST_CLIP_S / stretch_s)
        wanted = min(most, int(float(np.median(durations)) / stretch_s + 0.5))
    if wanted < LEAST_STRETCHES:
        raise ParameterError(
            f"clips must last {LEAST_STRETCHES * stretch_s:.1f} s or more, and each lies within one recording; half of "
            f"these last {float(np.median(durations)):.1f} s or less: join those of one session to longer ones"
        )
    return wanted


def _sample(front_end: FrontEnd, paths: Sequence[Path], nuisances: bool, failed: dict[Path, str]) -> list[Steps]:
    """Frames for the network, evenly from many recordings."""
    chosen = paths[:: -(-len(paths) // NETWORK_RECORDINGS)]
    runs = []
    for path in track(chosen, "listening", len(chosen)):
        try:
            runs += normal_frames(front_end, path, MOST_FRAMES // len(chosen), nuisances=nuisances)
        except AudioFileError as error:
            failed[path] = str(error)
    return runs


def _summarise(
    recipe: Recipe,
    paths: Sequence[Path],
    known: Mapping[Path, Conditions],
    jobs: int | None,
    failed: dict[Path, str],
) -> dict[Path, Summary]:
    """Summarise all recordings on several cores."""
    rpm = {path: known[path].rpm for path in paths if known[path].rpm is not None and recipe.rotor}
    attempts = attempt_all(partial(summarise_recording, recipe, rpm), paths, jobs)
    summaries = {}
    for outcome in track(attempts, "summarising", len(paths)):
        if outcome.result is None:
            failed[outcome.path] = f"{outcome.error}"
        else:
            summaries[outcome.path] = outcome.result
    return summaries


def _clipless(summaries: Mapping[Path, Summary]) -> dict[Path, str]:
    """Say of each recording that gives no clip why that is."""
    return {
        path: "gives no clip: " + (", ".join(sorted({part.reason for part in summary.set_aside})) or "too short")
        for path, summary in summaries.items()
        if not len(summary.clips)
    }


def _normals(
    recipe: Recipe,
    summaries: Mapping[Path, Summary],
    known: Mapping[Path, Conditions],
    vectors: Mapping[Path, NDArray[np.int16]],
) -> dict[str, Normals]:
    """Gather the clips of each machine in order of time."""
    of_machine: dict[str, list[Path]] = defaultdict(list)
    for path, summary in summaries.items():
        if len(summary.clips):
            of_machine[known[path].machine or UNNAMED].append(path)
    normals = {}
    for machine, paths in of_machine.items():
        counts = [len(summaries[path].clips) for path in paths]
        first_clip = np.cumsum([0, *counts[:-1]]).tolist()
        some = range(0, len(paths), max(1, len(paths) // STRETCH_SAMPLE))
        normals[machine] = Normals.of_sums(
            recipe.layout,
            np.concatenate([summaries[path].clips for path in paths]),
            [vectors[path] for path in paths for _ in summaries[path].clips],
            {first_clip[number]: summaries[paths[number]].stretches for number in some},
        )
    if not normals:
        raise ParameterError(
            "nothing is left to train on: the recordings are too short, or all of their sound was set aside. For a "
            "machine other than a turbine try --kind machine"
        )
    return normals


def _rotor(summaries: Mapping[Path, Summary], known: Mapping[Path, Conditions]) -> dict[str, NDArray[np.int16]]:
    """Gather the readings of each machine's rotor in order of time."""
    readings: dict[str, list[NDArray[np.int16]]] = defaultdict(list)
    for path, summary in summaries.items():
        if summary.rotor is not None:
            readings[known[path].machine or UNNAMED].append(summary.rotor)
    if sum(map(len, readings.values())) < LEAST_ROTOR_READINGS:
        return {}
    return {machine: np.stack(rows) for machine, rows in readings.items()}


def _test_pcm(path: Path, model: TurbineModel) -> NDArray[np.int16]:
    """Read one clip of a recording."""
    n_samples = model.clip_stretches * STRETCH_FRAMES * model.front_end.hop_samples
    return next(iter(Recording(path).blocks(model.front_end.rate_hz, n_samples)))


@dataclass(frozen=True, kw_only=True)
class TurbineTrainOptions(Settings):
    """What to train on, and where the model goes."""

    paths: Annotated[tuple[Path, ...], About("Recordings, or folders of them.", argument=True, metavar="PATH...")]
    output: Annotated[Path, About("Bundle to write.", flag="--output -o")] = Path("turbine.bundle")
    table: Table = None


def run(options: TurbineTrainOptions) -> Iterator[Output]:
    """Train a model, and say what it was made of."""
    files = find_recordings(options.paths)
    known = known_in(options.table, files, options.paths)
    trained = train(files, known, replace(options, name=options.name or options.output.stem))
    trained.bundle.save(options.output)
    figures = trained.bundle.calibration
    yield Record({**figures, "failed": len(trained.failed), "bundle": str(options.output)})
    yield Note(
        f"{figures['clips']} clips of {figures['clip_s']:.1f} s from {figures['machines']} machine(s), "
        f"{figures['hours']:.2f} h, {figures['set_aside']:.1%} set aside."
    )
    if trained.set_aside > MUCH_SET_ASIDE and options.kind == "turbine":
        yield Note(
            "Much of the sound was taken for weather or surroundings: for a machine that is no turbine, --kind machine."
        )
    if options.false_alarm_rate < trained.least_rate:
        yield Note(
            f"With so few clips nothing rarer than {trained.least_rate:.2%} was ever seen: a rate of "
            f"{options.false_alarm_rate:.2%} is an extrapolation."
        )
    yield Written(options.output)
    for path, reason in trained.clipless.items():
        yield Note(f"{path}: {reason}")
    for path, reason in trained.failed.items():
        yield Note(reason if reason.startswith(str(path)) else f"{path}: {reason}", trouble=True)
    if trained.failed:
        yield Note(f"{len(trained.failed)} of {len(files)} recordings were not used; the others were.", trouble=True)


def _card(calibration: dict[str, Any], name: str) -> str:
    simulated = calibration["simulated"]
    how_rotor = "For rotors, also how the three blades differ from one another, once and twice a revolution."
    no_turbine = (
        "It has heard no real turbine: its p-values hold for the simulator, and the command `acoustic turbine train` "
        "makes a model from real recordings. "
    )
    return fill_card(
        __package__,
        **calibration,
        name=name,
        own_clips=LEAST_OWN_CLIPS,
        how=how_rotor if calibration["rotor_readings"] else "It looks for no rotor.",
        provenance="Simulated sound only; no real machine was heard" if simulated else "Recordings of the user's own",
        limits=no_turbine if simulated else "",
        gate="were set aside" if calibration["nuisances"] else "were not set aside, only clipping and silence",
    )


TRAIN = Action(
    help="Train a model from recordings of normal sound; a folder for each machine, if there are several.\n\n"
    "Example: acoustic turbine train healthy/ -o mine.bundle --table conditions.csv",
    options=TurbineTrainOptions,
    run=run,
    needs=("tensorflow",),
)
