"""What an interrupted scoring has done already: a file of JSON Lines beside the result.

Each line is one finished record, forced to the disk; a line that was cut off is left out. The first line says what the
records depend on, and a journal of anything else is begun anew.
"""

import json
import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from acoustic.errors import AcousticError
from acoustic.files import locked, write_failure


class Journal:
    """Records by key, kept while they are made.

    Parameters
    ----------
    path : Path
    settings : mapping
        Plain JSON; records made under other settings are not used.

    Attributes
    ----------
    done : dict
        Records of the interrupted run by key.
    changed : list of str
        Names of the settings that differ from those of an interrupted run, whose records are not used therefore.
    """

    def __init__(self, path: Path, settings: Mapping[str, Any]) -> None:
        self.path, self._settings = path, json.loads(json.dumps(settings))
        self.changed: list[str] = []
        self.done: dict[str, dict[str, Any]] = self._read()

    def __enter__(self) -> Self:
        """Open the journal; begin it where there was none that fits.

        Raises
        ------
        AcousticError
            When it cannot be written, or another run has it open.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(locked(self.path, wait=False))
                # Lines are appended whole.
                self._stream = stack.enter_context(self.path.open("ab"))
                if self.done:
                    self._stream.write(b"\n")  # whatever was cut off ends here
                else:
                    self._stream.truncate(0)
                    self._write({"settings": self._settings})
            except BlockingIOError as error:
                raise AcousticError(
                    f"{self.path}: another run is writing the same result. Wait for it, or write elsewhere."
                ) from error
            except OSError as error:
                raise write_failure(self.path, error) from error
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it; remove it when the result was written."""
        with self._open:
            if kind is None:
                self._stream.close()  # before Windows removes it
                self.path.unlink(missing_ok=True)

    def add(self, key: str, record: Mapping[str, Any]) -> None:
        """Keep a finished record.

        Raises
        ------
        AcousticError
            When it cannot be written; those before it stay.
        """
        try:
            self._write({"key": key, "record": record})
        except OSError as error:
            raise write_failure(self.path, error) from error

    def _write(self, line: Mapping[str, Any]) -> None:
        self._stream.write(json.dumps(line).encode() + b"\n")
        self._stream.flush()
        os.fsync(self._stream.fileno())

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return {}
        except OSError as error:
            if not os.access(self.path.parent, os.W_OK | os.X_OK):
                raise write_failure(self.path, error) from error
            raise AcousticError(f"{self.path}: cannot be read ({error.strerror}). Remove it to begin anew.") from error
        entries = []
        for line in lines:
            try:
                entries.append(json.loads(line))
            except ValueError:
                continue
        entries = [entry for entry in entries if isinstance(entry, dict)]
        before = entries[0].get("settings") if entries else None
        if not isinstance(before, dict):
            return {}
        done = {entry["key"]: entry["record"] for entry in entries[1:] if _is_whole(entry)}
        if before == self._settings:
            return done
        names = sorted(before.keys() | self._settings.keys())
        self.changed = [name for name in names if done and before.get(name, ...) != self._settings.get(name, ...)]
        return {}


def _is_whole(entry: dict[str, Any]) -> bool:
    key, record = entry.get("key"), entry.get("record")
    return (
        isinstance(key, str) and isinstance(record, dict) and isinstance(record.get("file"), str) and "error" in record
    )
