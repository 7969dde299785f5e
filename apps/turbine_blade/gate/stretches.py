"""Sets aside what is not the machine: rain, wind on the microphone, birds, aircraft, speech, clipping, silence."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from acoustic.frontend.definition import FrontEnd
from acoustic.frontend.noise_floor import STEPS_PER_DB
from acoustic.records import About

from .measures import LEVELS, STRETCH_FRAMES, FaultMeter, StretchMeasures, StretchMeter
from .rules import SWELL_STRETCHES, QuietBackground, reason

BLOCK_FRAMES = 32 * STRETCH_FRAMES
"""Frames measured at once: memory stays bounded however long the sound."""
CONTEXT_STRETCHES = 9
"""Stretches before one that it is compared with: all of a clip of ten seconds."""
AHEAD_STRETCHES = SWELL_STRETCHES
"""Stretches behind one that are heard before it is judged. With nine, evaluation judges hardly one otherwise; but the
sums of each wait in the memory of a device."""
LEARNING_STRETCHES = 60
"""After these the slow memory is trusted: a minute."""
SLOW_UP, SLOW_DOWN = STEPS_PER_DB // 64, 3 * STEPS_PER_DB // 64
"""Steps of the slow memory at each stretch, about 1 and 3 dB a minute: it settles where three quarters are louder."""


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A stretch of sound and whether it may be scored."""

    start_frame: int
    stop_frame: int
    """Behind the last frame."""
    reason: str | None
    """Why it is set aside, one of `acoustic_apps.turbine_blade.gate.rules.REASONS`, or None."""


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """Time that is not scored, for reports."""

    start_s: Annotated[float, About(unit="s", digits=3)]
    end_s: Annotated[float, About(unit="s", digits=3)]
    reason: Annotated[str, About("What it was taken for, such as rain or clipping.")]


