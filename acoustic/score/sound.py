"""Where the sound goes that applications make of recordings."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from acoustic.errors import ParameterError
from acoustic.score.writers import names_in


def sounds_in(output: Path, files: Sequence[Path], roots: Sequence[Path]) -> dict[Path, Path]:
    """Decide where the sound made of each recording goes.

    Where ``output`` lies in a folder of recordings, what is in it is left out: results of an earlier run.

    Parameters
    ----------
    output
        A folder, or the WAV file for the sound of one recording.
    files
        The recordings.
    roots
        The files and folders that they were found in.

    Raises
    ------
    ParameterError
        If a recording would be overwritten, or one file is to hold the sound of several.
    """
    named, target = {_place(path) for path in roots}, _place(output)
    if named & {*target.parents}:
        files = [path for path in files if _place(path) in named or target not in _place(path).parents]
    if output.suffix and not output.is_dir():
        if len(files) != 1 or roots[0].is_dir() or output.suffix.lower() != ".wav":
            raise ParameterError(
                f"{output}: only the sound of one recording goes to a file, and that is a WAV file. Give a folder."
            )
        sounds = [output]
    else:
        sounds = names_in(output, files, ".wav")
    refuse_inputs(sounds, files)
    return dict(zip(files, sounds, strict=True))


def refuse_inputs(outputs: Iterable[Path], files: Iterable[Path]) -> None:
    """Refuse to write to one of the recordings.

    Raises
    ------
    ParameterError
        If one of the outputs is one of them.
    """
    inputs = {_place(path) for path in files}
    for output in outputs:
        if _place(output) in inputs:
            raise ParameterError(f"{output}: is one of the recordings and would be overwritten. Give another place.")


def _place(path: Path) -> Path:
    """Return where a path leads; a link to itself leads nowhere, and is no error yet."""
    return Path(os.path.realpath(path))
