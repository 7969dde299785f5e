"""Chooses the numbers of the decision from simulated sessions, and the operating point from anyone's background."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from acoustic.statistics import poisson_rate

from .decision_settings import DecisionSettings
from .examples import CRACK, OTHER
from .network import CrackNetwork
from .sessions import ReducedSession, decide, run_peaks

#: Log-odds at which the levels of the decision begin.
LEVEL_LOG_ODDS = (1.0, 2.0, 3.0, 4.0, 5.0)
#: A roast not heard before is expected to be as noisy as this share of the simulated ones, until it shows otherwise.
BACKGROUND_PERCENTILE = 95
#: No level is expected more rarely than this, a second: what was never seen in an hour may still happen.
RAREST = 2e-3
#: How many misses one false alarm is worth.
FALSE_ALARM_COST = 2.0
#: Told so long after the onset, a roaster might as well not have been told.
TOO_LATE_S = 60.0
#: Thresholds tried, as log-likelihood ratios.
THRESHOLDS = tuple(np.arange(4.0, 30.5, 0.5).tolist())


def fit_levels(network: CrackNetwork, sessions: Sequence[ReducedSession]) -> DecisionSettings:
    """Measure how cracks and background spread over the levels, in simulated sessions with known cracks."""
    output = network.runtime.outputs[0]
    edges = tuple(int(round(v / output.scale)) + output.zero_point for v in LEVEL_LOG_ODDS)
    levels = len(edges)
    draft = DecisionSettings(level_edges=edges, crack_share=(1 / levels,) * levels, background_rate=(1.0,) * levels)
    cracks, rates = np.zeros(levels), []
    for session in sessions:
        t_s, level, label = _handfuls(session, draft)
        if session.onset_s is not None:
            during = (t_s >= session.onset_s) & (label == CRACK)
            cracks += np.bincount(level[during], minlength=levels)
        until_s = session.duration_s if session.onset_s is None else min(session.onset_s, session.first_pop_s or np.inf)
        if until_s > 60:
            rates.append(np.bincount(level[(t_s < until_s) & (label == OTHER)], minlength=levels) / until_s)
    if not cracks.any() or not rates:
        raise ParameterError("the network takes no crack of the sessions for one: train it on more")
    share = np.maximum(cracks / cracks.sum(), 0.01)
    expected = np.maximum(np.percentile(rates, BACKGROUND_PERCENTILE, axis=0), RAREST)
    return replace(
        draft,
        crack_share=tuple((share / share.sum()).round(4).tolist()),
        background_rate=tuple(expected.round(5).tolist()),
    )


def _handfuls(
    session: ReducedSession, settings: DecisionSettings
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int8]]:
    """Time, level and label of the impulses as the decision counts them: the best of each dead time."""
    t_s = np.array([impulse.t_ms for impulse in session.heard()]) / 1000
    level = np.searchsorted(settings.level_edges, session.logit, side="right") - 1
    trusted = (session.busy <= settings.max_busy_frames) & (session.clipped <= settings.max_clipped_frames)
    kept: list[int] = []
    start_s = -np.inf
    for i in np.flatnonzero(trusted & (level >= 0)).tolist():
        if t_s[i] - start_s >= settings.dead_time_s:
            kept.append(i)
            start_s = t_s[i]
        elif level[i] > level[kept[-1]]:
            kept[-1] = i
    return t_s[kept], level[kept], session.label[kept]


@dataclass(frozen=True)
class DecisionFigures:
    """How a decision did over sessions of known truth."""

    sessions: int
    with_first_crack: int
    misses: int
    false_alarms: int
    """Declared where there was none, or more than 30 s before the onset."""
    onset_errors_s: tuple[float, ...]
    """Reported minus true, of those found."""
    delays_s: tuple[float, ...]
    """Decided minus true onset."""


def judge(
    sessions: Sequence[ReducedSession], settings: DecisionSettings, *, charge_marked: bool = False
) -> DecisionFigures:
    """Run the decision over sessions and compare with the truth."""
    misses = false_alarms = 0
    errors, delays = [], []
    for session in sessions:
        found, _ = decide(session, settings, charge_marked=charge_marked)
        if session.onset_s is None:
            false_alarms += found is not None
        elif found is None:
            misses += 1
        elif found.onset_s < session.onset_s - 30:
            false_alarms += 1
        else:
            errors.append(found.onset_s - session.onset_s)
            delays.append(found.decided_s - session.onset_s)
    return DecisionFigures(
        len(sessions), sum(s.onset_s is not None for s in sessions), misses, false_alarms, tuple(errors), tuple(delays)
    )


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold, and what the background it was fitted on can say about its false alarms."""

    settings: DecisionSettings
    hours: float
    counted: int
    """Runs of the background that reach the threshold."""
    interval_per_hour: tuple[float, float]
    """95 % interval of the false alarms an hour, from that count alone."""
    supported: bool
    """Whether the upper end of the interval is as low as was asked for."""