class FaultGate:
    """Sets aside, stretch by stretch, only what is wrong with the recording itself: clipping and silence."""

    def __init__(self, fe: FrontEnd) -> None:
        self.fe = fe
        self._faults = FaultMeter(fe)
        self._start()

    def _start(self) -> None:
        self._steps = np.empty((0, self.fe.n_mels), np.int16)
        self._clipped = np.empty(0, np.int64)
        self._frame = 0

    def push(self, steps: NDArray[np.int16], clipped: NDArray[np.integer]) -> list[Stretch]:
        """Take frames, return the stretches that can be judged now.

        Parameters
        ----------
        steps : int16 array, shape (n_frames, n_mels)
            Log-mel in steps of 1/256 dB, any number of frames.
        clipped : integer array, shape (n_frames,)
            Full-scale samples in each frame's hop.
        """
        if steps.dtype != np.int16 or steps.shape != (len(clipped), self.fe.n_mels):
            raise ParameterError(
                f"gate: int16 frames of {self.fe.n_mels} bands and a count for each are needed, "
                f"not {steps.dtype} of shape {steps.shape} and {len(clipped)} counts"
            )
        self._steps = np.concatenate([self._steps, steps])
        self._clipped = np.concatenate([self._clipped, clipped])
        judged: list[Stretch] = []
        while len(self._steps) >= STRETCH_FRAMES:
            judged += self._take(min(BLOCK_FRAMES, len(self._steps) // STRETCH_FRAMES * STRETCH_FRAMES))
        return judged

    def flush(self) -> list[Stretch]:
        """End a recording: return the stretches not judged yet, the last of which may be shorter.

        The next frames pushed are those of another recording of the same machine, numbered from 0 again.
        """
        judged = [*(self._take(len(self._steps)) if len(self._steps) else ()), *self._rest()]
        self._start()
        return judged

    def _take(self, frames: int) -> Iterator[Stretch]:
        """Measure the next frames, and judge the stretches that now have seen enough of what follows."""
        steps, self._steps = self._steps[:frames], self._steps[frames:]
        clipped, self._clipped = self._clipped[:frames], self._clipped[frames:]
        return self._measure(steps, clipped)

    def _measure(self, steps: NDArray[np.int16], clipped: NDArray[np.integer]) -> Iterator[Stretch]:
        lengths = [min(STRETCH_FRAMES, len(steps) - first) for first in range(0, len(steps), STRETCH_FRAMES)]
        yield from map(self._stretch, lengths, self._faults(steps, clipped))

    def _rest(self) -> Iterator[Stretch]:
        """Judge the stretches that still wait for what follows."""
        return iter(())

    def _stretch(self, frames: int, reason: str | None) -> Stretch:
        stretch = Stretch(start_frame=self._frame, stop_frame=self._frame + frames, reason=reason)
        self._frame = stretch.stop_frame
        return stretch


class Gate(FaultGate):
    """Sets aside the sounds of weather and surroundings too, about four seconds after it heard them.

    A stretch is compared with the stretches around it and, after a minute, with what the place usually sounds like.
    All levels are compared with one another only, so a change of the microphone's gain changes nothing. In doubt a
    stretch passes: a gate that hides faults is worse than none. Integers throughout.

    Parameters
    ----------
    fe : FrontEnd
        That made the frames; 31.25 of them a second.

    Raises
    ------
    ParameterError
        When the frames come at another rate, or a part of the spectrum that is judged holds no band.
    """

    def __init__(self, fe: FrontEnd) -> None:
        if abs(fe.frames_per_second - 31.25) > 1:
            raise ParameterError(
                f"gate: weather and surroundings are told apart at 31.25 frames per second, not at "
                f"{fe.frames_per_second:g}"
            )
        self._slow = _SlowMemory()
        super().__init__(fe)

    def _start(self) -> None:
        super()._start()
        self._meter = StretchMeter(self.fe)
        self._around: list[StretchMeasures] = []
        self._judged = 0
        """How many of the stretches in ``_around`` have been judged."""

    def _measure(self, steps: NDArray[np.int16], clipped: NDArray[np.integer]) -> Iterator[Stretch]:
        for measures in self._meter(steps, clipped):
            self._around.append(measures)
            if len(self._around) - self._judged > AHEAD_STRETCHES:
                yield self._judge()

    def _rest(self) -> Iterator[Stretch]:
        while self._judged < len(self._around):
            yield self._judge()

    def _judge(self) -> Stretch:
        here = self._around[self._judged]
        why = reason(self._around, self._judged, self._usual())
        stretch = self._stretch(here.frames, why)
        if here.fault is None:
            self._slow.learn(here)
        self._judged += 1
        if self._judged > CONTEXT_STRETCHES:
            del self._around[0]
            self._judged -= 1
        return stretch

    def _usual(self) -> QuietBackground:
        """Quiet moments of the stretches around; where the slow memory knows quieter ones, those."""
        heard = [m for m in self._around if m.fault is None]
        if not heard:
            return self._slow.quieter(dict.fromkeys(LEVELS, 0), 0)
        columns = zip(*(m.levels for m in heard), strict=True)
        near = {name: _quantile(column, 1) for name, column in zip(LEVELS, columns, strict=True)}
        return self._slow.quieter(near, _quantile([m.swish for m in heard], 2))


def gate_for(fe: FrontEnd, *, nuisances: bool) -> FaultGate:
    """Return a gate that sets weather and surroundings aside too, or only what is clipped or silent."""
    return Gate(fe) if nuisances else FaultGate(fe)


class _SlowMemory:
    """Levels of quiet moments over minutes, each one number that follows by small steps."""

    def __init__(self) -> None:
        self._stretches = 0
        self._levels = dict.fromkeys(LEVELS, 0)
        self._swish = 0

    def learn(self, m: StretchMeasures) -> None:
        heard = dict(zip(LEVELS, m.levels, strict=True))
        if not self._stretches:
            self._levels, self._swish = heard, m.swish
        self._stretches += 1
        for name, level in heard.items():
            self._levels[name] += _step(level - self._levels[name], SLOW_DOWN)
        self._swish += _step(m.swish - self._swish, SLOW_UP)

    def quieter(self, near: dict[str, int], swish: int) -> QuietBackground:
        if self._stretches < LEARNING_STRETCHES:
            return QuietBackground(**near, swish=swish, known=False)
        levels = {name: min(level, self._levels[name]) for name, level in near.items()}
        return QuietBackground(**levels, swish=max(swish, self._swish), known=True)


def _step(difference: int, down: int) -> int:
    return SLOW_UP if difference > 0 else -down if difference < 0 else 0


def _quantile(values: Sequence[int], quarters: int) -> int:
    """Lower quartile (1) or median (2)."""
    return sorted(values)[quarters * (len(values) - 1) // 4]


def add_set_aside(so_far: list[SetAside], stretches: Iterable[Stretch], hop_s: float) -> None:
    """Add stretches to what was set aside ``so_far``; neighbours with the same reason become one.

    A stretch lasts from the start of its first frame to that of the frame behind it, ``hop_s`` seconds each.
    """
    for s in stretches:
        if s.reason is None:
            continue
        start_s, end_s = s.start_frame * hop_s, s.stop_frame * hop_s
        if so_far and so_far[-1].reason == s.reason and so_far[-1].end_s == start_s:
            start_s = so_far.pop().start_s
        so_far.append(SetAside(start_s=start_s, end_s=end_s, reason=s.reason))
