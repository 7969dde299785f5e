"""``acoustic turbine train``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from acoustic.options import Jobs, Json, Recordings

from .options import Size, SizeName, Table

#: Share of set-aside sound from which on it is worth a word.
MUCH_SET_ASIDE = 0.2


class Kind(StrEnum):
    """What is listened to."""

    TURBINE = "turbine"
    MACHINE = "machine"


class Condition(StrEnum):
    """Columns of a table that clips can be judged under."""

    WIND = "wind_m_s"
    RPM = "rpm"


def train(
    paths: Recordings,
    output: Annotated[Path, typer.Option("--output", "-o", help="Bundle to write.")] = Path("turbine.bundle"),
    table: Table = None,
    kind: Annotated[
        Kind,
        typer.Option(
            help="turbine: set weather and surroundings aside, follow a rotor; machine: any fan, pump or motor."
        ),
    ] = Kind.TURBINE,
    size: SizeName = Size.COMPACT,
    condition: Annotated[
        list[Condition] | None,
        typer.Option(help="Judge under this column of the table: wind_m_s, rpm; may be given twice."),
    ] = None,
    clip: Annotated[
        float | None, typer.Option(min=2.0, max=60.0, help="Seconds that are judged at a time; default: about 10.")
    ] = None,
    false_alarm_rate: Annotated[
        float, typer.Option(min=1e-9, max=0.5, help="Share of normal recordings that may be called anomalous.")
    ] = 0.01,
    false_alarms_per_day: Annotated[float, typer.Option(min=1e-6, help="When listening.")] = 0.1,
    name: Annotated[str | None, typer.Option(help="Name of the model; default: the output's.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Decides every random number.")] = 1,
    jobs: Jobs = None,
    as_json: Json = False,
) -> None:
    """Train a model from recordings of normal sound; a folder for each machine, if there are several.

    Example: acoustic turbine train healthy/ -o mine.bundle --table conditions.csv
    """
    from acoustic.audio import find_recordings
    from acoustic.errors import AcousticError
    from acoustic.terminal import emit, note, show_error

    from .conditions import ConditionTable, known_of
    from .train import Settings
    from .train import train as run

    files = find_recordings(paths)
    known = known_of(files, paths, None if table is None else ConditionTable(table))
    settings = Settings(
        kind=kind.value,
        size=size.value,
        conditions=tuple(dict.fromkeys(one.value for one in condition or ())),
        clip_s=clip,
        false_alarm_rate=false_alarm_rate,
        alarms_per_day=false_alarms_per_day,
        seed=seed,
        name=name or output.stem,
        jobs=jobs,
    )
    trained = run(files, known, settings)
    trained.bundle.save(output)
    figures = trained.bundle.calibration
    if as_json:
        emit({**figures, "failed": len(trained.failed), "bundle": str(output)})
    note(
        f"Wrote {output}: {figures['clips']} clips of {figures['clip_s']:.1f} s from {figures['machines']} machine(s), "
        f"{figures['hours']:.2f} h, {figures['set_aside']:.1%} set aside."
    )
    if trained.set_aside > MUCH_SET_ASIDE and kind is Kind.TURBINE:
        note(
            "Much of the sound was taken for weather or surroundings: for a machine that is no turbine, --kind machine."
        )
    if false_alarm_rate < trained.least_rate:
        note(
            f"With so few clips nothing rarer than {trained.least_rate:.2%} was ever seen: a rate of "
            f"{false_alarm_rate:.2%} is an extrapolation."
        )
    for path, reason in trained.failed.items():
        show_error(reason if reason.startswith(str(path)) else f"{path}: {reason}")
    if trained.failed:
        raise AcousticError(f"{len(trained.failed)} of {len(files)} recordings were not used; the others were.")
