"""The whole chain: PCM to impulses to cracks to first crack. Files, microphones and devices run this one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from acoustic.frontend import FrontEnd
from acoustic.records import About

from .contrast import ContrastStream
from .decision import Decided, Decision, Impulse, to_ms
from .impulses import AFTER_FRAMES, ImpulseFinder, Impulses
from .model import RoastModel


@dataclass(frozen=True, kw_only=True)
class Crack:
    """One crack."""

    t_s: Annotated[float, About("Its middle.", unit="s", digits=4)]
    score: Annotated[float, About("The network's probability that it is one.", low=0.0, high=1.0, digits=4)]
    decided_s: Annotated[float, About("When it was decided.", unit="s", digits=4)]


Event = Crack | Decided


def frame_ms(front_end: FrontEnd, frame: int) -> int:
    """Time of the middle of a frame, in whole milliseconds from the first sample."""
    middle = front_end.frame_samples // 2
    return (frame * front_end.hop_samples + middle) * 1000 // front_end.rate_hz


def known_ms(front_end: FrontEnd, frame: int) -> int:
    """Time of the last sample needed to judge an impulse at ``frame``."""
    last_frame = frame + AFTER_FRAMES - 1
    return (last_frame * front_end.hop_samples + front_end.frame_samples) * 1000 // front_end.rate_hz


def as_heard(
    front_end: FrontEnd,
    frame: NDArray[np.integer[Any]],
    logit: NDArray[np.int8],
    busy: NDArray[np.int32],
    clipped: NDArray[np.int32],
) -> Iterator[Impulse]:
    """Impulses as the decision takes them, from arrays of one length."""
    for f, score, b, c in zip(frame.tolist(), logit.tolist(), busy.tolist(), clipped.tolist(), strict=True):
        yield Impulse(frame_ms(front_end, f), known_ms(front_end, f), score, b, c)


class RoastChain:
    """Hears first crack in a stream of int16 PCM at the model's rate.

    Blocks of any size give the same events.

    Parameters
    ----------
    model : RoastModel
    charge_s : float or None
        When the beans went in (s from the first sample; negative: before it), where that is known.
    """

    def __init__(self, model: RoastModel, charge_s: float | None = None) -> None:
        self._front_end, self._network = model.front_end, model.network
        self._contrast = ContrastStream(model.front_end)
        self._finder = ImpulseFinder(model.front_end.n_mels)
        self.decision = Decision(model.settings)
        if charge_s is not None:
            self.decision.mark_charge(to_ms(charge_s))

    def push(self, pcm: NDArray[np.int16]) -> list[Event]:
        """Process a block; return the events it completes, in order of time."""
        return self._judge(self._finder.push(*self._contrast.push(pcm)))

    def flush(self) -> list[Event]:
        """Drain the chain at the end of a recording; return the remaining events."""
        return self._judge(self._finder.flush())

    @property
    def heard_s(self) -> float:
        """Time up to which everything has been judged."""
        return self._heard_ms / 1000

    @property
    def _heard_ms(self) -> int:
        return frame_ms(self._front_end, self._finder.judged_frames)

    def _judge(self, impulses: Impulses) -> list[Event]:
        events: list[Event] = []
        logits = self._network.logits(impulses.patches)
        heard = as_heard(self._front_end, impulses.frame, logits, impulses.busy, impulses.clipped)
        for impulse, is_crack, decided in self.decision.follow(heard):
            t_s = impulse.t_ms / 1000
            before = [event for event in decided if event.decided_s <= t_s]
            events += before
            if is_crack:
                score = self._network.score(impulse.logit)
                events.append(Crack(t_s=t_s, score=score, decided_s=impulse.known_ms / 1000))
            events += decided[len(before) :]
        events += self.decision.advance(self._heard_ms)
        return events
