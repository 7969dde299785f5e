import numpy as np
import pytest
from acoustic_apps.turbine_blade.scorer.persistence import WINDOW, AlarmCounter, Choice, Persistence
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from acoustic.records import plain

CLIPS_A_DAY = 8437.5
"""Clips of 10.24 s."""
Run = NDArray[np.int64]


def independent(seed: int, n: int) -> Run:
    """Surprise of normal clips that know nothing of each other, in steps of 1/256."""
    return np.rint(-np.log10(np.random.default_rng(seed).random(n)) * 256).astype(np.int64)


def in_bursts(seed: int, n: int, length: int) -> Run:
    """The same surprises, each of them for some clips in a row."""
    return np.repeat(independent(seed, n // length), length)


def events(persistence: Persistence, unusual: str) -> str:
    """What a row of clips, ``x`` for unusual ones, decides: ``A`` for an alarm, ``o`` for over."""
    counter, told = AlarmCounter(persistence), {"alarm": "A", "over": "o", None: "."}
    return "".join(told[counter.push(600 if clip == "x" else 100)] for clip in unusual)


@pytest.mark.parametrize(
    ("k", "n", "clips", "expected"),
    [
        (1, 1, "..x.xx.", "..AoA.o"),
        (1, 3, "x...x", "A..oA"),
        (2, 3, "x..x.x...", ".....A..o"),
        (2, 3, "xxxxxx", ".A...."),
        (3, 5, "x.x.x....", "....A..o."),
        (4, 5, "xxxx......", "...A...o.."),
        (3, 3, "xx.xx.xxx", "........A"),
    ],
)
def test_known_sequences(k: int, n: int, clips: str, expected: str) -> None:
    assert events(Persistence(k=k, n=n, surprise=1.0), clips) == expected


def test_a_long_event_is_one_alarm() -> None:
    told = events(Persistence(k=8, n=30, surprise=1.0), "." * 50 + "x" * 500 + "." * 50 + "x" * 100 + "." * 30)
    assert told.count("A") == told.count("o") == 2
    assert told.index("A") == 57
    # Three of eight are fewer than half; that is when 27 of the last 30 clips are usual again.
    assert told.index("o") == 550 + 26


def test_the_level_itself_counts() -> None:
    counter = AlarmCounter(Persistence(k=1, n=4, surprise=1.0))
    assert counter.push(255) is None
    assert counter.push(256) == "alarm"
    assert (counter.count, counter.alarmed) == (1, True)


@given(clips=st.lists(st.booleans(), max_size=200), n=st.integers(1, 30), k=st.integers(1, 30))
def test_alarms_and_ends_take_turns(clips: list[bool], n: int, k: int) -> None:
    persistence = Persistence(k=min(k, n), n=n, surprise=1.0)
    told = events(persistence, "".join("x" if clip else "." for clip in clips)).replace(".", "")
    assert told == ("Ao" * len(told))[: len(told)]
    assert persistence.count_alarms(np.where(clips, 256, 0)) == told.count("A")


def test_fewer_alarms_a_day_take_more_unusual_clips() -> None:
    runs = [independent(1, 500)]
    chosen = [Persistence.choose(runs, wanted, CLIPS_A_DAY).persistence.k for wanted in (300, 30, 3, 0.3, 0.03, 0.003)]
    assert chosen == sorted(set(chosen))
    # More than the three of thirty that normal clips give on average, or the alarm would hardly ever be over.
    assert chosen[0] > WINDOW / 10


@pytest.mark.parametrize("wanted", [20.0, 2.0])
def test_the_promise_is_kept_on_unseen_clips(wanted: float) -> None:
    days = 20
    runs = [independent(seed, 5000) for seed in range(4)]
    choice = Persistence.choose(runs, wanted, CLIPS_A_DAY)
    counted = choice.persistence.count_alarms(independent(99, int(days * CLIPS_A_DAY)))
    assert 0 < counted <= wanted * days
    # Independent clips come as often as is expected, but for alarms that were never over.
    assert 0.4 * choice.expected <= counted / days <= 1.2 * choice.expected


def test_clips_that_go_together_need_more_of_them() -> None:
    alone, together = (
        Persistence.choose([made(seed, 4000) for seed in range(3)], 0.5, CLIPS_A_DAY)
        for made in (independent, lambda seed, n: in_bursts(seed, n, 8))
    )
    assert together.persistence.k > alone.persistence.k
    assert together.kept
    assert together.counted <= 0.5 * together.days


def test_what_goes_together_is_seen_before_there_is_an_alarm() -> None:
    """A day of clips shows no alarm of one in ten days, but that one unusual clip seldom comes alone."""
    day = int(CLIPS_A_DAY)
    choice = Persistence.choose([in_bursts(1, day, 6)], 0.1, CLIPS_A_DAY)
    unseen = sum(choice.persistence.count_alarms(in_bursts(seed, day, 6)) for seed in range(100, 130))
    assert choice.kept
    assert unseen <= 0.1 * 30


def test_a_promise_that_cannot_be_kept_is_told() -> None:
    """Of a machine that is strange all day, every k alarms: the largest is taken and its alarms are counted."""
    choice = Persistence.choose([np.full(300, 600)], 0.1, CLIPS_A_DAY)
    assert choice.persistence.k == WINDOW
    assert choice.counted == 1
    assert not choice.kept
    assert choice.interval_per_day[0] <= 1 / choice.days <= choice.interval_per_day[1]


def test_what_is_known_of_a_choice() -> None:
    runs = [independent(1, 300), independent(2, 500)]
    choice = Persistence.choose(runs, 0.1, 800.0)
    assert choice.days == 1.0
    assert choice.counted == sum(map(choice.persistence.count_alarms, runs)) == 0
    assert choice.interval_per_day == pytest.approx((0.0, 3.689), abs=0.001)
    assert plain(choice.persistence) == {"k": choice.persistence.k, "n": 30, "surprise": 1.0}


def test_runs_of_several_machines_are_not_one() -> None:
    """An alarm does not go on from one machine to the next."""
    persistence = Persistence(k=2, n=30, surprise=1.0)
    run = np.array([0, 600, 600])
    assert sum(map(persistence.count_alarms, [run, run])) == 2
    assert persistence.count_alarms(np.concatenate([run, run])) == 1


@given(run=st.lists(st.integers(0, 2), max_size=60), k=st.integers(1, 5), more=st.integers(0, 5))
def test_alarms_of_a_run_are_those_of_the_counter(run: list[int], k: int, more: int) -> None:
    persistence = Persistence(k=k, n=k + more, surprise=1.0)
    surprises = 256 * np.array(run, np.int64)
    counter = AlarmCounter(persistence)
    one_by_one = sum(counter.push(int(surprise)) == "alarm" for surprise in surprises)
    assert persistence.count_alarms(surprises) == one_by_one


@pytest.mark.parametrize(("clips_a_day", "n"), [(0.5, 1), (3.0, 3), (29.9, 29), (1000.0, 30)])
def test_the_window_is_a_day_at_most(clips_a_day: float, n: int) -> None:
    choice: Choice = Persistence.choose([], 1.0, clips_a_day)
    assert choice.persistence.n == n
    assert (choice.counted, choice.days) == (0, 0.0)


@pytest.mark.parametrize(("k", "n"), [(0, 5), (6, 5), (1, 0)])
def test_impossible_counts_are_refused(k: int, n: int) -> None:
    with pytest.raises(ParameterError, match="k must be"):
        Persistence(k=k, n=n, surprise=1.0)


@pytest.mark.parametrize(("alarms", "clips"), [(0.0, 100.0), (-1.0, 100.0), (float("nan"), 100.0), (1.0, 0.0)])
def test_impossible_rates_are_refused(alarms: float, clips: float) -> None:
    with pytest.raises(ParameterError, match="above 0"):
        Persistence.choose([], alarms, clips)
