"""Taking up an interrupted scoring where it stopped, as far as nothing has changed since that a row depends on.

What a row depends on counts by content and not by name: bundle, options, the files and folders that options name, and
the recording itself.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

from acoustic.application import Row
from acoustic.errors import ParameterError
from acoustic.records import members, plain, read
from acoustic.score.journal import Journal
from acoustic.score.recording import Task


class Contents:
    """Reads each file and folder once, however many results depend on it."""

    def __init__(self) -> None:
        self._digests: dict[Path, str] = {}

    def of(self, value: Any) -> Any:
        """Return options as plain JSON, with the SHA-256 of what is in the files and folders that they name."""
        if isinstance(value, Path):
            if value not in self._digests:
                self._digests[value] = _digest(value)
            return self._digests[value]
        if is_dataclass(value) and not isinstance(value, type):
            return {one.name: self.of(getattr(value, one.name)) for one in members(type(value))}
        if isinstance(value, list | tuple):
            return [self.of(one) for one in value]
        return plain(value)

    def key(self, task: Task) -> str:
        """Name a task by everything that its row depends on: what has changed has another key."""
        whole = [str(task.path), self.of(task.path), self.of(task.options), task.start, *map(str, _outputs(task))]
        return hashlib.sha256(json.dumps(whole).encode()).hexdigest()


class Resumption:
    """A journal of the rows of some tasks; open it while they are scored.

    Parameters
    ----------
    output : Path
        The result, which the journal lies beside until it is written.
    settings : mapping
        What all rows depend on beside their recordings, by names for people; values as :meth:`Contents.of` takes them.
    tasks : sequence of Task
    result : type
        Record class of the rows.

    Attributes
    ----------
    done : dict
        Rows that an interrupted run has scored, by recording.
    """

    def __init__(self, output: Path, settings: Mapping[str, Any], tasks: Sequence[Task], result: type) -> None:
        self._contents, self._output, self._tasks, self._result = Contents(), output, tasks, result
        whole = {name: self._contents.of(value) for name, value in settings.items()}
        self.journal = Journal(output.with_name(f".{output.name}.journal"), whole)
        self._names = {record["file"] for record in self.journal.done.values()}
        self.done: dict[Path, Row] = {task.path: row for task in tasks if (row := self._row_of(task)) is not None}

    def _row_of(self, task: Task) -> Row | None:
        if str(task.path) not in self._names or not all(path.exists() for path in _outputs(task)):
            return None
        row = self.journal.done.get(self._contents.key(task))
        return row if row is not None and _is_row(row, self._result) else None

    def notes(self) -> Iterator[str]:
        """Yield what a person should know of the interrupted run."""
        if self.journal.changed:
            yield (
                f"{self._output}: an interrupted run is not resumed, since these have changed: "
                f"{', '.join(self.journal.changed)}."
            )
        if self.done:
            yield f"{len(self.done)} recordings were scored before the interruption."
        changed = self._names & {str(task.path) for task in self._tasks if task.path not in self.done}
        if changed:
            yield f"{len(changed)} recordings have changed since they were scored, and are scored again."

    def missing(self) -> Iterator[Task]:
        """Yield the tasks that are to be scored; each counts as what its recording is now."""
        for task in self._tasks:
            if task.path not in self.done:
                self._contents.key(task)
                yield task

    def add(self, task: Task, row: Row) -> None:
        """Keep the row of a task.

        Raises
        ------
        AcousticError
            When it cannot be written; those before it stay.
        """
        self.journal.add(self._contents.key(task), row)


def _is_row(values: Row, result: type) -> bool:
    """Return whether values are a row as this version writes it: a journal may be anybody's."""
    try:
        read(result, values, "row")
    except ParameterError:
        return False
    return True


def _outputs(task: Task) -> list[Path]:
    return [path for path in (task.picture, task.sound) if path is not None]


def _digest(path: Path) -> str:
    if path.is_dir():
        files = {str(file.relative_to(path)): _digest(file) for file in path.rglob("*") if file.is_file()}
        return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return "cannot be read"
