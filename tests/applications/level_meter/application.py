"""Hears loud seconds; fails on demand, at any of its stages."""

import builtins
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

import numpy as np

from acoustic.application import (
    Action,
    Application,
    Cell,
    Collector,
    Column,
    Facts,
    Label,
    Line,
    Note,
    Output,
    Overview,
    Report,
    Row,
    Rows,
    Started,
    StartedFrom,
)
from acoustic.audio.source import Pcm16
from acoustic.errors import ParameterError
from acoustic.files import whole_file
from acoustic.frontend import FrontEnd
from acoustic.model.bundle import Bundle
from acoustic.records import About

RATE_HZ = 8000
FRONT_END = FrontEnd(
    rate_hz=RATE_HZ, frame_samples=256, hop_samples=128, n_fft=256, n_mels=20, fmin_hz=50, fmax_hz=4000
)
Stage = Literal[
    "", "options", "chain", "push", "flush", "hear", "result", "nan", "paint", "see", "draw", "save", "sound"
]


@dataclass(frozen=True, kw_only=True)
class Options:
    """What counts as loud, and what goes wrong."""

    threshold_dbfs: Annotated[float, About("Level of a loud second.", low=-100.0, high=0.0)] = -20.0
    baseline: Annotated[Path | None, About("A folder whose content matters.", metavar="DIR")] = None
    fail_at: Annotated[Stage, About("Stage that fails for recordings called bad.", live=False)] = ""
    fail_with: Annotated[str, About("With this exception.", live=False)] = "ValueError"

    def fail(self, stage: Stage) -> None:
        """Fail where it is asked for."""
        if self.fail_at == stage:
            raise getattr(builtins, self.fail_with)(f"in {stage}")


@dataclass(frozen=True, kw_only=True)
class Model:
    """What the bundle says."""

    rate_hz: int


@dataclass(frozen=True, kw_only=True)
class Second:
    """A loud second."""

    t_s: Annotated[float, About("Its end.", unit="s", digits=2)]
    level_dbfs: Annotated[float, About("Its level.", unit="dBFS", digits=1)]


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Somebody pressed m."""

    t_s: Annotated[float, About("When.", unit="s", digits=2)]


@dataclass(frozen=True, kw_only=True)
class Loudness:
    """Of health events."""

    loud: Annotated[int, About("Loud seconds so far.")]


@dataclass(frozen=True, kw_only=True)
class Result:
    """Loud seconds of a recording."""

    file: Annotated[str, About("The recording.")]
    duration_s: Annotated[float, About("Its length.", unit="s", digits=4)] = 0.0
    rate_hz: Annotated[int, About("Its sampling rate.", unit="Hz")] = 0
    seconds: Annotated[tuple[Second, ...], About("The loud ones.")] = ()
    loudest_dbfs: Annotated[float | None, About("Level of the loudest.", unit="dBFS", digits=1)] = None
    warnings: Annotated[tuple[str, ...], About("What to know of the sound.")] = ()
    error: Annotated[str | None, About("Why there is no result.")] = None
    started: Started = None
    started_from: StartedFrom = None


class Chain:
    """Tells each second that is loud, and what is left at the end."""

    def __init__(self, model: Model, options: Options) -> None:
        options.fail("chain")
        self._options = options
        self._rate_hz, self._waiting, self._n = model.rate_hz, np.empty(0, np.int16), 0

    def push(self, pcm: Pcm16) -> list[Second]:
        """Take samples."""
        self._options.fail("push")
        self._waiting = np.concatenate([self._waiting, pcm])
        events = []
        while len(self._waiting) >= self._rate_hz:
            second, self._waiting = np.split(self._waiting, [self._rate_hz])
            events += self._judge(second)
        return events

    def flush(self) -> list[Second]:
        """Judge what is left."""
        self._options.fail("flush")
        return self._judge(self._waiting) if len(self._waiting) else []

    def _judge(self, pcm: Pcm16) -> list[Second]:
        self._n += len(pcm)
        power = float(np.square(pcm.astype(np.float64) / 32768).mean())
        level_dbfs = 10 * np.log10(power) if power else -np.inf
        loud = level_dbfs >= self._options.threshold_dbfs
        return [Second(t_s=self._n / self._rate_hz, level_dbfs=float(level_dbfs))] if loud else []


class Loud(Collector[Second, Result]):
    """Counts loud seconds."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.seconds: list[Second] = []

    def start(self) -> Iterable[Report]:
        """Say so."""
        yield Report(line="ready")

    def hear(self, event: Second) -> Iterable[Report]:
        """Count a loud second."""
        self.options.fail("hear")
        self.seconds.append(event)
        return [Report(event="second", record=event, line=f"loud at {event.t_s:.0f} s", alert=len(self.seconds) == 1)]

    def press(self, key: str, t_s: float) -> Iterable[Report]:
        """Mark a moment."""
        if key == "m":
            yield Report(event="mark", record=Mark(t_s=t_s), line="marked")

    def result(self, facts: Facts) -> Result:
        """Return what was loud."""
        self.options.fail("result")
        levels = [second.level_dbfs for second in self.seconds]
        return Result(
            file=facts.file,
            duration_s=facts.duration_s,
            rate_hz=facts.rate_hz,
            seconds=tuple(self.seconds),
            loudest_dbfs=float("nan") if self.options.fail_at == "nan" else max(levels, default=None),
            warnings=facts.warnings,
            started=facts.started,
            started_from=facts.started_from,
        )

    def conclusion(self, facts: Facts) -> str:
        """Count them in words."""
        return f"{len(self.seconds)} loud seconds"

    def panel(self, now_s: float) -> Rows:
        """Show the count."""
        return {"loud": [f"{len(self.seconds)} s"]}

    @property
    def alarmed(self) -> bool:
        """After three of them."""
        return len(self.seconds) > 2

    def health(self, now_s: float) -> Loudness:
        """Count them."""
        return Loudness(loud=len(self.seconds))


