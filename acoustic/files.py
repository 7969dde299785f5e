"""Output files that are written whole or not at all, that reach the disk, and files of arrays that may be damaged."""

import io
import os
import re
import secrets
import sys
import threading
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from acoustic.errors import AcousticError

if TYPE_CHECKING:
    from numpy.typing import NDArray


#: Name of a temporary file, with the number of the process that writes it.
_TEMPORARY = re.compile(r"\..*\.(\d{1,10})-[0-9a-f]{8}\.part", re.DOTALL)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open ``path`` for writing such that nobody ever sees a part of it.

    The bytes go to a temporary file in the same folder, which takes the name ``path`` when the block ends without an
    exception, after they have reached the disk; otherwise it is removed and what stood at ``path`` stays as it was.
    What processes that were killed have left in the folder is removed.

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
    _remove_leftovers(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    with temporary.open("xb") as stream:
        try:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink()
            raise


@lru_cache(maxsize=1000)
def _remove_leftovers(folder: Path) -> None:
    """Remove temporary files of processes that are no more, once for each folder."""
    for leftover in folder.iterdir():
        match = _TEMPORARY.fullmatch(leftover.name)
        if match and not _is_running(int(match[1])):
            leftover.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    if sys.platform == "win32":
        return True  # os.kill would end it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Keep other processes that lock ``path`` out while the block runs: what is read and written back stays whole.

    A file beside it is locked by the system, which takes the lock from a process that is killed.

    Parameters
    ----------
    path
        It need not exist; its folder is made when missing.
    wait
        Whether to wait for a process that has the lock.

    Raises
    ------
    BlockingIOError
        Another process has the lock, and ``wait`` is false.
    OSError
        The file cannot be made or locked.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(f".{path.name}.lock")
    descriptor = _open_locked(lock, wait)
    try:
        yield
    finally:
        with suppress(OSError):  # Windows removes no open file
            lock.unlink()
        os.close(descriptor)


def _open_locked(lock: Path, wait: bool) -> int:
    while True:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(descriptor, wait)
            # Who had the lock before has removed the file: one made since is another lock.
            if os.path.samestat(os.fstat(descriptor), os.stat(lock)):
                return descriptor
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _lock(descriptor: int, wait: bool) -> None:
    if sys.platform == "win32":
        import msvcrt

        while True:
            try:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
                return
            except OSError as error:
                if not wait:
                    raise BlockingIOError(error.errno, error.strerror) from error
                time.sleep(0.1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


class Closing:
    """Something that a ``with`` block closes at its end."""

    def close(self) -> None:
        """Release what is held; closing twice does nothing."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        """Return the thing itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


class DiskSync:
    """Forces a file to the disk in a thread of its own: a slow disk holds up nobody who hears or plays sound."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._error: OSError | None = None

    def start(self, descriptor: int) -> None:
        """Begin, unless the disk is still busy with an earlier round.

        Raises
        ------
        OSError
            If an earlier round failed.
        """
        if self._thread is not None and self._thread.is_alive():
            return
        self.finish()
        self._thread = threading.Thread(target=self._run, args=(descriptor,))
        self._thread.start()

    def finish(self) -> None:
        """Wait for what was begun; the file may be closed afterwards.

        Raises
        ------
        OSError
            If it failed.
        """
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _run(self, descriptor: int) -> None:
        try:
            os.fsync(descriptor)
        except OSError as error:
            self._error = error


def write_failure(path: str | Path, error: OSError) -> AcousticError:
    """Return the error that says which file could not be written, why, and what to do."""
    return AcousticError(f"{path}: cannot be written ({error.strerror}). Free space or write elsewhere.")


def read_arrays(path: Path) -> "dict[str, NDArray[Any]]":
    """Read all arrays of an .npz file by name, executing nothing.

    Raises
    ------
    OSError
        When the file cannot be opened.
    ValueError
        When it is damaged, or no file of plain arrays.
    """
    from tokenize import TokenError

    import numpy as np

    data = path.read_bytes()
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise ValueError("it is no archive")
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, SyntaxError, TokenError) as error:
        raise ValueError(str(error) or "it is cut short") from error
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise ValueError(f"{name} is no array")
    return arrays
