import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from apps.roast_crack.statistics import median_interval, poisson_rate, wilson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Newcombe (1998), Statistics in Medicine 17, table I: score method without continuity correction.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


@given(trials=st.integers(1, 2000), share=st.floats(0, 1))
def test_wilson_is_that_of_scipy(trials: int, share: float) -> None:
    successes = round(share * trials)
    expected = stats.binomtest(successes, trials).proportion_ci(method="wilson")
    assert wilson(successes, trials) == pytest.approx((expected.low, expected.high), abs=1e-9)
    low, high = wilson(successes, trials)
    assert 0 <= low <= successes / trials + 1e-12
    assert successes / trials - 1e-12 <= high <= 1


def test_wilson_of_nothing_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("count", "low", "high"),
    # Garwood (1936), Biometrika 28: 95 % limits of a Poisson mean.
    [(0, 0.0, 3.689), (1, 0.0253, 5.572), (2, 0.2422, 7.225), (5, 1.623, 11.668), (10, 4.795, 18.390)],
)
def test_poisson_rate_gives_the_published_limits(count: int, low: float, high: float) -> None:
    assert poisson_rate(count, 1.0) == pytest.approx((low, high), abs=6e-4)
    assert poisson_rate(count, 4.0) == pytest.approx((low / 4, high / 4), abs=2e-4)


@given(count=st.integers(1, 300), hours=st.floats(0.01, 1000))
def test_poisson_limits_leave_a_fortieth_on_each_side(count: int, hours: float) -> None:
    low, high = poisson_rate(count, hours)
    assert stats.poisson.sf(count - 1, low * hours) == pytest.approx(0.025)
    assert stats.poisson.cdf(count, high * hours) == pytest.approx(0.025)


@settings(max_examples=20)
@given(seed=st.integers(0, 999))
def test_the_interval_of_a_median_holds_the_median_and_repeats(seed: int) -> None:
    values = np.random.default_rng(seed).exponential(5, 41)
    low, high = median_interval(values)
    assert values.min() <= low <= np.median(values) <= high <= values.max()
    assert median_interval(values) == (low, high)


def test_the_interval_of_a_median_covers_it_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(200):
        low, high = median_interval(rng.normal(0, 1, 60), draws=400)
        hits += low <= 0 <= high
    assert 0.88 <= hits / 200 <= 0.99


def test_one_value_is_its_own_interval() -> None:
    assert median_interval(np.array([3.0])) == (3.0, 3.0)
