"""The commands of the roast application: thin, and quick to import."""

import os
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from acoustic import terminal
from acoustic.errors import ParameterError
from apps.roast_crack.cli_training import calibrate, evaluate, simulate, train
from apps.roast_crack.options import BundleName, Charge, Json

app = typer.Typer(help="Hear the first crack of coffee.", no_args_is_help=True)


class Format(StrEnum):
    """What a result looks like for people and their programs."""

    TABLE = "table"
    CSV = "csv"
    AUDACITY = "audacity"


def _speed(text: str | None) -> float | None:
    """Read ``--speed``: a factor, or ``max`` (0) for as fast as it goes."""
    if text is None or text == "max":
        return None if text is None else 0.0
    try:
        speed = float(text)
    except ValueError:
        speed = -1.0
    if not 0.0 <= speed < float("inf"):
        raise typer.BadParameter("must be a number, 0 or more, or max")
    return speed


@app.command()
def listen(
    device: Annotated[str | None, typer.Option(help="Microphone: its name, a part of it, or its index.")] = None,
    recording: Annotated[
        str | None, typer.Option("--input", help="Hear a recording instead, or - for int16 mono PCM on stdin.")
    ] = None,
    rate: Annotated[int | None, typer.Option(min=1000, help="Sampling rate of stdin in Hz.")] = None,
    speed: Annotated[
        str | None, typer.Option(help="Speed of the recording: 1 is real time, max as fast as it goes.")
    ] = None,
    charge: Charge = None,
    save: Annotated[
        Path | None, typer.Option(metavar="DIR", file_okay=False, help="Keep sound, events and Audacity labels here.")
    ] = None,
    bundle: BundleName = "roast",
    block_ms: Annotated[int, typer.Option(min=1, max=1000, help="Length of the blocks of sound.")] = 100,
    as_json: Json = False,
) -> None:
    """Listen to a roast and tell when first crack starts. Nothing but the alert ever acts on it.

    Keys: c charge, d drop, u undo, q quit. Example: acoustic roast listen --device USB --save roasts
    """
    import sys

    from acoustic.live import open_input
    from apps.roast_crack.listen import listen as run
    from apps.roast_crack.scoring import load_bundle

    model = load_bundle(bundle)
    rate_hz = model.frontend.rate_hz
    sound = open_input(
        device,
        recording,
        rate_hz,
        max(1, rate_hz * block_ms // 1000),
        stdin_rate_hz=rate,
        speed=_speed(speed),
    )
    ended = run(
        sound,
        model,
        charge_s=charge,
        save=save,
        as_json=as_json,
        panel=not (as_json and sys.stdout.isatty()),
    )
    if ended.interrupted:
        raise typer.Exit(130)
    raise typer.Exit(int(ended.save_failed))


@app.command()
def score(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Recordings, or folders of them.")],
    plot: Annotated[Path | None, typer.Option(metavar="DIR", file_okay=False, help="Draw a PNG of each here.")] = None,
    form: Annotated[Format | None, typer.Option("--format", help="Form of the result; default: table.")] = None,
    output: Annotated[
        Path | None, typer.Option(help="File for the result; for Audacity labels a folder, one file a recording.")
    ] = None,
    charge: Charge = None,
    bundle: BundleName = "roast",
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Recordings scored at the same time; default: one a core.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Find the cracks and first crack of recordings, one line each.

    Exits with 1 when some recordings could not be scored, with 3 when none could.
    Example: acoustic roast score recordings --plot pictures
    """
    from functools import partial

    from acoustic.audio import find_recordings
    from acoustic.score import Outcome, score_all
    from apps.roast_crack.output import names_in, write_labels, write_lines
    from apps.roast_crack.report import Score, csv_lines, json_lines, table_lines
    from apps.roast_crack.scoring import make_scorer

    if as_json and form is not None:
        raise ParameterError("--json and --format each choose the form of the result: give one of them.")
    files = find_recordings(paths)
    if form is Format.AUDACITY and output is None and len(files) > 1:
        raise ParameterError("The labels of several recordings need a folder: add --output DIR.")
    pictures = {} if plot is None else dict(zip(files, names_in(plot, files, ".png"), strict=True))
    jobs = jobs or min(len(files), os.cpu_count() or 1)
    good = failed = 0

    def counted(outcomes: Iterable[Outcome[Score]]) -> Iterator[Score]:
        nonlocal good, failed
        for outcome in outcomes:
            if outcome.result is not None:
                good += 1
                yield outcome.result
            else:
                failed += 1
                if form is not None or as_json or output is not None:
                    terminal.show_error(f"{outcome.error}")
                yield Score(str(outcome.path), error=outcome.error)
            advance(1)

    with terminal.progress("scoring", len(files)) as advance:
        scores = counted(score_all(files, partial(make_scorer, bundle, pictures, charge), jobs))
        if form is Format.AUDACITY:
            write_labels(scores, files, output)
        elif as_json:
            write_lines(json_lines(scores), output)
        elif form is Format.CSV:
            write_lines(csv_lines(scores), output)
        else:
            write_lines(table_lines(scores, map(str, files)), output)
    raise typer.Exit(0 if not failed else 1 if good else 3)


for command in (train, evaluate, simulate, calibrate):
    app.command()(command)
