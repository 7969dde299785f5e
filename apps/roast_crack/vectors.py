"""Test vectors: what goes in and what must come out at every stage, for whoever runs the bundle elsewhere."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import BundleError
from acoustic.model.bundle import Bundle

from .chain import as_heard
from .contrast import FRONT_END, ContrastStream
from .decision import Decision, FirstCrackEnd
from .decision_settings import DecisionSettings
from .impulses import ImpulseFinder
from .network import CrackNetwork
from .sessions import Session

Vectors = Mapping[str, NDArray[Any]]


def make_vectors(network: bytes, settings: DecisionSettings, pcm: NDArray[np.int16], session: Session) -> Vectors:
    """Run every stage: a few seconds of PCM up to the log-odds, and a whole session's impulses up to the events."""
    impulses: Vectors = {
        "impulse_frame": session.frame.astype(np.int32),
        "impulse_logit": session.logit,
        "impulse_busy": session.busy,
        "impulse_clipped": session.clipped,
    }
    return {"pcm": pcm, **impulses, **_sound(network, pcm), **_events(settings, impulses)}


def with_decision(bundle: Bundle, settings: DecisionSettings) -> Bundle:
    """Return the bundle with another decision, and with the test vectors that follow from it."""
    return bundle.replace(decision=settings.to_dict(), vectors={**bundle.vectors, **_events(settings, bundle.vectors)})


def check_vectors(bundle: Bundle) -> None:
    """Replay the test vectors of a bundle with this machine's arithmetic.

    Raises
    ------
    BundleError
        When a single byte differs; the message names the stage.
    """
    given = bundle.vectors
    try:
        again = {
            **_sound(bundle.network, given["pcm"]),
            **_events(DecisionSettings.from_dict(bundle.decision), given),
        }
    except KeyError as missing:
        raise BundleError(f"bundle {bundle.name}: test vector {missing} is missing") from None
    for stage, values in again.items():
        if stage not in given or given[stage].tobytes() != values.tobytes():
            raise BundleError(f"bundle {bundle.name}: this machine computes another {stage} than the test vectors hold")


def _sound(network: bytes, pcm: NDArray[Any]) -> Vectors:
    contrast, clipped = ContrastStream().push(pcm.astype(np.int16))
    found = ImpulseFinder(FRONT_END.n_mels).push(contrast, clipped)
    return {
        "contrast": contrast,
        "found_frame": found.frame.astype(np.int32),
        "found_patch": found.patches,
        "found_logit": CrackNetwork(network).logits(found.patches),
    }


def _events(settings: DecisionSettings, given: Vectors) -> Vectors:
    decision = Decision(settings)
    columns: list[Any] = [given[f"impulse_{name}"] for name in ("frame", "logit", "busy", "clipped")]
    cracks_s, decided = [], []
    for impulse, is_crack, events in decision.follow(as_heard(*columns)):
        cracks_s += [impulse.t_ms / 1000] * is_crack
        decided += events
    first = decision.first_crack
    told = [first.onset_s, first.decided_s, first.first_pop_s, first.cracks, first.confidence] if first else []
    return {
        "crack_s": np.array(cracks_s, np.float64),
        "first_crack": np.array(told, np.float64),
        "first_crack_end_s": np.array([e.end_s for e in decided if isinstance(e, FirstCrackEnd)], np.float64),
    }