def calibrate(
    background: Sequence[ReducedSession], settings: DecisionSettings, false_alarms_per_hour: float
) -> OperatingPoint:
    """Fit the operating point to recordings that hold no first crack.

    The background rates of the levels are replaced by those of the recordings, weighed with the bundle's own; then
    the lowest threshold is taken at which the recordings give no more false alarms an hour than asked for. It is
    lower than the bundle's only where the recordings are long enough to support the wish.

    Raises
    ------
    ParameterError
        When the wish is not positive, there is no background, or no threshold in the range fulfils the wish.
    """
    if not false_alarms_per_hour > 0:
        raise ParameterError("the false alarms an hour must be more than 0")
    hours = sum(session.duration_s for session in background) / 3600
    if not hours > 0:
        raise ParameterError("there is no background to calibrate on")
    settings = replace(settings, background_rate=_background_rate(background, settings))
    peaks = [peak for session in background for peak in run_peaks(session, settings)]
    for threshold in THRESHOLDS:
        counted = sum(peak >= threshold for peak in peaks)
        if counted <= false_alarms_per_hour * hours:
            interval = poisson_rate(counted, hours)
            supported = interval[1] <= false_alarms_per_hour
            if threshold < settings.threshold and not supported:
                continue
            return OperatingPoint(replace(settings, threshold=threshold), hours, counted, interval, supported)
    raise ParameterError(
        f"even at the highest threshold the recordings give {counted} false alarms in {hours:.2f} h: "
        "they may hold a first crack, or sounds just like one"
    )


def _background_rate(background: Sequence[ReducedSession], settings: DecisionSettings) -> tuple[float, ...]:
    counts = np.zeros(len(settings.level_edges))
    for session in background:
        _, level, _ = _handfuls(session, settings)
        counts += np.bincount(level, minlength=len(counts))
    weight_s = 4 * settings.background_weight_s
    seconds = sum(session.duration_s for session in background)
    rates = (counts + weight_s * np.array(settings.background_rate)) / (seconds + weight_s)
    return tuple(np.maximum(rates, RAREST).round(5).tolist())


def fit_threshold(
    sessions: Sequence[ReducedSession], real: Sequence[ReducedSession], settings: DecisionSettings
) -> DecisionSettings:
    """Choose the threshold that costs least in simulated sessions, with no alarm in real noise.

    A miss costs one, an alarm where there is no first crack, or long before it, ``FALSE_ALARM_COST``. To be told
    ``TOO_LATE_S`` after the onset is as good as a miss, and half of that half as bad.
    """

    def cost(threshold: float) -> float:
        outcome = judge(sessions, replace(settings, threshold=threshold))
        lateness = sum(min(delay_s, TOO_LATE_S) for delay_s in outcome.delays_s) / TOO_LATE_S
        return outcome.misses + FALSE_ALARM_COST * outcome.false_alarms + lateness

    loudest = max((peak for session in real for peak in run_peaks(session, settings)), default=0.0)
    quiet = [threshold for threshold in THRESHOLDS if threshold > loudest]
    if not quiet:
        raise ParameterError("no threshold keeps real noise quiet: the network does not tell cracks from noise")
    return replace(settings, threshold=min(quiet, key=cost))
