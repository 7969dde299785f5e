"""The rotor channel: compares blade with blade, with no training."""

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from acoustic.frontend.definition import FrontEnd
from acoustic.frontend.noise_floor import STEPS_PER_DB
from acoustic.records import About
from acoustic.statistics import combined_p_value

from .group_levels import GroupLevels
from .orders import ORDERS, TESTED_ORDERS, OrderSums, order_sums
from .rotation import F64, HIGHEST_RPM, LOWEST_RPM, find_rotation

#: The rate and its drift are found anew for every stretch of so many seconds; the last one takes the rest.
STRETCH_S = 30.0

Quantity = Literal["level", "shape", "tone"]


@dataclass(frozen=True, kw_only=True)
class Order:
    """Modulation of one group of bands at one multiple of the rate of rotation."""

    quantity: Annotated[Quantity, About("What is modulated: level, shape or tone.")]
    """What is modulated. ``level``: the group's level, for information, since gusts and a blade that is a little
    louder in every band move it too; ``shape``: its level less the mean of all groups; ``tone``: the rise of its
    strongest band over the bands around."""
    order: Annotated[int, About("1 and 2: raised by a blade unlike the others; 3: the blade pass.")]
    low_hz: Annotated[float, About("Lower edge of the group of bands.", unit="Hz", significant=4)]
    high_hz: Annotated[float, About("Upper edge of the group of bands.", unit="Hz", significant=4)]
    level_db: Annotated[float, About("Amplitude (peak) of the quantity at this order.", unit="dB", significant=4)]
    floor_db: Annotated[
        float,
        About("Its root mean square at neighbouring orders: chance alone reaches this.", unit="dB", significant=4),
    ]
    z: Annotated[float, About("Standard normal score of the amplitude over the floor.", significant=4)]


@dataclass(frozen=True, kw_only=True)
class RotorReading:
    """What the rotor channel says about a recording."""

    rpm: Annotated[float, About("Mean rate of rotation where a blade pass was found.", unit="rpm", significant=4)]
    rpm_confidence: Annotated[
        float, About("0 to 1: how far the blade pass stands out; about 0 where the rate was given.", significant=4)
    ]
    orders: Annotated[tuple[Order, ...], About("Every quantity, group of bands and order.")]
    z: Annotated[
        float, About("Standard normal score of shape and tone at 1P and 2P in all groups together.", significant=4)
    ]
    p_value: Annotated[float, About("Chance of so high a z when all blades are alike.", significant=4)]


class RotorStream:
    """Takes log-mel frames, and says at any time how unlike the blades have been so far.

    Every stretch of 30 s is reduced to sums once 30 s more are complete, so memory does not grow: a minute of group
    levels (22 kB) and six pairs of sums a group. Blocks of any size give the same reading.

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
    >>> from acoustic.frontend import FrontEnd
    >>> stream = RotorStream(
    ...     FrontEnd(
    ...         rate_hz=16_000, frame_samples=1024, hop_samples=512, n_fft=1024, n_mels=128, fmin_hz=0.0, fmax_hz=8000.0
    ...     )
    ... )
    >>> for _ in range(4):
    ...     stream.push(np.zeros((125, 128), np.int16))
    >>> stream.reading() or stream.reason()
    'needs 30 s or more, has 16.0 s'
    """

    def __init__(self, frontend: FrontEnd, rpm: float | None = None) -> None:
        if rpm is not None and not LOWEST_RPM <= rpm <= HIGHEST_RPM:
            raise ParameterError(f"rotor: rpm must be {LOWEST_RPM:g} to {HIGHEST_RPM:g}; this one is {rpm:g}")
        self.rpm = rpm
        self.groups = GroupLevels(frontend)
        self._frontend = frontend
        self._n_frames = 0
        self._stretch_blocks = frontend.n_frames(round(STRETCH_S * frontend.rate_hz)) // self.groups.block_frames
        self._blocks = np.empty((0, 2 * len(self.groups.edges_hz)), np.int16)
        self._closed: _Stretches | None = None
        self._so_far: _Stretches | None = None
        self._so_far_frames = 0

    def push(self, steps: NDArray[np.int16]) -> None:
        """Take frames: int16 (n_frames, n_mels) in steps of 1/256 dB."""
        self._n_frames += len(steps)
        self._blocks = np.concatenate([self._blocks, self.groups.push(steps)])
        while len(self._blocks) >= 2 * self._stretch_blocks:
            self._closed = self._with(self._blocks[: self._stretch_blocks])
            self._blocks = self._blocks[self._stretch_blocks :]

    def reading(self) -> RotorReading | None:
        """Return the reading of everything pushed so far, None when there is none: see :meth:`reason`."""
        stretches = self._all()
        return None if stretches is None else stretches.reading(self.groups.edges_hz)

    def vector(self) -> NDArray[np.int16] | None:
        """Return how each group is modulated once and twice a revolution, None as for :meth:`reading`.

        The blades of a healthy rotor are not quite alike, so a machine's own usual vector is what to compare with.

        Returns
        -------
        int16 array, shape (4 * n_groups,), amplitudes in steps of 1/256 dB: the shape of all groups at 1P, then at
        2P, and their tones at 1P and at 2P.
        """
        stretches = self._all()
        return None if stretches is None else stretches.vector()

    def reason(self) -> str:
        """Say why there is no reading; empty when there is one."""
        if self._all() is not None:
            return ""
        if self._n_frames < self._stretch_blocks * self.groups.block_frames:
            heard_s = self._n_frames * self._frontend.hop_samples / self._frontend.rate_hz
            return f"needs {STRETCH_S:g} s or more, has {heard_s:.1f} s"
        return "no blade-pass modulation found"

    def _all(self) -> "_Stretches | None":
        """Return the closed stretches and the one that is still filling."""
        if self._so_far_frames != self._n_frames:
            enough = len(self._blocks) >= self._stretch_blocks
            self._so_far = self._with(self._blocks) if enough else self._closed
            self._so_far_frames = self._n_frames
        return self._so_far

    def _with(self, blocks: NDArray[np.int16]) -> "_Stretches | None":
        """Return the closed stretches and one more; a stretch without a blade pass adds nothing."""
        levels_db, tones_db = np.split(blocks / STEPS_PER_DB, 2, axis=1)
        rotation = find_rotation(levels_db, self.groups.rate_hz, self.rpm)
        if rotation is None:
            return self._closed
        shapes_db = levels_db - levels_db.mean(axis=1, keepdims=True)
        series = np.concatenate([levels_db, shapes_db, tones_db], axis=1)
        new = _Stretches(
            sums=order_sums(series, self.groups.rate_hz, rotation),
            rpm_sum=rotation.rpm,
            confidence_sum=rotation.confidence,
        )
        return new if self._closed is None else self._closed + new


