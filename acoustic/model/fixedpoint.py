"""Integer arithmetic of TensorFlow Lite Micro and CMSIS-NN, in NumPy.

Scaling follows gemmlowp's "double rounding" (github.com/google/gemmlowp, doc/quantization.md and
fixedpoint/fixedpoint.h): a doubling high product, rounded, and then a rounded right shift. Values are
int64 arrays that hold int32 numbers; a fixed-point number with i integer bits has 31 - i fraction bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

INT32_MAX = 2**31 - 1


def quantise_multiplier(real: float) -> tuple[int, int]:
    """Write a scale factor >= 0 as ``multiplier * 2**(shift - 31)`` with a 31-bit multiplier.

    The result is (multiplier, shift); factors too small for 32-bit arithmetic become (0, 0).
    """
    fraction, shift = math.frexp(real)
    multiplier = math.floor(fraction * 2**31 + 0.5)
    if multiplier == 2**31:
        multiplier, shift = 2**30, shift + 1
    if shift < -31:
        return 0, 0
    return (INT32_MAX, 30) if shift > 30 else (multiplier, shift)


def high_product(a: Ints, b: Ints | int) -> Ints:
    """Half of the product's top: round(a * b / 2**31), ties upward."""
    return (a * b + (1 << 30)) >> 31


def shift_right(a: Ints, bits: int) -> Ints:
    """Divide by ``2**bits``, ties away from zero."""
    return (a + (1 << bits >> 1) + (a >> 63)) >> bits if bits else a


def shift_left(a: Ints, bits: int) -> Ints:
    """Multiply by ``2**bits`` and saturate to int32."""
    shifted: Ints = np.clip(a << bits, -INT32_MAX - 1, INT32_MAX)
    return shifted


@dataclass(frozen=True)
class Scaler:
    """Multiplication of accumulators by real factors, one for all or one per last-axis channel."""

    multiplier: Ints
    left: Ints
    right: Ints

    @classmethod
    def from_factors(cls, factors: float | NDArray[np.float64]) -> Scaler:
        """Prepare the factors, which must be finite and not negative."""
        pairs = np.array([quantise_multiplier(float(factor)) for factor in np.atleast_1d(factors)], np.int64)
        multiplier, shift = pairs[:, 0], pairs[:, 1]
        if len(pairs) == 1:  # 0-d, so that it broadcasts over any shape
            multiplier, shift = multiplier.reshape(()), shift.reshape(())
        return cls(multiplier, np.maximum(shift, 0), np.maximum(-shift, 0))

    def scale(self, a: Ints) -> Ints:
        """Scale int32 accumulators; the argument is overwritten."""
        if self.left.any():
            a <<= self.left
        a *= self.multiplier
        a += 1 << 30
        a >>= 31
        negative = a >> 63
        if not self.right.all():  # a shift by nothing rounds nothing
            negative &= -(self.right > 0).astype(np.int64)
        a += negative
        a += (1 << self.right) >> 1
        a >>= self.right
        return a

    def scale_wide(self, a: Ints) -> Ints:
        """Scale the int64 accumulators of int16 layers, with a 16-bit multiplier; the argument is overwritten."""
        reduced = np.where(self.multiplier < 0x7FFF0000, (self.multiplier + (1 << 15)) >> 16, 0x7FFF)
        total = 15 - self.left + self.right
        a *= reduced
        a += 1 << (total - 1)
        a >>= total
        return a


def exp_of_negative(a: Ints, integer_bits: int) -> Ints:
    """exp(a) for a <= 0; the result has no integer bits."""
    fraction_bits = 31 - integer_bits
    quarter = 1 << (fraction_bits - 2)
    below = (a & (quarter - 1)) - quarter  # in [-1/4, 0)
    result = _exp_near_zero(shift_left(below, integer_bits))
    remainder = below - a  # a multiple of 1/4: one factor exp(-2**e) for each of its bits
    for exponent, factor in zip(range(-2, integer_bits), _EXP_OF_MINUS_POWERS, strict=False):
        chosen = (remainder >> (fraction_bits + exponent)) & 1
        result = np.where(chosen == 1, high_product(result, factor), result)
    return np.where(a == 0, INT32_MAX, result)


_EXP_OF_MINUS_POWERS = tuple(math.floor(math.exp(-(2.0**e)) * 2**31 + 0.5) for e in range(-2, 5))
_EXP_OF_MINUS_EIGHTH = math.floor(math.exp(-0.125) * 2**31 + 0.5)
_THIRD = math.floor(2**31 / 3 + 0.5)


def _exp_near_zero(a: Ints) -> Ints:
    """exp(a) for -1/4 <= a < 0: Taylor's series of four terms around -1/8."""
    x = a + (1 << 28)
    x2 = high_product(x, x)
    x3 = high_product(x2, x)
    x4 = high_product(x2, x2)
    tail = shift_right(high_product(shift_right(x4, 2) + x3, _THIRD) + x2, 1)
    return _EXP_OF_MINUS_EIGHTH + high_product(x + tail, _EXP_OF_MINUS_EIGHTH)


def _inverse_of_half_sum(a: Ints) -> Ints:
    """2 / (1 + a) for 0 <= a <= 1, with two integer bits: three steps of Newton and Raphson."""
    half = (a + INT32_MAX + 1) >> 1
    x = _48_OVER_17 + high_product(half, -_32_OVER_17)
    for _ in range(3):
        x = x + shift_left(high_product(x, (1 << 29) - high_product(half, x)), 2)
    return x


_48_OVER_17 = math.floor(48 / 17 * 2**29 + 0.5)
_32_OVER_17 = math.floor(32 / 17 * 2**29 + 0.5)


def one_over_one_plus(a: Ints) -> Ints:
    """1 / (1 + a) for 0 <= a <= 1, no integer bits in or out."""
    return shift_left(_inverse_of_half_sum(a), 1)


def logistic(a: Ints, integer_bits: int) -> Ints:
    """1 / (1 + exp(-a)); the result has no integer bits."""
    positive = one_over_one_plus(exp_of_negative(-np.abs(a), integer_bits))
    return np.where(a == 0, 1 << 30, np.where(a > 0, positive, INT32_MAX - positive))


def tanh(a: Ints, integer_bits: int) -> Ints:
    """Hyperbolic tangent, as (1 - e) / (1 + e) with e = exp(-2 |a|); the result has no integer bits."""
    inverse = _inverse_of_half_sum(exp_of_negative(-np.abs(a), integer_bits + 1))
    return np.sign(a) * shift_left(inverse - (1 << 29), 2)


def input_radius(integer_bits: int, left_shift: int) -> int:
    """Largest input that stays within ``integer_bits`` after a shift by ``left_shift``."""
    return math.floor(((1 << integer_bits) - 1) * 2.0 ** (31 - integer_bits - left_shift))
