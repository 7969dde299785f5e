"""Work on every core."""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from acoustic.errors import AcousticError
from acoustic.terminal import track

T = TypeVar("T")
R = TypeVar("R")

#: Items handed out per process beyond the one at work: enough that none waits, few enough to stop soon.
AHEAD = 2


def workers() -> ProcessPoolExecutor:
    """One process a core, started afresh: forking a process in which TensorFlow lives is not safe."""
    _one_thread_each()
    return ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn"))


def make_missing(job: Callable[[Path, int], None], paths: Sequence[Path], description: str) -> None:
    """Run ``job(path, number)`` for the files that are not there yet: an interrupted run goes on where it stopped."""
    missing = [number for number, path in enumerate(paths) if not path.exists()]
    if not missing:
        return
    with workers() as pool:
        for _ in track(pool.map(job, (paths[number] for number in missing), missing), description, len(missing)):
            pass


def in_order(
    job: Callable[[T], R], items: Iterable[T], jobs: int, prepare: Callable[[], None] | None = None
) -> Iterator[R]:
    """Run ``job(item)`` in fresh processes; yield the results in order, each once it and those before it are done.

    Parameters
    ----------
    job, prepare
        Module's functions, or a `functools.partial` of one. ``prepare`` is called first in each process.
    items
        Taken as processes get free, so that many large ones never wait in memory.
    jobs
        Number of processes.

    Raises
    ------
    AcousticError
        When a process was killed from outside.
    """
    _one_thread_each()
    waiting: deque[Future[R]] = deque()
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _start_worker, (prepare,))
    try:
        for item in items:
            waiting.append(pool.submit(job, item))
            if len(waiting) >= jobs * (1 + AHEAD):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise AcousticError(
            "A scoring process was killed, perhaps because memory ran out. Try again with fewer jobs."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _one_thread_each() -> None:
    # Two processes that each use two threads for small matrix products slow each other down.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _start_worker(prepare: Callable[[], None] | None) -> None:
    # Ctrl-C reaches every process of the terminal: the workers end without a word, the parent reports.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if prepare is not None:
        prepare()
