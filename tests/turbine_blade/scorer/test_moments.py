import numpy as np
import pytest
from acoustic_apps.turbine_blade.scorer.moments import Moments
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from acoustic.errors import ParameterError

Vectors = NDArray[np.int16]
vectors = arrays(np.int16, st.tuples(st.integers(0, 30), st.just(3)), elements=st.integers(-32768, 32767))


def same(a: Moments, b: Moments) -> bool:
    return (a.count, a.total.tolist(), a.products.tolist()) == (b.count, b.total.tolist(), b.products.tolist())


@given(rows=vectors, cut=st.integers(0, 30), seed=st.integers(0, 99))
def test_halves_in_any_order_equal_the_whole(rows: Vectors, cut: int, seed: int) -> None:
    whole = Moments.of(rows)
    one, two = Moments.of(rows[:cut]), Moments.of(rows[cut:])
    assert same(one + two, whole)
    assert same(two + one, whole)
    assert same(Moments.of(np.random.default_rng(seed).permutation(rows)), whole)
    assert same(whole - one, two)
    assert same(Moments.none(3) + whole, whole)


@given(rows=vectors.filter(lambda rows: len(rows) > 1))
def test_mean_and_covariance_are_those_of_numpy(rows: Vectors) -> None:
    moments = Moments.of(rows)
    assert moments.mean == pytest.approx(rows.mean(axis=0), abs=1e-9)
    covariance = np.cov(rows, rowvar=False)
    # int16 squared, times thirty, in 53 bits.
    assert moments.scatter() / (len(rows) - 1) == pytest.approx(covariance, rel=1e-9, abs=1e-3)


def test_sums_of_extremes_are_exact() -> None:
    rows = np.full((3000, 2), -32768, np.int16)
    moments = Moments.of(rows)
    assert moments.products.tolist() == [[3000 << 30] * 2] * 2
    assert moments.total.tolist() == [-3000 << 15] * 2
    many = moments
    for _ in range(20):  # three thousand million clips
        many = many + many
    assert many.products[0, 0] == (3000 << 20) << 30
    assert many.scatter() == pytest.approx(np.zeros((2, 2)), abs=1.0)


def test_a_block_of_rows_more_than_is_summed_at_once() -> None:
    rows = np.random.default_rng(0).integers(-32768, 32768, ((1 << 20) + 5, 2)).astype(np.int16)
    expected = rows.astype(np.int64).T @ rows.astype(np.int64)
    assert Moments.of(rows).products.tolist() == expected.tolist()


def test_of_nothing() -> None:
    nothing = Moments.none(4)
    assert nothing.count == 0
    assert nothing.mean.tolist() == [0.0] * 4
    assert nothing.scatter().tolist() == np.zeros((4, 4)).tolist()


@pytest.mark.parametrize("wrong", [np.zeros((2, 3)), np.zeros(3, np.int16), np.zeros((1, 2, 3), np.int16)])
def test_other_arrays_are_refused(wrong: NDArray[np.int16]) -> None:
    with pytest.raises(ParameterError, match="int16"):
        Moments.of(wrong)
