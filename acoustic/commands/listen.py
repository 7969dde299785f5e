"""``acoustic APP listen``: thin over `acoustic.live`."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import typer

from acoustic.application import Application, Loaded, load
from acoustic.commands import options, terminal
from acoustic.commands.flags import command, parameter, record_of
from acoustic.errors import ParameterError

App = Application[Any, Any, Any, Any]
#: Long blocks are faster from file to file, and give the same sound.
FILE_BLOCK_MS = 500


def listen_command(application: App) -> Any:
    """Make ``acoustic APP listen``."""
    sound_out = [
        parameter("out", options.Out, None),
        parameter("output", options.OutputSound, None),
        parameter("buffer_ms", options.BufferMs, 200),
    ]
    parameters = [
        parameter("device", options.DeviceIn if application.makes_sound else options.Device, None),
        parameter("wait_for_device", options.WaitForDevice, 0.0),
        parameter("recording", options.Input, None),
        *(sound_out if application.makes_sound else []),
        parameter("rate", options.Rate, None),
        parameter("speed", options.Speed, None),
        *options.of_application(application, live=True),
        parameter("save", options.SaveSound if application.makes_sound else options.Save, None),
        parameter("bundle", options.BundleName, application.name),
        parameter("block_ms", options.BlockMs, application.block_ms),
        parameter("as_json", options.Json, False),
    ]
    help = (
        f"Listen to a microphone, or to a recording as if it were one, until Ctrl-C or q.\n\n{application.listening}\n"
        f"Example: acoustic {application.name} listen --device USB --save kept"
    )
    return command(lambda values: run_listen(application, values), parameters, help)


def run_listen(application: App, values: Mapping[str, Any]) -> None:
    """Listen, and end the program with the exit code."""
    from acoustic.live import Keyboard, Listener, open_input

    loaded = load(values["bundle"], application.name)
    own = record_of(application.options, values)
    block_ms, speed = _pace(application, values)
    block_samples = max(1, loaded.rate_hz * block_ms // 1000)
    with ExitStack() as stack:
        sound = open_input(
            values["device"], values["recording"], loaded.rate_hz, block_samples, stdin_rate_hz=values["rate"],
            speed=speed, wait_s=values["wait_for_device"], start=values["start"],
        )  # fmt: skip
        stack.callback(sound.source.close)
        out = _open_output(stack, loaded, values) if application.makes_sound else None
        keyboard = stack.enter_context(Keyboard())
        sinks = _sinks(loaded, values["save"], values["as_json"], sound, keyboard.active)
        ended = Listener(loaded, own, sound, sinks, keyboard, out).run()
    for loss in ended.losses:
        terminal.show_error(loss)
    raise typer.Exit(ended.exit_code)


def _pace(application: App, values: Mapping[str, Any]) -> tuple[int, float | None]:
    """Return the blocks' length (ms) and the speed: from file to file it goes as fast as it can."""
    block_ms, speed, recording = values["block_ms"], values["speed"], values["recording"]
    if not application.makes_sound or values["output"] is None or recording is None:
        return block_ms, speed
    return FILE_BLOCK_MS, 0.0 if speed is None and recording != "-" else speed


def _open_output(stack: ExitStack, loaded: Loaded[Any, Any, Any, Any], values: Mapping[str, Any]) -> Any:
    """Open where the sound goes that is made."""
    from acoustic.live import open_output

    output, recording = values["output"], values["recording"]
    if None not in (output, recording) and output.resolve() == Path(recording).resolve():
        raise ParameterError(f"{output}: is the recording itself and would be overwritten. Write to another file.")
    buffer_s, wait_s = values["buffer_ms"] / 1000, values["wait_for_device"]
    return stack.enter_context(open_output(values["out"], output, loaded.rate_hz, buffer_s, wait_s=wait_s))


def _sinks(
    loaded: Loaded[Any, Any, Any, Any], save: Path | None, as_json: bool, sound: Any, with_keys: bool
) -> list[Any]:
    """Return where events go: the archive, standard output, the screen."""
    import sys

    from acoustic.links import Archive, Panel, Stdout

    bundle, application = loaded.bundle, loaded.application
    title = f"{bundle.name} {bundle.version} listening to {sound.name} at {sound.rate_hz} Hz"
    keys = "   ".join(f"{key} {what}" for key, what in {**application.keys, "q": "quit"}.items())
    panel = Panel(title, panel=not (as_json and sys.stdout.isatty()), keys=keys if with_keys else "")
    archive = [] if save is None else [Archive(save, loaded.rate_hz, application.name, _moment(sound))]
    return [*archive, *([Stdout()] if as_json else []), panel]


def _moment(sound: Any) -> str | None:
    """Return what the names of kept files say of their time: a recording was not made at the time it is heard."""
    from acoustic.links.archive import MOMENT, UNKNOWN_MOMENT
    from acoustic.live.sources import STDIN

    if sound.began is not None:
        return str(sound.began.at.strftime(MOMENT))
    return None if sound.name == STDIN else UNKNOWN_MOMENT
