"""Work on every core."""

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context


def workers() -> ProcessPoolExecutor:
    """One process a core, started afresh: forking a process in which TensorFlow lives is not safe."""
    # Two processes that each use two threads for small matrix products slow each other down.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    return ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn"))
