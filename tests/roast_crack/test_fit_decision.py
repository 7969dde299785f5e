import math
from dataclasses import replace

import numpy as np
import pytest
from acoustic_apps.roast_crack.examples import CRACK
from acoustic_apps.roast_crack.fit_decision import (
    LEVEL_LOG_ODDS,
    THRESHOLDS,
    OperatingPoint,
    calibrate,
    fit_levels,
    fit_threshold,
    judge,
)
from acoustic_apps.roast_crack.sessions import ReducedSession, run_peaks
from made_roasts import PLAIN, make_session, plain_model

from acoustic.errors import ParameterError
from acoustic.statistics import poisson_rate

SETTINGS = replace(PLAIN, threshold=10.0, min_cracks=3, min_span_s=2.0, background_rate=(0.02,))


def cluster(rng: np.random.Generator, start_s: float, count: int) -> np.ndarray:
    return start_s + np.cumsum(rng.uniform(0.3, 2.0, count))


def background(seed: int, hours: float = 1.0) -> list[ReducedSession]:
    """Sessions of ten minutes, each with one handful of impulses, of one to five."""
    rng = np.random.default_rng(seed)
    return [make_session(cluster(rng, 300.0, int(rng.integers(1, 6))), 600.0) for _ in range(round(6 * hours))]


def test_fewer_false_alarms_need_a_higher_threshold() -> None:
    points = [calibrate(background(1, 4), SETTINGS, wish) for wish in (1.0, 1.5, 2.0, 3.0, 4.0)]
    thresholds = [point.settings.threshold for point in points]
    assert thresholds == sorted(thresholds, reverse=True)
    assert thresholds[0] > thresholds[-1]


@pytest.mark.parametrize("wish", [1.5, 2.0, 3.0])
def test_the_threshold_is_the_lowest_that_keeps_the_promise(wish: float) -> None:
    sessions = background(2, 4)
    point = calibrate(sessions, SETTINGS, wish)

    def false_alarms(threshold: float) -> int:
        peaks = [peak for session in sessions for peak in run_peaks(session, point.settings)]
        return sum(peak >= threshold for peak in peaks)

    assert point.hours == pytest.approx(4.0)
    assert point.counted == false_alarms(point.settings.threshold) <= wish * 4
    if point.settings.threshold > THRESHOLDS[0]:
        below = THRESHOLDS[THRESHOLDS.index(point.settings.threshold) - 1]
        assert false_alarms(below) > wish * 4
    assert point.interval_per_hour == pytest.approx(poisson_rate(point.counted, 4.0))


def test_the_background_rate_becomes_that_of_the_recordings() -> None:
    times_s = 5.0 * np.arange(1, 1440) + np.random.default_rng(0).uniform(-0.9, 0.9, 1439)
    point = calibrate([make_session(times_s, 7200.0)], SETTINGS, 10.0)
    assert point.settings.background_rate[0] == pytest.approx(0.2, rel=0.05)
    silent = calibrate([make_session(np.empty(0), 1e6)], SETTINGS, 10.0)
    assert silent.settings.background_rate[0] <= 2e-3
    # Half an hour in which nothing is heard does not wipe out what the bundle knows.
    little = calibrate([make_session(np.empty(0), 60.0)], SETTINGS, 10.0)
    assert little.settings.background_rate[0] > 0.5 * SETTINGS.background_rate[0]


def test_busy_impulses_do_not_count_as_background() -> None:
    session = make_session(np.arange(10.0, 500.0, 1.3), 600.0)
    busy = replace(session, busy=np.full(len(session.frame), 200, np.int32))
    strict = replace(SETTINGS, max_busy_frames=90)
    quiet = calibrate([make_session(np.empty(0), 600.0)], strict, 100.0)
    assert calibrate([busy], strict, 100.0).settings == quiet.settings


@pytest.mark.parametrize(("hours", "supported"), [(0.2, False), (30.0, False), (40.0, True)])
def test_a_promise_needs_enough_background(hours: float, supported: bool) -> None:
    point: OperatingPoint = calibrate([make_session(np.empty(0), 3600 * hours)], SETTINGS, 0.1)
    assert (point.counted, point.supported) == (0, supported)
    # A threshold below the bundle's is taken only where the recordings can vouch for it.
    assert point.settings.threshold == min(t for t in THRESHOLDS if supported or t >= SETTINGS.threshold)
    assert point.interval_per_hour[0] == 0.0
    assert (point.interval_per_hour[1] <= 0.1) is supported


