"""Work on every core, or on any executor."""

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Generic, TypeVar

from acoustic.errors import AcousticError
from acoustic.progress import track

T = TypeVar("T")
R = TypeVar("R")

#: Items handed out per worker beyond the one at work: enough that none waits, few enough to stop soon.
AHEAD = 2


def n_jobs(jobs: int | None, n_items: int) -> int:
    """Return the number of processes for so many items: as wanted, or one for each core."""
    return max(1, min(jobs or os.cpu_count() or 1, n_items))


@contextmanager
def workers(jobs: int | None = None) -> Iterator[ProcessPoolExecutor]:
    """Run processes while the block runs, one for each core unless told otherwise.

    They start afresh: forking a process in which TensorFlow lives is not safe. They end when the block is left by an
    exception, and when this process ends, however it does.
    """
    # Two processes that each use two threads for small matrix products slow each other down.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    context = get_context("spawn")
    # Nobody writes to it: its end is the end of this process, or of the work.
    ours, theirs = context.Pipe()
    number = jobs or os.cpu_count() or 1
    with ours, theirs, ProcessPoolExecutor(number, context, _start_worker, (theirs,)) as executor:
        with _ctrl_c_held():
            for _ in range(number):
                executor.submit(int)
        try:
            yield executor
        except BaseException:
            _end(executor, ours)
            raise


@contextmanager
def _ctrl_c_held() -> Iterator[None]:
    """Let Ctrl-C wait while the block runs; processes that are started in it never hear of it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(executor: ProcessPoolExecutor, life: Connection) -> None:
    """End processes in the middle of their work."""
    with suppress(RuntimeError):  # they have been killed already
        last = executor.submit(int)
        ending = threading.Thread(target=partial(executor.shutdown, cancel_futures=True))
        ending.start()
        # Python 3.11 fails when processes end before it has dropped everything that is cancelled.
        while not (last.running() or last.done()):
            time.sleep(0.01)
        life.close()
        ending.join()


def make_missing(job: Callable[[Path, int], None], paths: Sequence[Path], description: str) -> None:
    """Run ``job(path, number)`` for the files that are not there yet: an interrupted run goes on where it stopped."""
    missing = [number for number, path in enumerate(paths) if not path.exists()]
    if not missing:
        return
    with workers() as pool:
        for _ in track(pool.map(job, (paths[number] for number in missing), missing), description, len(missing)):
            pass


def in_order(job: Callable[[T], R], items: Iterable[T], executor: Executor, jobs: int) -> Iterator[R]:
    """Run ``job(item)`` on an executor; yield the results in order, each once it and those before it are done.

    Parameters
    ----------
    job
        A module's function, or a `functools.partial` of one.
    items
        Taken as workers get free, so that many large ones never wait in memory.
    executor
        Is left open; what it has not begun is cancelled when the iteration ends early.
    jobs
        Number of its workers.

    Raises
    ------
    AcousticError
        When a process was killed from outside.
    """
    waiting: deque[Future[R]] = deque()
    try:
        for item in items:
            waiting.append(executor.submit(job, item))
            if len(waiting) >= jobs * (1 + AHEAD):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenExecutor as error:
        raise AcousticError(
            "A scoring process was killed, perhaps because memory ran out. Try again with fewer jobs."
        ) from error
    except RuntimeError as error:
        # Ctrl-C while a lock is taken leaves a RuntimeError of the lock.
        if isinstance(error.__context__, KeyboardInterrupt):
            raise error.__context__ from None
        raise
    finally:
        for future in waiting:
            future.cancel()


@dataclass(frozen=True)
class Attempt(Generic[R]):
    """What became of one file: a result, or the sentence that says why there is none."""

    path: Path
    result: R | None
    error: str | None = None


def attempt(job: Callable[[T], R], item: T, path: Path) -> Attempt[R]:
    """Run ``job(item)`` for a file; whatever goes wrong is the error of that file, and nothing else's."""
    try:
        return Attempt(path, job(item))
    except AcousticError as error:
        reason = str(error)
    except MemoryError:
        reason = f"{path}: memory ran out. Use fewer jobs, or cut the recording."
    except Exception as error:
        reason = f"{path}: failed unexpectedly ({type(error).__name__}: {str(error)[:200]}). Please report this."
    return Attempt(path, None, reason)


def attempt_all(job: Callable[[Path], R], paths: Sequence[Path], jobs: int | None = None) -> Iterator[Attempt[R]]:
    """Run ``job(path)`` for each file, on every core unless told otherwise; yield what became of each, in order."""
    number = n_jobs(jobs, len(paths))
    if number == 1:
        yield from (attempt(job, path, path) for path in paths)
        return
    with workers(number) as executor:
        yield from in_order(partial(_attempt_path, job), paths, executor, number)


def _attempt_path(job: Callable[[Path], R], path: Path) -> Attempt[R]:
    return attempt(job, path, path)


def _start_worker(parent: Connection) -> None:
    # Ctrl-C reaches every process of the terminal: the parent ends the workers, and reports.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Connection) -> None:
    with suppress(EOFError, OSError):
        parent.recv_bytes()
    os._exit(1)
