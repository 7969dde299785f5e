import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from acoustic_apps.roast_crack.contrast import FRONT_END
from acoustic_apps.roast_crack.decision import FirstCrack
from acoustic_apps.roast_crack.examples import CRACK, DOUBTFUL, OTHER
from acoustic_apps.roast_crack.sessions import (
    ReducedSession,
    decide,
    real_session,
    recorded_session,
    run_peaks,
    simulate_session,
)
from acoustic_apps.roast_crack.simulate import TRAIN, NoiseLibrary, plan_roast
from made_roasts import PLAIN, excerpt, make_data_root, make_session, plain_model


@pytest.mark.parametrize("known", [True, False])
def test_save_and_load(tmp_path: Path, known: bool) -> None:
    session = make_session(np.array([3.0, 5.0, 6.5]), 12.5, 3.0 if known else None)
    session.save(tmp_path / "deep" / "one.npz")
    again = ReducedSession.load(tmp_path / "deep" / "one.npz", FRONT_END)
    for name, value in vars(session).items():
        if isinstance(value, np.ndarray):
            assert getattr(again, name).tobytes() == value.tobytes()
            assert getattr(again, name).dtype == value.dtype
        else:
            assert getattr(again, name) == value
            assert type(getattr(again, name)) is type(value)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["one.npz"]


def test_recordings_become_sessions() -> None:
    session = recorded_session(FRONT_END, plain_model().network, [excerpt().pcm])
    assert session.duration_s == pytest.approx(20.0)
    assert session.onset_s is session.first_pop_s is session.end_s is None
    impulses = list(session.heard())
    assert len(impulses) == len(session.frame) >= 5
    for impulse, frame in zip(impulses, session.frame.tolist(), strict=True):
        assert impulse.t_ms / 1000 == pytest.approx(FRONT_END.frame_centre_s(frame))
        assert impulse.t_ms < impulse.known_ms < impulse.t_ms + 100


def test_an_empty_session_decides_nothing() -> None:
    session = make_session(np.empty(0), 30.0)
    assert decide(session, PLAIN) == (None, None)
    assert run_peaks(session, PLAIN) == []


def test_the_end_of_the_recording_counts() -> None:
    session = make_session(10 + np.array([0.0, 0.7, 1.9, 2.3, 3.8, 4.3, 5.9]), 30.0)
    found, end = decide(session, PLAIN)
    assert found is not None
    assert end is not None
    assert end.decided_s <= 30.0
    assert decide(replace(session, duration_s=16.0), PLAIN) == (found, None)


@pytest.mark.parametrize("threshold", [2.0, 5.0, 9.0, 15.0])
def test_first_crack_is_declared_where_a_run_peaks_above_the_threshold(threshold: float) -> None:
    settings = replace(PLAIN, threshold=threshold)
    outcomes = set()
    for seed in range(40):
        rng = np.random.default_rng(seed)
        times_s = np.concatenate([s + np.cumsum(rng.exponential(1.0, rng.integers(1, 15))) for s in (100, 200)])
        session = make_session(times_s, 400.0)
        peaks = run_peaks(session, settings)
        found, _ = decide(session, settings)
        assert (found is not None) == any(peak >= threshold for peak in peaks)
        assert peaks == run_peaks(session, replace(settings, threshold=math.inf))
        outcomes.add(found is not None)
    assert outcomes == {True, False}


def test_runs_are_counted_one_by_one() -> None:
    bursts = [start_s + np.array([0.0, 0.7, 1.9, 2.3, 3.8, 4.3]) for start_s in (50.0, 120.0, 300.0)]
    assert len(run_peaks(make_session(np.concatenate(bursts), 400.0), PLAIN)) == 3


@pytest.mark.slow
def test_a_simulated_session_knows_its_truth() -> None:
    session = simulate_session(FRONT_END, plain_model().network, TRAIN, None, 5, first_crack=True)
    assert session.onset_s is not None
    assert session.first_pop_s is not None
    assert session.end_s is not None
    assert 0 < session.first_pop_s <= session.onset_s < session.end_s < session.duration_s
    assert set(session.label.tolist()) <= {CRACK, OTHER, DOUBTFUL}
    peaks_s = np.array([impulse.t_ms for impulse in session.heard()]) / 1000
    cracks_s = peaks_s[session.label == CRACK]
    assert len(cracks_s) > 10
    # One too weak to be called the first pop may come before it, but none before the first that was planned.
    assert cracks_s.min() >= plan_roast(5, TRAIN, first_crack=True).cracks["t_s"].min() - 0.02
    none = simulate_session(FRONT_END, plain_model().network, TRAIN, None, 5, first_crack=False)
    assert none.onset_s is None
    assert not (none.label == CRACK).any()


def test_real_sounds_hold_no_cracks(tmp_path: Path) -> None:
    noise = NoiseLibrary.load(make_data_root(tmp_path))
    one, two = (real_session(FRONT_END, plain_model().network, noise, 3, 20.0) for _ in range(2))
    assert one.duration_s >= 20.0
    assert one.onset_s is None
    assert one.frame.tobytes() == two.frame.tobytes()
    assert isinstance(decide(one, PLAIN)[0], FirstCrack | None)
