"""Many recordings on any executor: every recording gets its row or its error, in order."""

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from acoustic.application import Loaded, Row, failure, from_bundle
from acoustic.model.bundle import Bundle
from acoustic.score.processes import attempt, in_order
from acoustic.score.recording import Task, score_recording


@dataclass(frozen=True)
class Outcome:
    """What became of one recording: its row, which tells of an error where there was one."""

    path: Path
    row: Row

    @property
    def error(self) -> str | None:
        """Why there is no result; None where there is one."""
        error: str | None = self.row["error"]
        return error


def score_all(
    loaded: Loaded[Any, Any, Any, Any], tasks: Iterable[Task], executor: Executor | None = None, jobs: int = 1
) -> Iterator[Outcome]:
    """Score recordings, in the order given, each as soon as it and those before it are done.

    Parameters
    ----------
    loaded : Loaded
        The model.
    tasks : iterable of Task
        The recordings, with their options; taken as workers get free.
    executor : concurrent.futures.Executor, optional
        Anything of that interface: processes of this machine, or Dask's ``Client.get_executor()``. None: this process.
    jobs : int
        Number of workers that the executor has: so many tasks, and some more, are handed to it at a time.

    Yields
    ------
    Outcome
        Whatever goes wrong with a recording is the error of its row, and the others go on.

    Raises
    ------
    AcousticError
        When a process was killed from outside.
    """
    if executor is None:
        yield from (_outcome(loaded, task) for task in tasks)
        return
    data = loaded.bundle.to_bytes()
    yield from in_order(partial(_work, data), tasks, executor, jobs)


def _outcome(loaded: Loaded[Any, Any, Any, Any], task: Task) -> Outcome:
    tried = attempt(partial(score_recording, loaded), task, task.path)
    if tried.result is not None:
        return Outcome(task.path, tried.result)
    return Outcome(task.path, failure(loaded.application, str(task.path), f"{tried.error}"))


def _work(bundle: bytes, task: Task) -> Outcome:
    return _outcome(_loaded(hashlib.sha256(bundle).digest(), bundle), task)


@lru_cache(maxsize=2)
def _loaded(digest: bytes, bundle: bytes) -> Loaded[Any, Any, Any, Any]:
    """Read a bundle once in each process."""
    return from_bundle(Bundle.from_bytes(bundle, "bundle"), "bundle")
