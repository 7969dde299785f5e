import numpy as np
import pytest
from acoustic_apps.hearing_denoise.fitting.limiter import RELEASE_DB_PER_S, Limiter
from hypothesis import given, settings
from hypothesis import strategies as st


def test_what_is_within_the_ceiling_passes():
    samples = np.linspace(-100.0, 100.0, 1000)
    np.testing.assert_array_equal(Limiter(100.0, 16000).push(samples), samples)


@settings(max_examples=50)
@given(samples=st.lists(st.floats(-1e9, 1e9), max_size=200))
def test_no_sample_ever_exceeds_the_ceiling(samples):
    limited = Limiter(16384.0, 16000).push(np.array(samples, np.float64))
    assert (np.abs(limited) <= 16384.0).all()
    np.testing.assert_array_equal(np.sign(limited), np.sign(samples))


def test_full_scale_steps_meet_the_ceiling_from_their_first_sample():
    square = np.repeat([1e6, -1e6, 50.0, 1e6], 100)
    limited = Limiter(1000.0, 16000).push(square)
    np.testing.assert_allclose(limited[np.abs(square) > 1000], np.sign(square[np.abs(square) > 1000]) * 1000, rtol=1e-6)


def test_gain_comes_back_at_a_constant_rate_without_steps():
    samples = np.full(16000, 100.0)
    samples[0] = 10000.0  # 20 dB over
    gain_db = 20 * np.log10(Limiter(1000.0, 16000).push(samples)[1:] / 100.0)
    n_back = round(20 / RELEASE_DB_PER_S * 16000)
    np.testing.assert_allclose(
        gain_db[: n_back - 2], -20 + RELEASE_DB_PER_S * np.arange(1, n_back - 1) / 16000, atol=0.05
    )
    assert np.diff(gain_db).max() < 0.02
    assert gain_db[n_back + 10 :] == pytest.approx(0.0, abs=0)


@settings(max_examples=20)
@given(cuts=st.lists(st.integers(0, 6000), max_size=10))
def test_any_cuts_do_not_change_a_byte(eventful, cuts):
    samples = eventful.astype(np.float64)
    parts = Limiter(5000.0, 16000)
    found = np.concatenate([parts.push(part) for part in np.split(samples, sorted(cuts))])
    whole = Limiter(5000.0, 16000).push(samples)
    assert found.tobytes() == whole.tobytes()
    assert np.abs(samples - whole).max() > 0
