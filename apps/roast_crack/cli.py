"""The commands of the roast application: thin, and quick to import."""

import os
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from acoustic.errors import ParameterError
from acoustic.options import BlockMs, BundleName, Device, Input, Jobs, Json, Plot, Rate, Recordings, Save, Speed

from .cli_training import calibrate, evaluate, simulate, train

Charge = Annotated[
    float | None, typer.Option(metavar="SECONDS", help="When the beans went in, from the start of the sound, if known.")
]

app = typer.Typer(help="Hear the first crack of coffee.", no_args_is_help=True)


class Format(StrEnum):
    """What a result looks like for people and their programs."""

    TABLE = "table"
    CSV = "csv"
    AUDACITY = "audacity"


@app.command()
def listen(
    device: Device = None,
    recording: Input = None,
    rate: Rate = None,
    speed: Speed = None,
    charge: Charge = None,
    save: Save = None,
    bundle: BundleName = "roast",
    block_ms: BlockMs = 100,
    as_json: Json = False,
) -> None:
    """Listen to a roast and tell when first crack starts. Nothing but the alert ever acts on it.

    Keys: c charge, d drop, u undo, q quit. Example: acoustic roast listen --device USB --save roasts
    """
    from acoustic.live import open_input

    from .listen import RoastListener
    from .scoring import load_bundle

    model = load_bundle(bundle)
    rate_hz = model.frontend.rate_hz
    block_samples = max(1, rate_hz * block_ms // 1000)
    sound = open_input(device, recording, rate_hz, block_samples, stdin_rate_hz=rate, speed=speed)
    raise typer.Exit(RoastListener(sound, model, charge).run(save=save, as_json=as_json).exit_code)


@app.command()
def score(
    paths: Recordings,
    plot: Plot = None,
    form: Annotated[Format | None, typer.Option("--format", help="Form of the result; default: table.")] = None,
    output: Annotated[
        Path | None, typer.Option(help="File for the result; for Audacity labels a folder, one file a recording.")
    ] = None,
    charge: Charge = None,
    bundle: BundleName = "roast",
    jobs: Jobs = None,
    as_json: Json = False,
) -> None:
    """Find the cracks and first crack of recordings, one line each.

    Exits with 1 when some recordings could not be scored, with 3 when none could.
    Example: acoustic roast score recordings --plot pictures
    """
    from functools import partial

    from acoustic.audio import find_recordings
    from acoustic.score import names_in, score_all, write_labels, write_lines, write_results

    from .report import Score, csv_lines, json_lines, label_lines, table_lines
    from .scoring import make_scorer

    if as_json and form is not None:
        raise ParameterError("--json and --format each choose the form of the result: give one of them.")
    files = find_recordings(paths)
    if form is Format.AUDACITY and output is None and len(files) > 1:
        raise ParameterError("The labels of several recordings need a folder: add --output DIR.")
    pictures = {} if plot is None else dict(zip(files, names_in(plot, files, ".png"), strict=True))
    jobs = jobs or min(len(files), os.cpu_count() or 1)

    def write(scores: Iterator[Score]) -> None:
        if form is Format.AUDACITY:
            write_labels((None if score.error else label_lines(score) for score in scores), files, output)
        elif as_json:
            write_lines(json_lines(scores), output)
        elif form is Format.CSV:
            write_lines(csv_lines(scores), output)
        else:
            write_lines(table_lines(scores, map(str, files)), output)

    code = write_results(
        score_all(files, partial(make_scorer, bundle, pictures, charge), jobs),
        len(files),
        lambda path, error: Score(str(path), error=error),
        write,
        show_errors=form is not None or as_json or output is not None,
    )
    raise typer.Exit(code)


for command in (train, evaluate, simulate, calibrate):
    app.command()(command)
