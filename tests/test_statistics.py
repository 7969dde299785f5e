from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from acoustic.errors import ParameterError
from acoustic.statistics import (
    auc,
    auc_interval,
    detection_rate,
    mean_interval,
    median_interval,
    partial_auc,
    poisson_rate,
    wilson,
)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Newcombe (1998), Statistics in Medicine 17, table I: score method without continuity correction.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


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


def test_the_interval_of_a_mean_is_its_standard_error_when_nothing_is_grouped() -> None:
    values = np.random.default_rng(2).normal(3, 1, 400)
    low, high = mean_interval(values, np.arange(400))
    half = 1.96 * values.std() / 20
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.2 * half)
    assert mean_interval(values, np.arange(400)) == (low, high)


def test_values_that_repeat_within_a_group_narrow_no_interval() -> None:
    values = np.random.default_rng(3).normal(0, 1, 50)
    once = mean_interval(values, np.arange(50))
    assert mean_interval(np.repeat(values, 5), np.repeat(np.arange(50), 5)) == pytest.approx(once)
    low, high = mean_interval(np.repeat(values, 5), np.arange(250))
    assert high - low < 0.7 * (once[1] - once[0])


def test_auc_is_the_share_of_pairs_in_order() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random(200) < 0.3
    scores = np.round(rng.normal(0, 1, 200) + truth).astype(np.int8)  # many ties
    u = stats.mannwhitneyu(scores[truth].astype(float), scores[~truth].astype(float)).statistic
    assert auc(scores, truth) == pytest.approx(u / (truth.sum() * (~truth).sum()))
    assert auc(truth.astype(float), truth) == 1.0
    assert auc(-truth.astype(float), truth) == 0.0
    assert auc(np.zeros(200), truth) == pytest.approx(0.5)


def some_scores(seed: int, ties: bool, shift: float = 1.0) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    rng = np.random.default_rng(seed)
    truth = rng.random(rng.integers(20, 200)) < rng.uniform(0.2, 0.8)
    truth[:2] = True, False
    scores = rng.normal(0, 1, len(truth)) + shift * truth
    return np.round(2 * scores) if ties else scores, truth


@given(seed=st.integers(0, 10**6), ties=st.booleans(), max_fpr=st.sampled_from([0.01, 0.05, 0.1, 0.37, 1.0]))
def test_partial_auc_is_that_of_scikit_learn(seed: int, ties: bool, max_fpr: float) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    scores, truth = some_scores(seed, ties)
    assert partial_auc(scores, truth, max_fpr) == pytest.approx(metrics.roc_auc_score(truth, scores, max_fpr=max_fpr))


def test_partial_auc_of_the_best_the_worst_and_chance() -> None:
    truth = np.arange(100) < 30
    assert partial_auc(truth.astype(np.int8), truth) == 1.0
    # McClish's scale is that of chance upward: below it, it goes on to 0.5 - max_fpr / (4 - 2 max_fpr).
    assert partial_auc(-truth.astype(np.int8), truth) == pytest.approx(0.5 - 0.1 / 3.8)
    assert partial_auc(np.zeros(100), truth) == pytest.approx(0.5)
    scores, truth = some_scores(3, ties=True)
    assert partial_auc(scores, truth, 1.0) == pytest.approx(auc(scores, truth))


def test_int8_scores_at_the_end_of_their_range_keep_their_order() -> None:
    assert partial_auc(np.array([-128, 0, 1], np.int8), np.array([False, True, True])) == 1.0


def test_detection_rate_of_known_scores() -> None:
    normal, anomalous = np.arange(100.0), np.array([50.0, 89.0, 89.5, 120.0])
    scores, truth = np.concatenate([normal, anomalous]), np.arange(104) >= 100
    # Ten of a hundred normal scores lie above 89, which itself raises no alarm.
    assert detection_rate(scores, truth, 0.1) == 0.5
    assert detection_rate(scores, truth, 0.0) == 0.25
    assert detection_rate(scores, truth, 1.0) == 1.0


@given(seed=st.integers(0, 10**6), ties=st.booleans(), rate=st.floats(0, 0.999))
def test_detection_rate_is_a_point_of_the_roc_curve(seed: int, ties: bool, rate: float) -> None:
    scores, truth = some_scores(seed, ties)
    normal = scores[~truth]
    allowed = [t for t in np.unique(normal) if np.mean(normal > t) <= rate]
    assert detection_rate(scores, truth, rate) == max(np.mean(scores[truth] > t) for t in allowed)


def test_auc_interval_has_the_published_standard_error_at_its_limits() -> None:
    # Hanley and McNeil (1982), Radiology 143, 29-36: equation 1 with the Q1 and Q2 of its exponential model.
    scores, truth = some_scores(2, ties=False, shift=1.8)
    m, n, area = int(truth.sum()), int((~truth).sum()), auc(scores, truth)
    for limit in auc_interval(scores, truth):
        q1, q2 = limit / (2 - limit), 2 * limit**2 / (1 + limit)
        variance = (limit * (1 - limit) + (m - 1) * (q1 - limit**2) + (n - 1) * (q2 - limit**2)) / (m * n)
        assert abs(limit - area) == pytest.approx(1.959964 * variance**0.5)


@given(seed=st.integers(0, 10**6), ties=st.booleans())
def test_auc_interval_holds_the_area_and_turns_with_the_truth(seed: int, ties: bool) -> None:
    scores, truth = some_scores(seed, ties)
    low, high = auc_interval(scores, truth)
    assert 0.0 <= low < auc(scores, truth) < high <= 1.0
    assert auc_interval(scores, ~truth) == pytest.approx((1 - high, 1 - low))


def test_perfect_scores_of_few_recordings_keep_their_doubt() -> None:
    limits = [auc_interval(truth, truth) for truth in (np.arange(2 * n) < n for n in (3, 10, 100))]
    assert [high for _, high in limits] == [1.0, 1.0, 1.0]
    lows = [low for low, _ in limits]
    assert lows == sorted(lows)
    assert lows[0] < 0.6
    assert lows[2] > 0.95


def test_auc_interval_covers_the_area_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    truth = np.arange(70) < 30
    true_area = stats.norm.cdf(2 / np.sqrt(2))
    hits = 0
    for _ in range(400):
        low, high = auc_interval(rng.normal(0, 1, 70) + 2 * truth, truth)
        hits += low <= true_area <= high
    assert 0.92 <= hits / 400 <= 0.99


@pytest.mark.parametrize("measure", [auc, auc_interval, partial_auc, lambda s, t: detection_rate(s, t, 0.1)])
@pytest.mark.parametrize("kind", [True, False])
def test_one_kind_alone_cannot_be_told_apart(measure: Any, kind: bool) -> None:
    with pytest.raises(ParameterError, match="Positives and negatives"):
        measure(np.arange(5.0), np.full(5, kind))


def test_rates_out_of_range_are_refused() -> None:
    scores, truth = np.arange(4.0), np.arange(4) > 1
    for wrong in (0.0, -0.1, 1.1, float("nan")):
        with pytest.raises(ParameterError, match="false positive rate"):
            partial_auc(scores, truth, wrong)
    with pytest.raises(ParameterError, match="false alarm rate"):
        detection_rate(scores, truth, 1.1)
