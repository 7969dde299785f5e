"""One recording through the chain."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from acoustic.audio import Recording
from acoustic.errors import AudioFileError, ParameterError
from acoustic.model.bundle import Bundle
from acoustic.statistics import combined_p_value

from .chain import Event, Judged, Skipped, TurbineChain, is_enough
from .conditions import Conditions
from .gate import Stretch, set_aside
from .report import Moment, Score
from .scorer.calibration import STEPS
from .scorer.features import FRONT_END
from .scorer.model import TurbineModel, Usual

#: Larger blocks are faster, and give the same scores.
BLOCK_S = 30.0
#: A second stands out from here on, in standard deviations of normal ones.
LEAST_Z = 3.0
#: The most moments that are told of one recording.
MOST_MOMENTS = 20


def load_model(name: str) -> TurbineModel:
    """Load a bundle, a shipped one by name or a file, and read the model in it.

    Raises
    ------
    BundleError
        If it is damaged, for another application, or for another front end.
    """
    return TurbineModel.from_bundle(Bundle.load(name))


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is known of a recording that is to be scored."""

    conditions: Conditions = Conditions()
    picture: Path | None = None


def score_recording(
    model: TurbineModel,
    false_alarm_rate: float,
    baselines: Callable[[str | None], Usual],
    tasks: Mapping[Path, Task],
    path: Path,
) -> Score:
    """Score one recording, and draw it where its task has a place for the picture.

    Parameters
    ----------
    model : TurbineModel
    false_alarm_rate : float
        Share of normal recordings that may be called anomalous.
    baselines : callable
        Gives what is usual for a machine by its name.
    tasks : mapping
        What is known of each recording.
    path : Path

    Raises
    ------
    AudioFileError
        If it cannot be read, or is too short to judge.
    AcousticError
        If a condition that the model judges under is not known, or the picture cannot be written.
    """
    task, recording = tasks.get(path, Task()), Recording(path)
    usual = baselines(task.conditions.machine)
    chain = TurbineChain(model, usual, task.conditions, rotor=model.rotor is not None)
    painter = None
    if task.picture is not None:
        from .pictures.recording import Painter

        painter = Painter(model, usual)
    events: list[Event] = []
    n_samples = 0
    for block in recording.blocks(FRONT_END.rate_hz, round(BLOCK_S * FRONT_END.rate_hz)):
        events += chain.push(block)
        if painter is not None:
            painter.push(block)
        n_samples += len(block)
    events += chain.flush()
    if not is_enough(model, FRONT_END.n_frames(n_samples)):
        raise AudioFileError(
            f"{path}: too short to judge: {n_samples / FRONT_END.rate_hz:.1f} s, and this model judges clips of "
            f"{model.clip_s:.0f} s. Record for longer, or train a model on clips as short as these."
        )
    score = summarise(
        str(path),
        events,
        chain,
        task.conditions,
        duration_s=n_samples / FRONT_END.rate_hz,
        false_alarm_rate=false_alarm_rate,
        warnings=recording.warnings,
    )
    if painter is not None and task.picture is not None:
        painter.save(score, task.picture)
    return score


