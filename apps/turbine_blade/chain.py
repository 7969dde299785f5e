"""The whole chain: PCM to frames to clips to judgements to alarms. Files, microphones and devices run this one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .clips import Clip, ClipStream, Frames
from .conditions import Conditions
from .gate import Stretch
from .rotor import RotorReading, RotorStream
from .scorer.features import STRETCH_FRAMES
from .scorer.model import Judgement, TurbineModel, Usual
from .scorer.persistence import AlarmCounter, Persistence

#: Share of a clip that must be left when all else is set aside, or was cut off.
LEAST_SHARE = 0.6
ROTOR_EVERY_S = 600
"""How often the rotor is read, in time of the sound."""


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


@dataclass(frozen=True, kw_only=True, eq=False)
class RotorRead:
    """What the blades have shown since the recording began."""

    t_s: float
    reading: RotorReading | None
    vector: NDArray[np.int16] | None
    """See `RotorStream.vector`."""
    reason: str
    """Why there is no reading; empty where there is one."""


Event = Judged | Skipped | Alarm | RotorRead


def least_frames(clip_stretches: int) -> float:
    """Frames that must be left of a clip of so many stretches."""
    return LEAST_SHARE * clip_stretches * STRETCH_FRAMES


class TurbineChain:
    """Judges a stream of int16 PCM at the model's rate, clip by clip.

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
        Whether to follow a rotor: it is read every ``ROTOR_EVERY_S``, and at the end.
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
        self.alarm = None if persistence is None else AlarmCounter(persistence)
        if conditions is None:
            self._conditions = usual.clips.mean[model.layout.n_features :]
        else:
            self._conditions = conditions.vector(model.conditions)
        self._follows_rotor, self._rpm = rotor, None if conditions is None else conditions.rpm
        self._clips = ClipStream(
            model.front_end, model.layout, model.network, model.clip_stretches, nuisances=model.nuisances
        )
        self._start()

    def _start(self) -> None:
        """Begin a recording."""
        fe = self.model.front_end
        self._frames = Frames(fe)
        self._rotor = RotorStream(fe, self._rpm) if self._follows_rotor else None
        self._heard = 0
        """Samples of the recording so far."""

    def push(self, pcm: NDArray[np.int16]) -> list[Event]:
        """Process a block; return the events it completes, in order of time."""
        events: list[Event] = []
        period = ROTOR_EVERY_S * self.model.front_end.rate_hz
        while self._rotor is not None and len(pcm) >= (missing := period - self._heard % period):
            events += self._push(pcm[:missing])
            events.append(self._read(self._rotor))
            pcm = pcm[missing:]
        return [*events, *self._push(pcm)]

    def flush(self) -> list[Event]:
        """Drain the chain at the end of a recording; what is pushed next is another one of the same machine."""
        events = list(self._judge(self._clips.flush()))
        if self._rotor is not None:
            events.append(self._read(self._rotor))
        self._start()
        return events

    def _push(self, pcm: NDArray[np.int16]) -> Iterator[Event]:
        self._heard += len(pcm)
        steps, clipped = self._frames.push(pcm)
        if self._rotor is not None:
            self._rotor.push(steps)
        return self._judge(self._clips.push(steps, clipped))

    def _read(self, rotor: RotorStream) -> RotorRead:
        return RotorRead(
            t_s=self._heard / self.model.front_end.rate_hz,
            reading=rotor.reading(),
            vector=rotor.vector(),
            reason=rotor.reason(),
        )

    def _judge(self, clips: Iterable[Clip]) -> Iterator[Event]:
        for clip in clips:
            if clip.kept_frames < least_frames(self.model.clip_stretches):
                yield Skipped(start_s=clip.start_s, end_s=clip.end_s, stretches=clip.stretches)
                continue
            judgement = self.model.judge(clip.sums, self.usual, self._conditions)
            yield Judged(clip=clip, judgement=judgement)
            if self.alarm is not None and (change := self.alarm.push(judgement.surprise)):
                persistence = self.alarm.persistence
                yield Alarm(t_s=clip.end_s, over=change == "over", unusual=self.alarm.count, of=persistence.n)
