"""Many recordings, several processes: every recording gets its result or its error, in order."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from acoustic.errors import AcousticError, ParameterError
from acoustic.score.processes import in_order

R = TypeVar("R")
Scorer = Callable[[Path], R]


@dataclass(frozen=True)
class Outcome(Generic[R]):
    """What became of one recording: a result, or the sentence that says why there is none."""

    path: Path
    result: R | None
    error: str | None = None


def score_all(paths: Iterable[Path], make_scorer: Callable[[], Scorer[R]], jobs: int = 1) -> Iterator[Outcome[R]]:
    """Score recordings, in the order given, each as soon as it and those before it are done.

    Parameters
    ----------
    paths
        The recordings.
    make_scorer
        Called once in each process; what it returns scores one recording. With more than one job it must be
        picklable, such as a module's function or a `functools.partial` of one.
    jobs
        Number of processes; 1 works in this one.

    Returns
    -------
    iterator of Outcome
        With an error where the scorer raised an `AcousticError`.

    Raises
    ------
    ParameterError
        If ``jobs`` is below 1.
    AcousticError
        From ``make_scorer``, at once; while iterating, when a process was killed from outside.
    """
    if jobs < 1:
        raise ParameterError(f"At least 1 job is needed, not {jobs}.")
    # Made here even when only the workers need it: what is wrong with a bundle is said before any work starts.
    scorer = make_scorer()
    if jobs == 1:
        return (_outcome(scorer, path) for path in paths)
    return in_order(_work, paths, jobs, partial(_keep_scorer, make_scorer))


def _outcome(scorer: Scorer[R], path: Path) -> Outcome[R]:
    try:
        return Outcome(path, scorer(path))
    except AcousticError as error:
        return Outcome(path, None, str(error))


_scorer: Scorer[Any]


def _keep_scorer(make_scorer: Callable[[], Scorer[Any]]) -> None:
    global _scorer
    _scorer = make_scorer()


def _work(path: Path) -> Outcome[Any]:
    return _outcome(_scorer, path)
