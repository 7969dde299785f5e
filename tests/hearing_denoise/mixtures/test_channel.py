import numpy as np
import pytest
from acoustic_apps.hearing_denoise.mixtures.channel import draw_equaliser, draw_microphone, mu_law, narrow_band, spoil
from made_hearing import RATE_HZ, syllables


def response_db(taps: np.ndarray) -> np.ndarray:
    return 20 * np.log10(np.abs(np.fft.rfft(taps, 4096)) + 1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_an_equaliser_stays_within_what_is_asked(seed: int) -> None:
    level_db = response_db(draw_equaliser(np.random.default_rng(seed), RATE_HZ, most_db=3.0))
    assert np.abs(level_db[40:1800]).max() < 13  # a tilt and three peaks
    assert np.ptp(level_db[40:1800]) > 0.3


def test_microphones_differ_and_some_end_early() -> None:
    tops = [response_db(draw_microphone(np.random.default_rng(seed), RATE_HZ))[2000] for seed in range(60)]
    assert 3 < sum(top < -30 for top in tops) < 30


def test_mu_law_keeps_quiet_sounds_better_than_eight_bits_would() -> None:
    x = (0.01 * np.sin(2 * np.pi * 300 * np.arange(RATE_HZ) / RATE_HZ)).astype(np.float32)
    error = mu_law(x) - x
    assert 0 < np.std(error) < 0.1 * np.std(x)
    assert np.abs(mu_law(np.array([-1.0, 0.0, 1.0], np.float32)) - [-1, 0, 1]).max() < 1e-6


@pytest.mark.parametrize("subtype", ["ULAW", "GSM610"])
def test_a_telephone_keeps_the_low_band_in_place(subtype: str) -> None:
    x = syllables(1, 1.0).astype(np.float32)
    y = narrow_band(x, subtype, RATE_HZ)
    assert len(y) == len(x)
    spectrum = np.abs(np.fft.rfft(y))
    assert spectrum[4600:].sum() < 0.01 * spectrum[:4000].sum()
    assert np.corrcoef(x, y)[0, 1] > 0.8


def test_recordings_are_spoilt_now_and_then() -> None:
    x = syllables(2, 0.5).astype(np.float32)
    changed = [not np.array_equal(spoil(np.random.default_rng(seed), x, RATE_HZ), x) for seed in range(100)]
    assert 5 < sum(changed) < 35
