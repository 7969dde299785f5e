import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acoustic.model import fixedpoint
from acoustic.model.fixedpoint import Scaler

INT32 = st.integers(-(2**31), 2**31 - 1)


def half_away(value: Fraction) -> int:
    return int(math.copysign(math.floor(abs(value) + Fraction(1, 2)), value))


@given(st.integers(-(2**24), 2**24), st.floats(1e-6, 8.0))
def test_scaling_rounds_twice(accumulator, factor):
    multiplier, shift = fixedpoint.quantise_multiplier(factor)
    left, right = max(shift, 0), max(-shift, 0)
    high = math.floor(Fraction((accumulator << left) * multiplier, 2**31) + Fraction(1, 2))
    expected = half_away(Fraction(high, 2**right)) if right else high
    assert int(Scaler.from_factors(factor).scale(np.array([accumulator]))[0]) == expected


def test_channels_scale_by_themselves():
    factors = np.array([0.001, 0.5, 0.9999999, 1.7, 3.0])
    a = np.arange(-50, 50).reshape(20, 5) * 1001
    together = Scaler.from_factors(factors).scale(a.copy())
    alone = [Scaler.from_factors(f).scale(a[:, n].copy()) for n, f in enumerate(factors)]
    np.testing.assert_array_equal(together, np.stack(alone, axis=1))


@pytest.mark.parametrize(
    ("real", "expected"),
    [(0.5, (2**30, 0)), (1.0, (2**30, 1)), (0.0, (0, 0)), (1e-12, (0, 0)), (1.0 - 2.0**-40, (2**30, 1))],
)
def test_multiplier(real, expected):
    assert fixedpoint.quantise_multiplier(real) == expected


@given(INT32)
def test_functions_are_close_to_real_ones(raw):
    a = np.array([raw])
    x = raw / 2**27
    assert fixedpoint.logistic(a, 4)[0] / 2**31 == pytest.approx(1 / (1 + math.exp(-x)), abs=1e-6)
    assert fixedpoint.tanh(a, 4)[0] / 2**31 == pytest.approx(math.tanh(x), abs=1e-6)
    assert fixedpoint.exp_of_negative(-np.abs(a), 4)[0] / 2**31 == pytest.approx(math.exp(-abs(x)), abs=1e-6)
