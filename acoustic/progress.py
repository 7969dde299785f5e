"""Telling how far a long piece of work has come, without knowing who watches: nobody, unless somebody asks.

The command line shows bars (:mod:`acoustic.commands.terminal`); in a notebook or a program nothing is shown.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")
Advance = Callable[[float], None]
"""Takes the amount done since the last call, in the unit of the total."""
Watcher = Callable[[str, float], AbstractContextManager[Advance]]
"""Takes a description and a total, and shows progress while the block runs."""

_watcher: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


def _ignore(amount: float) -> None:
    pass


def progress(description: str, total: float) -> AbstractContextManager[Advance]:
    """Announce work of ``total`` units; within the block call what it gives with each amount done."""
    watcher = _watcher.get()
    return nullcontext(_ignore) if watcher is None else watcher(description, total)


def track(items: Iterable[T], description: str, total: int) -> Iterator[T]:
    """Iterate over ``items``, ``total`` of them, and tell how far that is."""
    with progress(description, total) as advance:
        for item in items:
            yield item
            advance(1)


@contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Show progress with ``watcher`` while the block runs."""
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)
