"""What the command line shows: errors, notes, tables, progress for people; JSON Lines for programs.

Results go to stdout, everything said about them to stderr, so that a pipe carries results only.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import typer

from acoustic.progress import Advance
from acoustic.records import json_line
from acoustic.text import printable


def emit(record: Mapping[str, object]) -> None:
    """Write one JSON line to stdout at once, see :func:`json_line`."""
    sys.stdout.write(json_line(record) + "\n")
    sys.stdout.flush()


def note(message: str) -> None:
    """Say something to the person at the terminal."""
    typer.echo(_lines(message), err=True)


def show_error(message: str) -> None:
    """Say what went wrong, in red where there are colours."""
    typer.secho(_lines(message), fg=typer.colors.RED, err=True)


def show_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write aligned columns to stdout, never cut to the width of the terminal."""
    cells = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(printable(row[column])) for row in cells) for column in range(len(header))]
    for row in cells:
        typer.echo("  ".join(printable(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@contextmanager
def progress_bar(description: str, total: float) -> Iterator[Advance]:
    """Show a progress bar on stderr while the block runs; nothing where stderr is no terminal.

    Yields
    ------
    callable
        To be called with the amount done since the last call, in the unit of ``total``.
    """
    if not sys.stderr.isatty():
        yield lambda amount: None
        return
    from rich.console import Console
    from rich.progress import Progress

    # A pipe on stdout carries results, which must not be drawn into the bar on stderr.
    with Progress(console=Console(stderr=True), transient=True, redirect_stdout=sys.stdout.isatty()) as bar:
        task = bar.add_task(description, total=total)
        yield lambda amount: bar.advance(task, amount)


def _lines(message: str) -> str:
    """Keep the lines of a message, and escape everything else that is not to be shown as it is."""
    return "\n".join(map(printable, message.split("\n")))
