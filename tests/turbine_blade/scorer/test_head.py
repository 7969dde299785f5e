from dataclasses import replace

import numpy as np
import pytest
from acoustic_apps.turbine_blade.scorer.arrays import Arrays
from acoustic_apps.turbine_blade.scorer.head import SMALLEST_SD, UNIT, Head, shrunk
from acoustic_apps.turbine_blade.scorer.moments import Moments
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from acoustic.errors import BundleError, ParameterError

Vectors = NDArray[np.int16]
D = 24


def covariance(d: int = D, seed: int = 1) -> NDArray[np.float64]:
    """Of neighbouring bands that go together, of standard deviations from 0.3 to 3 dB."""
    sd = 256 * np.geomspace(0.3, 3, d)[np.random.default_rng(seed).permutation(d)]
    return np.outer(sd, sd) * 0.8 ** np.abs(np.subtract.outer(np.arange(d), np.arange(d)))


def gaussian(seed: int, n: int, mean: float = 0.0, d: int = D) -> Vectors:
    factor = np.linalg.cholesky(covariance(d))
    return np.rint(mean + np.random.default_rng(seed).standard_normal((n, d)) @ factor.T).astype(np.int16)


def fitted(machines: dict[float, int], d: int = D) -> Head:
    """A head of machines with their mean levels and numbers of clips."""
    return Head.fit([Moments.of(gaussian(seed, n, at, d)) for seed, (at, n) in enumerate(machines.items())])


def test_unseen_normals_lie_at_distance_one() -> None:
    head = fitted({-3000.0: 800, 0.0: 800, 4000.0: 800})
    mean = head.own_mean(Moments.of(gaussian(1, 800)))
    assert head.distance(gaussian(50, 4000), mean, 800).mean() / UNIT == pytest.approx(1.0, abs=0.04)
    # A mean of five clips is itself off, on average by a fifth of the variance: that is allowed for.
    few = [head.distance(gaussian(60 + s, 400), head.own_mean(Moments.of(gaussian(160 + s, 5))), 5) for s in range(40)]
    assert np.mean(few) / UNIT == pytest.approx(1.0, abs=0.12)


def test_integers_measure_the_distance_that_floats_do() -> None:
    own = gaussian(0, 3000)
    head, mean = Head.fit([Moments.of(own)]), np.zeros(D, np.int16)
    rows = np.concatenate([gaussian(2, 500), 3 * gaussian(3, 500)])
    expected = np.einsum("ni,ij,nj->n", rows, np.linalg.inv(np.cov(own, rowvar=False)), rows, dtype=np.float64) / D
    found = head.distance(rows, mean, 0) / UNIT
    # Rows of the factor have seven bits; near-neighbours that go together cost most of what they lose.
    assert found == pytest.approx(expected, rel=0.06)
    assert np.median(np.abs(found / expected - 1)) < 0.02


def test_a_shift_along_what_varies_together_is_usual_and_against_it_is_not() -> None:
    head = fitted({0.0: 2000})
    sd = np.sqrt(np.diag(covariance()))
    along, against = (np.rint(sd * sign).astype(np.int16) for sign in (np.ones(D), (-1.0) ** np.arange(D)))
    near, far = head.distance(np.stack([along, against]), np.zeros(D, np.int16), 0)
    assert far > 10 * near


def test_machines_share_a_covariance_and_not_a_mean() -> None:
    """Machines far apart do not widen what is usual within each."""
    one, far = fitted({0.0: 1500}), fitted({-8000.0: 500, 0.0: 500, 8000.0: 500})
    rows, mean = gaussian(9, 500), np.zeros(D, np.int16)
    assert np.median(far.distance(rows, mean, 0)) == pytest.approx(np.median(one.distance(rows, mean, 0)), rel=0.1)
    assert np.abs(far.mean).max() < 100


def conditioned(seed: int, n: int, wind: tuple[float, float] = (4.0, 9.0)) -> Vectors:
    """Features that rise with the wind, each at its own rate, and the wind in hundredths."""
    wind_m_s = np.random.default_rng([seed, 1]).uniform(*wind, n)
    slope = np.linspace(-300, 300, D)
    features = gaussian(seed, n) + wind_m_s[:, None] * slope
    return np.rint(np.column_stack([features, 100 * wind_m_s])).astype(np.int16)


