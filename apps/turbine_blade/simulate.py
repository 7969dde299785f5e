"""Simulated sound at the tower base of a wind turbine, healthy or with one fault, with labelled nuisances.

The same arguments give the same bytes. Everything made here is the sound of a program, not a recording.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from acoustic.audio.wav import write_wav
from acoustic.errors import AcousticError, ParameterError
from acoustic.files import whole_file

from .simulation.clip import RATE_HZ, SimulatedClip, simulate_clip
from .simulation.days import Day, simulate_day
from .simulation.fault import FAULTS, Fault
from .simulation.nuisances import KINDS, Nuisance
from .simulation.turbine import Turbine

__all__ = [
    "CONDITIONS",
    "FAULTS",
    "KINDS",
    "RATE_HZ",
    "Day",
    "Fault",
    "Nuisance",
    "SimulatedClip",
    "Turbine",
    "save_days",
    "simulate_clip",
    "simulate_day",
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


def save_days(
    folder: Path,
    *,
    turbines: int,
    days: int,
    clips_per_day: int,
    duration_s: float,
    seed: int,
    fault: Fault | None = None,
    faulty_turbine: int | None = None,
    from_day: int = 1,
    advance: Callable[[float], None] = lambda clips: None,
) -> Path:
    """Write days of several machines of one wind farm, in the same weather.

    Parameters
    ----------
    folder
        Gets ``<turbine>/<YYYY-MM-DD>/<HHMMSS>.wav``, and at the end ``conditions.csv`` with the columns `CONDITIONS`.
        Each file is written whole or not at all. A healthy clip has no entry under ``fault`` and ``severity_db``;
        ``nuisances`` are words like ``rain:0.00-10.00``, from and to in seconds.
    turbines, days, clips_per_day, duration_s
        How much.
    seed
        Not negative.
    fault, faulty_turbine, from_day
        What is wrong with which turbine from which day on, both counted from 1.
    advance
        Called with 1 after every clip.

    Returns
    -------
    Path
        The path of ``conditions.csv``.

    Raises
    ------
    ParameterError
        A setting is out of its range, or a fault has no turbine.
    AcousticError
        A file cannot be written.
    """
    _check(turbines, days, clips_per_day, seed, fault, faulty_turbine, from_day)
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(CONDITIONS)
    for number in range(1, turbines + 1):
        turbine = Turbine.draw(1000 * seed + number)
        for day in range(1, days + 1):
            present = fault if number == faulty_turbine and day >= from_day else None
            clips = simulate_day(
                turbine, 1000 * seed + day, n_clips=clips_per_day, duration_s=duration_s, fault=present
            )
            for start_s, clip in clips:
                start = _FIRST_DAY + timedelta(days=day - 1, seconds=int(start_s))
                file = Path(turbine.name, f"{start:%Y-%m-%d}", f"{start:%H%M%S}.wav")
                write_wav(folder / file, clip.pcm, clip.rate_hz)
                rows.writerow(_conditions(file, start, clip))
                advance(1)
    path = folder / "conditions.csv"
    try:
        with whole_file(path) as stream:
            stream.write(table.getvalue().encode())
    except OSError as error:
        raise AcousticError(f"{path}: cannot be written ({error.strerror}). Free space or write elsewhere.") from error
    return path


def _check(
    turbines: int,
    days: int,
    clips_per_day: int,
    seed: int,
    fault: Fault | None,
    faulty_turbine: int | None,
    from_day: int,
) -> None:
    if not (1 <= turbines < 1000 and 1 <= days < 1000 and clips_per_day >= 1 and seed >= 0):
        raise ParameterError("1 to 999 turbines and days, at least 1 clip a day and a seed of 0 or more are needed.")
    if (fault is None) != (faulty_turbine is None):
        raise ParameterError("A fault and the number of the faulty turbine belong together: give both or neither.")
    if faulty_turbine is not None and not (1 <= faulty_turbine <= turbines and 1 <= from_day <= days):
        raise ParameterError(
            f"There is no turbine {faulty_turbine} on day {from_day}: "
            f"there are {turbines} turbines and {days} days, counted from 1."
        )


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
