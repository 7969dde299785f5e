"""Work on every core."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from acoustic.terminal import track


def workers() -> ProcessPoolExecutor:
    """One process a core, started afresh: forking a process in which TensorFlow lives is not safe."""
    # Two processes that each use two threads for small matrix products slow each other down.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    return ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn"))


def make_missing(job: Callable[[Path, int], None], paths: Sequence[Path], description: str) -> None:
    """Run ``job(path, number)`` for the files that are not there yet: an interrupted run goes on where it stopped."""
    missing = [number for number, path in enumerate(paths) if not path.exists()]
    if not missing:
        return
    with workers() as pool:
        for _ in track(pool.map(job, (paths[number] for number in missing), missing), description, len(missing)):
            pass
