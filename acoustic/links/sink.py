"""Where what a live stream gives goes to: sinks, each in a thread of its own behind a queue of its own.

A sink that is slow, hangs or fails delays no sound and takes no other sink with it: what it cannot take is lost,
counted and told.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from acoustic.application import Label, Rows
from acoustic.audio.source import Pcm16

Event = Mapping[str, Any]
"""A record of the stream as plain JSON, see `acoustic events`."""
#: Things that may wait for a sink: some minutes of a live stream.
CAPACITY = 3000


class Sink:
    """What takes events. All methods are called from one thread, in the order of the stream; arrays are not its own.

    `open`, `event` and `close` are what every sink is about; the others are for those that take more. Whatever they
    raise is a loss of that one thing: the sink is told, and called again with the next.
    """

    name = "sink"
    """For messages."""
    close_s = 10.0
    """A sink that takes nothing for so long hangs, and the program does not wait for it at its end (s)."""
    lasting = True
    """Whether anything is left of what it takes when the program has ended."""
    draws = False
    """Whether it takes the rows of the panel."""

    def open(self, start: Event) -> None:
        """Take the first event, which says what is listened to, before any other."""
        self.event(start)

    def event(self, event: Event) -> None:
        """Take an event."""
        raise NotImplementedError

    def close(self) -> None:
        """Finish; called once, also after a failure."""

    def line(self, text: str, style: str, alert: bool) -> None:
        """Take a line for people."""

    def panel(self, rows: Rows, alarmed: bool) -> None:
        """Take the rows of the panel; those are left out that come while it is busy."""

    def sound(self, pcm: Pcm16, start: int) -> None:
        """Take sound as it came in, int16 at the model's rate; ``start`` is the place of its first sample."""

    def output(self, pcm: Pcm16, start: int) -> None:
        """Take sound that the program made of it, as `sound`."""

    def labels(self, labels: Iterable[Label]) -> None:
        """Take all labels of the stream so far."""


class Outlet:
    """Hands things to a sink through a queue.

    Parameters
    ----------
    sink : Sink
    patience_s : callable
        Returns how long the sink may take nothing before things are left out (s): 0 for live sound, which cannot wait;
        infinity for a recording, which can.
    capacity : int
        Things that may wait.

    Attributes
    ----------
    trouble : str or None
        A sentence of what first went wrong.
    gone : bool
        Whether nobody reads any more what the sink writes; it is called no more.
    """

    def __init__(self, sink: Sink, patience_s: Callable[[], float], capacity: int = CAPACITY) -> None:
        self.sink = sink
        self.trouble: str | None = None
        self.gone = False
        self._patience_s = patience_s
        # Counted by the caller's thread, and by the sink's.
        self._n_left_out = self._n_failed = 0
        # When the sink last began or finished something, or got something to do.
        self._active_s = time.monotonic()
        self._queue: queue.Queue[tuple[str, tuple[Any, ...]] | None] = queue.Queue(capacity)
        self._thread = threading.Thread(target=self._run, name=f"sink {sink.name}", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> int:
        """Number of things that the sink could not take."""
        return self._n_left_out + self._n_failed

    @property
    def idle(self) -> bool:
        """Whether nothing waits for the sink."""
        return self._queue.empty()

    def put(self, what: str, *arguments: Any) -> None:
        """Call the sink's method of that name, as soon as it has time."""
        if self.gone or not self._put((what, arguments)):
            self._n_left_out += 1
            self._note("takes things too slowly; what it cannot take is left out.")

    def close(self) -> None:
        """Let the sink take what waits, and finish it; one that hangs is left behind."""
        if self._put(None):
            while self._thread.is_alive() and not self._hangs():
                self._thread.join(0.1)
        if self._thread.is_alive():
            self._n_left_out += self._queue.qsize()
            self._note("hangs, and is left behind.")

    def _put(self, item: tuple[str, tuple[Any, ...]] | None) -> bool:
        if self.idle:
            self._active_s = time.monotonic()
        while True:
            hangs = self._hangs()
            try:
                self._queue.put(item, timeout=0.0 if hangs else 0.1)
                return True
            except queue.Full:
                if hangs:
                    return False

    def _hangs(self) -> bool:
        return time.monotonic() - self._active_s >= self._patience_s()

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            what, arguments = item
            self._call(getattr(self.sink, what), *arguments)
        self._call(self.sink.close)

    def _call(self, method: Callable[..., None], *arguments: Any) -> None:
        """Call the sink; whatever it raises is its own trouble."""
        self._active_s = time.monotonic()
        try:
            method(*arguments)
        except BaseException as error:
            self._n_failed += 1
            self.gone = self.gone or isinstance(error, BrokenPipeError)
            self._note(_sentence(error))
        self._active_s = time.monotonic()

    def _note(self, trouble: str) -> None:
        if self.trouble is None:
            self.trouble = trouble


def _sentence(error: BaseException) -> str:
    if isinstance(error, BrokenPipeError):
        return "nobody reads it any more."
    text = str(error).strip() or type(error).__name__
    return text if text.endswith((".", "!", "?")) else f"{text}."
