"""The commands of the hearing application: thin, and quick to import."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from acoustic.errors import ParameterError
from acoustic.options import BundleName, Input, Jobs, Json, Plot, Rate, Recordings

from .cli_evaluate import evaluate
from .cli_train import train
from .options import Audiogram, BufferMs, Floor, In, Out, OutputFile, Record, Strength

app = typer.Typer(help="Take the noise out of speech.", no_args_is_help=True)


@app.command()
def enhance(
    paths: Recordings,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the results, or the WAV file for that of one recording.")
    ],
    strength: Strength = 1.0,
    floor: Floor = None,
    audiogram: Audiogram = None,
    plot: Plot = None,
    bundle: BundleName = "hearing",
    jobs: Jobs = None,
    as_json: Json = False,
) -> None:
    """Take the noise out of recordings; length, rate, channels and place in time stay.

    Each channel is cleaned by itself. Results are 16-bit WAV files; an input is never overwritten.
    Exits with 1 when some recordings could not be enhanced, with 3 when none could.
    Example: acoustic hearing enhance recordings -o clean --plot pictures
    """
    from functools import partial

    from acoustic.audio import find_recordings
    from acoustic.score import score_all, write_lines, write_results

    from .aid import AidSettings
    from .enhance import make_scorer, places_of
    from .report import Enhanced, json_lines, table_lines, with_remarks

    places = places_of(find_recordings(paths), paths, output, plot)
    settings = AidSettings(bundle=bundle, strength=strength, floor_db=floor, audiogram=audiogram)
    jobs = jobs or min(len(places), os.cpu_count() or 1)

    def write(results: Iterator[Enhanced]) -> None:
        lines = json_lines if as_json else table_lines
        write_lines(lines(with_remarks(results)), None)

    code = write_results(
        score_all(places, partial(make_scorer, settings, places), max(1, jobs)),
        len(places),
        lambda path, error: Enhanced(file=str(path), error=error),
        write,
        show_errors=as_json,
        description="enhancing",
    )
    raise typer.Exit(code)


@app.command()
def listen(
    device_in: In = None,
    device_out: Out = None,
    recording: Input = None,
    output: OutputFile = None,
    rate: Rate = None,
    strength: Strength = 1.0,
    floor: Floor = None,
    bypass: Annotated[bool, typer.Option("--bypass", help="Start with the sound as it comes.")] = False,
    audiogram: Audiogram = None,
    record: Record = None,
    buffer_ms: BufferMs = 200,
    bundle: BundleName = "hearing",
    as_json: Json = False,
) -> None:
    """Listen through: microphone to loudspeaker, without the noise.

    Wear headphones or the aid itself: a loudspeaker that the microphone hears will howl.
    Keys: b bypass, + and - (or arrows) strength, q quit. Example: acoustic hearing listen --in USB --strength 0.8
    """
    from acoustic.live import open_input
    from acoustic.terminal import note

    from .aid import AidPlan, AidSettings
    from .fitting import NOTICE
    from .listen import BLOCK_S, FILE_BLOCK_S, HearingListener, open_sink

    if output is not None and recording is not None and output.resolve() == Path(recording).resolve():
        raise ParameterError(f"{output}: is the recording itself and would be overwritten. Write to another file.")
    plan = AidPlan.load(
        AidSettings(bundle=bundle, strength=strength, bypass=bypass, floor_db=floor, audiogram=audiogram)
    )
    aid = plan.make()
    if audiogram is not None:
        note(NOTICE)
    files_only = recording is not None and output is not None
    block_samples = round((FILE_BLOCK_S if files_only else BLOCK_S) * aid.rate_hz)
    speed = 0.0 if files_only and recording != "-" else None
    with open_sink(device_out, output, aid.rate_hz, buffer_ms / 1000) as sink:
        sound = open_input(device_in, recording, aid.rate_hz, block_samples, stdin_rate_hz=rate, speed=speed)
        ended = HearingListener(sound, plan.bundle, aid, sink).run(save=record, as_json=as_json)
    raise typer.Exit(ended.exit_code)


for command in (train, evaluate):
    app.command()(command)
