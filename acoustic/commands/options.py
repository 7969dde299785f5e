"""Options that every application's commands have: one name, one meaning and one wording everywhere."""

import inspect
from pathlib import Path
from typing import Annotated, Any

import typer

from acoustic.application import Application
from acoustic.audio.start import given
from acoustic.commands.flags import parameter, parameters_of
from acoustic.errors import ParameterError
from acoustic.score.writers import Form


def read_speed(text: str) -> float:
    """Read ``--speed``: a factor, or ``max`` (0) for as fast as it goes."""
    if text == "max":
        return 0.0
    try:
        speed = float(text)
    except ValueError:
        speed = -1.0
    if not 0.0 <= speed < float("inf"):
        raise typer.BadParameter("must be a number, 0 or more, or max")
    return speed


def read_start(text: str) -> str:
    """Read ``--start``: a date and time, which is refused before any work where it is none."""
    try:
        given(text)
    except ParameterError as error:
        raise typer.BadParameter(str(error)) from None
    return text


BundleName = Annotated[str, typer.Option("--bundle", help="A bundle file, or the name of a shipped bundle.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON Lines to stdout, for programs.")]

Start = Annotated[
    str | None,
    typer.Option(
        parser=read_start,
        metavar="TIME",
        help="When the sound began, ISO 8601; default: what metadata, the file's name or the clock tell.",
    ),
]

# Listening
Device = Annotated[str | None, typer.Option(help="Microphone: its name, a part of it, or its index.")]
DeviceIn = Annotated[
    str | None, typer.Option("--device", "--in", help="Microphone: its name, a part of it, or its index.")
]
WaitForDevice = Annotated[
    float,
    typer.Option(
        "--wait-for-device", min=0.0, metavar="SECONDS", help="Wait so long for a device that is not there yet."
    ),
]
Input = Annotated[
    str | None,
    typer.Option("--input", help="Read a recording instead of the microphone, or - for int16 mono PCM on stdin."),
]
Rate = Annotated[int | None, typer.Option(min=1000, help="Sampling rate of stdin in Hz.")]
Speed = Annotated[
    float | None,
    typer.Option(
        parser=read_speed,
        metavar="FACTOR",
        help="Speed of the recording: 1 is real time, max as fast as it goes.",
    ),
]
Save = Annotated[
    Path | None, typer.Option(metavar="DIR", file_okay=False, help="Keep sound, events and Audacity labels here.")
]
SaveSound = Annotated[
    Path | None,
    typer.Option(
        "--save", "--record", metavar="DIR", file_okay=False, help="Keep sound, what was made of it, and events here."
    ),
]
BlockMs = Annotated[int, typer.Option(min=1, max=1000, help="Length of the blocks of sound.")]
Out = Annotated[str | None, typer.Option("--out", help="Loudspeaker: its name, a part of it, or its index.")]
OutputSound = Annotated[
    Path | None, typer.Option("--output", dir_okay=False, help="Write the sound to a WAV file, to no loudspeaker.")
]
BufferMs = Annotated[
    int, typer.Option(min=20, max=1000, help="Sound kept ready for the loudspeaker: less is quicker, more is safer.")
]


def of_application(application: Application[Any, Any, Any, Any], *, live: bool) -> list[inspect.Parameter]:
    """Return when the sound began, then the application's own options; some have such a one themselves."""
    own = [one for one in parameters_of(application.options, live=live) if one.name != "start"]
    return [parameter("start", Start, None), *own]


# Scoring
Recordings = Annotated[list[Path], typer.Argument(metavar="PATH...", help="Recordings, or folders of them.")]
Plot = Annotated[Path | None, typer.Option(metavar="DIR", file_okay=False, help="Draw a PNG of each here.")]
FormName = Annotated[
    Form | None,
    typer.Option("--format", help="Form of the result; default: a table, or what the suffix of --output says."),
]
Output = Annotated[
    Path | None,
    typer.Option(
        help="File for the result; an interrupted run is resumed from what is beside it. For Audacity labels a folder."
    ),
]
Sounds = Annotated[
    Path | None, typer.Option("--sound", metavar="DIR", help="Write the sound made of each recording here, as WAV.")
]
SoundOutput = Annotated[
    Path, typer.Option("--output", "-o", help="Folder for the results, or the WAV file for that of one recording.")
]
Jobs = Annotated[
    int | None, typer.Option(min=1, help="Recordings scored at the same time; default: one for each core.")
]
