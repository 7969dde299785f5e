"""Every stage of the application's arithmetic, named: for test vectors, the proof of an export, and whoever checks."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .chain import Alarm, Event, Judged, RotorRead, Skipped, TurbineChain
from .clips import Frames
from .gate import Stretch, rules
from .scorer.features import StretchSums
from .scorer.model import TurbineModel, Usual
from .scorer.persistence import choice_for

Array = NDArray[Any]
FIRMWARE = ("features", "scores", "events")
"""Stages that the device traces, in the order of their numbers."""
#: Kinds of events, as the C numbers them.
SET_ASIDE, CLIP, SKIPPED, ALARM, OVER = range(5)


def stages(model: TurbineModel, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Compute every stage of what is given.

    Parameters
    ----------
    model : TurbineModel
    inputs : mapping
        ``test_pcm``, int16 (n,): one clip, judged as one of a machine never heard. ``pcm``, int16 (n,): a recording,
        judged as the device does.

    Returns
    -------
    dict
        Of ``test_pcm``: ``test_steps`` (int16 frames), ``test_sums`` (int64, one row per stretch), ``test_features``
        (int16), ``test_distance`` and ``test_surprise`` (int64). Of ``pcm``: what the device traces, `FIRMWARE`.

    Raises
    ------
    KeyError
        When there is neither.
    """
    results: dict[str, Array] = {}
    if "pcm" in inputs:
        results |= device_stages(model, inputs["pcm"], model.usual(None))
    if "test_pcm" in inputs or not results:
        results |= clip_stages(model, inputs["test_pcm"])
    return results


def clip_stages(model: TurbineModel, pcm: Array) -> dict[str, Array]:
    """Compute the stages of one clip, judged as one of a machine never heard: the test vectors of a bundle."""
    steps, _ = Frames(model.front_end).push(pcm)
    stream = StretchSums(model.layout, model.network)
    sums = np.concatenate([stream.push(steps), stream.flush()])
    features = model.layout.features(sums.sum(axis=0)[None])
    conditions = model.clips.head.mean[None, features.shape[1] :]  # the usual ones
    vectors = np.concatenate([features, conditions], axis=1)
    distance, surprise = model.clips.judge(vectors, model.usual("").clips, (len(steps), model.clip_frames))
    return {
        "test_steps": steps,
        "test_sums": sums,
        "test_features": features,
        "test_distance": distance,
        "test_surprise": surprise,
    }


def device_stages(model: TurbineModel, pcm: Array, usual: Usual) -> dict[str, Array]:
    """Compute what the device traces of a recording of a machine, in unknown conditions."""
    chain = TurbineChain(model, usual, None, choice_for(model).persistence)
    return traced([*chain.push(pcm), *chain.flush()])


def traced(events: Iterable[Event]) -> dict[str, Array]:
    """Return what a chain decided as the device traces it.

    Returns
    -------
    dict
        ``features`` int16 (n_clips, d + k), ``scores`` (n_clips,) of distance and surprise, ``events`` int32
        (n_events, 7): kind, reason, first frame, frame behind the last, frames kept, surprise, unusual clips.
    """
    features, scores, rows = [], [], []
    end_frame = 0
    for event in events:
        match event:
            case Alarm():
                rows.append((OVER if event.over else ALARM, 0, end_frame, end_frame, 0, 0, event.unusual))
            case Judged() | Skipped():
                parts = event.clip.stretches if isinstance(event, Judged) else event.stretches
                rows += [_set_aside(stretch) for stretch in parts if stretch.reason is not None]
                start_frame, end_frame = parts[0].start_frame, parts[-1].stop_frame
                kept = sum(stretch.stop_frame - stretch.start_frame for stretch in parts if stretch.reason is None)
                if isinstance(event, Skipped):
                    rows.append((SKIPPED, 0, start_frame, end_frame, kept, 0, 0))
                    continue
                judgement = event.judgement
                features.append(judgement.vector)
                scores.append((judgement.distance, judgement.surprise))
                rows.append((CLIP, 0, start_frame, end_frame, kept, judgement.surprise, 0))
            case RotorRead():  # read on a PC or a gateway
                pass
    return {
        "features": np.array(features, "<i2"),
        "scores": np.array(scores, [("distance", "<i8"), ("surprise", "<i4")]),
        "events": np.array(rows, "<i4"),
    }


def _set_aside(stretch: Stretch) -> tuple[int, int, int, int, int, int, int]:
    assert stretch.reason is not None
    return (SET_ASIDE, 1 + rules.REASONS.index(stretch.reason), stretch.start_frame, stretch.stop_frame, 0, 0, 0)
