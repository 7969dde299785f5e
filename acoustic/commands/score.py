"""``acoustic APP score``, and ``enhance`` where an application makes sound: thin over `acoustic.score`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from acoustic.application import Application, load
from acoustic.audio import find_recordings
from acoustic.commands import options, terminal
from acoustic.commands.flags import command, parameter, record_of
from acoustic.score.writers import Form, choose_form

App = Application[Any, Any, Any, Any]
EXITS = "Exits with 1 when some recordings could not be scored or drawn, with 3 when none could be scored."


def score_command(application: App) -> Any:
    """Make ``acoustic APP score``."""
    name = application.name
    parameters = [
        parameter("paths", options.Recordings),
        parameter("plot", options.Plot, None),
        *(parameter(each, _overview(one.help), None) for each, one in application.overviews.items()),
        parameter("form", options.FormName, None),
        parameter("output", options.Output, None),
        *([parameter("sound", options.Sounds, None)] if application.makes_sound else []),
        *options.of_application(application, live=False),
        parameter("bundle", options.BundleName, name),
        parameter("jobs", options.Jobs, None),
        parameter("as_json", options.Json, False),
    ]
    help = (
        f"Score recordings, one row each, as a table, JSON, CSV, Parquet or Audacity labels.\n\n{EXITS}\n"
        f"Example: acoustic {name} score recordings --output scores.csv --plot pictures"
    )
    return command(lambda values: run_score(application, values), parameters, help)


def enhance_command(application: App) -> Any:
    """Make ``acoustic APP enhance``."""
    name = application.name
    parameters = [
        parameter("paths", options.Recordings),
        parameter("sound", options.SoundOutput),
        *options.of_application(application, live=False),
        parameter("plot", options.Plot, None),
        parameter("form", options.FormName, None),
        parameter("bundle", options.BundleName, name),
        parameter("jobs", options.Jobs, None),
        parameter("as_json", options.Json, False),
    ]
    help = (
        "Write the sound made of recordings; length, rate, channels and place in time stay.\n\n"
        f"Each channel is processed by itself. Results are 16-bit WAV files; an input is never overwritten. {EXITS}\n"
        f"Example: acoustic {name} enhance recordings -o clean --plot pictures"
    )
    return command(lambda values: run_score(application, values), parameters, help)


def run_score(application: App, values: Mapping[str, Any]) -> None:
    """Score, and end the program with the exit code."""
    from acoustic.score.run import Request, Scoring

    roots, output = values["paths"], values.get("output")
    files = find_recordings(roots)
    form = choose_form(values["form"], output, values["as_json"], len(files))
    request = Request(
        form=form,
        output=output,
        pictures=values["plot"],
        sounds=values.get("sound"),
        overviews={name: values[name] for name in application.overviews if values.get(name) is not None},
        jobs=values["jobs"],
        start=values["start"],
    )
    loaded = load(values["bundle"], application.name)
    complain = (lambda error: None) if form is Form.TABLE and output is None else terminal.show_error
    scoring = Scoring(loaded, record_of(application.options, values), files, roots, request, complain)
    for note in scoring.notes:
        terminal.note(note)
    tally = scoring.run()
    if tally.without_picture:
        terminal.show_error(f"{len(tally.without_picture)} pictures are missing; the first: {tally.without_picture[0]}")
    raise typer.Exit(tally.exit_code)


def _overview(help: str) -> Any:
    return Annotated[Path | None, typer.Option(metavar="PNG", dir_okay=False, help=help)]
