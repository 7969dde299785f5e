"""An exported folder appears whole or not at all, and takes nothing away that somebody else put there."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from acoustic.errors import ExportError, ParameterError

REPORT = "report.json"
"""Holds, under ``files``, the checksum of everything else that was exported."""
BUILD = "build"
"""Folders of this name are made by the exported build files."""


@contextmanager
def whole_folder(folder: Path, *, force: bool = False) -> Iterator[Path]:
    """Give a folder to fill, which takes the name ``folder`` when the block ends without an exception.

    Parameters
    ----------
    folder : Path
        May be there already when an export made it.
    force : bool
        Replace exported files even if they were edited since, and leave files of others where they are.

    Raises
    ------
    ParameterError
        If the folder holds files of others, or edited ones, and ``force`` is not set; nothing is changed.
    ExportError
        If it cannot be written.
    """
    folder = Path(os.path.abspath(folder))
    others = check(folder, force=force)
    made = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.part")
    try:
        made.mkdir(parents=True)
    except OSError as error:
        raise _not_written(folder, error) from error
    try:
        yield made
        try:
            _take_place(made, folder, others)
        except OSError as error:
            raise _not_written(folder, error) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)


def check(folder: Path, *, force: bool) -> list[str]:
    """Return the paths in an existing folder that no export wrote, and refuse them unless ``force`` is set."""
    if not folder.exists():
        return []
    if not folder.is_dir():
        raise ParameterError(f"{folder}: is a file. Name a folder")
    known = _exported(folder)
    present = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    others = [path for path in present if path not in known and path != REPORT]
    edited = [path for path in present if path in known and _checksum(folder / path) != known[path]]
    mine = [path for path in others if BUILD not in Path(path).parts]
    if (mine or edited) and not force:
        what = "holds files that no export wrote" if mine else "was edited since it was exported"
        names = ", ".join((mine or edited)[:3])
        raise ParameterError(
            f"{folder} {what} ({names}). Choose another folder, or add --force: it replaces exported files only"
        )
    return others


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 (hex) of every file but the report, by its path."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    found = {path.relative_to(folder).as_posix(): _checksum(path) for path in paths}
    found.pop(REPORT, None)
    return found


def _exported(folder: Path) -> dict[str, Any]:
    try:
        files = json.loads((folder / REPORT).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return files if isinstance(files, dict) else {}


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _take_place(made: Path, folder: Path, others: list[str]) -> None:
    if not folder.exists():
        made.rename(folder)
        return
    old = made.with_suffix(".old")
    folder.rename(old)
    try:
        made.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    for path in others:
        kept = folder / path
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            (old / path).rename(kept)
    shutil.rmtree(old)


def _not_written(folder: Path, error: OSError) -> ExportError:
    return ExportError(f"{folder}: cannot be written ({error.strerror}). Choose a folder that you may write to")
