"""Where the results of scoring go: standard output or files."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from acoustic.errors import AcousticError
from acoustic.files import whole_file
from apps.roast_crack.report import Score, label_lines


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
        raise AcousticError(f"{path}: cannot be written ({error.strerror}). Free space or write elsewhere.") from error


def write_labels(scores: Iterable[Score], files: Sequence[Path], folder: Path | None) -> None:
    """Write the Audacity labels of each recording to a file of the folder; without one to standard output.

    Parameters
    ----------
    scores
        One for each of ``files``, in their order; those with an error get no labels.

    Raises
    ------
    AcousticError
        If a file cannot be written.
    """
    paths: Sequence[Path | None] = [None] * len(files) if folder is None else names_in(folder, files, ".txt")
    for score, path in zip(scores, paths, strict=True):
        if score.error is None:
            write_lines(label_lines(score), path)


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
