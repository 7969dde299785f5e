"""Simulated sound at the tower base of a wind turbine, healthy or with one fault, with labelled nuisances.

The same arguments give the same bytes. Everything made here is the sound of a program, not a recording.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

from acoustic.application import Action, Note, Output, Written
from acoustic.audio.wav import write_wav
from acoustic.errors import ParameterError
from acoustic.files import whole_file, write_failure
from acoustic.progress import progress
from acoustic.records import About

from .simulation.clip import RATE_HZ, SimulatedClip, at_rate, simulate_clip, simulated_rate
from .simulation.days import SimulatedDay, simulate_day
from .simulation.fault import FAULTS, Fault, FaultKind
from .simulation.nuisances import KINDS, Nuisance
from .simulation.turbine import Turbine

__all__ = [
    "CONDITIONS",
    "FAULTS",
    "KINDS",
    "RATE_HZ",
    "SIMULATE",
    "SimulatedDay",
    "Farm",
    "Fault",
    "Nuisance",
    "SimulatedClip",
    "Turbine",
    "at_rate",
    "save_days",
    "simulate_clip",
    "simulate_day",
    "simulated_rate",
]

CONDITIONS = (
    "file",
    "machine",
    "start",
    "duration_s",
    "wind_m_s",
    "rpm",
    "fault",
    "severity_db",
    "nuisances",
    "simulated",
)
"""Columns of ``conditions.csv``."""
_FIRST_DAY = datetime(2026, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Farm:
    """Days of several machines of one wind farm, in the same weather.

    Raises
    ------
    ParameterError
        When a setting is out of its range, or a fault has no severity or no turbine.
    """

    turbines: Annotated[int, About("How many turbines.", low=1, high=999)] = 3
    days: Annotated[int, About("How many days.", low=1, high=999)] = 2
    clips_per_day: Annotated[int, About("Clips of each turbine on each day.", low=1)] = 12
    duration_s: Annotated[
        float, About("Seconds of each clip; blades are compared from 30 s on.", low=1, flag="--duration")
    ] = 32.0
    seed: Annotated[int, About("Decides every random number.", low=0)] = 1
    fault: Annotated[FaultKind | None, About("Damage of one turbine.")] = None
    severity_db: Annotated[
        float | None, About("How bad, in dB; for erosion and split also negative.", flag="--severity")
    ] = None
    faulty_turbine: Annotated[int, About("Which turbine is damaged, counted from 1.", low=1)] = 1
    from_day: Annotated[int, About("The first day of the damage, counted from 1.", low=1)] = 1

    def __post_init__(self) -> None:
        """Check what can be simulated."""
        if not (1 <= self.turbines < 1000 and 1 <= self.days < 1000 and self.clips_per_day >= 1 and self.seed >= 0):
            raise ParameterError(
                "1 to 999 turbines and days, at least 1 clip per day and a seed of 0 or more are needed."
            )
        if (self.fault is None) != (self.severity_db is None):
            raise ParameterError("--fault and --severity belong together: give both or neither.")
        damaged = 1 <= self.faulty_turbine <= self.turbines and 1 <= self.from_day <= self.days
        if self.damage is not None and not damaged:
            raise ParameterError(
                f"There is no turbine {self.faulty_turbine} on day {self.from_day}: "
                f"there are {self.turbines} turbines and {self.days} days, counted from 1."
            )

    @property
    def damage(self) -> Fault | None:
        """The fault of the damaged turbine."""
        return None if self.fault is None or self.severity_db is None else Fault(self.fault, self.severity_db)


def save_days(folder: Path, farm: Farm) -> Path:
    """Write simulated days.

    Parameters
    ----------
    folder
        Gets ``<turbine>/<YYYY-MM-DD>/<HHMMSS>.wav``, and at the end ``conditions.csv`` with the columns `CONDITIONS`.
        Each file is written whole or not at all. A healthy clip has no entry under ``fault`` and ``severity_db``;
        ``nuisances`` are words like ``rain:0.00-10.00``, from and to in seconds.
    farm
        What is simulated.

    Returns
    -------
    Path
        The path of ``conditions.csv``.

    Raises
    ------
    AcousticError
        A file cannot be written.
    """
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(CONDITIONS)
    with progress("simulating", farm.turbines * farm.days * farm.clips_per_day) as advance:
        for start, clip in _clips(farm):
            file = Path(clip.turbine.name, f"{start:%Y-%m-%d}", f"{start:%H%M%S}.wav")
            write_wav(folder / file, clip.pcm, clip.rate_hz)
            rows.writerow(_conditions(file, start, clip))
            advance(1)
    path = folder / "conditions.csv"
    try:
        with whole_file(path) as stream:
            stream.write(table.getvalue().encode())
    except OSError as error:
        raise write_failure(path, error) from error
    return path


def _clips(farm: Farm) -> Iterator[tuple[datetime, SimulatedClip]]:
    for number in range(1, farm.turbines + 1):
        turbine = Turbine.draw(1000 * farm.seed + number)
        for day in range(1, farm.days + 1):
            fault = farm.damage if number == farm.faulty_turbine and day >= farm.from_day else None
            clips = simulate_day(
                turbine,
                1000 * farm.seed + day,
                n_clips=farm.clips_per_day,
                duration_s=farm.duration_s,
                fault=fault,
            )
            for start_s, clip in clips:
                yield _FIRST_DAY + timedelta(days=day - 1, seconds=int(start_s)), clip


def _conditions(file: Path, start: datetime, clip: SimulatedClip) -> tuple[str, ...]:
    return (
        file.as_posix(),
        clip.turbine.name,
        start.isoformat(),
        f"{len(clip.pcm) / clip.rate_hz:g}",
        f"{clip.wind_m_s:.2f}",
        f"{clip.rpm:.3f}",
        clip.fault.kind if clip.fault else "",
        f"{clip.fault.severity_db:g}" if clip.fault else "",
        " ".join(f"{one.kind}:{one.start_s:.2f}-{one.end_s:.2f}" for one in clip.nuisances),
        "yes",
    )


@dataclass(frozen=True, kw_only=True)
class TurbineSimulateOptions(Farm):
    """What is simulated, and where it goes."""

    folder: Annotated[Path, About("Where to write a folder for each turbine, and conditions.csv.", argument=True)]


def run(options: TurbineSimulateOptions) -> Iterator[Output]:
    """Write simulated days, and say what they are."""
    yield Written(save_days(options.folder, options))
    yield Note("These are simulated sounds, not recordings: they show how things work, not how well.")


SIMULATE = Action(
    help="Write simulated days at the tower base of some turbines. They are sounds made by a program, not recordings."
    "\n\nExample: acoustic turbine simulate demo --days 4 --fault erosion --severity 4 --faulty-turbine 2 --from-day 3",
    options=TurbineSimulateOptions,
    run=run,
)