def summarise(
    file: str,
    events: list[Event],
    chain: TurbineChain,
    conditions: Conditions,
    *,
    duration_s: float,
    false_alarm_rate: float,
    warnings: tuple[str, ...],
) -> Score:
    """Make one score of all that was decided about a recording.

    The p-values of its clips, and that of its rotor where the model can judge it, are combined into one.
    """
    if not 0.0 < false_alarm_rate < 1.0:
        raise ParameterError(f"the false-alarm rate must be between 0 and 1, not {false_alarm_rate:g}")
    judged = [event for event in events if isinstance(event, Judged)]
    reading = None if chain.rotor is None else chain.rotor.reading()
    rotor_p = _rotor_p_value(chain) if reading is not None and judged else None
    p = None
    if judged:
        p = combined_p_value([event.judgement.p_value for event in judged])
        if rotor_p is not None:
            p = combined_p_value([p, rotor_p])
    most = max(judged, key=lambda event: event.judgement.surprise, default=None)
    usual, level_db = chain.usual, None
    if judged:
        level_db = float(np.mean([event.judgement.level_db for event in judged]))
    level_z = None
    if level_db is not None and usual.level_db is not None:
        level_z = (level_db - usual.level_db) / usual.level_sd_db
    score = None if p is None else float(-np.log10(max(p, 1e-300)))
    threshold = float(-np.log10(false_alarm_rate))
    return Score(
        file=file,
        machine=conditions.machine,
        start=conditions.start,
        duration_s=duration_s,
        score=score,
        p_value=p,
        anomalous=None if score is None else score >= threshold,
        threshold=threshold,
        bands=() if most is None else most.judgement.bands,
        when=_moments(judged),
        rotor=reading,
        rotor_p_value=rotor_p,
        no_rotor=None if chain.rotor is None or reading is not None else chain.rotor.reason(),
        set_aside=tuple(set_aside(_stretches(events), FRONT_END)),
        clips=len(judged),
        clip_scores=tuple((e.clip.start_s, e.clip.end_s, e.judgement.surprise / STEPS) for e in judged),
        level_db=level_db,
        level_z=level_z,
        known=usual.clips.own_clips,
        warnings=(*warnings, *_unknown(chain)),
    )


def _unknown(chain: TurbineChain) -> Iterator[str]:
    """Say so when the machine was never heard."""
    if chain.usual.clips.own_clips:
        return
    clips = chain.model.clips
    if clips.first_surprise is None:
        yield (
            f"the machine is not known and the model knows only {len(clips.machines)}: its p-value is of no use until "
            "the machine has a baseline (acoustic turbine baseline add)"
        )
    else:
        yield "the machine is not known: judged by what machines are like on the whole"


def _rotor_p_value(chain: TurbineChain) -> float | None:
    """How unusual the rotor's orders are for the machine, where the model knows what is usual."""
    channel, usual = chain.model.rotor, chain.usual.rotor
    if channel is None or usual is None or chain.rotor is None or (vector := chain.rotor.vector()) is None:
        return None
    _, surprise = channel.judge(vector[None], usual)
    return float(10.0 ** (-int(surprise[0]) / STEPS))


def _stretches(events: list[Event]) -> list[Stretch]:
    stretches: list[Stretch] = []
    for event in events:
        if isinstance(event, Judged):
            stretches += event.clip.stretches
        elif isinstance(event, Skipped):
            stretches += event.stretches
    return stretches


def _moments(judged: list[Judged]) -> tuple[Moment, ...]:
    """Join seconds in a row that stand out; the most outstanding ones, in order of time."""
    hop_s = FRONT_END.hop_samples / FRONT_END.rate_hz
    found: list[Moment] = []
    for event in judged:
        for stretch, z in zip(event.clip.kept, event.judgement.stretch_z, strict=True):
            if z < LEAST_Z:
                continue
            start_s, end_s = stretch.start_frame * hop_s, stretch.stop_frame * hop_s
            if found and found[-1].end_s == start_s:
                last = found.pop()
                start_s, z = last.start_s, max(z, last.z)
            found.append(Moment(start_s=start_s, end_s=end_s, z=z))
    most = sorted(found, key=lambda moment: -moment.z)[:MOST_MOMENTS]
    return tuple(sorted(most, key=lambda moment: moment.start_s))


def make_scorer(
    bundle_name: str,
    false_alarm_rate: float | None,
    store: Path | None,
    tasks: Mapping[Path, Task],
) -> Callable[[Path], dict[str, Any]]:
    """Return the scorer of recordings, see :func:`score_recording`, as plain records for `acoustic.score.score_all`."""
    from .baselines import Baselines

    model = load_model(bundle_name)
    rate = model.false_alarm_rate if false_alarm_rate is None else false_alarm_rate
    baselines = model.usual if store is None else Baselines(store).usual_for(model)
    return partial(_record, partial(score_recording, model, rate, baselines, tasks))


def _record(score: Callable[[Path], Score], path: Path) -> dict[str, Any]:
    return score(path).to_dict()
