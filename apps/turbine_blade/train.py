"""Training from recordings of normal sound to a bundle."""

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from acoustic.audio import Recording
from acoustic.errors import AudioFileError, ParameterError
from acoustic.model.bundle import Bundle
from acoustic.score import score_all
from acoustic.terminal import track

from .card import write_card
from .conditions import Conditions
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
from .summarise import Recipe, Summary, make_summariser, normal_frames
from .vectors import make_vectors

VERSION = "1.0.0"
#: Recordings that the network hears at most; of each an equal share.
NETWORK_RECORDINGS = 400
#: Longest clip, about ten seconds, and the shortest that statistics can be made of.
MOST_STRETCHES, LEAST_STRETCHES = 10, 2
#: Name of a machine whose recordings lie in no folder of their own.
UNNAMED = "machine"

Kind = Literal["turbine", "machine"]


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A bundle, and what became of the recordings."""

    bundle: Bundle
    failed: dict[Path, str]
    """Recordings that could not be used, and why."""
    set_aside: float
    """Share of the sound that the gate set aside."""
    least_rate: float
    """Smallest false-alarm rate that the number of normal clips supports."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the user decides."""

    kind: Kind = "turbine"
    size: Size = "compact"
    conditions: tuple[str, ...] = ()
    clip_s: float | None = None
    """Length of a clip; as long as the recordings, and about ten seconds at most, if not given."""
    false_alarm_rate: float = 0.01
    alarms_per_day: float = 0.1
    seed: int = 1
    name: str = "turbine"
    jobs: int | None = None


def train(recordings: Sequence[Path], known: Mapping[Path, Conditions], settings: Settings) -> Trained:
    """Fit a model to recordings of normal sound.

    Parameters
    ----------
    recordings : sequence of Path
    known : mapping
        Machine, time and conditions of each; those with a known fault are left out.
    settings : Settings

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
    clip_stretches = _clip_stretches(durations, settings.clip_s)
    nuisances = settings.kind == "turbine"
    _, network, usual_shape = fit_network(_sample(usable, nuisances, failed), settings.seed)
    recipe = Recipe(
        layout=Layout(n_bands=FRONT_END.n_mels, size=settings.size),
        network=network,
        usual_shape=usual_shape,
        clip_stretches=clip_stretches,
        nuisances=nuisances,
        rotor=settings.kind == "turbine",
    )
    summaries = _summarise(recipe, [path for path in usable if path not in failed], known, settings.jobs, failed)
    normals = _normals(recipe, summaries, known, vectors)
    rotor = _rotor(summaries, known)
    model = fit_model(
        recipe.layout,
        network,
        usual_shape,
        normals,
        clip_stretches=clip_stretches,
        conditions=settings.conditions,
        nuisances=nuisances,
        rotor=rotor,
        false_alarm_rate=settings.false_alarm_rate,
        alarms_per_day=settings.alarms_per_day,
    )
    clips = sum(len(one.vectors) for one in normals.values())
    heard_s = sum(summary.duration_s for summary in summaries.values())
    aside_s = sum(part.end_s - part.start_s for summary in summaries.values() for part in summary.set_aside)
    calibration = {
        "simulated": any(known[path].simulated for path in summaries),
        "recordings": len(summaries),
        "machines": len(normals),
        "clips": clips,
        "clip_s": round(model.clip_s, 3),
        "hours": round(heard_s / 3600, 3),
        "set_aside": round(aside_s / heard_s, 4),
        "nuisances": nuisances,
        "rotor_readings": sum(map(len, rotor.values())) if model.rotor is not None else 0,
        "seed": settings.seed,
    }
    bundle = pack(model, settings.name, calibration, _test_pcm(next(iter(summaries)), model))
    return Trained(bundle=bundle, failed=failed, set_aside=aside_s / heard_s, least_rate=1 / clips)


def pack(model: TurbineModel, name: str, calibration: dict[str, Any], pcm: NDArray[np.int16]) -> Bundle:
    """Put a model into a bundle, with test vectors from one clip of PCM."""
    return Bundle(
        application=APPLICATION,
        name=name,
        version=VERSION,
        frontend=FRONT_END,
        network=model.network_file,
        decision=model.decision(),
        calibration=calibration,
        vectors={**model.arrays(), **make_vectors(model, pcm)},
        card=write_card(calibration, name=name, own_clips=LEAST_OWN_CLIPS),
    )


def _clip_stretches(durations: Sequence[float], clip_s: float | None) -> int:
    """Length of a clip in stretches: as asked, or what most of the recordings fill."""
    stretch_s = STRETCH_FRAMES * FRONT_END.hop_samples / FRONT_END.rate_hz
    if clip_s is not None:
        wanted = round(clip_s / stretch_s)
    else:
        # A clip may lack a part of its last stretch: recordings of 10.0 s are clips of ten stretches.
        wanted = min(MOST_STRETCHES, int(float(np.median(durations)) / stretch_s + 0.5))
    if wanted < LEAST_STRETCHES:
        raise ParameterError(
            f"clips must last {LEAST_STRETCHES * stretch_s:.1f} s or more; half of these recordings are shorter than "
            f"{float(np.median(durations)):.1f} s"
        )
    return wanted


def _sample(paths: Sequence[Path], nuisances: bool, failed: dict[Path, str]) -> list[Steps]:
    """Frames for the network, evenly from many recordings."""
    chosen = paths[:: -(-len(paths) // NETWORK_RECORDINGS)]
    runs = []
    for path in track(chosen, "listening", len(chosen)):
        try:
            runs += normal_frames(path, MOST_FRAMES // len(chosen), nuisances=nuisances)
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
    rpm = {path: known[path].rpm for path in paths}
    outcomes = score_all(paths, partial(make_summariser, recipe, rpm), jobs or min(len(paths), os.cpu_count() or 1))
    summaries = {}
    for outcome in track(outcomes, "summarising", len(paths)):
        if outcome.result is None:
            failed[outcome.path] = f"{outcome.error}"
        else:
            summaries[outcome.path] = outcome.result
    return summaries


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
    n_samples = model.clip_stretches * STRETCH_FRAMES * FRONT_END.hop_samples
    return next(iter(Recording(path).blocks(FRONT_END.rate_hz, n_samples)))
