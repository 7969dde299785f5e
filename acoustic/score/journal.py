"""What an interrupted scoring has done already: a file of JSON Lines beside the result.

Each line is one finished record, forced to the disk; a line that was cut off is left out. The first line says what the
records depend on, and a journal of anything else is begun anew.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from acoustic.errors import AcousticError
from acoustic.files import write_failure
from acoustic.records import members, plain


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
    """

    def __init__(self, path: Path, settings: Mapping[str, Any]) -> None:
        self.path, self._settings = path, json.loads(json.dumps(settings))
        self.done: dict[str, dict[str, Any]] = self._read()

    def __enter__(self) -> Self:
        """Open the journal; begin it where there was none that fits."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self.path.open("ab" if self.done else "wb")
            if self.done:
                self._stream.write(b"\n")  # whatever was cut off ends here
            else:
                self._write({"settings": self._settings})
        except OSError as error:
            raise write_failure(self.path, error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it; remove it when the result was written."""
        self._stream.close()
        if kind is None:
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
            raise AcousticError(f"{self.path}: cannot be read ({error.strerror}). Remove it to begin anew.") from error
        entries = []
        for line in lines:
            try:
                entries.append(json.loads(line))
            except ValueError:
                continue
        entries = [entry for entry in entries if isinstance(entry, dict)]
        if not entries or entries[0].get("settings") != self._settings:
            return {}
        return {entry["key"]: entry["record"] for entry in entries[1:] if _is_whole(entry)}


def _is_whole(entry: dict[str, Any]) -> bool:
    record = entry.get("record")
    return isinstance(entry.get("key"), str) and isinstance(record, dict) and {"file", "error"} <= record.keys()


def content_of(options: Any) -> Any:
    """Return options as plain JSON; files and folders that they name are replaced by the SHA-256 of what is in them."""
    values = {name: getattr(options, name) for name in (one.name for one in members(type(options)))}
    return {name: _digest(value) if isinstance(value, Path) else plain(value) for name, value in values.items()}


def _digest(path: Path) -> str:
    total = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            total.update(f"{file.name}\0".encode(errors="surrogateescape"))
            total.update(file.read_bytes())
    return total.hexdigest()