@dataclass(frozen=True, kw_only=True)
class _Stretches:
    """Everything kept of the stretches so far; the series are the quantities, group by group."""

    sums: OrderSums
    rpm_sum: float
    confidence_sum: float

    def __add__(self, other: "_Stretches") -> "_Stretches":
        return _Stretches(
            sums=self.sums + other.sums,
            rpm_sum=self.rpm_sum + other.rpm_sum,
            confidence_sum=self.confidence_sum + other.confidence_sum,
        )

    def vector(self) -> NDArray[np.int16]:
        shapes_and_tones = self._by_quantity(self.sums.levels_db())[1:, :, : len(TESTED_ORDERS)]
        amplitudes = shapes_and_tones.transpose(0, 2, 1).ravel()
        return np.rint(np.clip(amplitudes, 0.0, 127.0) * STEPS_PER_DB).astype(np.int16)

    def reading(self, edges_hz: list[tuple[float, float]]) -> RotorReading:
        p_values = self.sums.p_values()
        tested = self._by_quantity(p_values)[1:, :, : len(TESTED_ORDERS)]
        p_value = combined_p_value(tested.ravel())
        z, levels, floors = (
            self._by_quantity(values).tolist()
            for values in (z_scores(p_values), self.sums.levels_db(), self.sums.floors_db())
        )
        orders = tuple(
            Order(
                quantity=quantity,
                order=order,
                low_hz=low,
                high_hz=high,
                level_db=levels[place][group][column],
                floor_db=floors[place][group][column],
                z=z[place][group][column],
            )
            for place, quantity in enumerate(get_args(Quantity))
            for group, (low, high) in enumerate(edges_hz)
            for column, order in enumerate(ORDERS)
        )
        n = self.sums.n_stretches
        return RotorReading(
            rpm=self.rpm_sum / n,
            rpm_confidence=self.confidence_sum / n,
            orders=orders,
            z=float(z_scores(np.array([p_value]))[0]),
            p_value=p_value,
        )

    @staticmethod
    def _by_quantity(values: F64) -> F64:
        """(n_series, n_orders) as (n_quantities, n_groups, n_orders)."""
        return values.reshape(len(get_args(Quantity)), -1, values.shape[1])


def z_scores(p_values: F64) -> F64:
    """Return the standard normal scores of p-values: 1.64 for 5 %, 0 for a half."""
    from scipy.special import ndtri

    return np.asarray(-ndtri(np.clip(p_values, 1e-300, 1 - 1e-9)))
