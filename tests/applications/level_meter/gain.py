"""Makes every sound half as loud, a block later than it came."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from acoustic.application import Application, Collector, Facts, Report, Started, StartedFrom
from acoustic.audio.source import Pcm16
from acoustic.records import About

from .application import FRONT_END, RATE_HZ, Model, Options, Painter, _stages, options_of, read

DELAY = 64


@dataclass(frozen=True, kw_only=True)
class Result:
    """What was made of a recording."""

    file: Annotated[str, About("The recording.")]
    output: Annotated[str | None, About("The sound that was made.")] = None
    duration_s: Annotated[float, About("Its length.", unit="s", digits=4)] = 0.0
    warnings: Annotated[tuple[str, ...], About("What to know of the sound.")] = ()
    error: Annotated[str | None, About("Why there is no result.")] = None
    started: Started = None
    started_from: StartedFrom = None


class Halves:
    """Halves samples; keeps the latest to itself until more come."""

    latency_ms = 1000 * DELAY / RATE_HZ

    def __init__(self, model: Model, options: Options) -> None:
        options.fail("chain")
        self._options = options
        self._waiting = self._made = np.empty(0, np.int16)

    def push(self, pcm: Pcm16) -> list[None]:
        """Take samples."""
        self._options.fail("push")
        self._waiting = np.concatenate([self._waiting, pcm])
        ready, self._waiting = np.split(self._waiting, [max(0, len(self._waiting) - DELAY)])
        self._made = np.concatenate([self._made, ready // 2])
        return []

    def flush(self) -> list[None]:
        """Let go of the rest."""
        self._made, self._waiting = np.concatenate([self._made, self._waiting // 2]), self._waiting[:0]
        return []

    def sound(self) -> Pcm16:
        """Return what is ready."""
        self._options.fail("sound")
        made, self._made = self._made, self._made[:0]
        return made


class Made(Collector[None, Result]):
    """Has nothing to say."""

    def hear(self, event: None) -> Iterable[Report]:
        """Nothing comes."""
        return ()

    def result(self, facts: Facts) -> Result:
        """Return what is known."""
        return Result(
            file=facts.file,
            output=facts.output,
            duration_s=facts.duration_s,
            warnings=facts.warnings,
            started=facts.started,
            started_from=facts.started_from,
        )


class SoundPainter(Painter):
    """Counts what was made, too."""

    def push_sound(self, pcm: Pcm16) -> None:
        """Count samples."""
        self._n += len(pcm)


application = Application(
    name="gain",
    help="Halve sounds.",
    options=Options,
    read=read,
    chain=Halves,
    collect=lambda model, options, chain: Made(),
    result=Result,
    events={},
    stages=_stages,
    front_end=FRONT_END,
    makes_sound=True,
    picture=lambda model, options: SoundPainter(options),
    options_of=options_of,
    block_ms=10,
)
