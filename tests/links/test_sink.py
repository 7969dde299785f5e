"""A sink behind its queue: nothing that it does reaches the one who puts things into it."""

import math
import threading
import time
from typing import Any

import pytest

from acoustic.links import Outlet, Sink


class Remembering(Sink):
    """Remembers events; fails or waits with those it is told to."""

    name = "memory"
    close_s = 0.3

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.closed = 0
        self.free = threading.Event()
        self.began = threading.Event()

    def event(self, event: Any) -> None:
        if isinstance(event, BaseException):
            raise event
        if event == "hang":
            self.began.set()
            self.free.wait(20)
        self.taken.append(event)

    def close(self) -> None:
        self.closed += 1


def at_once() -> float:
    return 0.0


def outlet_of(sink: Sink, patience_s: float = 10.0, capacity: int = 3000) -> Outlet:
    return Outlet(sink, lambda: patience_s, capacity)


def test_everything_comes_in_order_and_before_the_end() -> None:
    sink = Remembering()
    outlet = outlet_of(sink)
    outlet.put("open", "start")
    for number in range(100):
        outlet.put("event", number)
    outlet.close()
    assert sink.taken == ["start", *range(100)]
    assert (sink.closed, outlet.lost, outlet.trouble) == (1, 0, None)


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (KeyError("x"), "'x'."),
        (MemoryError(), "MemoryError."),
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device."),
        (SystemExit(3), "3."),
    ],
)
def test_whatever_is_raised_is_a_loss_of_that_thing_alone(error: BaseException, trouble: str) -> None:
    sink = Remembering()
    outlet = outlet_of(sink)
    for event in (1, error, 2, error, 3):
        outlet.put("event", event)
    outlet.close()
    assert sink.taken == [1, 2, 3]
    assert (sink.closed, outlet.lost, outlet.trouble, outlet.gone) == (1, 2, trouble, False)


def test_a_reader_that_has_gone_is_written_to_no_more() -> None:
    sink = Remembering()
    outlet = outlet_of(sink)
    outlet.put("event", 1)
    outlet.put("event", BrokenPipeError(32, "Broken pipe"))
    while not outlet.gone:
        time.sleep(0.01)
    outlet.put("event", 2)
    outlet.close()
    assert sink.taken == [1]
    assert (sink.closed, outlet.lost, outlet.trouble) == (1, 2, "nobody reads it any more.")


def test_live_sound_waits_for_no_sink() -> None:
    sink = Remembering()
    outlet = Outlet(sink, at_once, capacity=3)
    outlet.put("event", "hang")
    assert sink.began.wait(10)
    start = time.monotonic()
    for number in range(10):
        outlet.put("event", number)
    assert time.monotonic() - start < 0.2
    assert (outlet.lost, outlet.trouble) == (7, "takes things too slowly; what it cannot take is left out.")
    sink.free.set()
    while not outlet.idle:
        time.sleep(0.01)
    outlet.put("event", "again")
    outlet._patience_s = lambda: 10.0
    outlet.close()
    assert sink.taken == ["hang", 0, 1, 2, "again"]


def test_a_recording_waits_for_the_slowest_sink() -> None:
    class Slow(Remembering):
        def event(self, event: Any) -> None:
            time.sleep(0.01)
            super().event(event)

    sink = Slow()
    outlet = outlet_of(sink, math.inf, capacity=2)
    for number in range(30):
        outlet.put("event", number)
    outlet.close()
    assert (sink.taken, outlet.lost) == (list(range(30)), 0)


def test_patience_that_ends_while_it_is_waited_ends_the_waiting() -> None:
    sink = Remembering()
    patience_s = math.inf
    outlet = Outlet(sink, lambda: patience_s, capacity=1)
    outlet.put("event", "hang")
    assert sink.began.wait(10)
    outlet.put("event", 1)

    def lose_patience() -> None:
        nonlocal patience_s
        patience_s = 0.0

    timer = threading.Timer(0.3, lose_patience)
    timer.start()
    outlet.put("event", 2)
    assert outlet.lost == 1
    sink.free.set()


def test_a_sink_that_hangs_at_the_end_is_left_behind() -> None:
    sink = Remembering()
    outlet = outlet_of(sink, sink.close_s, capacity=5)
    for event in ("hang", 1, 2):
        outlet.put("event", event)
    assert sink.began.wait(10)
    start = time.monotonic()
    outlet.close()
    assert 0.2 < time.monotonic() - start < 2.0
    assert outlet.trouble == "hangs, and is left behind."
    assert outlet.lost >= 2
    sink.free.set()


def test_a_sink_that_works_through_much_at_the_end_is_waited_for() -> None:
    class Slow(Remembering):
        def event(self, event: Any) -> None:
            time.sleep(0.05)
            super().event(event)

    sink = Slow()
    outlet = outlet_of(sink, sink.close_s)
    for number in range(20):
        outlet.put("event", number)
    outlet.close()
    assert (sink.taken, outlet.lost, sink.closed) == (list(range(20)), 0, 1)


def test_a_sink_that_had_nothing_to_do_does_not_hang() -> None:
    class Slow(Remembering):
        def event(self, event: Any) -> None:
            time.sleep(0.1)
            super().event(event)

    sink = Slow()
    outlet = outlet_of(sink, 0.3, capacity=1)
    time.sleep(0.5)
    for number in range(5):
        outlet.put("event", number)
    outlet.close()
    assert (sink.taken, outlet.lost) == (list(range(5)), 0)


def test_a_sink_takes_only_what_it_is_made_for() -> None:
    sink = Remembering()
    outlet = outlet_of(sink)
    for what, *arguments in (
        ("line", "text", "red", True),
        ("panel", {}, False),
        ("sound", None, 0),
        ("output", None, 0),
        ("labels", []),
    ):
        outlet.put(what, *arguments)
    outlet.close()
    assert (sink.taken, outlet.lost) == ([], 0)