@pytest.mark.parametrize("wish", [0.0, -1.0, math.nan])
def test_a_wish_that_is_none_is_refused(wish: float) -> None:
    with pytest.raises(ParameterError, match="more than 0"):
        calibrate(background(1), SETTINGS, wish)


def test_recordings_with_a_first_crack_are_refused() -> None:
    rng = np.random.default_rng(3)
    sessions = [make_session(cluster(rng, 300.0, 120), 600.0) for _ in range(6)]
    with pytest.raises(ParameterError, match=r"\d+ false alarms in 1.00 h.*first crack"):
        calibrate(sessions, SETTINGS, 0.5)


def test_no_background_at_all_is_refused() -> None:
    with pytest.raises(ParameterError, match="background"):
        calibrate([], SETTINGS, 1.0)


def test_judge_counts_misses_false_alarms_and_errors() -> None:
    rng = np.random.default_rng(5)
    cracks = cluster(rng, 300.0, 40)
    outcome = judge(
        [
            make_session(cracks, 600.0, onset_s=float(cracks[0]) - 2.0),
            make_session(cracks, 600.0, onset_s=float(cracks[0]) + 200.0),
            make_session(cracks, 600.0),
            make_session(np.empty(0), 600.0, onset_s=300.0),
            make_session(np.array([50.0, 200.0]), 600.0),
        ],
        SETTINGS,
    )
    assert (outcome.sessions, outcome.with_first_crack) == (5, 3)
    assert (outcome.misses, outcome.false_alarms) == (1, 2)
    assert outcome.onset_errors_s == pytest.approx((2.0,), abs=0.01)
    assert outcome.delays_s[0] > 2.0 + SETTINGS.min_span_s


def level_logits() -> np.ndarray:
    """A logit in the middle of each level, and one below them all."""
    output = plain_model().network.runtime.outputs[0]
    return np.clip(np.round((np.array([-2.0, *LEVEL_LOG_ODDS]) + 0.3) / output.scale) + output.zero_point, -128, 127)


def test_levels_are_measured_in_sessions_of_known_truth() -> None:
    """Impulses are further apart than any dead time, so that every one of them counts."""
    logits, rng = level_logits()[1:], np.random.default_rng(6)
    shares, calm = np.array([0.1, 0.1, 0.2, 0.2, 0.4]), np.array([30, 18, 12, 6, 3])
    sessions = []
    for _ in range(6):
        before_s = np.sort(rng.permutation(np.arange(2.0, 598.0, 4.0))[: calm.sum()])
        logit = np.concatenate([rng.permutation(np.repeat(logits, calm)), rng.choice(logits, 300, p=shares)])
        label = np.repeat([0, CRACK], [calm.sum(), 300])
        sessions.append(
            make_session(np.concatenate([before_s, 600 + 4.0 * np.arange(300)]), 1810.0, 600.0, logit, label)
        )
    settings = fit_levels(plain_model().network, sessions)
    assert settings.crack_share == pytest.approx(shares.tolist(), abs=0.03)
    assert settings.background_rate == pytest.approx((calm / 600).tolist(), rel=0.02)
    assert list(settings.level_edges) == sorted(set(settings.level_edges))


def test_levels_that_hold_next_to_no_cracks_still_make_a_decision() -> None:
    sure = make_session(np.linspace(600, 1600, 250), 1620.0, 600.0, logit=level_logits()[-1])
    settings = fit_levels(plain_model().network, [sure])
    assert min(settings.crack_share) > 0
    assert sum(settings.crack_share) <= 1.001


def test_the_threshold_of_a_bundle_keeps_real_noise_quiet() -> None:
    rng = np.random.default_rng(7)
    roasts = [make_session(cluster(rng, 300.0, 60), 600.0, onset_s=300.0) for _ in range(8)]
    noise = make_session(cluster(rng, 300.0, 4), 600.0)
    settings = fit_threshold(roasts, [noise], SETTINGS)
    loudest = max(run_peaks(noise, SETTINGS))
    assert loudest < settings.threshold
    assert judge(roasts, settings).misses == judge(roasts, settings).false_alarms == 0


def test_noise_that_no_threshold_keeps_quiet_is_told() -> None:
    rng = np.random.default_rng(8)
    with pytest.raises(ParameterError):
        fit_threshold([], [make_session(cluster(rng, 300.0, 200), 900.0)], SETTINGS)
