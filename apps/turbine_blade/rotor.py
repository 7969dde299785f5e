"""The rotor channel: compares blade with blade, with no training."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from acoustic.frontend.definition import FrontEnd
from acoustic.frontend.noise_floor import STEPS_PER_DB
from apps.turbine_blade.band_groups import BandGroups, to_db
from apps.turbine_blade.orders import ORDERS, TESTED_ORDERS, OrderSums, order_sums
from apps.turbine_blade.rotation import F64, HIGHEST_RPM, LOWEST_RPM, find_rotation

#: The rate and its drift are found anew for every stretch of so many seconds; the last one takes the rest.
STRETCH_S = 30.0


@dataclass(frozen=True, kw_only=True)
class Order:
    """Level modulation of one group of bands at one multiple of the rate of rotation."""

    order: int
    """1 and 2: raised by a blade unlike the others; 3: the blade pass."""
    low_hz: float
    high_hz: float
    """Edges of the group."""
    level_db: float
    """Amplitude (peak) of the level at this order."""
    floor_db: float
    """Its root mean square at neighbouring orders, whole ones left out: chance alone reaches this."""
    z: float
    """Standard normal score of the level over the floor, when all blades are alike."""


@dataclass(frozen=True, kw_only=True)
class RotorReading:
    """What the rotor channel says about a recording."""

    rpm: float
    """Mean rate over the stretches with a blade pass, in revolutions a minute."""
    rpm_confidence: float
    """0 to 1: how far the blade pass stands out of the noise; 0 where the user's rate was taken as it is."""
    orders: tuple[Order, ...]
    """Three a group, from low to high bands."""
    z: float
    """Standard normal score of all groups and orders together, corrected for their number."""
    p_value: float
    """Chance of a z so high when all blades are alike."""

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, for JSON."""
        return asdict(self) | {"orders": [asdict(order) for order in self.orders]}


class RotorStream:
    """Takes log-mel frames, and says at any time how unlike the blades have been so far.

    Every stretch of 30 s is reduced to sums when the next 30 s are complete, so memory does not grow: a minute
    of group levels (11 kB) and three pairs of sums a group. Blocks of any size give the same reading.

    Parameters
    ----------
    frontend : FrontEnd
        That the frames come from.
    rpm : float, optional
        Rate of the rotor in revolutions a minute, within 10 %; else it is found from the blade pass.

    Raises
    ------
    ParameterError
        When the rate is not one of a large rotor.

    Examples
    --------
    >>> stream = RotorStream(FRONT_END)                      # doctest: +SKIP
    >>> for block in blocks: stream.push(block)              # doctest: +SKIP
    >>> stream.reading() or stream.reason                    # doctest: +SKIP
    """

    def __init__(self, frontend: FrontEnd, rpm: float | None = None) -> None:
        if rpm is not None and not LOWEST_RPM <= rpm <= HIGHEST_RPM:
            raise ParameterError(f"rotor: rpm must be {LOWEST_RPM:g} to {HIGHEST_RPM:g}; this one is {rpm:g}")
        self.rpm = rpm
        self._groups = BandGroups(frontend)
        self._frontend = frontend
        self._n_frames = 0
        self._stretch_blocks = int(frontend.n_frames(round(STRETCH_S * frontend.rate_hz)) // self._groups.block_frames)
        self._levels = np.empty((0, len(self._groups.edges_hz)), np.int16)
        self._closed: _Stretches | None = None
        self.reason = ""
        """Why the last :meth:`reading` gave none."""

    def push(self, steps: NDArray[np.int16]) -> None:
        """Take frames: int16 (n_frames, n_mels) in steps of 1/256 dB."""
        self._n_frames += len(steps)
        self._levels = np.concatenate([self._levels, self._groups.push(steps)])
        while len(self._levels) >= 2 * self._stretch_blocks:
            self._closed = self._with(self._levels[: self._stretch_blocks])
            self._levels = self._levels[self._stretch_blocks :]

    def reading(self) -> RotorReading | None:
        """Return the reading of everything pushed so far, None with a :attr:`reason` when there is none."""
        stretches = self._all()
        return None if stretches is None else stretches.reading(self._groups.edges_hz)

    def vector(self) -> NDArray[np.int16] | None:
        """Return the amplitudes at 1P and 2P: int16 (2 * n_groups,) in steps of 1/256 dB, None as for reading.

        All groups at 1P come first, then all at 2P. The blades of a healthy rotor are not quite alike, so a
        machine's own usual vector is what to compare with.
        """
        stretches = self._all()
        return None if stretches is None else stretches.vector()

    def _all(self) -> "_Stretches | None":
        """Closed stretches and the one that is still filling."""
        stretches = self._with(self._levels) if len(self._levels) >= self._stretch_blocks else self._closed
        self.reason = ""
        if stretches is None:
            if self._n_frames:
                samples = (self._n_frames - 1) * self._frontend.hop_samples + self._frontend.frame_samples
            else:
                samples = 0
            has_s = samples / self._frontend.rate_hz
            self.reason = (
                f"needs {STRETCH_S:g} s or more, has {has_s:.1f} s"
                if len(self._levels) < self._stretch_blocks
                else "no blade-pass modulation found"
            )
        return stretches

    def _with(self, levels: NDArray[np.int16]) -> "_Stretches | None":
        """Closed stretches and one more; a stretch without a blade pass adds nothing."""
        levels_db = to_db(levels)
        rotation = find_rotation(levels_db, self._groups.rate_hz, self.rpm)
        if rotation is None:
            return self._closed
        sums = order_sums(_series(levels_db), self._groups.rate_hz, rotation)
        new = _Stretches(sums=sums, rpm_sum=rotation.rpm, confidence_sum=rotation.confidence)
        return new if self._closed is None else self._closed + new


@dataclass(frozen=True, kw_only=True)
class _Stretches:
    """Everything kept of the stretches so far."""

    sums: OrderSums
    rpm_sum: float
    confidence_sum: float

    def __add__(self, other: "_Stretches") -> "_Stretches":
        return _Stretches(
            sums=self.sums + other.sums,
            rpm_sum=self.rpm_sum + other.rpm_sum,
            confidence_sum=self.confidence_sum + other.confidence_sum,
        )

    def levels_db(self) -> F64:
        """Root mean square over the stretches of the amplitudes: (n_series, 3)."""
        return np.asarray(np.sqrt(self.sums.at / self.sums.n_stretches))

    def vector(self) -> NDArray[np.int16]:
        n_groups = len(self.sums.at) // 2
        levels = self.levels_db()[:n_groups, : len(TESTED_ORDERS)]
        return np.rint(np.clip(levels.T.ravel(), 0.0, 127.0) * STEPS_PER_DB).astype(np.int16)

    def reading(self, edges_hz: list[tuple[float, float]]) -> RotorReading:
        p_values = self.sums.p_values()
        z = _z(p_values)
        floors = np.sqrt(self.sums.beside / self.sums.n_neighbours)
        levels = self.levels_db()
        orders = tuple(
            Order(
                order=order,
                low_hz=low,
                high_hz=high,
                level_db=float(levels[group, column]),
                floor_db=float(floors[group, column]),
                z=float(z[group, column]),
            )
            for group, (low, high) in enumerate(edges_hz)
            for column, order in enumerate(ORDERS)
        )
        p_value = together(p_values[:, : len(TESTED_ORDERS)].ravel())
        n = self.sums.n_stretches
        return RotorReading(
            rpm=self.rpm_sum / n,
            rpm_confidence=self.confidence_sum / n,
            orders=orders,
            z=float(_z(np.array([p_value]))[0]),
            p_value=p_value,
        )


def _series(levels_db: F64) -> F64:
    """Levels of the groups, and again less the mean of all groups.

    A gust, and a blade that is a little louder in every band, moves all groups together; damage has its bands.
    """
    return np.concatenate([levels_db, levels_db - levels_db.mean(axis=1, keepdims=True)], axis=1)


def together(p_values: F64) -> float:
    """One p-value of many dependent ones (the Cauchy combination of Liu and Xie, J. Am. Stat. Assoc. 2020)."""
    p = np.clip(p_values, 1e-300, 1 - 1e-9)
    # tan(pi (1/2 - p)) = 1 / tan(pi p), exact for small p too.
    mean = float(np.mean(1 / np.tan(np.pi * p)))
    return float(np.arctan2(1.0, mean) / np.pi)


def _z(p_values: F64) -> F64:
    """Standard normal scores of p-values."""
    from scipy.special import ndtri

    return np.asarray(-ndtri(np.clip(p_values, 1e-300, 1 - 1e-9)))
