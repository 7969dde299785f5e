"""Noise with a moving spectrum, slow processes, and the sounds of nuisances."""

import numpy as np
import pytest
from acoustic_apps.turbine_blade.simulation import sounds
from acoustic_apps.turbine_blade.simulation.noise import (
    FRAME_S,
    frequencies_hz,
    hop_samples,
    shaped_noise,
    slow_gaussian,
)
from scipy.signal import welch

RATE_HZ = 16_000
HOP = hop_samples(RATE_HZ)


@pytest.mark.parametrize("rate_hz", [16_000, 22_050])
def test_standing_spectrum_is_met(rate_hz: int) -> None:
    hz = frequencies_hz(rate_hz)
    wanted = 1e-3 / (1 + (hz / 1000) ** 2)
    density = np.tile(wanted.astype(np.float32), (2001, 1))
    x = shaped_noise(np.random.default_rng(1), density, rate_hz)
    assert x.dtype == np.float32
    assert len(x) == 2000 * hop_samples(rate_hz)
    found_hz, found = welch(x, rate_hz, nperseg=512)
    inner = (found_hz > 100) & (found_hz < 0.48 * rate_hz)
    error_db = 10 * np.log10(found[inner] / np.interp(found_hz[inner], hz, wanted))
    assert abs(error_db.mean()) < 0.1
    assert np.abs(error_db).max() < 1.0


def test_standing_noise_is_stationary() -> None:
    density = np.ones((4001, len(frequencies_hz(RATE_HZ))), dtype=np.float32) * np.float32(2 / RATE_HZ)
    x = shaped_noise(np.random.default_rng(2), density, RATE_HZ).reshape(-1, HOP)
    power = (x**2).mean(axis=0)
    assert power.mean() == pytest.approx(1, abs=0.01)
    assert power.reshape(8, -1).mean(axis=1) == pytest.approx(np.ones(8), abs=0.03)


def test_moving_spectrum_moves_on_time() -> None:
    density = np.full((401, len(frequencies_hz(RATE_HZ))), 1e-5, dtype=np.float32)
    density[200:] *= 100
    x = shaped_noise(np.random.default_rng(3), density, RATE_HZ)
    level_db = 10 * np.log10((x.reshape(-1, HOP) ** 2).mean(axis=1))
    assert level_db[:198].mean() == pytest.approx(10 * np.log10(1e-5 * RATE_HZ / 2), abs=0.2)
    assert level_db[202:].mean() - level_db[:198].mean() == pytest.approx(20, abs=0.3)
    assert level_db[:198].max() < level_db[202:].min() - 10


def test_slow_process_has_unit_variance_and_its_time() -> None:
    x = slow_gaussian(np.random.default_rng(4), 200_000, FRAME_S, 0.7)
    lag = round(0.7 / FRAME_S)
    assert x.std() == pytest.approx(1, abs=0.05)
    assert abs(x.mean()) < 0.1
    assert np.corrcoef(x[:-lag], x[lag:])[0, 1] == pytest.approx(np.exp(-1), abs=0.05)
    assert len(slow_gaussian(np.random.default_rng(4), 1, FRAME_S, 0.7)) == 1


MAKERS = [
    sounds.rain,
    sounds.gust,
    sounds.birds,
    sounds.aircraft,
    sounds.voice,
    sounds.thunder,
    sounds.overload,
]


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
@pytest.mark.parametrize("rate_hz", [8_000, 16_000])
@pytest.mark.parametrize("length_s", [0.5, 6.0])
def test_sounds_are_whole(maker, rate_hz: int, length_s: float) -> None:
    n = round(length_s * rate_hz)
    x = maker(np.random.default_rng(5), n, rate_hz)
    assert x.dtype == np.float32
    assert x.shape == (n,)
    assert np.isfinite(x).all()
    assert 0.5 < x.std() < 1.01
    assert x[0] == x[-1] == 0.0


def share_within(x: np.ndarray, low_hz: float, high_hz: float) -> float:
    hz, density = welch(x, RATE_HZ, nperseg=4096)
    return float(density[(hz >= low_hz) & (hz <= high_hz)].sum() / density.sum())


def test_sounds_lie_in_their_bands() -> None:
    def sound(maker) -> np.ndarray:
        return maker(np.random.default_rng(6), 10 * RATE_HZ, RATE_HZ)

    assert share_within(sound(sounds.birds), 1500, 7500) > 0.95
    assert share_within(sound(sounds.gust), 0, 100) > 0.8
    assert share_within(sound(sounds.thunder), 0, 300) > 0.9
    assert share_within(sound(sounds.voice), 80, 4000) > 0.9
    assert share_within(sound(sounds.rain), 1000, 8000) > 0.5


def test_rain_is_impulsive() -> None:
    rain = sounds.rain(np.random.default_rng(7), 10 * RATE_HZ, RATE_HZ)
    assert np.mean(rain**4) / np.mean(rain**2) ** 2 > 5
