"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Strength = Annotated[
    float, typer.Option(min=0.0, max=1.0, help="How much of the cleaned sound: 0 is the sound as it came, 1 all.")
]
Floor = Annotated[
    float | None,
    typer.Option(
        min=-60.0,
        max=0.0,
        metavar="DB",
        help="How far noise is turned down at most, such as -12; default: the bundle's.",
    ),
]
Audiogram = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|DB,DB,...",
        help="Thresholds of the ear to fit the sound to: a CSV file, or six numbers in dB HL at 250, 500, 1000, 2000, "
        "4000 and 6000 Hz. Assistive software, not a medical device.",
    ),
]

# Listening
In = Annotated[str | None, typer.Option("--in", help="Microphone: its name, a part of it, or its index.")]
Out = Annotated[str | None, typer.Option("--out", help="Loudspeaker: its name, a part of it, or its index.")]
OutputFile = Annotated[
    Path | None, typer.Option("--output", dir_okay=False, help="Write the result to a WAV file, to no loudspeaker.")
]
BufferMs = Annotated[
    int, typer.Option(min=20, max=1000, help="Sound kept ready for the loudspeaker: less is quicker, more is safer.")
]
Record = Annotated[
    Path | None, typer.Option(metavar="DIR", file_okay=False, help="Keep what was heard and what came of it here.")
]
