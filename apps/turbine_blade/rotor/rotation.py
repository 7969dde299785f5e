"""How fast a three-bladed rotor turns, from the blade pass in the levels of the sound."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from acoustic.records import About

F64 = NDArray[np.float64]
C128 = NDArray[np.complex128]

LOWEST_RPM, HIGHEST_RPM = 4.0, 25.0
#: Harmonics of the blade pass that are looked at, and what each counts.
HARMONIC_WEIGHTS = (1.0, 1 / 2, 1 / 3)
#: Steady noise has its highest comb below this in more than 99 of 100 stretches; gusts that move all groups alike,
#: and nothing else, in 9 of 10.
LEAST_COMB = 3.0
#: Combs at which the confidence is 0 and 1.
NOISE_COMB, CLEAR_COMB = 2.0, 5.0
#: Candidates lie so many to a resolution cell (one over the length of the stretch).
OVERSAMPLING = 8
#: A rate that the user names is searched so far to both sides.
RPM_TOLERANCE = 0.1
#: Largest relative change of the rate that is followed: over a stretch, and a second.
LARGEST_DRIFT, LARGEST_DRIFT_PER_S = 0.06, 0.002
#: Levels that are mixed down to a blade pass turn so slowly that sums of so many blocks, half a second, hold all of it.
SUMMED_BLOCKS = 4


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """Rotation over one stretch of levels."""

    rpm: Annotated[float, About("Mean rate.", unit="rpm")]
    drift: Annotated[float, About("Relative change of the rate from start to end of the stretch.")]
    comb: Annotated[
        float, About("Height of the blade pass and its harmonics over the floor around them, in nepers of power.")
    ]

    @property
    def confidence(self) -> float:
        """0 to 1: how far the comb stands out of that of noise."""
        return float(np.clip((self.comb - NOISE_COMB) / (CLEAR_COMB - NOISE_COMB), 0.0, 1.0))

    def turns(self, n_blocks: int, rate_hz: float) -> F64:
        """Revolutions at each block since the middle of the stretch: shape (n_blocks,)."""
        time_s, bend_s = _phase_times(n_blocks, rate_hz)
        return self.rpm / 60 * (time_s + self.drift * bend_s)


def _phase_times(n_blocks: int, rate_hz: float) -> tuple[F64, F64]:
    """Time of each block since the middle of a stretch, and how a drift of one bends it: seconds, (n_blocks,) each."""
    time_s = np.asarray((np.arange(n_blocks) - (n_blocks - 1) / 2) / rate_hz, np.float64)
    return time_s, time_s**2 * rate_hz / (2 * n_blocks)


def detrended(levels_db: F64) -> F64:
    """Levels (n_blocks, n_groups) without their cubic trend: gusts and gain are slower than a rotor.

    The third order is that of the amplitude-modulation method of the Institute of Acoustics (2016).
    """
    return without(levels_db, _cubic(len(levels_db)))


@lru_cache(maxsize=4)
def _cubic(n_blocks: int) -> F64:
    """Orthonormal polynomials up to the third order: (n_blocks, 4)."""
    basis = np.polynomial.legendre.legvander(np.linspace(-1.0, 1.0, n_blocks), 3)
    return np.asarray(np.linalg.qr(basis).Q)


def without(levels_db: F64, orthonormal: F64) -> F64:
    """Levels (n_blocks, n_series) less their least-squares fit by orthonormal columns (n_blocks, n_columns)."""
    return np.asarray(levels_db - orthonormal @ (orthonormal.T @ levels_db))


def find_rotation(levels_db: F64, rate_hz: float, rpm: float | None = None) -> Rotation | None:
    """Return the rotation of a rotor with three blades, None when no blade pass stands out.

    The three blades modulate every band at three times the rate of rotation (3P) and its harmonics. The comb
    of the log spectra over a local floor, averaged over the groups, is highest there; a damaged blade raises
    1P and 2P in its bands, so a peak is taken for one of these when its third or its 3/2 stands out too. The
    rate and its linear drift are then fitted together, by the power of the comb along the drifting phase.

    Parameters
    ----------
    levels_db : float64 array, shape (n_blocks, n_groups)
        Levels in dB: one stretch of some 10 to 60 s, over which the rate changes linearly and by a few %.
    rate_hz : float
        Blocks a second.
    rpm : float, optional
        Rate named by the user; it is refined within 10 %, and taken as it is where nothing stands out.

    Notes
    -----
    Host arithmetic (one FFT of the stretch a group). A device that is told the rate, or finds it once a
    stretch, needs the fit alone: lock-ins at the candidates, each two running sums a group.
    """
    levels = detrended(levels_db)
    scale = levels.std(axis=0)
    levels = levels[:, scale > 0] / scale[scale > 0]
    if not levels.shape[1]:
        return None
    window = np.hanning(len(levels) + 2)[1:-1, None]
    cell_hz = rate_hz / len(levels)
    combs = _Combs(levels * window, cell_hz)
    if rpm is None:
        place = combs.best(LOWEST_RPM / 20, HIGHEST_RPM / 20)
        place = combs.blade_pass(place)
    else:
        place = combs.best(rpm / 20 * (1 - RPM_TOLERANCE), rpm / 20 * (1 + RPM_TOLERANCE))
    height = float(combs.heights[place])
    if height < LEAST_COMB:
        return None if rpm is None else Rotation(rpm=rpm, drift=0.0, comb=height)
    return _fitted(levels * window, place * cell_hz / OVERSAMPLING, rate_hz, height)


class _Combs:
    """Harmonic combs over the spectra of windowed levels, at places of 1/8 of a resolution cell."""

    def __init__(self, windowed: F64, cell_hz: float) -> None:
        self.spacing_hz = cell_hz / OVERSAMPLING
        self.power = _squared(np.fft.rfft(windowed, OVERSAMPLING * len(windowed), axis=0))
        # Half a cell from one value to the next is enough for a median over a quarter of a hertz to both sides.
        step = OVERSAMPLING // 2
        half = round(max(0.25, 6 * cell_hz) / (step * self.spacing_hz))
        floor = np.repeat(_running_median(self.power[::step], half), step, axis=0)
        over_floor = np.log(1 + self.power / floor[: len(self.power)]).mean(axis=1)
        self.heights = np.zeros_like(over_floor)
        """Weighted sum of the harmonics at each place; those beyond the spectrum count nothing."""
        for harmonic, weight in enumerate(HARMONIC_WEIGHTS, start=1):
            inside = over_floor[::harmonic]
            self.heights[: len(inside)] += weight * inside

    def best(self, low_hz: float, high_hz: float) -> int:
        """Place of the highest comb between two frequencies."""
        return self._highest(int(np.ceil(low_hz / self.spacing_hz)), int(high_hz / self.spacing_hz))

    def _highest(self, first: int, last: int) -> int:
        return first + int(np.argmax(self.heights[first : last + 1]))

    def blade_pass(self, place: int) -> int:
        """Place of 3P when the peak at ``place`` may be 1P or 2P of a rotor with a damaged blade."""
        for multiple in (3, 1.5):
            middle = round(place * multiple)
            if middle * self.spacing_hz > HIGHEST_RPM / 20:
                continue
            higher = self._highest(middle - OVERSAMPLING, middle + OVERSAMPLING)
            # A harmonic of the blade pass is far weaker than the blade pass itself, in most groups.
            share = np.median(self.power[higher] / self.power[place])
            if self.heights[higher] > self.heights[place] / 2 and share > 0.1:
                return higher
        return place


def _running_median(values: F64, half: int) -> F64:
    """Median of each column over ``half`` values to both sides; the ends are taken to go on."""
    from scipy.ndimage import median_filter

    # One long column: the filter is several times faster along a line than over a plane.
    columns = np.pad(values.T, ((0, 0), (half, half)), mode="edge")
    return np.asarray(median_filter(columns.ravel(), 2 * half + 1).reshape(columns.shape)[:, half:-half].T)


def _fitted(windowed: F64, blade_pass_hz: float, rate_hz: float, comb: float) -> Rotation:
    """Return the rate and drift of greatest comb power near a blade pass."""
    cell_hz = rate_hz / len(windowed)
    lines = _MixedDown(windowed, blade_pass_hz, rate_hz)
    rates = blade_pass_hz + cell_hz * np.arange(-1.2, 1.21, 0.1)
    length_s = len(windowed) / rate_hz
    largest = min(LARGEST_DRIFT, LARGEST_DRIFT_PER_S * length_s)
    drifts = np.linspace(-largest, largest, 2 * int(np.ceil(length_s / 10)) + 1)
    rate, drift = lines.strongest(rates, drifts)
    rates = rate + cell_hz * 0.1 * np.arange(-1.0, 1.01, 0.2)
    drifts = drift + 0.015 * np.arange(-1.0, 1.01, 0.25)
    rate, drift = lines.strongest(rates, drifts)
    return Rotation(rpm=rate * 20, drift=drift * blade_pass_hz / rate, comb=comb)


class _MixedDown:
    """Harmonics of a blade pass, mixed down to 0 Hz and summed over half seconds: the fit tries all rates on these."""

    def __init__(self, windowed: F64, blade_pass_hz: float, rate_hz: float) -> None:
        self.blade_pass_hz = blade_pass_hz
        # The window has all but silenced the few blocks that are left over.
        n_sums = len(windowed) // SUMMED_BLOCKS
        whole = n_sums * SUMMED_BLOCKS
        time_s, bend_s = (times[:whole] for times in _phase_times(len(windowed), rate_hz))
        harmonics = np.arange(1, len(HARMONIC_WEIGHTS) + 1)
        mixed = _turning_back(blade_pass_hz * np.outer(harmonics, time_s))[:, :, None] * windowed[:whole]
        self.sums = mixed.reshape(len(harmonics), n_sums, SUMMED_BLOCKS, -1).sum(axis=2)
        self.time_s, self.bend_s = (times.reshape(n_sums, SUMMED_BLOCKS).mean(axis=1) for times in (time_s, bend_s))

    def strongest(self, rates_hz: F64, drifts: F64) -> tuple[float, float]:
        """Blade pass and drift along which the harmonics have the greatest power, of all pairs.

        Drifts are relative to the blade pass mixed down by, so that one chirp serves all rates.
        """
        steady = _turning_back(np.outer(rates_hz - self.blade_pass_hz, self.time_s))
        drifting = _turning_back(self.blade_pass_hz * np.outer(drifts, self.bend_s))
        fundamental = steady[:, None] * drifting
        power = np.zeros(fundamental.shape[:2])
        line = np.ones_like(fundamental)
        for sums in self.sums:
            line *= fundamental
            power += _squared(line @ sums).sum(axis=-1)
        rate, drift = np.unravel_index(int(power.argmax()), power.shape)
        return float(rates_hz[rate]), float(drifts[drift])


def _turning_back(turns: F64) -> C128:
    """Return unit vectors turned back by so many turns: they bring a line that turns to rest."""
    return np.asarray(np.exp(-2j * np.pi * turns))


def _squared(amplitudes: C128) -> F64:
    """Squared magnitudes."""
    return np.asarray(amplitudes.real**2 + amplitudes.imag**2)
