"""The commands of the turbine application: thin, and quick to import."""

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from acoustic.options import BlockMs, BundleName, Device, Input, Jobs, Json, Plot, Recordings, Save, Speed
from acoustic.options import Rate as StdinRate

from acoustic.errors import ParameterError

from .cli_baseline import app as baseline_app
from .cli_evaluate import evaluate
from .cli_simulate import simulate
from .cli_train import train
from .options import Machine, PerDay, Rate, Store, Table

app = typer.Typer(help="Hear damaged wind-turbine blades and sick machines.", no_args_is_help=True)

Rpm = Annotated[
    float | None, typer.Option(min=4.0, max=25.0, help="Revolutions a minute of the rotor, if known within 10 %.")
]
Wind = Annotated[float | None, typer.Option(min=0.0, max=100.0, help="Wind in m/s, for models that ask for it.")]


class Format(StrEnum):
    """What a result looks like for people and their programs."""

    TABLE = "table"
    CSV = "csv"
    PARQUET = "parquet"


@app.command()
def score(
    paths: Recordings,
    plot: Plot = None,
    heat_map: Annotated[
        Path | None, typer.Option(metavar="PNG", dir_okay=False, help="Draw machines by days: how many were anomalous.")
    ] = None,
    form: Annotated[Format | None, typer.Option("--format", help="Form of the result; default: table.")] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="File for the result; what is in it or beside it from an interrupted run is kept."),
    ] = None,
    table: Table = None,
    machine: Machine = None,
    rpm: Rpm = None,
    baselines: Store = None,
    false_alarm_rate: Rate = None,
    bundle: BundleName = "turbine",
    jobs: Jobs = None,
    as_json: Json = False,
) -> None:
    """Say how unusual recordings of machines are, and in which bands and seconds, one line each.

    Exits with 1 when some recordings could not be scored, with 3 when none could.
    Example: acoustic turbine score farm/ --output farm.parquet --heat-map farm.png
    """
    from acoustic.score.output import names_in

    from acoustic.audio import find_recordings

    from .baselines import Baselines
    from .conditions import ConditionTable, known_of
    from .score_many import score_many
    from .scoring import Task, load_model

    form = form or _form_of(output)
    if as_json and form is not None:
        raise ParameterError("--json and --format, or the output's suffix, each choose a form: give one of them.")
    if form is Format.PARQUET and output is None:
        raise ParameterError("Parquet is no text for a terminal: add --output FILE.")
    files = find_recordings(paths)
    machines = {*load_model(bundle).clips.machines, *(() if baselines is None else Baselines(baselines).machines())}
    known = known_of(files, paths, None if table is None else ConditionTable(table), machines)
    if machine is not None:
        known = {path: replace(one, machine=machine) for path, one in known.items()}
    if rpm is not None:
        known = {path: replace(one, rpm=rpm) for path, one in known.items()}
    pictures: list[Path | None] = [None] * len(files)
    if plot is not None:
        pictures = [*names_in(plot, files, ".png")]
    tasks = {path: Task(conditions=known[path], picture=picture) for path, picture in zip(files, pictures, strict=True)}
    code = score_many(
        files,
        tasks,
        bundle=bundle,
        false_alarm_rate=false_alarm_rate,
        store=baselines,
        form="json" if as_json else (form or Format.TABLE).value,
        output=output,
        heat_map=heat_map,
        jobs=jobs,
    )
    raise typer.Exit(code)


def _form_of(output: Path | None) -> Format | None:
    """Choose the form of the result by the output's suffix."""
    return {".csv": Format.CSV, ".parquet": Format.PARQUET}.get("" if output is None else output.suffix.lower())


@app.command()
def listen(
    device: Device = None,
    recording: Input = None,
    rate: StdinRate = None,
    speed: Speed = None,
    machine: Annotated[str | None, typer.Option(help="Name of the machine, for its baseline.")] = None,
    rpm: Rpm = None,
    wind: Wind = None,
    baselines: Store = None,
    false_alarms_per_day: PerDay = None,
    save: Save = None,
    bundle: BundleName = "turbine",
    block_ms: BlockMs = 500,
    as_json: Json = False,
) -> None:
    """Listen to a machine; tell how unusual each clip is, and raise an alarm when that persists.

    Keys: q quit. Example: acoustic turbine listen --device USB --machine T07 --baselines baselines --save clips
    """
    from acoustic.live import open_input
    from acoustic.model.bundle import Bundle

    from .conditions import Conditions
    from .listen import TurbineListener
    from .scorer.features import FRONT_END

    listener = TurbineListener.prepare(
        Bundle.load(bundle),
        Conditions(machine=machine, rpm=rpm, wind_m_s=wind),
        store=baselines,
        alarms_per_day=false_alarms_per_day,
        open_source=lambda: open_input(
            device,
            recording,
            FRONT_END.rate_hz,
            max(1, FRONT_END.rate_hz * block_ms // 1000),
            stdin_rate_hz=rate,
            speed=speed,
        ),
    )
    raise typer.Exit(listener.run(save=save, as_json=as_json).exit_code)


for command in (train, evaluate, simulate):
    app.command()(command)
app.add_typer(baseline_app, name="baseline")
