"""What the command line shows: errors, notes, tables, progress for people; JSON Lines for programs.

Results go to stdout, everything said about them to stderr, so that a pipe carries results only.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import typer

from acoustic.progress import Advance
from acoustic.records import json_line
from acoustic.text import printable, utf8


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


def show_line(text: str, colour: str = "") -> None:
    """Write a line to stdout, in a colour where there are any."""
    typer.secho(utf8(_lines(text)), fg=colour or None)


def show_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write aligned columns to stdout, never cut to the width of the terminal."""
    cells = [[printable(str(cell)) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


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
    from rich.markup import escape
    from rich.progress import Progress

    # A pipe on stdout carries results, which must not be drawn into the bar on stderr.
    with Progress(console=Console(stderr=True), transient=True, redirect_stdout=sys.stdout.isatty()) as bar:
        task = bar.add_task(escape(printable(description)), total=total)
        yield lambda amount: bar.advance(task, amount)


def _lines(message: str) -> str:
    return printable(message, keep="\n")
