"""The live loop."""

import itertools
import os
import signal
import time
from collections.abc import Iterator

import pytest
from made_sources import Blocks, Sums, ones

from acoustic.audio.source import Pcm16
from acoustic.errors import DeviceError
from acoustic.live import Session


def test_every_block_then_the_end() -> None:
    source = Blocks(ones(10), ones(20), ones(5))
    with Session(source, Sums()) as session:
        steps = [(len(step.pcm), step.events, step.end_s) for step in session]
    assert steps == [(10, [10], 0.01), (20, [20], 0.03), (5, [5], 0.035), (0, [35], 0.035)]
    assert source.closed
    assert not session.interrupted


def test_failure_comes_after_everything_heard() -> None:
    with Session(Blocks(ones(3), DeviceError("unplugged")), Sums()) as session:
        steps = iter(session)
        assert [next(steps).events, next(steps).events] == [[3], [3]]
        with pytest.raises(DeviceError, match="unplugged"):
            next(steps)


def test_stop_ends_after_the_block_at_hand() -> None:
    with Session(Blocks(ones(1), ones(2), ones(4)), Sums()) as session:
        events: list[int] = []
        for step in session:
            events += step.events
            if step.events == [2]:
                session.stop()
    assert events == [1, 2, 3]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupt_at_work_ends_like_the_stream(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with Session(Blocks(ones(1), ones(2), ones(4)), Sums()) as session:
        events: list[int] = []
        for step in session:
            events += step.events
            if step.events == [2]:
                os.kill(os.getpid(), number)
    assert events == [1, 2, 3]
    assert session.interrupted
    assert signal.getsignal(number) is before


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Session(Blocks(ones(1), ones(2)), Sums()) as session:
            for _ in session:
                os.kill(os.getpid(), signal.SIGHUP)
        assert not session.interrupted
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_interrupt_breaks_off_waiting() -> None:
    signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    start = time.monotonic()
    with Session(Blocks(ones(1), pause_s=30.0), Sums()) as session:
        assert [step.events for step in session] == [[0]]
    assert time.monotonic() - start < 10
    assert session.interrupted


def test_interrupt_of_a_source_that_takes_a_lock() -> None:
    class Locked(Blocks):
        def __iter__(self) -> Iterator[Pcm16]:
            yield ones(1)
            try:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(10)
            finally:
                raise RuntimeError("cannot release un-acquired lock")

    with Session(Locked(), Sums()) as session:
        assert [step.events for step in session] == [[1], [1]]
    assert session.interrupted


def test_second_interrupt_is_not_held_back() -> None:
    with Session(Blocks(ones(1), ones(2)), Sums()) as session:
        next(iter(session))
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_pace_tells_load_and_lag() -> None:
    class Slow(Sums):
        def push(self, pcm: Pcm16) -> list[int]:
            time.sleep(0.03)
            return []

    with Session(Blocks(*itertools.repeat(ones(10), 10)), Slow()) as session:
        for _ in session:
            pass
    # 30 ms of work for 10 ms of sound, ten times over.
    assert session.pace.heard_s == pytest.approx(0.1)
    assert session.pace.realtime_factor > 2.9
    assert session.pace.lag_s == pytest.approx(session.pace.max_lag_s)
    assert session.pace.lag_s > 0.17


def test_pace_of_a_program_that_keeps_up() -> None:
    with Session(Blocks(*itertools.repeat(ones(50), 10), pause_s=0.05), Sums()) as session:
        for _ in session:
            pass
    assert session.pace.realtime_factor < 0.5
    assert session.pace.max_lag_s < 0.3
