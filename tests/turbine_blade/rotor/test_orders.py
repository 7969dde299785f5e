import numpy as np
import pytest
from acoustic_apps.turbine_blade.rotor.orders import order_sums
from acoustic_apps.turbine_blade.rotor.rotation import F64, Rotation

RATE_HZ = 7.8125
ROTATION = Rotation(rpm=12.0, drift=0.03, comb=5.0)


def white(seed: int, n_series: int = 4, n_blocks: int = 250) -> F64:
    return np.random.default_rng(seed).standard_normal((n_blocks, n_series))


def modulated(order: float, amplitude_db: float) -> F64:
    turns = ROTATION.turns(250, RATE_HZ)
    levels = 0.3 * white(1)
    levels[:, 2] += amplitude_db * np.cos(2 * np.pi * order * turns + 1.0)
    return levels


@pytest.mark.parametrize(("order", "column"), [(1, 0), (2, 1), (3, 2)])
def test_a_known_modulation_is_read_in_its_series_and_order(order: int, column: int) -> None:
    sums = order_sums(modulated(order, 0.8), RATE_HZ, ROTATION)
    assert sums.levels_db()[2, column] == pytest.approx(0.8, abs=0.1)
    p_values = sums.p_values()
    assert p_values[2, column] < 1e-6
    p_values[2, column] = 1.0
    assert p_values.min() > 1e-4


def test_modulation_between_orders_is_floor() -> None:
    turns = ROTATION.turns(250, RATE_HZ)
    beside = 1 + 2 / (turns[-1] - turns[0])
    p_values = order_sums(modulated(beside, 0.8), RATE_HZ, ROTATION).p_values()
    assert p_values[2, 0] > 0.05


def test_a_gust_is_no_order() -> None:
    t = np.linspace(-1.0, 1.0, 250)[:, None]
    with_gust = order_sums(white(2) + 6 * t**3 - 4 * t**2 + 3 * t, RATE_HZ, ROTATION)
    assert with_gust.levels_db() == pytest.approx(order_sums(white(2), RATE_HZ, ROTATION).levels_db())


@pytest.mark.parametrize("rpm", [7.0, 12.0, 20.0])
def test_p_values_are_uniform_under_noise(rpm: float) -> None:
    rotation = Rotation(rpm=rpm, drift=0.0, comb=5.0)
    p_values = order_sums(white(3, 4000), RATE_HZ, rotation).p_values()[:, :2]
    for p in (0.01, 0.05, 0.5):
        assert np.mean(p_values < p) == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / p_values.size) + 0.1 * p)


def test_p_values_are_uniform_over_many_stretches() -> None:
    sums = order_sums(white(4, 2000), RATE_HZ, ROTATION)
    for seed in range(5, 9):
        sums = sums + order_sums(white(seed, 2000), RATE_HZ, ROTATION)
    assert sums.n_stretches == 5
    assert np.mean(sums.p_values()[:, :2] < 0.05) == pytest.approx(0.05, abs=0.015)


def test_a_weak_modulation_shows_over_many_stretches() -> None:
    sums = order_sums(modulated(1, 0.06), RATE_HZ, ROTATION)
    alone = sums.p_values()[2, 0]
    for seed in range(20, 40):
        levels = modulated(1, 0.06) + 0.3 * (white(seed) - white(1))
        sums = sums + order_sums(levels, RATE_HZ, ROTATION)
    assert sums.p_values()[2, 0] < min(alone, 1e-3)


def test_what_does_not_move_says_nothing() -> None:
    assert np.all(order_sums(np.full((250, 3), -100.0), RATE_HZ, ROTATION).p_values() == 0.5)