def test_what_follows_the_wind_is_judged_under_its_wind() -> None:
    rows = conditioned(0, 1500)
    given_wind, blind = Head.fit([Moments.of(rows)], 1), Head.fit([Moments.of(rows[:, :D])])
    mean = given_wind.own_mean(Moments.of(rows))
    strong = conditioned(7, 500, (10.0, 12.0))  # stronger than any heard before
    usual = given_wind.distance(conditioned(8, 500), mean, 1500)
    assert np.median(given_wind.distance(strong, mean, 1500)) == pytest.approx(np.median(usual), rel=0.1)
    assert np.median(blind.distance(strong[:, :D], mean[:D], 1500)) > 1.3 * np.median(usual)
    # What the wind explains does not hide a fault: less is usual.
    fault = conditioned(8, 500)
    fault[:, :D] += np.rint(1.5 * np.linspace(-300, 300, D)).astype(np.int16)
    assert np.median(given_wind.distance(fault, mean, 1500) / usual) > 1.3 * np.median(
        blind.distance(fault[:, :D], mean[:D], 1500) / blind.distance(conditioned(8, 500)[:, :D], mean[:D], 1500)
    )
    gain = given_wind.gain[:, 0] / 1024 * 100
    assert gain == pytest.approx(np.linspace(-300, 300, D), abs=30)


def test_a_condition_that_never_varied_explains_nothing() -> None:
    rows = np.column_stack([gaussian(0, 500), np.full(500, 700)]).astype(np.int16)
    head = Head.fit([Moments.of(rows)], 1)
    assert np.abs(head.gain).max() == 0
    assert head.mean[-1] == 700


@pytest.mark.parametrize(("own", "expected"), [(0, 1000), (1, 500), (3, 250), (99, 10)])
def test_a_mean_weighs_own_clips_against_all_machines(own: int, expected: int) -> None:
    head = fitted({1000.0: 3000})
    prior = head.mean.astype(float)
    mean = head.own_mean(Moments.of(np.zeros((own, D), np.int16)))
    assert mean.dtype == np.int16
    assert mean == pytest.approx(prior / (own + 1), abs=0.6)
    assert mean.mean() == pytest.approx(expected, abs=30)


def test_arrays_and_back() -> None:
    head = Head.fit([Moments.of(conditioned(0, 200))], 1)
    arrays = head.arrays()
    again = Head.from_arrays(Arrays(arrays), *arrays["gain"].shape)
    rows = conditioned(1, 50)
    assert again.distance(rows, again.mean, 3).tolist() == head.distance(rows, head.mean, 3).tolist()
    assert head.model_bytes == sum(array.nbytes for array in arrays.values())
    assert not np.triu(again.factor, 1).any()


@pytest.mark.parametrize("name", ["mean", "precision", "triangle", "scale", "gain"])
def test_arrays_that_do_not_fit_are_refused(name: str) -> None:
    arrays = Head.fit([Moments.of(conditioned(0, 200))], 1).arrays()
    for wrong in (arrays[name][:-1], arrays[name].astype(np.float64)):
        with pytest.raises(BundleError, match=f"{name} must be"):
            Head.from_arrays(Arrays(arrays | {name: wrong}), *arrays["gain"].shape)


@pytest.mark.parametrize(("name", "value"), [("precision", -1), ("precision", 2**18 + 1), ("scale", -1)])
def test_numbers_out_of_range_are_refused(name: str, value: int) -> None:
    arrays = Head.fit([Moments.of(conditioned(0, 200))], 1).arrays()
    changed = np.full_like(arrays[name], value)
    with pytest.raises(BundleError, match=f"{name} is out of range"):
        Head.from_arrays(Arrays(arrays | {name: changed}), *arrays["gain"].shape)


def test_distances_that_do_not_fit_are_refused() -> None:
    head = Head.fit([Moments.of(conditioned(0, 200))], 1)
    with pytest.raises(ParameterError, match="64 bits"):
        replace(head, scale=np.full_like(head.scale, 2**31 - 1), factor=np.full_like(head.factor, 127))