class Count:
    """A figure that is no picture but a number."""

    def __init__(self, n: int, options: Options) -> None:
        self._n, self._options = n, options

    def savefig(self, stream: BinaryIO, **_: Any) -> None:
        """Write the number."""
        self._options.fail("save")
        stream.write(f"{self._n} samples".encode())


class Painter:
    """Counts samples."""

    def __init__(self, options: Options) -> None:
        options.fail("paint")
        self._options, self._n = options, 0

    def push(self, pcm: Pcm16) -> None:
        """Count samples."""
        self._options.fail("see")
        self._n += len(pcm)

    def draw(self, result: Any) -> Count:
        """Return the number."""
        self._options.fail("draw")
        return Count(self._n, self._options)


def read(bundle: Bundle) -> Model:
    """Read the bundle."""
    return Model(rate_hz=bundle.frontend.rate_hz)


def options_of(model: Model, options: Options, files: Sequence[Path], roots: Sequence[Path]) -> Mapping[Path, Options]:
    """Let only recordings called bad fail."""
    options.fail("options")
    return {file: options if "bad" in file.stem else replace(options, fail_at="") for file in files}


def labels(row: Row) -> Iterator[Label]:
    """Label each loud second, in no order."""
    for second in reversed(row["seconds"]):
        yield Label(max(0.0, second["t_s"] - 1), second["t_s"], f"loud\t{second['level_dbfs']}")


def overview(rows: Sequence[Row], path: Path) -> None:
    """Write the number of results."""
    with whole_file(path) as stream:
        stream.write(f"{len(rows)} results".encode())


@dataclass(frozen=True, kw_only=True)
class CountOptions:
    """How far to count."""

    to: Annotated[int, About("Last number.", argument=True, low=1, high=9)] = 3
    failing: Annotated[bool, About("Whether it goes wrong.")] = False
    steps: Annotated[bool, About("Whether to show the numbers.")] = True


def count(options: CountOptions) -> Iterator[Output]:
    """Count."""
    if options.to == 7:
        raise ParameterError("Seven is refused.")
    yield from (Line(str(number)) for number in range(1, 1 + options.to) if options.steps)
    if options.failing:
        yield Note("It went wrong.", trouble=True)


def _stages(model: Model, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"doubled": inputs["pcm"].astype(np.int32) * 2}


application = Application(
    name="meter",
    help="Hear loud seconds.",
    options=Options,
    read=read,
    chain=Chain,
    collect=lambda model, options, chain: Loud(options),
    result=Result,
    events={"second": Second, "mark": Mark},
    stages=_stages,
    front_end=FRONT_END,
    keys={"m": "mark"},
    listening="Keys: m mark, q quit.",
    columns=(
        Column(name="duration_s", kind=float),
        Column(name="loud_s", kind=int, value=lambda row: len(row["seconds"])),
        Column(name="loudest_dbfs", kind=float),
        Column(name="warnings", kind=str, value=lambda row: "; ".join(row["warnings"])),
    ),
    table=(
        Cell(title="length", width=8, text=lambda row: f"{row['duration_s']:.1f} s"),
        Cell(title="loud", width=-5, text=lambda row: str(len(row["seconds"]))),
        Cell(title="remarks", text=lambda row: "; ".join(row["warnings"])),
    ),
    labels=labels,
    picture=lambda model, options: Painter(options),
    overviews={"summary_plot": Overview(help="Draw all results.", save=overview)},
    options_of=options_of,
    health=Loudness,
    actions={
        "count": Action(help="Count.\n\nExample: acoustic meter count 3", options=CountOptions, run=count),
        "book keep": Action(help="Count.\n\nExample: acoustic meter book keep 3", options=CountOptions, run=count),
    },
    groups={"book": "Books of numbers."},
)
