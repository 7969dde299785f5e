"""Level modulation once and twice a revolution, against the modulation between the orders."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .rotation import F64, Rotation, detrended, without

#: 1P and 2P are raised by a blade unlike the others; 3P is the blade pass of all of them.
ORDERS = (1, 2, 3)
TESTED_ORDERS = (1, 2)
#: Harmonics of the rotation that are taken out before the floor between them is measured.
REMOVED_ORDERS = (1, 2, 3, 4, 5, 6)
#: Frequencies of the floor on each side of an order, spaced by one over the length of the stretch.
MOST_NEIGHBOURS = 6

#: A floor below 1/1000 dB is that of rounding.
STILL_DB2 = 1e-6


@dataclass(frozen=True, kw_only=True)
class OrderSums:
    """Squared amplitudes in dB^2 at the orders and beside them, summed over stretches.

    The phase of a blade is not known from one stretch to the next, so squares are added and not amplitudes.
    Sums of two machines' stretches may be added too; nothing else of a stretch is kept.
    """

    at: F64
    """Sum over stretches at each order: float64 (n_series, 3)."""
    beside: F64
    """Sum over stretches and neighbouring frequencies: float64 (n_series, 3)."""
    n_stretches: int
    n_neighbours: NDArray[np.int64]
    """Neighbouring frequencies in all stretches, for each order: int64 (3,)."""

    def __add__(self, other: "OrderSums") -> "OrderSums":
        """Add the sums of other stretches."""
        return OrderSums(
            at=self.at + other.at,
            beside=self.beside + other.beside,
            n_stretches=self.n_stretches + other.n_stretches,
            n_neighbours=self.n_neighbours + other.n_neighbours,
        )

    def levels_db(self) -> F64:
        """Amplitude at each order, as root mean square over the stretches: float64 (n_series, 3)."""
        return np.asarray(np.sqrt(self.at / self.n_stretches))

    def floors_db(self) -> F64:
        """Amplitude between the orders, as root mean square: float64 (n_series, 3)."""
        return np.asarray(np.sqrt(self.beside / self.n_neighbours))

    def p_values(self) -> F64:
        """Chance of an order so high when all blades are alike: float64 (n_series, 3).

        Complex amplitudes of a Gaussian process at frequencies one resolution cell apart are independent, so
        the ratio of the mean squares at an order and beside it follows Fisher's F with twice their numbers of
        degrees of freedom. A series that does not move (a band beyond the recording's own) says nothing: 0.5.
        """
        from scipy.special import fdtrc

        floor = np.square(self.floors_db())
        moving = floor > STILL_DB2
        ratio = np.square(self.levels_db()) / np.where(moving, floor, 1.0)
        return np.where(moving, fdtrc(2 * self.n_stretches, 2 * self.n_neighbours, ratio), 0.5)


def order_sums(levels_db: F64, rate_hz: float, rotation: Rotation) -> OrderSums:
    """Return the order sums of one stretch.

    The cubic trend is taken out first, so that no gust or ramp of the wind fakes a once-per-revolution change,
    and then the blade pass with its multiples, which is the healthy sound. What remains is compared with
    itself at the orders and between them; the phase follows the drift of the rate.

    Parameters
    ----------
    levels_db : float64 array, shape (n_blocks, n_series)
    rate_hz : float
        Blocks a second.
    rotation : Rotation
        Of this stretch.

    Notes
    -----
    Fit for a device: two running sums (cosine and sine) a series and frequency, at about 30 frequencies.
    """
    turns = rotation.turns(len(levels_db), rate_hz)
    n_turns = float(turns[-1] - turns[0]) * len(turns) / (len(turns) - 1)
    levels = detrended(levels_db)
    healthy = without(levels, _harmonics(turns, [order for order in REMOVED_ORDERS if order % 3 == 0]))
    floor = without(levels, _harmonics(turns, list(REMOVED_ORDERS)))
    # In cells: at least one and a half away from the trend below 1P, and half a cell from the next order above.
    n_beside = int(np.clip(np.floor(n_turns - 1.5), 1, MOST_NEIGHBOURS))
    offsets = np.concatenate([-np.arange(1, n_beside + 1), np.arange(1, n_beside + 1)]) / n_turns
    at = [_squared_amplitudes(levels if order % 3 == 0 else healthy, turns, np.array([order])) for order in ORDERS]
    beside = _squared_amplitudes(floor, turns, np.add.outer(ORDERS, offsets))
    return OrderSums(
        at=np.concatenate(at).T,
        beside=beside.sum(axis=1).T,
        n_stretches=1,
        n_neighbours=np.full(len(ORDERS), len(offsets)),
    )


def _harmonics(turns: F64, orders: list[int]) -> F64:
    """Orthonormal columns that span the cosines and sines at whole orders: (n_blocks, 2 * n_orders)."""
    angles = 2 * np.pi * np.outer(turns, orders)
    return np.asarray(np.linalg.qr(np.concatenate([np.cos(angles), np.sin(angles)], axis=1)).Q)


def _squared_amplitudes(levels: F64, turns: F64, orders: F64) -> F64:
    """Squares of the amplitudes in dB (peak, not peak to peak) at orders, whole or not: (*orders.shape, n_series)."""
    angles = 2 * np.pi * np.multiply.outer(orders, turns)
    return np.asarray(((np.cos(angles) @ levels) ** 2 + (np.sin(angles) @ levels) ** 2) * (2 / len(levels)) ** 2)
