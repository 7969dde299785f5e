"""Options that several commands share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Size(StrEnum):
    """How many features a model has."""

    COMPACT = "compact"
    FULL = "full"


SizeName = Annotated[Size, typer.Option(help="compact: about 64 kB; full: about 110 kB, a little surer.")]
Table = Annotated[
    Path | None,
    typer.Option(
        metavar="CSV",
        help="What is known of the recordings: columns file, and any of machine, start, wind_m_s, rpm, fault.",
    ),
]
Machine = Annotated[
    str | None, typer.Option(help="Name of the machine; default: the first folder below PATH, or what the table says.")
]
Store = Annotated[
    Path | None, typer.Option("--baselines", metavar="DIR", file_okay=False, help="Folder with baselines of machines.")
]
Rate = Annotated[
    float | None,
    typer.Option(
        "--false-alarm-rate",
        min=1e-9,
        max=0.5,
        help="Share of normal recordings that may be called anomalous; default: the bundle's. Needs no new training.",
    ),
]
PerDay = Annotated[
    float | None,
    typer.Option("--false-alarms-per-day", min=1e-6, help="What you can live with; default: the bundle's."),
]
