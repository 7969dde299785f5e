import json
import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from acoustic_apps.roast_crack.decision import Decided, Decision, FirstCrack, FirstCrackEnd, Impulse, to_ms
from acoustic_apps.roast_crack.decision_settings import DecisionSettings
from hypothesis import given, settings
from hypothesis import strategies as st

from acoustic.errors import ParameterError
from acoustic.records import plain, read

#: Two levels: impulses that may be cracks, and impulses that nearly surely are.
SETTINGS = DecisionSettings(
    level_edges=(0, 60),
    crack_share=(0.4, 0.5),
    background_rate=(0.03, 0.01),
    background_weight_s=60.0,
    crack_rates=(0.15, 0.3, 0.6, 1.2),
    threshold=8.0,
    dead_time_s=0.3,
    min_cracks=4,
    min_span_s=8.0,
    lull_s=12.0,
    max_busy_frames=90,
    max_clipped_frames=25,
    charge_prior=((0.0, 30.0), (200.0, 30.0), (400.0, 0.0)),
    end_window_s=25.0,
)
MAYBE, SURE = 10, 100
JUDGED_AFTER_MS = 80


def heard(times: Iterable[float], logit: int = SURE, busy: int = 0, clipped: int = 0) -> list[Impulse]:
    return [Impulse(to_ms(t), to_ms(t) + JUDGED_AFTER_MS, logit, busy, clipped) for t in times]


