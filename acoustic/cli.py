"""The root command: what concerns every application, and the applications found by entry point.

An application registers a Typer app in the entry-point group ``acoustic.apps``; this module knows none by name.
Modules that hold commands import nothing slow at their top, so that ``acoustic --help`` answers at once.
"""

import errno
from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated

import typer

from acoustic import __version__, terminal
from acoustic.errors import AcousticError, MissingExtraError
from acoustic.export.commands import budget, export
from acoustic.options import Device, Json

# Plain tracebacks: an exception that reaches Python is a bug, and is reported as text.
app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
data_app = typer.Typer(help="Datasets: source, licence, checksums, and where the recordings lie.", no_args_is_help=True)
bundle_app = typer.Typer(help="Model bundles: one file per model.", no_args_is_help=True)
app.add_typer(data_app, name="data")
app.add_typer(bundle_app, name="bundle")
app.command()(export)
app.command()(budget)


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


@app.command()
def devices(as_json: Json = False) -> None:
    """List microphones and loudspeakers.

    Example: acoustic devices
    """
    from dataclasses import asdict

    from acoustic.audio.devices import NO_DEVICE, list_devices
    from acoustic.errors import DeviceError

    found = list_devices()
    if as_json:
        for device in found:
            terminal.emit(asdict(device))
    elif found:
        terminal.show_table(
            ("index", "name", "host", "in", "out", "rate Hz", "default"),
            (
                (
                    device.index,
                    device.name,
                    device.host_api,
                    device.in_channels,
                    device.out_channels,
                    device.default_rate_hz,
                    " ".join(["input"] * device.is_default_input + ["output"] * device.is_default_output),
                )
                for device in found
            ),
        )
    if not any(device.can("input") for device in found):
        raise DeviceError(NO_DEVICE["input"])


@app.command()
def doctor(
    device: Device = None,
    seconds: Annotated[float, typer.Option(min=0.0, max=60.0, help="How long to listen; 0: not at all.")] = 3.0,
    as_json: Json = False,
) -> None:
    """Check installation, bundles and microphone, and say what to do.

    Exits with 1 when something is broken. Example: acoustic doctor --device USB --seconds 5
    """
    from dataclasses import asdict

    from acoustic.doctor import examine

    colours = {"ok": typer.colors.GREEN, "warn": typer.colors.YELLOW, "fail": typer.colors.RED}
    failed = False
    for finding in examine(device, seconds):
        failed |= finding.status == "fail"
        if as_json:
            terminal.emit(asdict(finding))
            continue
        typer.echo(
            f"{typer.style(f'{finding.status:4}', fg=colours[finding.status])}  {finding.name}: {finding.detail}"
        )
        if finding.remedy:
            typer.echo(f"      {finding.remedy}")
    raise typer.Exit(int(failed))


@data_app.command("list")
def list_datasets(as_json: Json = False) -> None:
    """List the datasets, their licences, and which are there.

    Example: acoustic data list
    """
    from acoustic.datasets import cards, data_root, is_present

    folder = data_root()
    rows = [
        (card.name, card.licence, card.may_ship, folder is not None and is_present(card, folder), card.n_bytes)
        for card in cards().values()
    ]
    keys = ("name", "licence", "may_ship", "present", "n_bytes")
    if as_json:
        for row in rows:
            terminal.emit(dict(zip(keys, row, strict=True)))
        return
    yes_no = {True: "yes", False: "no"}
    terminal.show_table(
        ("name", "may ship", "present", "MB", "licence"),
        (
            (name, yes_no[may_ship], yes_no[present], f"{n_bytes / 1e6:.1f}", licence)
            for name, licence, may_ship, present, n_bytes in rows
        ),
    )


@data_app.command()
def fetch(name: Annotated[str, typer.Argument(help="Name of the dataset, as `acoustic data list` shows it.")]) -> None:
    """Download a dataset where its publisher serves it, and verify its checksums.

    Example: acoustic data fetch roast_b
    """
    from acoustic import datasets

    card, folder = datasets.find_card(name), datasets.require_root()
    total = sum(file.n_bytes for file in datasets.missing_downloads(card, folder))
    with terminal.progress(name, total) as advance:
        fetched = datasets.fetch(card, folder, advance)
    for path in fetched:
        typer.echo(path)
    terminal.note(f"{name}: complete, checksums right. Licence: {card.licence}.")


@data_app.command()
def where() -> None:
    """Show the folder of the recordings.

    Example: ACOUSTIC_DATA=~/recordings acoustic data where
    """
    from acoustic.datasets import require_root

    typer.echo(require_root())
    terminal.note("The environment variable ACOUSTIC_DATA chooses another folder.")


@bundle_app.command()
def show(
    bundle: Annotated[str, typer.Argument(help="A bundle file, or the name of a shipped bundle.")],
    as_json: Json = False,
) -> None:
    """Show what a model bundle holds.

    Example: acoustic bundle show roast
    """
    from acoustic.model.bundle import Bundle

    description = Bundle.load(bundle).describe()
    if as_json:
        terminal.emit(description)
    else:
        terminal.show_table(("field", "value"), _flat(description))


def _flat(record: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield the leaves of a nested record, named by their path: ``frontend.rate_hz``."""
    for key, value in record.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _add_app(entry: EntryPoint) -> None:
    """Add one application; one that cannot be imported says so when called, and leaves the others alone."""
    try:
        app.add_typer(entry.load(), name=entry.name)
    except ImportError as error:
        reason = f"{entry.name} ({entry.value}) cannot be loaded: {error}."

        @app.command(entry.name, help=reason, context_settings={"ignore_unknown_options": True})
        def broken(arguments: list[str] = typer.Argument(None, hidden=True)) -> None:  # noqa: B008
            raise MissingExtraError(reason)


for _entry in sorted(entry_points(group="acoustic.apps"), key=lambda entry: entry.name):
    _add_app(_entry)


def main() -> None:
    """Run the command line; what the suite raises on purpose becomes a message and an exit code."""
    try:
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
