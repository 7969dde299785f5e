import numpy as np
import pytest
from acoustic_apps.turbine_blade.scorer.calibration import (
    LEAST_NORMALS,
    STEPS,
    Surprise,
    cross_fitted,
    log2_steps,
    never_heard,
)
from acoustic_apps.turbine_blade.scorer.head import UNIT, Head
from acoustic_apps.turbine_blade.scorer.moments import Moments
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from acoustic.errors import ParameterError

Distances = NDArray[np.int64]


def normals(seed: int, n: int) -> Distances:
    """Distances as of clips with 30 independent features, with the heavier tail of real ones."""
    rng = np.random.default_rng(seed)
    return np.rint(UNIT * rng.chisquare(30, n) / 30 * rng.lognormal(0, 0.2, n)).astype(np.int64)


def clips(seed: int, n: int, d: int, scale: NDArray[np.float64] | None = None) -> NDArray[np.int16]:
    """Vectors of a machine with correlated features; the same ``scale`` gives the same covariance."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).standard_normal((d, d)) if scale is None else scale
    return np.rint(300 * rng.standard_normal((n, d)) @ mixing / np.sqrt(d)).astype(np.int16)


@pytest.mark.parametrize("n", [LEAST_NORMALS, 60, 1000])
def test_surprise_rises_from_zero_on(n: int) -> None:
    table = Surprise.fit(normals(1, n))
    distances = np.unique(np.geomspace(1, 2**40, 4000).astype(np.int64))
    found = table(distances)
    assert found[0] == 0
    assert (np.diff(found) >= 0).all()
    assert len(np.unique(found)) > 500
    assert (np.diff(table.knots) > 0).all()
    assert (np.diff(table.values) > 0).all()


def test_the_tail_goes_on_beyond_the_largest_normal() -> None:
    seen = normals(2, 300)
    table = Surprise.fit(seen)
    beyond = table(int(seen.max()) * np.array([1, 2, 4, 8, 16]))
    assert beyond[0] > 1.5 * STEPS
    # A Pareto tail is a straight line over the logarithm of distance.
    assert np.ptp(np.diff(beyond)) <= 2
    assert np.diff(beyond)[0] > STEPS


@pytest.mark.parametrize("n", [60, 400, 2000])
def test_p_values_of_unseen_normals_are_kept(n: int) -> None:
    """What is called one in ten, or one in a hundred, is about so rare, on average over what it was learnt from."""
    unseen = normals(10_000, 20_000)
    shares = np.array(
        [
            [np.mean(table(unseen) >= asked * STEPS) for asked in (1, 2)]
            for table in (Surprise.fit(normals(seed, n)) for seed in range(40))
        ]
    )
    assert np.median(shares[:, 0]) == pytest.approx(0.1, rel=0.2)
    assert np.median(shares[:, 1]) == pytest.approx(0.01, rel=0.5)
    within = (shares >= [0.05, 0.005]) & (shares <= [0.2, 0.02])
    assert within.mean() > {60: 0.55, 400: 0.85, 2000: 0.99}[n]


def test_a_pareto_tail_is_found_from_few_normals() -> None:
    def pareto(seed: int, n: int) -> Distances:
        return np.rint(1000 * np.exp(np.random.default_rng(seed).exponential(0.3, n))).astype(np.int64)

    unseen = pareto(10_000, 20_000)
    shares = [np.mean(Surprise.fit(pareto(seed, 20))(unseen) >= 2 * STEPS) for seed in range(100)]
    assert 0.005 < np.median(shares) < 0.02


@given(surprise=st.floats(0.05, 8.0))
def test_octaves_undo_surprise(surprise: float) -> None:
    table = Surprise.fit(normals(3, 500))
    distance = 2.0 ** (float(table.octaves(np.array([surprise * STEPS]))[0]) / STEPS)
    around = table(np.array([np.floor(distance * 0.995), np.ceil(distance * 1.005)], np.int64)) / STEPS
    assert around[0] - 0.01 <= surprise <= around[1] + 0.01


def test_too_few_normals_are_refused() -> None:
    with pytest.raises(ParameterError, match="at least 8"):
        Surprise.fit(normals(4, LEAST_NORMALS - 1))


def test_what_all_normals_reach_is_no_surprise() -> None:
    table = Surprise.fit(np.full(100, 300))
    at, above = table(np.array([300, 600]))
    assert at < 0.1 * STEPS
    assert above > 2 * STEPS
    half = Surprise.fit(np.repeat([200, 300], 50))
    assert half(np.array([300]))[0] == pytest.approx(-np.log10(0.5) * STEPS, abs=0.02 * STEPS)


def test_octaves_of_distance() -> None:
    assert log2_steps(np.array([0, 1, 2, 256, 3])).tolist() == [0, 0, STEPS, 8 * STEPS, round(np.log2(3) * STEPS)]


def test_cross_fitted_distances_are_those_of_unseen_clips() -> None:
    """With hardly more clips than features, a head knows its own clips far too well."""
    d, n = 40, 25
    own = {name: clips(seed, n, d) for seed, name in enumerate(("a", "b"))}
    head = Head.fit(Moments.of(rows) for rows in own.values())
    means = {name: head.own_mean(Moments.of(rows)) for name, rows in own.items()}
    inside = np.median(np.concatenate([head.distance(rows, means[name], n) for name, rows in own.items()]))
    unseen = np.median(
        np.concatenate([head.distance(clips(100 + s, 2000, d), means[name], n) for s, name in enumerate(own)])
    )
    crossed = np.median(np.concatenate(list(cross_fitted(own).values())))
    assert inside < 0.7 * unseen
    assert crossed == pytest.approx(unseen, rel=0.12)


@pytest.mark.parametrize("counts", [(8,), (19,), (20,), (21,), (3, 50), (1, 7), (64, 65)])
def test_every_clip_is_judged_without_itself(counts: tuple[int, ...]) -> None:
    own = {str(number): clips(number, n, 6) for number, n in enumerate(counts)}
    found = cross_fitted(own)
    assert {name: len(distances) for name, distances in found.items()} == {k: len(v) for k, v in own.items()}
    assert min(distances.min() for distances in found.values()) > 0
    # A clip that is moved far away does not become less strange by having been heard itself.
    own["0"][-1, 0] += 20_000
    assert cross_fitted(own)["0"][-1] > 100 * np.median(np.concatenate(list(found.values())))


def test_neighbours_in_time_are_left_out_together() -> None:
    """Five clips in a row that share a deviation do not excuse each other: a twentieth of the time is left out."""
    rows = clips(5, 200, 6)
    rows[40:50] += np.array([9000, -9000, 0, 0, 0, 0], np.int16)
    found = cross_fitted({"a": rows})["a"]
    assert found[40:50].min() > 3 * np.median(found)
    assert np.argsort(found)[-10:].min() >= 40


def test_a_machine_never_heard_is_stranger_than_a_known_one() -> None:
    own = {name: clips(seed, 40, 6) + np.int16(100 * seed) for seed, name in enumerate("abc")}
    strange = never_heard(own)
    assert [len(strange[name]) for name in "abc"] == [40, 40, 40]
    assert np.median(np.concatenate(list(strange.values()))) > np.median(
        np.concatenate(list(cross_fitted(own).values()))
    )
    assert never_heard({name: own[name] for name in "ab"}) == {}
