import numpy as np
import pytest

from acoustic.frontend.c_tables import places


@pytest.mark.parametrize("n_fft", [16, 512, 8192])
def test_places_are_reversed_bits(n_fft):
    where, bits = places(n_fft), (n_fft // 2).bit_length() - 1
    assert where.dtype == np.uint16
    assert where[-1] == 1
    order = where[:-1] // 2
    assert [format(k, f"0{bits}b")[::-1] for k in range(n_fft // 2)] == [format(k, f"0{bits}b") for k in order]
