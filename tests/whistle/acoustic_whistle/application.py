"""The application: all that the suite needs to know to make commands, files, pictures and firmware of it."""

from dataclasses import dataclass
from typing import Annotated, Any

from acoustic import plot
from acoustic.application import (
    Action,
    Application,
    Cell,
    Chain,
    Collector,
    Column,
    Facts,
    Label,
    Report,
    Started,
    StartedFrom,
)
from acoustic.export.constants import Constants
from acoustic.firmware import Firmware
from acoustic.frontend.c_tables import log_mel_fields
from acoustic.frontend.tables import front_end_tables
from acoustic.records import About

from .model import FRONT_END, Model, Whistle, WhistleChain, read, stages
from .train import EvaluateOptions, TrainOptions, evaluate, sounds, train


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to listen."""

    threshold: Annotated[float | None, About("Probability that makes a whistle.", low=0.0, high=1.0)] = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """A recording."""

    file: Annotated[str, About("Path of the recording, or name of the microphone.")]
    error: Annotated[str | None, About("Why there is no result.")] = None
    duration_s: Annotated[float | None, About("Length of the recording.", unit="s", digits=3)] = None
    whistles: Annotated[tuple[Whistle, ...], About("In order of time.")] = ()
    started: Started = None
    started_from: StartedFrom = None


class Whistles(Collector[Whistle, Result]):
    """Collects whistles, and says so."""

    def __init__(self, model: Model, options: Options, chain: Chain[Whistle]) -> None:
        self._whistles: list[Whistle] = []

    def hear(self, event: Whistle) -> list[Report]:
        self._whistles.append(event)
        return [Report(event="whistle", record=event, line=f"whistle at {event.t_s:.1f} s")]

    def result(self, facts: Facts) -> Result:
        return Result(
            file=facts.file,
            duration_s=facts.duration_s,
            whistles=tuple(self._whistles),
            started=facts.started,
            started_from=facts.started_from,
        )


class Picture:
    """Draws the spectrogram with a mark at each whistle."""

    def __init__(self, model: Model, options: Options) -> None:
        self._spectrogram = plot.Spectrogram(model.bundle.frontend)
        self.push = self._spectrogram.push

    def draw(self, result: Result) -> Any:
        figure = plot.new_figure(10, 4, result.file)
        axes = figure.add_subplot()
        self._spectrogram.draw(axes)
        axes.plot([one.t_s for one in result.whistles], [0] * len(result.whistles), "^", color="lime")
        plot.label_time(axes)
        return figure


def firmware(model: Model) -> Firmware:
    fe, decision, constants = model.bundle.frontend, model.decision, Constants()
    constants.add("acoustic_log_mel", "acoustic_whistle_front_end", log_mel_fields(front_end_tables(fe)))
    sizes = {"BANDS": fe.n_mels, "N_FFT": fe.n_fft, "OVERLAP": max(1, fe.frame_samples - fe.hop_samples)}
    sizes |= {"LIMIT": round(256 * decision.threshold) - 128, "FRAMES": decision.frames}
    generated = {
        "acoustic_whistle_model.h": "".join(f"#define ACOUSTIC_WHISTLE_{name} ({sizes[name]})\n" for name in sizes),
        "acoustic_whistle_model.c": f'#include "acoustic_whistle.h"\n\n{constants.source()}',
    }
    return Firmware.of_package(
        __package__,
        "whistle",
        generated=generated,
        core=("acoustic_fft.c", "acoustic_frames.c", "acoustic_logmel.c"),
        network=model.bundle.network,
        stages=("levels", "inputs", "outputs", "whistles"),
        compute=lambda pcm: stages(model, {"pcm": pcm}),
        rate_hz=fe.rate_hz,
        example_pcm=sounds(seed=2)[0],
    )


application = Application(
    name="whistle",
    help="Hear whistles.",
    options=Options,
    read=read,
    chain=lambda model, options: WhistleChain(model, options.threshold),
    collect=Whistles,
    result=Result,
    events={"whistle": Whistle},
    stages=stages,
    front_end=FRONT_END,
    columns=(Column(name="whistles", kind=int, value=lambda row: len(row["whistles"])),),
    table=(Cell(title="whistles", width=8, text=lambda row: f"{len(row['whistles'])}"),),
    labels=lambda row: [Label(one["t_s"], one["t_s"], "whistle") for one in row["whistles"]],
    picture=Picture,
    firmware=firmware,
    train=Action(help="Train.\n\nExample: acoustic whistle train my.bundle", options=TrainOptions, run=train),
    evaluate=Action(help="Evaluate.\n\nExample: acoustic whistle evaluate", options=EvaluateOptions, run=evaluate),
)
