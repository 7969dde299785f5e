"""Hearing as an application: takes the noise out of speech, live or in recordings."""

from dataclasses import dataclass
from typing import Annotated, Never

from acoustic.application import Application, Cell, Collector, Column, Facts, Report, Rows, Started, StartedFrom
from acoustic.firmware import Firmware
from acoustic.records import About

from .aid import AidOptions, HearingAid
from .evaluate import EVALUATE
from .features import FRONT_END
from .fitting import NOTICE
from .model import HearingModel, read_model
from .picture import Sketch
from .stages import stages
from .train import TRAIN

#: What a key changes of the strength.
STRENGTH_STEP = 0.1


@dataclass(frozen=True, kw_only=True)
class Enhanced:
    """What became of one recording."""

    file: Annotated[str, About("The recording.")]
    out: Annotated[str | None, About("File that holds the sound made.")] = None
    duration_s: Annotated[float | None, About("Length of the recording.", unit="s", digits=6)] = None
    rtf: Annotated[float | None, About("Time of work per time of sound.", digits=5)] = None
    latency_ms: Annotated[
        float | None, About("Algorithmic delay of the live stream; in the file it is taken out.", unit="ms", digits=3)
    ] = None
    error: Annotated[str | None, About("Why there is no result.")] = None
    input_dbfs: Annotated[float | None, About("RMS level of the recording.", unit="dBFS", digits=1)] = None
    output_dbfs: Annotated[float | None, About("RMS level of the sound made.", unit="dBFS", digits=1)] = None
    reduction_db: Annotated[float | None, About("By how much it is quieter.", unit="dB", digits=1)] = None
    warnings: Annotated[tuple[str, ...], About("What a person should know about the recording.")] = ()
    started: Started = None
    started_from: StartedFrom = None


Strength = Annotated[float, About("Share of the cleaned sound.", low=0.0, high=1.0)]
Bypass = Annotated[bool, About("Whether the sound is passed on as it comes.")]


@dataclass(frozen=True, kw_only=True)
class Knob:
    """A knob was turned."""

    t_s: Annotated[float, About("Position in the stream.", unit="s", digits=4)]
    strength: Strength
    bypass: Bypass


@dataclass(frozen=True, kw_only=True)
class Knobs:
    """What a person can change while the sound runs."""

    strength: Strength
    bypass: Bypass


class Listening(Collector[Never, Enhanced]):
    """Turns the aid's knobs, and says what became of the sound."""

    def __init__(self, model: HearingModel, options: AidOptions, aid: HearingAid) -> None:
        self._options, self._aid = options, aid

    def start(self) -> tuple[Report, ...]:
        """Say what a listener with a hearing loss must know."""
        return () if self._options.audiogram is None else (Report(line=NOTICE),)

    def hear(self, event: Never) -> tuple[Report, ...]:
        """Do nothing: an aid has no events."""
        return ()

    def press(self, key: str, t_s: float) -> tuple[Report, ...]:
        """Switch bypass, or change the strength."""
        aid = self._aid
        match key:
            case "b":
                aid.bypass = not aid.bypass
            case "+" | "=" | "↑":
                aid.strength = round(min(1.0, aid.strength + STRENGTH_STEP), 3)
            case "-" | "↓":
                aid.strength = round(max(0.0, aid.strength - STRENGTH_STEP), 3)
            case _:
                return ()
        return (Report(event="knob", record=Knob(t_s=t_s, strength=aid.strength, bypass=aid.bypass)),)

    def result(self, facts: Facts) -> Enhanced:
        """Return what became of the sound so far."""
        before, after = facts.input_dbfs, facts.output_dbfs
        return Enhanced(
            file=facts.file,
            out=facts.output,
            duration_s=facts.duration_s,
            rtf=facts.realtime_factor,
            latency_ms=self._aid.latency_ms,
            input_dbfs=before,
            output_dbfs=after,
            reduction_db=None if before is None or after is None else before - after,
            warnings=facts.warnings,
            started=facts.started,
            started_from=facts.started_from,
        )

    def panel(self, now_s: float) -> Rows:
        """Show the knobs."""
        aid = self._aid
        return {"strength": [("BYPASS", "bold yellow") if aid.bypass else (f"{aid.strength:.0%}", "bold")]}

    def health(self, now_s: float) -> Knobs:
        """Return the knobs."""
        return Knobs(strength=self._aid.strength, bypass=self._aid.bypass)


def _decibels(name: str, title: str) -> Cell:
    return Cell(title=title, width=9, text=lambda row: "-" if row[name] is None else f"{row[name]:.1f} dB")


def _firmware(model: HearingModel) -> Firmware:
    from .firmware import firmware  # its example sound takes time to load

    return firmware(model)


application = Application(
    name="hearing",
    help="Take the noise out of speech.",
    options=AidOptions,
    read=read_model,
    chain=HearingAid,
    collect=Listening,
    result=Enhanced,
    events={"knob": Knob},
    stages=stages,
    front_end=FRONT_END,
    keys={"b": "bypass", "+ -": "strength"},
    listening=(
        "Microphone to loudspeaker, without the noise. Wear headphones or the aid itself: a loudspeaker that the "
        "microphone hears will howl. Keys: b bypass, + and - (or arrows) strength, q quit."
    ),
    makes_sound=True,
    columns=(
        Column(name="out", kind=str),
        *(Column(name=name, kind=float) for name in ("duration_s", "rtf", "latency_ms")),
        *(Column(name=name, kind=float) for name in ("input_dbfs", "output_dbfs", "reduction_db")),
    ),
    table=(
        Cell(title="length", width=8, text=lambda row: f"{row['duration_s']:.1f} s"),
        Cell(title="work", width=6, text=lambda row: f"{row['rtf']:.1%}"),
        _decibels("input_dbfs", "level"),
        _decibels("reduction_db", "quieter"),
        Cell(title="result", text=lambda row: row["out"] or "-"),
        Cell(title="remarks", text=lambda row: "; ".join(row["warnings"])),
    ),
    picture=lambda model, options: Sketch(model.front_end.rate_hz),
    block_ms=10,
    health=Knobs,
    firmware=_firmware,
    train=TRAIN,
    evaluate=EVALUATE,
)
"""Registered as ``acoustic.applications``."""