def test_row_sums_fit_32_bits_whatever_is_heard() -> None:
    """At 448 features, the most that the front end gives, z saturates early enough for any int8 row."""
    assert 127 * UNIT * 127 * 448 < 2**31
    d = 448
    trend = np.random.default_rng(0).normal(0, 500, (600, 1))  # all features go together: the longest rows
    rows = np.rint(trend + np.random.default_rng(1).normal(0, 20, (600, d))).astype(np.int16)
    head = Head.fit([Moments.of(rows)])
    extremes = np.where(np.random.default_rng(2).random((50, d)) < 0.5, -32768, 32767).astype(np.int16)
    extremes[0], extremes[1] = 32767, -32768
    mean = np.where(np.arange(d) % 2, -32768, 32767).astype(np.int16)
    found = head.distance(extremes, mean, 0)
    # In integers without bounds.
    factor, scale = head.factor.astype(object), head.scale.astype(object)
    deviation = extremes.astype(object) - mean.astype(object)
    z = (deviation * head.precision.astype(object) + 2048) // 4096
    z = np.clip(z, -127 * UNIT, 127 * UNIT)
    sums = z @ factor.T
    assert max(abs(int(value)) for value in sums.ravel()) < 2**31
    whitened = (sums * scale + (1 << 19)) // (1 << 20)
    assert found.tolist() == ((whitened * whitened).sum(axis=1) // (d * UNIT)).tolist()
    assert np.abs(z).min() == 0 or np.abs(z).max() == 127 * UNIT


def test_features_that_never_changed_are_trusted_no_closer_than_a_limit() -> None:
    rows = gaussian(0, 400)
    rows[:, 3] = 1234
    rows[:, 9] = -77
    head = Head.fit([Moments.of(rows)])
    deviating = rows[:1].copy()
    deviating[:, :] = np.rint(rows.mean(axis=0))
    mean = deviating[0].copy()
    deviating[0, 3] += 40  # ten times the limit
    assert head.distance(deviating, mean, 0)[0] == pytest.approx(UNIT * (40 / SMALLEST_SD) ** 2 / D, rel=0.03)


def test_nothing_ever_changed() -> None:
    head = Head.fit([Moments.of(np.full((50, D), 500, np.int16))])
    assert head.distance(np.full((1, D), 500, np.int16), head.mean, 0).tolist() == [0]
    assert head.distance(np.full((1, D), 504, np.int16), head.mean, 0)[0] == pytest.approx(UNIT, rel=0.02)


def test_fewer_clips_than_features_still_rank() -> None:
    head = fitted({0.0: 6, 1000.0: 7})
    mean = head.own_mean(Moments.of(gaussian(0, 6)))
    usual = head.distance(gaussian(70, 200), mean, 6)
    sick = gaussian(70, 200)
    sick[:, ::2] += 500
    assert np.mean(head.distance(sick, mean, 6) > usual) > 0.9


@settings(max_examples=25)
@given(n=st.integers(3, 60), d=st.integers(1, 12), copies=st.booleans(), seed=st.integers(0, 1000))
def test_any_clips_give_a_head(n: int, d: int, copies: bool, seed: int) -> None:
    """Constant, copied and wildly different features, few clips or many: distances are numbers, 0 or more."""
    rng = np.random.default_rng(seed)
    rows = (rng.normal(0, 1, (n, d)) * rng.choice([0.0, 1.0, 300.0, 9000.0], d)).clip(-32768, 32767).astype(np.int16)
    if copies:
        rows = np.repeat(rows, 2, axis=1)
    head = Head.fit([Moments.of(rows)])
    found = head.distance(rng.integers(-32768, 32768, (5, rows.shape[1])).astype(np.int16), head.mean, 0)
    assert (found >= 0).all()
    assert (np.diag(head.factor) > 0).all()


@pytest.mark.parametrize("counts", [(), (2,), (1, 1, 1), (2, 1)])
def test_too_few_clips_are_refused(counts: tuple[int, ...]) -> None:
    with pytest.raises(ParameterError, match="more clips"):
        Head.fit([Moments.of(gaussian(seed, n)) for seed, n in enumerate(counts)])


def test_a_machine_without_clips_is_passed_over() -> None:
    head = Head.fit([Moments.of(gaussian(0, 50)), Moments.none(D)])
    assert head.mean.tolist() == Head.fit([Moments.of(gaussian(0, 50))]).mean.tolist()


def test_shrinking_keeps_the_trace_and_lessens_with_clips() -> None:
    rng = np.random.default_rng(0)
    correlation = np.corrcoef(rng.normal(0, 1, (30, 8)) @ rng.normal(0, 1, (8, 8)), rowvar=False)
    few, many = shrunk(correlation, 10), shrunk(correlation, 10_000)
    for result in (few, many):
        assert np.trace(result) == pytest.approx(8)
    assert many == pytest.approx(correlation, abs=0.01)
    assert np.abs(few - np.eye(8)).sum() < np.abs(many - np.eye(8)).sum()
    assert shrunk(np.eye(8), 100) == pytest.approx(np.eye(8))
