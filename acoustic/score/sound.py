"""Where the sound goes that applications make of recordings."""

from collections.abc import Sequence
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
    named, target = {path.resolve() for path in roots}, output.resolve()
    if named & {*target.parents}:
        files = [path for path in files if path.resolve() in named or target not in path.resolve().parents]
    if output.suffix and not output.is_dir():
        if len(files) != 1 or roots[0].is_dir() or output.suffix.lower() != ".wav":
            raise ParameterError(
                f"{output}: only the sound of one recording goes to a file, and that is a WAV file. Give a folder."
            )
        sounds = [output]
    else:
        sounds = names_in(output, files, ".wav")
    inputs = {path.resolve() for path in files}
    for sound in sounds:
        if sound.resolve() in inputs:
            raise ParameterError(f"{sound}: is one of the recordings and would be overwritten. Give another folder.")
    return dict(zip(files, sounds, strict=True))
