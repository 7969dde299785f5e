"""Output files that are written whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from acoustic.errors import AcousticError


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open ``path`` for writing such that nobody ever sees a part of it.

    The bytes go to a temporary file in the same folder, which takes the name ``path`` when the block
    ends without an exception; otherwise it is removed and what stood at ``path`` stays as it was.

    Parameters
    ----------
    path
        The file to write; its folder is made when missing.

    Yields
    ------
    BinaryIO
        The temporary file, open for writing bytes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    with temporary.open("xb") as stream:
        try:
            yield stream
            stream.flush()
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink()
            raise


def write_failure(path: str | Path, error: OSError) -> AcousticError:
    """Return the error that says which file could not be written, why, and what to do."""
    return AcousticError(f"{path}: cannot be written ({error.strerror}). Free space or write elsewhere.")