def poisson(rate_hz: float, start_s: float, stop_s: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.sort(rng.uniform(start_s, stop_s, rng.poisson(rate_hz * (stop_s - start_s)))).round(3)


def follow(decision: Decision, impulses: Iterable[Impulse]) -> list[Decided]:
    return [event for _, _, events in decision.follow(impulses) for event in events]


def first_crack(impulses: Iterable[Impulse], settings: DecisionSettings = SETTINGS) -> FirstCrack | None:
    decision = Decision(settings)
    follow(decision, impulses)
    return decision.first_crack


def test_cracks_at_a_clear_rate_are_declared_and_dated_back() -> None:
    late_s = []
    for seed in range(100):
        times = poisson(0.6, 300, 360, seed).tolist()
        found = first_crack(heard(times))
        assert found is not None
        assert found.onset_s in times
        decided = times.index(pytest.approx(found.decided_s - JUDGED_AFTER_MS / 1000))
        # Cracks that follow another too soon are no further evidence.
        assert SETTINGS.min_cracks <= found.cracks <= decided - times.index(found.onset_s) + 1
        assert times[decided] - found.onset_s >= SETTINGS.min_span_s
        assert 0.5 <= found.confidence < 1.0
        late_s.append(found.onset_s - times[0])
    assert sum(late == 0 for late in late_s) >= 80
    assert np.percentile(late_s, 95) < 20


def test_more_evidence_than_needed_is_more_confidence() -> None:
    times = 300 + np.cumsum(np.random.default_rng(4).exponential(0.7, 40))
    low, high = (first_crack(heard(times), replace(SETTINGS, threshold=threshold)) for threshold in (2.0, 8.0))
    assert low is not None
    assert high is not None
    assert low.decided_s == high.decided_s  # both wait for min_span_s here
    assert low.confidence > high.confidence


@pytest.mark.parametrize(
    "times",
    [
        [50, 100, 160, 210, 300, 333, 390],
        [100 + 0.31 * k + 0.06 * (k % 3) for k in range(15)],
        [100, 101.3, 103.9, *(200 + 0.2 * k for k in range(9)), 400, 402.2, 405],
    ],
    ids=["isolated pops", "one tight burst", "few and bursts"],
)
def test_pops_and_bursts_are_not_first_crack(times: list[float]) -> None:
    assert first_crack(heard(times)) is None


@pytest.mark.parametrize("period_s", [0.4, 1.0, 2.1])
@pytest.mark.parametrize("jitter", [0.0, 0.02])
def test_knocks_in_time_are_vetoed(period_s: float, jitter: float) -> None:
    rng = np.random.default_rng(1)
    times = 100 + period_s * (np.arange(80) + jitter * rng.uniform(-1, 1, 80))
    decision = Decision(SETTINGS)
    follow(decision, heard(times))
    assert decision.first_crack is None
    assert decision.vetoes["periodic"] > 0


@pytest.mark.parametrize("period_s", [0.4, 1.0, 2.1])
def test_knocks_that_leave_out_some_turns_are_vetoed(period_s: float) -> None:
    times = 100 + period_s * np.arange(80)
    assert first_crack(heard(times[np.random.default_rng(1).random(80) < 0.8])) is None


def test_loud_and_clipped_surroundings_are_vetoed() -> None:
    times = poisson(1.0, 300, 340, 0)
    for name, impulses in {
        "busy": heard(times, busy=SETTINGS.max_busy_frames + 1),
        "clipping": heard(times, clipped=SETTINGS.max_clipped_frames + 1),
    }.items():
        decision = Decision(SETTINGS)
        assert not any(is_crack for _, is_crack, _ in decision.follow(impulses))
        assert decision.first_crack is None
        assert decision.vetoes == {"busy": 0, "clipping": 0, "periodic": 0} | {name: len(times)}
    at_the_limit = heard(times, busy=SETTINGS.max_busy_frames, clipped=SETTINGS.max_clipped_frames)
    assert first_crack(at_the_limit) is not None


def test_impulses_below_the_lowest_level_are_ignored() -> None:
    assert first_crack(heard(poisson(2.0, 300, 340, 0), logit=-1)) is None


def test_a_steady_background_is_learnt() -> None:
    """Clatter that sounds like cracks: declared when it starts of a sudden, not when it has always been there."""
    fooled, missed = 0, 0
    for seed in range(20):
        clatter = heard(poisson(0.4, 0, 700, seed), logit=MAYBE)
        decision = Decision(SETTINGS)
        decision.mark_charge(0)
        follow(decision, clatter)
        fooled += decision.first_crack is not None
        sudden = first_crack(impulse for impulse in clatter if impulse.t_ms > 500_000)
        assert sudden is not None
        # Cracks on top of it are still heard.
        cracks = heard(poisson(0.8, 650, 700, 1000 + seed))
        decision = Decision(SETTINGS)
        decision.mark_charge(0)
        follow(decision, sorted([*clatter, *cracks], key=lambda impulse: impulse.t_ms))
        missed += decision.first_crack is None
    assert fooled <= 2
    assert missed == 0


def test_what_is_learnt_is_no_longer_a_crack() -> None:
    decision = Decision(replace(SETTINGS, threshold=1e6))
    cracks = [is_crack for _, is_crack, _ in decision.follow(heard(poisson(1.0, 0, 400, 2), logit=MAYBE))]
    assert all(cracks[:20])
    assert not any(cracks[-200:])


def test_soon_after_charge_more_evidence_is_asked_for() -> None:
    decided_after_s = {}
    for charge_s in (None, 290.0, 0.0, -500.0):
        decision = Decision(SETTINGS)
        if charge_s is not None:
            decision.mark_charge(to_ms(charge_s))
        follow(decision, heard(poisson(0.5, 300, 500, 1)))
        assert decision.first_crack is not None
        decided_after_s[charge_s] = decision.first_crack.decided_s
    assert decided_after_s[290.0] > decided_after_s[0.0] > decided_after_s[None]
    assert decided_after_s[-500.0] == decided_after_s[None]


def test_charge_forgets_what_came_before() -> None:
    decision = Decision(SETTINGS)
    follow(decision, heard(poisson(0.6, 300, 330, 3)))
    assert decision.first_crack is not None
    decision.mark_charge(340_000)
    assert decision.first_crack is None
    follow(decision, heard(poisson(0.6, 800, 860, 4)))
    assert decision.first_crack is not None
    assert decision.first_crack.first_pop_s >= 800


def test_after_drop_nothing_starts_until_the_next_charge() -> None:
    decision = Decision(SETTINGS)
    decision.mark_drop()
    assert follow(decision, heard(poisson(0.6, 300, 400, 5))) == []
    decision.mark_charge(401_000)
    follow(decision, heard(poisson(0.6, 900, 960, 6)))
    assert decision.first_crack is not None


def test_undo_waits_again() -> None:
    decision = Decision(SETTINGS)
    follow(decision, heard(poisson(0.6, 300, 325, 7)))
    assert decision.first_crack is not None
    decision.undo()
    assert decision.first_crack is None
    assert decision.evidence == 0.0
    again = follow(decision, heard(poisson(0.6, 500, 560, 8)))
    assert [type(event) for event in again][:1] == [FirstCrack]
    assert decision.first_crack is not None
    assert decision.first_crack.onset_s >= 500


def test_first_crack_is_declared_once_and_ends_once() -> None:
    times = poisson(0.8, 300, 380, 9)
    decision = Decision(SETTINGS)
    events = follow(decision, heard(times))
    assert [type(event) for event in events] == [FirstCrack]
    (end,) = decision.advance(500_000)
    assert isinstance(end, FirstCrackEnd)
    assert times[-1] - SETTINGS.end_window_s < end.end_s <= times[-1]
    assert end.end_s < end.decided_s <= times[-1] + SETTINGS.end_window_s + 1
    assert end.end_s in times
    late = follow(decision, heard(poisson(0.8, 600, 640, 10)))
    assert late == []


def test_the_first_pop_is_the_first_of_two_minutes() -> None:
    rolling = poisson(0.6, 300, 330, 11).tolist()
    found = first_crack(heard([150.0, 230.0, 262.0, *rolling]))
    assert found is not None
    assert (found.first_pop_s, found.onset_s) == (230.0, rolling[0])
    alone = first_crack(heard(rolling))
    assert alone is not None
    assert alone.first_pop_s == alone.onset_s


IMPULSES = st.lists(
    st.tuples(
        st.integers(1, 30_000),
        st.sampled_from([-50, 5, 30, 70, 127]),
        st.sampled_from([0, 0, 0, 200]),
    ),
    max_size=150,
    unique_by=lambda impulse: impulse[0],
)


@settings(max_examples=40)
@given(impulses=IMPULSES, seed=st.integers(0, 99), pauses=st.lists(st.integers(0, 60_000), max_size=40))
def test_looking_in_between_changes_nothing(impulses: list[tuple[int, int, int]], seed: int, pauses: list[int]) -> None:
    cracks = heard(poisson(0.7, 40, 80, seed))
    some = [Impulse(4 * k, 4 * k + JUDGED_AFTER_MS, logit, busy, 0) for k, logit, busy in impulses]
    ordered = sorted({impulse.t_ms: impulse for impulse in [*some, *cracks]}.values(), key=lambda i: i.t_ms)

    def outcome(looks_ms: list[int]) -> tuple[object, ...]:
        decision, is_crack, told = Decision(SETTINGS), [], []
        for impulse in ordered:
            while looks_ms and looks_ms[0] <= impulse.t_ms:
                told += list(decision.advance(looks_ms.pop(0)))
            for _, crack, events in decision.follow([impulse]):
                is_crack.append(crack)
                told += events
        for look_ms in [*looks_ms, 300_000]:
            told += list(decision.advance(look_ms))
        return is_crack, told, decision.vetoes, decision.evidence

    assert outcome(sorted(4 * pause for pause in pauses)) == outcome([])


def read_settings(change: dict[str, object]) -> DecisionSettings:
    return read(DecisionSettings, {**plain(SETTINGS), **change}, "decision settings")


def test_settings_survive_json() -> None:
    assert read(DecisionSettings, json.loads(json.dumps(plain(SETTINGS))), "decision settings") == SETTINGS


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"level_edges": [60, 0]}, "must rise"),
        ({"level_edges": [5, 5]}, "must rise"),
        ({"level_edges": [], "crack_share": [], "background_rate": []}, "must rise"),
        ({"level_edges": list(range(33))}, "level_edges"),
        ({"crack_share": [0.4]}, "one share and one rate"),
        ({"crack_share": [0.0, 0.5]}, "crack_share"),
        ({"crack_share": [0.6, 0.6]}, "crack_share"),
        ({"background_rate": [0.0, 0.1]}, "background_rate"),
        ({"background_weight_s": 0}, "background_weight_s"),
        ({"crack_rates": []}, "crack_rates"),
        ({"crack_rates": [0.0]}, "crack_rates"),
        ({"threshold": math.nan}, "threshold"),
        ({"threshold": "high"}, "threshold"),
        ({"threshold": None}, "threshold"),
        ({"min_cracks": 1}, "min_cracks"),
        ({"min_cracks": 4.5}, "min_cracks"),
        ({"lull_s": 0}, "lull_s"),
        ({"lull_s": 1e300}, "lull_s"),
        ({"dead_time_s": 31.0}, "dead_time_s"),
        ({"dead_time_s": -1.0}, "dead_time_s"),
        ({"end_window_s": 0.5}, "end_window_s"),
        ({"charge_prior": []}, "charge_prior"),
        ({"charge_prior": [5.0]}, "charge_prior"),
        ({"charge_prior": [[1.0, 2.0, 3.0]]}, "charge_prior"),
        ({"charge_prior": [[300.0, 1.0], [200.0, 1.0]]}, "charge_prior"),
        ({"charge_prior": [[0.0, -1.0]]}, "charge_prior"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_wrong_settings_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message) as raised:
        read_settings(change)
    assert str(raised.value).count("decision settings:") == 1


def test_a_missing_setting_is_named() -> None:
    values = plain(SETTINGS)
    del values["level_edges"]
    with pytest.raises(ParameterError, match="level_edges"):
        read(DecisionSettings, values, "decision settings")
