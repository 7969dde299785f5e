import numpy as np
import pytest
from acoustic_apps.turbine_blade.scorer.arrays import Arrays
from acoustic_apps.turbine_blade.scorer.calibration import log2_steps
from acoustic_apps.turbine_blade.scorer.channel import Channel
from acoustic_apps.turbine_blade.scorer.moments import Moments
from numpy.typing import NDArray

from acoustic.errors import BundleError, ParameterError

D, K = 5, 2


def machine(seed: int, n: int, at: int = 0) -> NDArray[np.int16]:
    """Features and conditions of the clips of a machine."""
    rng = np.random.default_rng(seed)
    return np.rint(rng.normal([at] * D + [700] * K, 200, (n, D + K))).astype(np.int16)


def fitted(**counts: int) -> Channel:
    vectors = {name: machine(seed, n, 1000 * seed) for seed, (name, n) in enumerate(counts.items())}
    return Channel.fit(vectors, K)


def test_each_machine_is_expected_where_its_clips_are() -> None:
    channel = fitted(a=40, b=50, c=60)
    for seed, (name, count) in enumerate({"a": 40, "b": 50, "c": 60}.items()):
        usual = channel.expect(name)
        assert usual.own_clips == count
        assert usual.mean[:D] == pytest.approx([1000 * seed] * D, abs=120)
    stranger = channel.expect("d")
    assert stranger.own_clips == 0
    assert stranger.mean.tolist() == channel.head.mean.tolist()
    assert channel.expect(None).own_clips == 0


def test_the_only_machine_needs_no_name() -> None:
    channel = fitted(a=40)
    assert channel.expect(None) is channel.machines["a"]
    assert channel.expect("b").own_clips == 0


def test_surprise_is_that_of_known_or_of_strange_machines() -> None:
    channel = fitted(a=40, b=50, c=60)
    rows = machine(7, 30)
    known, strange = channel.expect("a"), channel.expect("nobody")
    distances, surprise = channel.judge(rows, known)
    assert surprise.tolist() == channel.surprise(distances).tolist()
    distances, surprise = channel.judge(rows, strange)
    assert surprise.tolist() == channel.first_surprise(distances).tolist()
    # A machine a thousand steps away is strange when its place is known, and not when machines differ so much.
    assert np.median(channel.judge(machine(8, 50, 2000), known)[1]) > 2 * 256
    assert np.median(channel.judge(machine(8, 50, 2000), strange)[1]) < 256


def test_of_two_machines_a_third_is_judged_as_if_known() -> None:
    channel = fitted(a=40, b=50)
    distances, surprise = channel.judge(machine(7, 30), channel.expect("c"))
    assert surprise.tolist() == channel.surprise(distances).tolist()


def test_clips_of_half_the_length_calibrate_like_whole_ones() -> None:
    """They lie twice as far from the usual, and are known to."""
    whole = machine(0, 400)
    noise = np.random.default_rng(1).normal(0, 200, (200, D))
    half = whole.copy()
    half[::2, :D] += np.rint(noise).astype(np.int16)
    shares = {"a": (np.where(np.arange(400) % 2, 100, 50), 100)}
    known, blind = Channel.fit({"a": half}, K, shares), Channel.fit({"a": half}, K)
    for channel, least, most in ((known, 0.4, 0.6), (blind, 0.62, 1.0)):
        (run,) = channel.normal_runs
        # Of those clips that are more unusual than half of all, so many are short ones.
        assert least < np.mean(np.flatnonzero(run > np.median(run)) % 2 == 0) < most


