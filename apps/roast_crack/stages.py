"""Every stage of the chain, from named inputs: for test vectors, for the proof of an export, and to check a machine."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from acoustic.model.bundle import Bundle
from acoustic.records import plain

from .chain import Crack, Event, RoastChain, as_heard
from .contrast import ContrastStream
from .decision import Decision, FirstCrack, FirstCrackEnd, to_ms
from .decision_settings import DecisionSettings
from .impulses import ImpulseFinder, Impulses
from .model import RoastModel, read
from .network import SCORE_STEPS

Array = NDArray[Any]

#: Stages that the C traces, in the order of their numbers.
TRACED = ("contrast", "impulses", "logits", "events")
#: Inputs of the decision: the impulses of a whole session.
SESSION = ("impulse_frame", "impulse_logit", "impulse_busy", "impulse_clipped")
#: Stages whose values a bundle holds as test vectors.
STORED = ("contrast", "found_frame", "found_patch", "found_logit", "crack_s", "first_crack", "first_crack_end_s")
#: No session lasts more frames: hours.
MOST_FRAMES = 1 << 23


def stages(model: RoastModel, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Compute every stage with whatever backend is chosen.

    Parameters
    ----------
    model : RoastModel
    inputs : mapping
        ``pcm``, int16 (n,) at the model's rate; and, where the decision is to be followed over a whole session, its
        impulses: ``impulse_frame`` (int32), ``impulse_logit`` (int8), ``impulse_busy`` and ``impulse_clipped`` (int32),
        each (m,).

    Returns
    -------
    dict
        Of ``pcm``: ``contrast``, int16 (n_frames, n_mels) in 1/256 dB; ``impulses``, int8, as the C traces each: its
        frame, excess, busy and clipped frames (int32), then its patch; ``logits``, int8 (k,); ``events``, uint32
        (l, 6), as the C gives them; ``found_frame``, ``found_patch`` and ``found_logit``: the impulses that are judged
        before the end of the recording. Of a session: ``crack_s`` and ``first_crack_end_s``, float64, and
        ``first_crack``, float64: onset, decision, first pop, cracks and confidence, or nothing.

    Raises
    ------
    KeyError
        When an input is missing.
    ParameterError
        When one has another type or shape.
    """
    pcm = np.asarray(inputs["pcm"])
    contrast, clipped = ContrastStream(model.front_end).push(pcm)
    finder, chain = ImpulseFinder(model.front_end.n_mels), RoastChain(model)
    found, last = finder.push(contrast, clipped), finder.flush()
    impulses = Impulses.join([found, last])
    logits = model.network.logits(impulses.patches)
    computed: dict[str, Array] = {
        "contrast": contrast,
        "impulses": _traced_impulses(impulses),
        "logits": logits,
        "events": _traced_events([*chain.push(pcm), *chain.flush()]),
        "found_frame": found.frame.astype(np.int32),
        "found_patch": found.patches,
        "found_logit": logits[: len(found.frame)],
    }
    return computed if SESSION[0] not in inputs else {**computed, **_decided(model, inputs)}


def with_decision(bundle: Bundle, settings: DecisionSettings) -> Bundle:
    """Return the bundle with another decision, and with the test vectors that follow from it."""
    return with_vectors(bundle.replace(decision=plain(settings)))


def with_vectors(bundle: Bundle) -> Bundle:
    """Return the bundle with every stage that follows from its vectors ``pcm`` and ``impulse_*``."""
    computed = stages(read(bundle), bundle.vectors)
    return bundle.replace(vectors={**bundle.vectors, **{name: computed[name] for name in STORED}})


def _traced_impulses(impulses: Impulses) -> NDArray[np.int8]:
    numbers = np.stack([impulses.frame, impulses.excess, impulses.busy, impulses.clipped], axis=1).astype("<i4")
    patch_bytes = math.prod(impulses.patches.shape[1:])
    return np.concatenate([numbers.view(np.int8), impulses.patches.reshape(-1, patch_bytes)], axis=1)


def _traced_events(events: list[Event]) -> NDArray[np.uint32]:
    return np.array([_words(event) for event in events], "<u4").reshape(-1, 6)


def _words(event: Event) -> list[int]:
    match event:
        case Crack():
            return [0, to_ms(event.t_s), to_ms(event.decided_s), 0, 0, round(event.score * SCORE_STEPS)]
        case FirstCrack():
            moments = map(to_ms, (event.onset_s, event.decided_s, event.first_pop_s))
            return [1, *moments, event.cracks, round(event.confidence * SCORE_STEPS)]
        case FirstCrackEnd():
            return [2, to_ms(event.end_s), to_ms(event.decided_s), 0, 0, 0]


def _decided(model: RoastModel, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Follow the decision over the impulses of a session."""
    columns = [np.asarray(inputs[name]) for name in SESSION]
    frame = columns[0]
    if any(column.dtype.kind != "i" or column.shape != (frame.size,) for column in columns):
        raise ParameterError(f"{', '.join(SESSION)} must be integers of one length")
    if frame.size and not 0 <= int(frame.min()) <= int(frame.max()) < MOST_FRAMES:
        raise ParameterError(f"impulse_frame must be 0 to {MOST_FRAMES}")
    decision = Decision(model.settings)
    cracks_s, ends_s = [], []
    for impulse, is_crack, events in decision.follow(as_heard(model.front_end, *columns)):
        cracks_s += [impulse.t_ms / 1000] * is_crack
        ends_s += [event.end_s for event in events if isinstance(event, FirstCrackEnd)]
    first = decision.first_crack
    numbers = [first.onset_s, first.decided_s, first.first_pop_s, first.cracks, first.confidence] if first else []
    return {
        "crack_s": np.array(cracks_s, np.float64),
        "first_crack": np.array(numbers, np.float64),
        "first_crack_end_s": np.array(ends_s, np.float64),
    }
