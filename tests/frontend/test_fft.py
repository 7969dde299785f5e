import numpy as np
import pytest

from acoustic.frontend.fft import COLUMNS, Fft, InverseRealFft, RealFft, pack
from acoustic.frontend.tables import fft_tables

SIZES = [16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192]


def random_columns(n: int, columns: int = 5) -> np.ndarray:
    return np.random.default_rng(n).standard_normal((n, columns)).astype(np.float32)


@pytest.mark.parametrize("n", [2, 4, 8, *SIZES])
def test_complex_transform_agrees_with_numpy(n):
    x = np.stack([random_columns(n), random_columns(n + 1)[:n]])
    expected = np.fft.fft(x[0] + 1j * x[1].astype(np.complex128), axis=0)
    re, im = Fft(n, fft_tables(n))(x)
    assert np.abs(re + 1j * im - expected).max() < 5e-7 * np.abs(expected).max()


@pytest.mark.parametrize("n", SIZES)
def test_real_transform_agrees_with_numpy(n):
    x = random_columns(n)
    expected = np.fft.rfft(x.astype(np.float64), axis=0)
    re, im = RealFft(fft_tables(n))(pack(x))
    assert np.abs(re + 1j * im - expected).max() < 5e-7 * np.abs(expected).max()


@pytest.mark.parametrize("n", SIZES)
def test_power_is_that_of_the_spectrum_to_the_last_bit(n):
    x = random_columns(n)
    re, im = RealFft(fft_tables(n))(pack(x))
    np.testing.assert_array_equal(RealFft(fft_tables(n)).power(pack(x)), re * re + im * im)


@pytest.mark.parametrize("n", SIZES)
def test_inverse_brings_the_signal_back(n):
    x = random_columns(n)
    back = InverseRealFft(fft_tables(n))(RealFft(fft_tables(n))(pack(x)))
    assert np.abs(back - x).max() < 1e-6 * np.abs(x).max()


@pytest.mark.parametrize("n", [16, 512])
def test_a_column_does_not_depend_on_its_neighbours(n):
    x = random_columns(n, COLUMNS)
    together = RealFft(fft_tables(n))(pack(x))
    for column in (0, 1, COLUMNS - 1):
        alone = RealFft(fft_tables(n))(pack(x[:, column : column + 1]))
        np.testing.assert_array_equal(alone[:, :, 0], together[:, :, column])


def test_one_bin_holds_a_tone_of_its_frequency():
    n, k = 512, 37
    x = np.cos(2 * np.pi * k * np.arange(n) / n).astype(np.float32)[:, None]
    power = RealFft(fft_tables(n)).power(pack(x))[:, 0]
    assert power[k] == pytest.approx((n / 2) ** 2, rel=1e-5)
    assert np.delete(power, k).max() < 1e-12 * power[k]
