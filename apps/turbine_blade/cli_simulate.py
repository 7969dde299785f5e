"""The command of ``acoustic turbine`` that writes simulated recordings."""

from pathlib import Path
from typing import Annotated

import typer


def simulate(
    folder: Annotated[Path, typer.Argument(help="Where to write a folder for each turbine, and conditions.csv.")],
    turbines: Annotated[int, typer.Option(min=1, help="How many turbines.")] = 3,
    days: Annotated[int, typer.Option(min=1, help="How many days.")] = 2,
    clips_per_day: Annotated[int, typer.Option(min=1, help="Clips of each turbine on each day.")] = 12,
    duration_s: Annotated[
        float, typer.Option("--duration", min=1, help="Seconds of each clip; blades are compared from 30 s on.")
    ] = 32.0,
    seed: Annotated[int, typer.Option(min=0, help="Decides every random number.")] = 1,
    fault: Annotated[
        str | None, typer.Option(help="Damage of one turbine: whistle, erosion, split, tick or bearing.")
    ] = None,
    severity_db: Annotated[
        float | None, typer.Option("--severity", help="How bad, in dB; for erosion and split also negative.")
    ] = None,
    faulty_turbine: Annotated[int, typer.Option(min=1, help="Which turbine is damaged, counted from 1.")] = 1,
    from_day: Annotated[int, typer.Option(min=1, help="The first day of the damage, counted from 1.")] = 1,
) -> None:
    """Write simulated days at the tower base of some turbines. They are sounds made by a program, not recordings.

    Example: acoustic turbine simulate demo --days 4 --fault erosion --severity 4 --faulty-turbine 2 --from-day 3
    """
    from acoustic.errors import ParameterError
    from acoustic.terminal import note, progress

    from .simulate import Fault, save_days

    if (fault is None) != (severity_db is None):
        raise ParameterError("--fault and --severity belong together: give both or neither.")
    damage = None if fault is None or severity_db is None else Fault(fault, severity_db)
    with progress("simulating", turbines * days * clips_per_day) as advance:
        conditions = save_days(
            folder,
            turbines=turbines,
            days=days,
            clips_per_day=clips_per_day,
            duration_s=duration_s,
            seed=seed,
            fault=damage,
            faulty_turbine=None if damage is None else faulty_turbine,
            from_day=from_day,
            advance=advance,
        )
    note("These are simulated sounds, not recordings: they show how things work, not how well.")
    typer.echo(conditions)
