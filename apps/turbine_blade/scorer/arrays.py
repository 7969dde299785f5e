"""Arrays of a bundle, each taken only with the type, shape and range that it must have."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import BundleError


@dataclass(frozen=True)
class Arrays:
    """Arrays by name, all behind a common prefix."""

    of: Mapping[str, NDArray[Any]]
    prefix: str = ""

    def __contains__(self, name: str) -> bool:
        """Whether there is an array of that name."""
        return self.prefix + name in self.of

    def under(self, prefix: str) -> "Arrays":
        """Return the arrays whose names go on with a prefix."""
        return Arrays(self.of, self.prefix + prefix)

    def take(
        self, name: str, dtype: type[np.generic], *shape: int | None, low: int | None = None, high: int | None = None
    ) -> NDArray[Any]:
        """Return an array.

        Parameters
        ----------
        name : str
        dtype : type
        shape : int or None
            Its dimensions; None for one of any length.
        low, high : int, optional
            Bounds of its values.

        Raises
        ------
        BundleError
            When it is missing or does not fit.
        """
        array = self.of.get(self.prefix + name)
        if array is None:
            raise BundleError(f"{self.prefix}{name} is missing")
        fits = array.dtype == dtype and array.ndim == len(shape)
        if not fits or any(n not in (None, size) for n, size in zip(shape, array.shape, strict=True)):
            expected = ", ".join("any" if n is None else str(n) for n in shape)
            raise BundleError(
                f"{self.prefix}{name} must be {np.dtype(dtype)} ({expected}), not {array.dtype} {array.shape}"
            )
        below = low is not None and array.size > 0 and array.min() < low
        if below or (high is not None and array.size > 0 and array.max() > high):
            raise BundleError(f"{self.prefix}{name} is out of range")
        return array