def test_a_part_of_a_clip_counts_for_its_share() -> None:
    channel = fitted(a=40)
    rows = machine(9, 10)
    whole, _ = channel.judge(rows, channel.expect("a"))
    part, surprise = channel.judge(rows, channel.expect("a"), (3, 4))
    assert part.tolist() == (whole * 3 // 4).tolist()
    assert surprise.tolist() == channel.surprise(part).tolist()


def test_surprise_of_normals_is_kept_in_order_of_time() -> None:
    vectors = {"a": machine(0, 40), "b": machine(1, 60, 1000)}
    vectors["b"][50, 0] += 20_000
    runs = Channel.fit(vectors, K).normal_runs
    assert [len(run) for run in runs] == [40, 60]
    assert np.argmax(runs[1]) == 50
    assert np.median(np.concatenate(runs)) == pytest.approx(-np.log10(0.5) * 256, abs=8)


def test_arrays_and_back() -> None:
    channel = fitted(a=40, b=50, c=60)
    again = Channel.from_arrays(Arrays(channel.arrays()), ["a", "b", "c"], D, K)
    assert {name: array.tobytes() for name, array in again.arrays().items()} == {
        name: array.tobytes() for name, array in channel.arrays().items()
    }
    rows = machine(3, 20)
    for name in ("a", "nobody"):
        for ours, theirs in zip(
            channel.judge(rows, channel.expect(name)), again.judge(rows, again.expect(name)), strict=True
        ):
            assert ours.tolist() == theirs.tolist()
    assert [run.tolist() for run in again.normal_runs] == [run.tolist() for run in channel.normal_runs]


@pytest.mark.parametrize("name", fitted(a=20, b=20).arrays())
def test_a_part_that_does_not_fit_is_refused(name: str) -> None:
    arrays = fitted(a=20, b=20).arrays()
    wrong = [arrays[name][:-1], arrays[name][..., None], arrays[name].astype(np.float32)]
    for broken in [arrays | {name: part} for part in wrong] + [{k: v for k, v in arrays.items() if k != name}]:
        with pytest.raises((BundleError, ParameterError)):
            Channel.from_arrays(Arrays(broken), ["a", "b"], D, K)


@pytest.mark.parametrize("machines", [[], ["a"], ["a", "b", "c"], ["a", "a"]])
def test_machines_and_their_numbers_belong_together(machines: list[str]) -> None:
    with pytest.raises((BundleError, ParameterError)):
        Channel.from_arrays(Arrays(fitted(a=20, b=20).arrays()), machines, D, K)


@pytest.mark.parametrize("clips", [0, -1, 2**22 + 1])
def test_numbers_of_clips_are_bounded(clips: int) -> None:
    arrays = fitted(a=20, b=20).arrays()
    counts = np.array([20, clips], np.int32)
    with pytest.raises(BundleError, match="machine_clips is out of range"):
        Channel.from_arrays(Arrays(arrays | {"machine_clips": counts}), ["a", "b"], D, K)


@pytest.mark.parametrize("table", ["surprise", "first"])
def test_a_table_that_does_not_rise_is_refused(table: str) -> None:
    arrays = fitted(a=20, b=20, c=20).arrays()
    falling = arrays[f"{table}_knots"].copy()
    falling[1] = falling[0]
    with pytest.raises(ParameterError, match="rise"):
        Channel.from_arrays(Arrays(arrays | {f"{table}_knots": falling}), ["a", "b", "c"], D, K)
    short = {f"{table}_knots": falling[:1], f"{table}_values": arrays[f"{table}_values"][:1]}
    with pytest.raises(ParameterError, match="rise"):
        Channel.from_arrays(Arrays(arrays | short), ["a", "b", "c"], D, K)


def test_too_few_clips_are_refused() -> None:
    with pytest.raises(ParameterError, match="at least 8"):
        fitted(a=7)


def test_a_machine_that_varies_more_is_judged_by_its_own_measure() -> None:
    """Its clips scatter twice as far as others': by the others' measure most of them would be called unusual."""
    channel = fitted(a=200, b=200, c=200)
    rows = machine(5, 400)
    rows[:, :D] += np.rint(np.random.default_rng(6).normal(0, 350, (400, D))).astype(np.int16)
    own, later = Moments.of(rows[:200]), rows[200:]
    stranger = channel.expect_after(own, Moments.none(1))
    assert stranger.octaves == 0
    distances, surprise = channel.judge(rows[:200], stranger)
    assert np.mean(surprise >= 256) > 0.4
    known = channel.expect_after(own, Moments.of(log2_steps(distances)[:, None].astype(np.int16)))
    assert known.mean.tolist() == stranger.mean.tolist()
    assert 0.03 < np.mean(channel.judge(later, known)[1] >= 256) < 0.3
    # A machine like all others keeps its place.
    rows = machine(0, 300)
    usual = channel.expect_after(Moments.of(rows), Moments.none(1))
    octaves = log2_steps(channel.judge(rows, usual)[0])[:, None].astype(np.int16)
    assert abs(channel.expect_after(Moments.of(rows), Moments.of(octaves)).octaves) < 30
