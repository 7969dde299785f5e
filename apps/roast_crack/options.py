"""Options that several commands share."""

from typing import Annotated

import typer

Charge = Annotated[
    float | None, typer.Option(metavar="SECONDS", help="When the beans went in, from the start of the sound, if known.")
]
BundleName = Annotated[str, typer.Option("--bundle", help="A bundle file, or the name of a shipped bundle.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON Lines to stdout, for programs.")]
