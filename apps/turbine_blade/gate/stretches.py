"""Sets aside what is not the machine: rain, wind on the microphone, birds, aircraft, speech, clipping, silence."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from acoustic.frontend.definition import FrontEnd
from acoustic.frontend.noise_floor import STEPS_PER_DB

from .measures import LEVELS, STRETCH_FRAMES, StretchMeasures, StretchMeter
from .rules import SWELL_STRETCHES, Usual, reason, usable

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

    start_s: float
    end_s: float
    reason: str


class Gate:
    """Judges a stream of log-mel frames stretch by stretch, about four seconds after it heard them.

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
            raise ParameterError(f"gate: 31.25 frames a second are needed, not {fe.frames_per_second:g}")
        self.fe = fe
        self._slow = _SlowMemory()
        self._start()

    def _start(self) -> None:
        self._meter = StretchMeter(self.fe)
        self._steps = np.empty((0, self.fe.n_mels), np.int16)
        self._clipped = np.empty(0, np.int64)
        self._around: list[StretchMeasures] = []
        self._judged = 0
        """How many of the stretches in ``_around`` have been judged."""
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
        told = []
        while len(self._steps) >= STRETCH_FRAMES:
            told += self._measure(min(BLOCK_FRAMES, len(self._steps) // STRETCH_FRAMES * STRETCH_FRAMES))
        return told

    def flush(self) -> list[Stretch]:
        """End a recording: return the stretches not judged yet, the last of which may be shorter.

        The next frames pushed are those of another recording of the same machine, numbered from 0 again.
        """
        told = self._measure(len(self._steps)) if len(self._steps) else []
        while self._judged < len(self._around):
            told.append(self._judge())
        self._start()
        return told

    def _measure(self, frames: int) -> list[Stretch]:
        """Measure the next frames, and judge the stretches that now have seen enough of what follows."""
        told = []
        for measures in self._meter(self._steps[:frames], self._clipped[:frames]):
            self._around.append(measures)
            if len(self._around) - self._judged > AHEAD_STRETCHES:
                told.append(self._judge())
        self._steps, self._clipped = self._steps[frames:], self._clipped[frames:]
        return told

    def _judge(self) -> Stretch:
        here = self._around[self._judged]
        why = reason(self._around, self._judged, self._usual())
        stretch = Stretch(start_frame=self._frame, stop_frame=self._frame + here.frames, reason=why)
        self._frame = stretch.stop_frame
        if usable(here):
            self._slow.learn(here)
        self._judged += 1
        if self._judged > CONTEXT_STRETCHES:
            del self._around[0]
            self._judged -= 1
        return stretch

    def _usual(self) -> Usual:
        """Quiet moments of the stretches around; where the slow memory knows quieter ones, those."""
        heard = [m for m in self._around if usable(m)]
        if not heard:
            return self._slow.quieter(dict.fromkeys(LEVELS, 0), 0)
        columns = zip(*(m.levels for m in heard), strict=True)
        near = {name: _quantile(column, 1) for name, column in zip(LEVELS, columns, strict=True)}
        return self._slow.quieter(near, _quantile([m.swish for m in heard], 2))


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

    def quieter(self, near: dict[str, int], swish: int) -> Usual:
        if self._stretches < LEARNING_STRETCHES:
            return Usual(**near, swish=swish, known=False)
        levels = {name: min(level, self._levels[name]) for name, level in near.items()}
        return Usual(**levels, swish=max(swish, self._swish), known=True)


def _step(difference: int, down: int) -> int:
    return SLOW_UP if difference > 0 else -down if difference < 0 else 0


def _quantile(values: Sequence[int], quarters: int) -> int:
    """Lower quartile (1) or median (2)."""
    return sorted(values)[quarters * (len(values) - 1) // 4]


def set_aside(stretches: Sequence[Stretch], fe: FrontEnd) -> list[SetAside]:
    """Merge neighbouring stretches with the same reason; from the start of the first frame to that of the next one."""
    merged: list[SetAside] = []
    hop_s = fe.hop_samples / fe.rate_hz
    for s in stretches:
        if s.reason is None:
            continue
        start_s, end_s = s.start_frame * hop_s, s.stop_frame * hop_s
        if merged and merged[-1].reason == s.reason and merged[-1].end_s == start_s:
            start_s = merged.pop().start_s
        merged.append(SetAside(start_s=start_s, end_s=end_s, reason=s.reason))
    return merged
