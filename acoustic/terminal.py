"""What the command line shows: errors, tables, progress, level bars for people; JSON lines for programs.

Results go to stdout, everything said about them to stderr, so that a pipe carries results only.
"""

import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

import typer

T = TypeVar("T")


def json_line(record: Mapping[str, object]) -> str:
    """Write a record as one line of JSON, without its end.

    Raises
    ------
    ValueError
        The record holds a NaN or an infinity, which JSON does not have.
    """
    return json.dumps(record, separators=(",", ":"), allow_nan=False)


def emit(record: Mapping[str, object]) -> None:
    """Write one JSON line to stdout at once, see :func:`json_line`."""
    sys.stdout.write(json_line(record) + "\n")
    sys.stdout.flush()


def note(message: str) -> None:
    """Say something to the person at the terminal."""
    typer.echo(message, err=True)


def show_error(message: str) -> None:
    """Say what went wrong, in red where there are colours."""
    typer.secho(message, fg=typer.colors.RED, err=True)


def show_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write aligned columns to stdout, never cut to the width of the terminal."""
    cells = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    for row in cells:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@contextmanager
def progress(description: str, total: float) -> Iterator[Callable[[float], None]]:
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


def track(items: Iterable[T], description: str, total: int) -> Iterator[T]:
    """Iterate over ``items``, ``total`` of them, behind a progress bar."""
    with progress(description, total) as advance:
        for item in items:
            yield item
            advance(1)


def level_bar(level_dbfs: float, width: int = 30, floor_dbfs: float = -60.0) -> str:
    """Draw a level as text, ``[##########----------] -30.0 dBFS``: empty at the floor, full at 0 dBFS."""
    fraction = 0.0 if math.isinf(level_dbfs) else min(max(1.0 - level_dbfs / floor_dbfs, 0.0), 1.0)
    filled = round(fraction * width)
    return f"[{'#' * filled}{'-' * (width - filled)}] {level_dbfs:6.1f} dBFS"


def clock_time(t_s: float, digits: int = 0) -> str:
    """Write a time as people read it, ``8:05`` or, with one digit, ``8:05.3``.

    >>> clock_time(485.34, 1), clock_time(-3)
    ('8:05.3', '-0:03')
    """
    units = round(abs(t_s) * 10**digits)
    minutes, rest = divmod(units, 60 * 10**digits)
    width = 2 + (digits + 1 if digits else 0)
    return f"{'-' if t_s < 0 and units else ''}{minutes}:{rest / 10**digits:0{width}.{digits}f}"
