"""How recordings of machines are scored, and a machine is listened to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from acoustic.records import About

from .baselines import Baselines
from .conditions import Conditions, Table, known_in
from .scorer.model import TurbineModel


@dataclass(frozen=True, kw_only=True)
class TurbineOptions:
    """What is known of a machine, and what it is judged by."""

    machine: Annotated[
        str | None, About("Name of the machine; default for recordings: what a table says, or the folder below PATH.")
    ] = None
    start: Annotated[str | None, About("Date and time at which the recording began, ISO 8601.", live=False)] = None
    wind: Annotated[float | None, About("Wind, for models that judge under it.", unit="m/s", low=0, high=100)] = None
    rpm: Annotated[float | None, About("Rate of rotation; of a rotor within 10 %.", unit="rpm", low=0, high=300)] = None
    baselines: Annotated[Path | None, About("Folder with baselines of machines.", metavar="DIR")] = None
    table: Table = None
    false_alarm_rate: Annotated[
        float | None,
        About(
            "Share of normal recordings that may be called anomalous; default: the bundle's. Needs no new training.",
            low=1e-9,
            high=0.5,
            live=False,
        ),
    ] = None
    false_alarms_per_day: Annotated[
        float | None,
        About("False alarms that you can live with; default: the bundle's.", low=1e-6, high=1e6, live=True),
    ] = None

    @property
    def conditions(self) -> Conditions:
        """What is known beside the sound."""
        return Conditions(machine=self.machine, start=self.start, wind_m_s=self.wind, rpm=self.rpm)


def options_of(
    model: TurbineModel, options: TurbineOptions, files: Sequence[Path], roots: Sequence[Path]
) -> Mapping[Path, TurbineOptions]:
    """Return the options of each recording: what was asked for, else what the table says, else its folders."""
    machines = {*model.clips.machines, *(() if options.baselines is None else Baselines(options.baselines).machines())}
    return {
        path: replace(
            options,
            machine=options.machine or known.machine,
            start=options.start or known.start,
            wind=known.wind_m_s if options.wind is None else options.wind,
            rpm=known.rpm if options.rpm is None else options.rpm,
        )
        for path, known in known_in(options.table, files, roots, machines).items()
    }
