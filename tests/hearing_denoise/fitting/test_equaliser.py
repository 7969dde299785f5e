import numpy as np
import pytest
from acoustic_apps.hearing_denoise.fitting.audiogram import FREQUENCIES_HZ
from acoustic_apps.hearing_denoise.fitting.equaliser import STEPS_PER_DB, Equaliser
from hypothesis import given, settings
from hypothesis import strategies as st

HOP = 32
N_HOPS = 100


def steps(gains_db, n_hops=N_HOPS):
    return np.tile(np.rint(np.multiply(gains_db, STEPS_PER_DB)).astype(np.int64), (n_hops, 1))


def impulse_response(gains_db):
    """Response once the gains have settled."""
    pcm = np.zeros(N_HOPS * HOP, np.int16)
    pcm[10 * HOP] = 10000
    return Equaliser(16000, HOP).push(pcm, steps(gains_db))[10 * HOP :] / 10000


def test_without_gain_every_sample_stays_what_it_is(eventful):
    pcm = eventful[: len(eventful) // HOP * HOP]
    out = Equaliser(16000, HOP).push(pcm, steps([0.0] * 6, len(pcm) // HOP))
    np.testing.assert_array_equal(out, pcm)


@pytest.mark.parametrize(
    "gains_db",
    [(10.0,) * 6, (0, 4.75, 15.3, 17.95, 21.6, 23.15), (20, 15, 10, 5, 0, 0), (0, 0, 0, 20, 40, 40)],
)
def test_gain_is_interpolated_on_a_logarithmic_scale(gains_db):
    response = impulse_response(gains_db)
    frequencies = np.fft.rfftfreq(16000, 1 / 16000)
    found_db = 20 * np.log10(np.abs(np.fft.rfft(response, 16000)))
    wanted_db = np.interp(np.log(np.maximum(frequencies, 1)), np.log(FREQUENCIES_HZ), gains_db)
    heard = (frequencies > 100) & (frequencies < 7500)
    assert np.abs(found_db - wanted_db)[heard].max() < 0.6


def test_response_is_that_of_minimum_phase():
    response = impulse_response((0, 4.75, 15.3, 17.95, 21.6, 23.15))
    assert np.argmax(np.abs(response)) == 0  # no delay
    assert np.abs(np.roots(response[:64])).max() < 1.0
    energy = np.cumsum(np.square(response))
    assert energy[7] > 0.95 * energy[-1]  # all but 0.2 dB within 0.5 ms


def test_equal_gains_are_a_factor():
    response = impulse_response((20.0,) * 6)
    assert response[0] == pytest.approx(10.0, abs=1e-4)
    assert np.abs(response[1:]).max() < 1e-4


def test_gain_fades_over_the_hop_after_the_one_it_is_given_for():
    gains = steps([0.0] * 6, 4)
    gains[1:] = 20 * STEPS_PER_DB
    out = Equaliser(16000, HOP).push(np.full(4 * HOP, 1000, np.int16), gains)
    np.testing.assert_array_equal(out[: 2 * HOP], 1000)
    np.testing.assert_allclose(out[2 * HOP : 3 * HOP], 1000 + 9000 * np.arange(1, HOP + 1) / HOP, rtol=1e-4)
    np.testing.assert_allclose(out[3 * HOP :], 10000, rtol=1e-4)


@settings(max_examples=30)
@given(cuts=st.lists(st.integers(0, N_HOPS * HOP), max_size=10), seed=st.integers(0, 1000))
def test_any_cuts_do_not_change_a_byte(cuts, seed):
    rng = np.random.default_rng(seed)
    pcm = rng.integers(-32768, 32768, N_HOPS * HOP).astype(np.int16)
    gains = rng.integers(0, 50 * STEPS_PER_DB, (N_HOPS, 6))
    whole, parts = Equaliser(16000, HOP), Equaliser(16000, HOP)
    edges = [0, *sorted(cuts), len(pcm)]
    found = [
        parts.push(pcm[start:stop], gains[start // HOP : stop // HOP])
        for start, stop in zip(edges, edges[1:], strict=False)
    ]
    assert np.concatenate(found).tobytes() == whole.push(pcm, gains).tobytes()
