"""Base-2 logarithm and exponential of float32 arrays without libm, whose results differ between machines."""

from collections.abc import Callable

import numpy as np
from numpy.polynomial import Polynomial
from numpy.polynomial.chebyshev import Chebyshev

from acoustic.frontend.tables import F32


def _coefficients(
    function: Callable[[np.ndarray], np.ndarray], degree: int, low: float, high: float
) -> tuple[float, ...]:
    """Float32 coefficients, lowest order first, of the Chebyshev interpolation of a function."""
    polynomial = Chebyshev.interpolate(function, degree, domain=[low, high]).convert(kind=Polynomial)
    return tuple(float(np.float32(c)) for c in polynomial.coef)


#: log2(1 + t) / t on [sqrt(1/2) - 1, sqrt(2) - 1]; the error is far below one float32 rounding of the result.
LOG2_POLYNOMIAL = _coefficients(lambda t: np.log2(1 + t) / t, 9, np.sqrt(0.5) - 1, np.sqrt(2) - 1)
#: Bit pattern of sqrt(1/2) in float32: what splits a number into an exponent and a mantissa around one.
SQRT_HALF_BITS = 0x3F3504F3
#: (2^t - 1) / t on [-1/2, 1/2].
EXP2_POLYNOMIAL = _coefficients(lambda t: np.expm1(t * np.log(2)) / t, 5, -0.5, 0.5)


def log2(x: F32) -> F32:
    """Base-2 logarithm of positive, normal float32 numbers.

    The same few float32 operations on every machine: the exponent comes from the bits, the rest from
    a polynomial. The absolute error is below 1.3e-7 plus one rounding of the result.
    """
    bits = x.view(np.int32)
    exponent = (bits - np.int32(SQRT_HALF_BITS)) >> 23
    t = (bits - (exponent << 23)).view(np.float32)
    t -= np.float32(1.0)
    y = np.float32(LOG2_POLYNOMIAL[-1]) * t
    for coefficient in LOG2_POLYNOMIAL[-2::-1]:
        y += np.float32(coefficient)
        y *= t
    y += exponent.astype(np.float32)
    return y


def exp2(x: F32) -> F32:
    """Two to the power of ``x``, for float32 numbers; ``x`` is limited to -126 to 127.

    The whole part of ``x`` becomes the exponent's bits, a polynomial does the rest. The relative error is
    below 2e-7.
    """
    x = np.clip(x, np.float32(-126.0), np.float32(127.0))
    whole = np.rint(x)
    t = x - whole
    y = np.float32(EXP2_POLYNOMIAL[-1]) * t
    for coefficient in EXP2_POLYNOMIAL[-2::-1]:
        y += np.float32(coefficient)
        y *= t
    y += np.float32(1.0)
    y *= ((whole.astype(np.int32) + np.int32(127)) << 23).view(np.float32)
    return y
