"""The command line: what concerns the whole suite, and the applications found by entry point.

Modules that hold commands import nothing slow at their top, so that ``acoustic --help`` answers at once.
"""

import errno
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from acoustic import __version__
from acoustic.application import Action
from acoustic.commands import bundle, data, export, terminal
from acoustic.commands.devices import DEVICES
from acoustic.commands.doctor import DOCTOR
from acoustic.commands.evaluate import EVALUATE
from acoustic.commands.events import EVENTS
from acoustic.commands.group import Applications, add_actions
from acoustic.errors import AcousticError
from acoustic.progress import watched

# Plain tracebacks: an exception that reaches Python is a bug, and is reported as text.
app = typer.Typer(cls=Applications, no_args_is_help=True, pretty_exceptions_enable=False)
ACTIONS: dict[str, Action[Any]] = {
    "devices": DEVICES,
    "doctor": DOCTOR,
    "events": EVENTS,
    "evaluate": EVALUATE,
    **export.ACTIONS,
    **data.ACTIONS,
    **bundle.ACTIONS,
}
GROUPS = {
    "data": "Datasets: source, licence, checksums, and where the recordings lie.",
    "bundle": "Model bundles: one file per model.",
}
add_actions(app, ACTIONS, GROUPS)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    """Teach small computers to listen: score recordings, listen live, export firmware."""


@app.command()
def version() -> None:
    """Show the version.

    Example: acoustic version
    """
    _show_version(True)


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM unwind the program while the block runs: files that are half written are removed."""

    def end(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def main() -> None:
    """Run the command line; what the suite raises on purpose becomes a message and an exit code."""
    try:
        with _terminable(), watched(terminal.progress_bar):
            app()
    except AcousticError as error:
        terminal.show_error(str(error))
        raise SystemExit(error.exit_code) from None
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        terminal.show_error(
            f"The disk is full: {error.filename or 'the output'} was not written. Make room, try again."
        )
        raise SystemExit(1) from None
    except SystemExit as stop:
        if stop.code == 130:
            terminal.note("stopped")
        raise
