"""Where the results of scoring go: standard output or files."""

import csv
import io
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from acoustic import terminal
from acoustic.files import whole_file, write_failure
from acoustic.score.batch import Outcome

R = TypeVar("R")


def write_results(
    outcomes: Iterable[Outcome[R]],
    n_recordings: int,
    row_of_error: Callable[[Path, str], R],
    write: Callable[[Iterator[R]], None],
    *,
    show_errors: bool,
    description: str = "scoring",
) -> int:
    """Hand a row of every recording to ``write``, behind a progress bar.

    Parameters
    ----------
    outcomes
        From `acoustic.score.score_all`.
    n_recordings
        How many outcomes will come.
    row_of_error
        Makes a row of a recording that could not be scored, and the reason.
    write
        Called once with all rows, which come as the recordings are done.
    show_errors
        Say on stderr what could not be scored: for results that people do not read.
    description
        What the progress bar says.

    Returns
    -------
    int
        Exit code of the command: 0; 1 when some recordings could not be scored; 3 when none could.
    """
    good = failed = 0

    def rows() -> Iterator[R]:
        nonlocal good, failed
        for outcome in outcomes:
            if outcome.result is not None:
                good += 1
                yield outcome.result
            else:
                failed += 1
                if show_errors:
                    terminal.show_error(f"{outcome.error}")
                yield row_of_error(outcome.path, f"{outcome.error}")
            advance(1)

    with terminal.progress(description, n_recordings) as advance:
        write(rows())
    return 0 if not failed else 1 if good else 3


def write_lines(lines: Iterable[str], path: Path | None) -> None:
    """Write lines to a file, whole or not at all; without one to standard output, each at once.

    Raises
    ------
    AcousticError
        If the file cannot be written.
    """
    if path is None:
        for line in lines:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
        return
    try:
        with whole_file(path) as stream:
            for line in lines:
                stream.write(f"{line}\n".encode())
    except OSError as error:
        raise write_failure(path, error) from error


def write_labels(labels: Iterable[Iterable[str] | None], files: Sequence[Path], folder: Path | None) -> None:
    """Write the Audacity labels of each recording to a file of the folder; without one to standard output.

    Parameters
    ----------
    labels
        Lines for each of ``files``, in their order; None for those that could not be scored.

    Raises
    ------
    AcousticError
        If a file cannot be written.
    """
    paths: Sequence[Path | None] = [None] * len(files) if folder is None else names_in(folder, files, ".txt")
    for lines, path in zip(labels, paths, strict=True):
        if lines is not None:
            write_lines(lines, path)


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


def csv_line(cells: Iterable[object]) -> str:
    """Write one line of CSV, without its end."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="").writerow(cells)
    return stream.getvalue()
