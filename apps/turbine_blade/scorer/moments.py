"""Running sums of feature vectors: they add up exactly, so halves joined equal the whole, in any order."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError

from .arrays import Arrays


@dataclass(frozen=True, eq=False)
class Moments:
    """Number, sum and sum of outer products of integer vectors.

    Attributes
    ----------
    count : int
    total : int64 array, shape (d,)
    products : int64 array, shape (d, d)
        Symmetric. Vectors of int16 fit two thousand million times.
    """

    count: int
    total: NDArray[np.int64]
    products: NDArray[np.int64]

    @classmethod
    def of(cls, vectors: NDArray[np.int16]) -> Self:
        """Sum the rows of an int16 array, shape (n, d)."""
        if vectors.dtype != np.int16 or vectors.ndim != 2:
            raise ParameterError(f"moments are those of int16 (n, d), not of {vectors.dtype} {vectors.shape}")
        products = np.zeros((vectors.shape[1], vectors.shape[1]), np.int64)
        # Exact in float64 while rows * 2^30 < 2^53, and many times faster than integer products.
        for start in range(0, len(vectors), 1 << 20):
            part = vectors[start : start + (1 << 20)].astype(np.float64)
            products += (part.T @ part).astype(np.int64)
        return cls(len(vectors), vectors.sum(axis=0, dtype=np.int64), products)

    @classmethod
    def none(cls, n_features: int) -> Self:
        """Return the sums of nothing."""
        return cls.of(np.empty((0, n_features), np.int16))

    def arrays(self) -> dict[str, NDArray[np.int64]]:
        """Return the sums by name."""
        return {"count": np.array(self.count), "total": self.total, "products": self.products}

    @classmethod
    def from_arrays(cls, arrays: Arrays, suffix: str = "") -> Self:
        """Undo :meth:`arrays`, whose names end in a suffix.

        Raises
        ------
        BundleError, ParameterError
            When a part is missing or does not fit.
        """
        count = int(arrays.take(f"count{suffix}", np.int64, low=0))
        total = arrays.take(f"total{suffix}", np.int64, None)
        products = arrays.take(f"products{suffix}", np.int64, len(total), len(total))
        if total.size and max(-int(total.min()), int(total.max())) > count << 15:
            raise ParameterError("moments: the sums are larger than so many int16 vectors can make")
        return cls(count, total, products)

    def __add__(self, other: Self) -> Self:
        """Return the sums of both."""
        return type(self)(self.count + other.count, self.total + other.total, self.products + other.products)

    def __sub__(self, other: Self) -> Self:
        """Return the sums without a part of what they were made from."""
        return type(self)(self.count - other.count, self.total - other.total, self.products - other.products)

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean vector, (d,); zeros when there was nothing."""
        return np.asarray(self.total / max(1, self.count))

    def scatter(self) -> NDArray[np.float64]:
        """Sum of outer products about the mean, (d, d)."""
        return np.asarray(self.products - np.outer(self.total, self.mean))
