import numpy as np
import pytest
from acoustic_apps.hearing_denoise.mixtures.rooms import EARLY_S, draw_room, reverberate
from made_hearing import RATE_HZ


@pytest.mark.parametrize("seed", range(6))
def test_the_direct_sound_comes_first_and_at_once(seed: int) -> None:
    room = draw_room(np.random.default_rng(seed), RATE_HZ)
    assert room.whole[0] >= 0.99
    assert room.early[0] == room.whole[0]
    assert np.isfinite(room.whole).all()


@pytest.mark.parametrize("rt60_s", [0.2, 0.5, 0.8])
def test_a_room_decays_in_the_time_asked_for(rt60_s: float) -> None:
    slopes = []
    for seed in range(8):
        response = draw_room(np.random.default_rng(seed), RATE_HZ, rt60_s=rt60_s).whole.astype(np.float64)
        remaining_db = 10 * np.log10(np.cumsum(response[::-1] ** 2)[::-1] + 1e-12)  # Schroeder 1965
        start, stop = round(0.06 * RATE_HZ), round((0.06 + 0.5 * rt60_s) * RATE_HZ)
        slopes.append((remaining_db[stop] - remaining_db[start]) / (0.5 * rt60_s))
    assert -60 / np.mean(slopes) == pytest.approx(rt60_s, rel=0.3)


def test_early_sound_is_the_beginning_of_the_whole() -> None:
    room = draw_room(np.random.default_rng(3), RATE_HZ, rt60_s=0.6)
    cut = round(EARLY_S * RATE_HZ)
    assert np.array_equal(room.early[:cut], room.whole[:cut])
    assert len(room.early) == cut + RATE_HZ // 100
    assert np.abs(room.early[-2:]).max() < 0.01


def test_nothing_is_delayed_or_cut() -> None:
    click = np.zeros(RATE_HZ, np.float32)
    click[1000] = 1.0
    whole, early = reverberate(click, draw_room(np.random.default_rng(1), RATE_HZ))
    assert len(whole) == len(early) == RATE_HZ
    assert np.abs(whole[:1000]).max() < 1e-4
    assert whole[1000] == pytest.approx(early[1000], abs=1e-4)
    assert np.sum(early**2) <= np.sum(whole**2) * 1.05
