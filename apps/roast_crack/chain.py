"""The whole chain: PCM to impulses to cracks to first crack. Files, microphones and devices run this one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.model.bundle import Bundle

from .contrast import FRONT_END, ContrastStream
from .decision import Decided, Decision, Heard
from .decision_settings import DecisionSettings
from .impulses import AFTER_FRAMES, ImpulseFinder, Impulses
from .network import CrackNetwork

HOP_MS = FRONT_END.hop_samples * 1000 // FRONT_END.rate_hz


@dataclass(frozen=True)
class Crack:
    """One crack."""

    t_s: float
    score: float
    """The network's probability, 0 to 1."""


Event = Crack | Decided


def frame_ms(frame: int) -> int:
    """Time of the middle of a frame, two hops long, in milliseconds from the first sample."""
    return (frame + 1) * HOP_MS


def known_ms(frame: int) -> int:
    """Time of the last sample needed to judge an impulse at ``frame``."""
    return (frame + AFTER_FRAMES + 1) * HOP_MS


def as_heard(
    frame: NDArray[np.integer[Any]],
    logit: NDArray[np.int8],
    busy: NDArray[np.int32],
    clipped: NDArray[np.int32],
) -> Iterator[Heard]:
    """Impulses as the decision takes them, from arrays of one length."""
    for f, score, b, c in zip(frame.tolist(), logit.tolist(), busy.tolist(), clipped.tolist(), strict=True):
        yield Heard(frame_ms(f), known_ms(f), score, b, c)


class RoastChain:
    """Hears first crack in a stream of int16 PCM at ``FRONT_END.rate_hz``.

    Blocks of any size give the same events.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._contrast = ContrastStream()
        self._finder = ImpulseFinder(FRONT_END.n_mels)
        self._network = CrackNetwork(bundle.network)
        self.decision = Decision(DecisionSettings.from_dict(bundle.decision))

    def push(self, pcm: NDArray[np.int16]) -> list[Event]:
        """Take samples, return what they decide, in order of time."""
        return self._judge(self._finder.push(*self._contrast.push(pcm)))

    def flush(self) -> list[Event]:
        """Judge the last frames of a recording."""
        return self._judge(self._finder.flush())

    @property
    def heard_s(self) -> float:
        """Time up to which everything has been judged."""
        return self._heard_ms / 1000

    @property
    def _heard_ms(self) -> int:
        return frame_ms(self._finder.judged_frames)

    def _judge(self, impulses: Impulses) -> list[Event]:
        events: list[Event] = []
        logits = self._network.logits(impulses.patches)
        heard = as_heard(impulses.frame, logits, impulses.busy, impulses.clipped)
        for impulse, is_crack, decided in self.decision.follow(heard):
            t_s = impulse.t_ms / 1000
            before = [event for event in decided if event.decided_s <= t_s]
            events += before
            if is_crack:
                events.append(Crack(t_s, self._network.score(impulse.logit)))
            events += decided[len(before) :]
        events += self.decision.advance(self._heard_ms)
        return events
