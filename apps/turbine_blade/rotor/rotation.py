"""How fast a three-bladed rotor turns, from the blade pass in the levels of the sound."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """Rotation over one stretch of levels."""

    rpm: float
    """Mean rate in revolutions a minute."""
    drift: float
    """Relative change of the rate from start to end of the stretch."""
    comb: float
    """Height of the blade pass and its harmonics over the floor around them, in nepers of power."""

    @property
    def confidence(self) -> float:
        """0 to 1: how far the comb stands out of that of noise."""
        return float(np.clip((self.comb - NOISE_COMB) / (CLEAR_COMB - NOISE_COMB), 0.0, 1.0))

    def turns(self, n_blocks: int, rate_hz: float) -> F64:
        """Revolutions at each block since the middle of the stretch: shape (n_blocks,)."""
        time_s, bend_s = _phase_times(n_blocks, rate_hz)
        return self.rpm / 60 * (time_s + self.drift * bend_s)


def detrended(levels_db: F64) -> F64:
    """Levels (n_blocks, n_groups) without their cubic trend: gusts and gain are slower than a rotor.

    The third order is that of the amplitude-modulation method of the Institute of Acoustics (2016).
    """
    basis = np.polynomial.legendre.legvander(np.linspace(-1.0, 1.0, len(levels_db)), 3)
    return np.asarray(levels_db - basis @ np.linalg.lstsq(basis, levels_db, rcond=None)[0])


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
    height = float(combs.heights(np.array([place]))[0])
    if height < LEAST_COMB:
        return None if rpm is None else Rotation(rpm=rpm, drift=0.0, comb=height)
    return _fitted(levels * window, place * cell_hz / OVERSAMPLING, rate_hz, height)


class _Combs:
    """Harmonic combs over the spectra of windowed levels, at places of 1/8 of a resolution cell."""

    def __init__(self, windowed: F64, cell_hz: float) -> None:
        from scipy.ndimage import median_filter

        self.spacing_hz = cell_hz / OVERSAMPLING
        self.power = np.abs(np.fft.rfft(windowed, OVERSAMPLING * len(windowed), axis=0)) ** 2
        # Half a cell from one value to the next is enough for a median over a quarter of a hertz to both sides.
        step = OVERSAMPLING // 2
        half = round(max(0.25, 6 * cell_hz) / (step * self.spacing_hz))
        floor = np.repeat(median_filter(self.power[::step], (2 * half + 1, 1), mode="nearest"), step, axis=0)
        self.over_floor = np.log1p(self.power / floor[: len(self.power)]).mean(axis=1)

    def heights(self, places: NDArray[np.intp]) -> F64:
        """Weighted sum of the harmonics at each place; those beyond the spectrum count nothing."""
        total = np.zeros(len(places))
        for harmonic, weight in enumerate(HARMONIC_WEIGHTS, start=1):
            inside = places * harmonic < len(self.over_floor)
            total[inside] += weight * self.over_floor[places[inside] * harmonic]
        return total

    def best(self, low_hz: float, high_hz: float) -> int:
        """Place of the highest comb between two frequencies."""
        places = np.arange(int(np.ceil(low_hz / self.spacing_hz)), int(high_hz / self.spacing_hz) + 1)
        return int(places[np.argmax(self.heights(places))])

    def blade_pass(self, place: int) -> int:
        """Place of 3P when the peak at ``place`` may be 1P or 2P of a rotor with a damaged blade."""
        height = self.heights(np.array([place]))[0]
        for multiple in (3, 1.5):
            middle = round(place * multiple)
            if middle * self.spacing_hz > HIGHEST_RPM / 20:
                continue
            near = np.arange(middle - OVERSAMPLING, middle + OVERSAMPLING + 1)
            higher = int(near[np.argmax(self.heights(near))])
            # A harmonic of the blade pass is far weaker than the blade pass itself, in most groups.
            share = np.median(self.power[higher] / self.power[place])
            if self.heights(np.array([higher]))[0] > height / 2 and share > 0.1:
                return higher
        return place


def _fitted(windowed: F64, blade_pass_hz: float, rate_hz: float, comb: float) -> Rotation:
    """Return the rate and drift of greatest comb power near a blade pass."""
    cell_hz = rate_hz / len(windowed)
    rates = blade_pass_hz + cell_hz * np.arange(-1.2, 1.21, 0.1)
    length_s = len(windowed) / rate_hz
    largest = min(LARGEST_DRIFT, LARGEST_DRIFT_PER_S * length_s)
    drifts = np.linspace(-largest, largest, 2 * int(np.ceil(length_s / 10)) + 1)
    for finer in (0.1, 0.01):
        powers = _comb_powers(windowed, rates, drifts, rate_hz)
        best_rate, best_drift = np.unravel_index(int(powers.argmax()), powers.shape)
        rate, drift = rates[best_rate], drifts[best_drift]
        rates = rate + cell_hz * finer * np.arange(-1.0, 1.01, 0.2)
        drifts = drift + 0.15 * finer * np.arange(-1.0, 1.01, 0.25)
    return Rotation(rpm=float(rate * 20), drift=float(drift), comb=comb)


def _comb_powers(windowed: F64, blade_passes_hz: F64, drifts: F64, rate_hz: float) -> F64:
    """Power of the levels along the harmonics of a blade pass: (n_rates, n_drifts)."""
    time_s, bend_s = _phase_times(len(windowed), rate_hz)
    warped = time_s + drifts[:, None] * bend_s
    fundamental = np.exp(-2j * np.pi * blade_passes_hz[:, None, None] * warped).reshape(-1, len(windowed))
    # Single precision: only the greatest is looked for.
    fundamental, levels = fundamental.astype(np.complex64), windowed.astype(np.float32)
    power = np.zeros(len(fundamental))
    line = np.ones_like(fundamental)
    for _ in HARMONIC_WEIGHTS:
        line *= fundamental
        power += np.square(line.real @ levels).sum(axis=1) + np.square(line.imag @ levels).sum(axis=1)
    return power.reshape(len(blade_passes_hz), len(drifts))


def _phase_times(n_blocks: int, rate_hz: float) -> tuple[F64, F64]:
    """Time of each block since the middle of a stretch, and how a drift of one bends it: seconds, (n_blocks,) each."""
    time_s = np.asarray((np.arange(n_blocks) - (n_blocks - 1) / 2) / rate_hz, np.float64)
    return time_s, time_s**2 * rate_hz / (2 * n_blocks)
