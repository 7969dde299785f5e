import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from acoustic.frontend.logarithm import exp2, log2


def test_log2_error_over_all_exponents():
    mantissas = np.linspace(1, 2, 4001, endpoint=False).astype(np.float32)
    for exponent in range(-126, 128):
        x = np.ldexp(mantissas, exponent).astype(np.float32)
        exact = np.log2(x.astype(np.float64))
        assert (np.abs(log2(x) - exact) <= 1.3e-7 + np.spacing(np.abs(exact).astype(np.float32)) / 2).all(), exponent


def test_log2_of_powers_of_two_is_exact():
    exponents = np.arange(-126, 128)
    np.testing.assert_array_equal(log2(np.ldexp(np.float32(1), exponents).astype(np.float32)), exponents)


def test_log2_never_falls_where_its_halves_meet():
    around = np.float32(np.sqrt(0.5)).view(np.int32) + np.arange(-2000, 2000, dtype=np.int32)
    assert (np.diff(log2(around.view(np.float32))) > -1.2e-7).all()


def test_exp2_error_over_all_exponents():
    x = np.linspace(-126, 127, 1_000_001).astype(np.float32)
    assert np.abs(exp2(x) / np.exp2(x.astype(np.float64)) - 1).max() < 2e-7


def test_exp2_limits_its_argument():
    low, high = exp2(np.array([-1e30, 1e30], np.float32))
    assert low == 2.0**-126
    assert high == 2.0**127


@given(st.floats(-120, 120, width=32))
def test_log2_undoes_exp2(value):
    assert abs(log2(exp2(np.array([value], np.float32)))[0] - value) <= 2e-5
