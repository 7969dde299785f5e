from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from acoustic.native import computing_with


@pytest.fixture(autouse=True, scope="module")
def numpy_alone() -> Iterator[None]:
    """Test the definition; that the compiled core computes the same bytes is tested beside it."""
    with computing_with("numpy"):
        yield


@pytest.fixture(scope="session")
def noise() -> NDArray[np.int16]:
    """Two seconds of loud noise from whole-number arithmetic alone: the same samples everywhere, for ever."""
    state, samples = 1, []
    for _ in range(32000):
        state = (1103515245 * state + 12345) % 2**31
        samples.append((state >> 15) - 32768)
    return np.array(samples, np.int16)
