"""Where what a live stream gives goes to: sinks, each in a thread of its own behind a queue of its own.

A sink that is slow, hangs or fails delays no sound and takes no other sink with it: what it cannot take is dropped,
counted and told.
"""

import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from acoustic.application import Label, Rows
from acoustic.audio.source import Pcm16

Event = Mapping[str, Any]
"""A record of the stream as plain JSON, see `acoustic events`."""


class Sink:
    """What takes events. All methods are called from one thread, in the order of the stream; an array is its own.

    `open`, `event` and `close` are what every sink is about; the others are for those that take more.
    """

    name = "sink"
    """For messages."""
    close_s: float | None = 10.0
    """How long the program waits at its end for what is still to be taken (s); None: until it is."""

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
        """Take the rows of the panel."""

    def sound(self, pcm: Pcm16) -> None:
        """Take sound as it came in, int16 at the model's rate."""

    def output(self, pcm: Pcm16) -> None:
        """Take sound that the program made of it."""

    def labels(self, labels: Iterable[Label]) -> None:
        """Take all labels of the stream so far."""


class Outlet:
    """Hands things to a sink through a queue.

    Parameters
    ----------
    sink : Sink
    complain : callable
        Takes a sentence when the sink fails or falls behind; called from the sink's thread or the caller's.
    patient : bool
        Whether to wait for a sink that is slow: for recordings, which can wait. A live stream cannot.
    capacity : int
        Things that may wait.
    """

    def __init__(
        self, sink: Sink, complain: Callable[[str], None], *, patient: bool = False, capacity: int = 3000
    ) -> None:
        self.sink = sink
        self.failed = False
        """Whether the sink has failed, and takes nothing more."""
        self.dropped = 0
        """Things that were left out because the sink was too slow."""
        self._complain, self._patient = complain, patient
        self._queue: queue.Queue[tuple[str, tuple[Any, ...]] | None] = queue.Queue(capacity)
        self._thread = threading.Thread(target=self._run, name=f"sink {sink.name}", daemon=True)
        self._thread.start()

    def put(self, what: str, *arguments: Any) -> None:
        """Call the sink's method of that name, as soon as it has time."""
        if self.failed:
            return
        try:
            self._put((what, arguments))
        except queue.Full:
            if not self.dropped:
                self._complain(f"{self.sink.name}: falls behind; what it cannot take is left out.")
            self.dropped += 1

    def close(self) -> None:
        """Let the sink take what waits, and finish it; one that hangs is left behind."""
        try:
            self._queue.put(None, timeout=self.sink.close_s)
        except queue.Full:
            pass
        else:
            self._thread.join(self.sink.close_s)
        if self._thread.is_alive():
            self._complain(f"{self.sink.name}: hangs, and was left behind with what it had not taken.")
        elif self.dropped:
            self._complain(f"{self.sink.name}: was too slow; {self.dropped} things were left out.")

    def _put(self, item: tuple[str, tuple[Any, ...]]) -> None:
        if not self._patient:
            self._queue.put_nowait(item)
            return
        while not self.failed:
            try:
                self._queue.put(item, timeout=0.2)
            except queue.Full:
                continue
            return

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            if self.failed:
                continue
            what, arguments = item
            self._try(lambda what=what, arguments=arguments: getattr(self.sink, what)(*arguments))  # type: ignore[misc]
        self._try(self.sink.close)

    def _try(self, action: Callable[[], None]) -> None:
        """Do it; whatever a sink raises ends that sink alone."""
        try:
            action()
        except Exception as error:
            if not self.failed:
                self.failed = True
                self._complain(f"{self.sink.name}: {_sentence(error)} Listening goes on without it.")


def _sentence(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text if text.endswith((".", "!", "?")) else f"{text}."
