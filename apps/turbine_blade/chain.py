"""The whole chain: PCM to frames to clips to judgements to alarms. Files, microphones and devices run this one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .clips import Clip, ClipStream, Frames
from .conditions import Conditions
from .gate import Stretch
from .rotor import RotorStream
from .scorer.features import FRONT_END, STRETCH_FRAMES
from .scorer.model import Judgement, TurbineModel, Usual
from .scorer.persistence import AlarmCounter, Persistence

#: Share of a clip that must be left when all else is set aside, or was cut off.
LEAST_SHARE = 0.6


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """A clip and what is to be said about it."""

    clip: Clip
    judgement: Judgement


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """A clip of which too little was left to judge it."""

    start_s: float
    end_s: float
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """So many of the last clips were unusual that it is no accident; or no longer."""

    t_s: float
    over: bool
    unusual: int
    """How many of the last ``of`` clips were unusual."""
    of: int


Event = Judged | Skipped | Alarm


def is_enough(model: TurbineModel, frames: int) -> bool:
    """Whether so many frames of a clip can be judged."""
    return frames >= LEAST_SHARE * model.clip_stretches * STRETCH_FRAMES


class TurbineChain:
    """Judges a stream of int16 PCM at ``FRONT_END.rate_hz``, clip by clip.

    Blocks of any size give the same events.

    Parameters
    ----------
    model : TurbineModel
    usual : Usual
        What is usual for the machine that is heard.
    conditions : Conditions or None
        Those under which it is heard; None for those that are usual for the machine.
    persistence : Persistence, optional
        When to raise an alarm; never, if not given.
    rotor : bool
        Whether to follow a rotor, see :attr:`rotor`.
    """

    def __init__(
        self,
        model: TurbineModel,
        usual: Usual,
        conditions: Conditions | None,
        persistence: Persistence | None = None,
        *,
        rotor: bool = False,
    ) -> None:
        self.model, self.usual = model, usual
        self.rotor = RotorStream(FRONT_END, None if conditions is None else conditions.rpm) if rotor else None
        """What the blades have shown so far."""
        self.alarm = None if persistence is None else AlarmCounter(persistence)
        if conditions is None:
            self._conditions = usual.clips.mean[model.layout.n_features :]
        else:
            self._conditions = conditions.vector(model.conditions)
        self._frames = Frames()
        self._clips = ClipStream(model.layout, model.network, model.clip_stretches, model.nuisances)

    def push(self, pcm: NDArray[np.int16]) -> list[Event]:
        """Take samples, return what they decide, in order of time."""
        steps, clipped = self._frames.push(pcm)
        if self.rotor is not None:
            self.rotor.push(steps)
        return list(self._judge(self._clips.push(steps, clipped)))

    def flush(self) -> list[Event]:
        """Judge the last clips of a recording; what is pushed next is another one of the same machine."""
        self._frames = Frames()
        return list(self._judge(self._clips.flush()))

    def _judge(self, clips: Iterable[Clip]) -> Iterator[Event]:
        for clip in clips:
            if not is_enough(self.model, clip.kept_frames):
                yield Skipped(start_s=clip.start_s, end_s=clip.end_s, stretches=clip.stretches)
                continue
            judgement = self.model.judge(clip.sums, self.usual, self._conditions)
            yield Judged(clip=clip, judgement=judgement)
            if self.alarm is not None and (change := self.alarm.push(judgement.surprise)):
                persistence = self.alarm.persistence
                yield Alarm(t_s=clip.end_s, over=change == "over", unusual=self.alarm.count, of=persistence.n)
