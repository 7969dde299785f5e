"""Forms of results: JSON Lines, CSV, Parquet, a table for people, Audacity labels, as an application declares them."""

import csv
import io
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from acoustic.application import Application, Row
from acoustic.errors import ParameterError
from acoustic.extras import require
from acoustic.files import whole_file, write_failure
from acoustic.links.archive import label_lines
from acoustic.records import json_line
from acoustic.score.tables import columns_of, flat, to_arrow
from acoustic.text import printable, utf8

App = Application[Any, Any, Any, Any]
LINE_END = "\r\n"


class Form(StrEnum):
    """Form of results."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"
    AUDACITY = "audacity"


SUFFIXES = {".csv": Form.CSV, ".parquet": Form.PARQUET, ".json": Form.JSON, ".jsonl": Form.JSON}
"""Forms that the suffix of an output chooses."""


def choose_form(form: Form | None, output: Path | None, as_json: bool, n_files: int) -> Form:
    """Return the form that is asked for, by name, by ``--json``, or by the suffix of the output.

    Raises
    ------
    ParameterError
        When they contradict each other, or the form needs an output and there is none.
    """
    by_suffix = None if output is None else SUFFIXES.get(output.suffix.lower())
    named = {one for one in (form, Form.JSON if as_json else None) if one is not None}
    if len(named) > 1:
        raise ParameterError("--json and --format each choose the form of the result: give one of them.")
    chosen = next(iter(named), None) or by_suffix or Form.TABLE
    if chosen is Form.PARQUET and output is None:
        raise ParameterError("Parquet is no text for a terminal: add --output FILE.")
    if chosen is Form.AUDACITY and output is None and n_files > 1:
        raise ParameterError("The labels of several recordings need a folder: add --output DIR.")
    return chosen


def write_rows(application: App, form: Form, rows: Iterable[Row], files: Sequence[Path], output: Path | None) -> None:
    """Write a row for each recording, as they come.

    Parameters
    ----------
    application : Application
        Whose rows they are.
    form : Form
    rows : iterable of dict
        In the order of ``files``.
    files : sequence of Path
        All recordings that rows will come of.
    output : Path or None
        The file, whole or not at all; for Audacity labels a folder; None: standard output, each at once.

    Raises
    ------
    AcousticError
        When a file cannot be written.
    MissingExtraError
        When Parquet is asked for and pyarrow is not installed.
    """
    if form is Form.PARQUET:
        assert output is not None
        write_parquet(application, rows, output)
    elif form is Form.AUDACITY:
        places: Sequence[Path | None] = [None] * len(files) if output is None else names_in(output, files, ".txt")
        for row, place in zip(rows, places, strict=True):
            if row["error"] is None:
                write_lines(label_lines(application.labels(row)), place)
    else:
        write_lines(_LINES[form](application, rows, files), output)


def json_lines(application: App, rows: Iterable[Row], files: Sequence[Path]) -> Iterator[str]:
    """Yield one JSON object per recording."""
    return map(json_line, rows)


def csv_lines(application: App, rows: Iterable[Row], files: Sequence[Path]) -> Iterator[str]:
    """Yield a header, then one line per recording."""
    yield csv_line(column.name for column in columns_of(application))
    for row in rows:
        yield csv_line(flat(application, row).values())


def csv_line(cells: Iterable[object]) -> str:
    """Write one line of CSV, without its end."""
    stream = io.StringIO()
    # Characters of the end are quoted within cells.
    csv.writer(stream, lineterminator=LINE_END).writerow(cells)
    return stream.getvalue().removesuffix(LINE_END)


def table_lines(application: App, rows: Iterable[Row], files: Sequence[Path]) -> Iterator[str]:
    """Yield lines for people, each as soon as its recording is done, under a header."""
    width = max([len("file"), *(len(_shown(str(file))) for file in files)])
    cells = application.table
    yield "  ".join(["file".ljust(width), *(_aligned(cell.title, cell.width) for cell in cells)]).rstrip()
    for row in rows:
        name = _shown(row["file"]).ljust(width)
        if row["error"] is not None:
            yield f"{name}  error: {_shown(row['error'])}"
        else:
            yield "  ".join([name, *(_aligned(_shown(cell.text(row)), cell.width) for cell in cells)]).rstrip()


def _aligned(text: str, width: int) -> str:
    return text.ljust(-width) if width < 0 else text.rjust(width)


def _shown(text: str) -> str:
    return utf8(printable(text))


_LINES: dict[Form, Callable[[App, Iterable[Row], Sequence[Path]], Iterator[str]]] = {
    Form.JSON: json_lines,
    Form.CSV: csv_lines,
    Form.TABLE: table_lines,
}


def write_lines(lines: Iterable[str], path: Path | None) -> None:
    """Write lines to a file, whole or not at all; without one to standard output, each at once.

    A terminal gets nothing that would steer it.

    Raises
    ------
    AcousticError
        If the file cannot be written.
    """
    if path is None:
        shown = sys.stdout.isatty()
        for line in lines:
            sys.stdout.write((printable(line, keep="\t") if shown else utf8(line)) + "\n")
            sys.stdout.flush()
        return
    try:
        with whole_file(path) as stream:
            for line in lines:
                stream.write(f"{utf8(line)}\n".encode())
    except OSError as error:
        raise write_failure(path, error) from error


def write_parquet(application: App, rows: Iterable[Row], path: Path) -> None:
    """Write one row per recording to a Parquet file, whole or not at all.

    Raises
    ------
    MissingExtraError
        When pyarrow is not installed.
    AcousticError
        When the file cannot be written.
    """
    require("Parquet", "pyarrow")
    from pyarrow import parquet

    table = to_arrow(application, rows)
    try:
        with whole_file(path) as stream:
            parquet.write_table(table, stream)
    except OSError as error:
        raise write_failure(path, error) from error


def names_in(folder: Path, files: Iterable[Path], suffix: str) -> list[Path]:
    """Name an output for each recording: its stem, numbered where recordings of several folders share one."""
    names: dict[Path, None] = {}
    for file in files:
        path, number = folder / f"{file.stem}{suffix}", 1
        while path in names:
            number += 1
            path = folder / f"{file.stem}-{number}{suffix}"
        names[path] = None
    return list(names)
