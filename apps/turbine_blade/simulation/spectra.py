"""Power spectra: trailing edge, damage, machinery fans, wind on the microphone, surroundings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .fault import Fault
from .rotor import SPEED_OF_SOUND_M_S
from .turbine import Turbine

Curve = NDArray[np.float64]

_EROSION_HZ = 1500.0
_SPLIT_HZ = 1400.0
_BUMP_LOWEST_HZ = 62.5
WIND_NOISE_DB_PER_M_S = 1.6


def trailing_edge(turbine: Turbine, hz: Curve, speed_m_s: float) -> Curve:
    """Density of the noise of a turbulent boundary layer passing a trailing edge; its power over all frequencies is 1.

    Brooks, Pope and Marcolini (NASA RP 1218, 1989): the shape A_max over the Strouhal number, whose peak is at
    0.02 M^-0.6; with the machine's own departures from it.
    """
    peak_hz = 0.02 * (speed_m_s / SPEED_OF_SOUND_M_S) ** -0.6 * speed_m_s / (turbine.displacement_mm / 1000)
    grid_hz = np.geomspace(10, 40_000, 400)
    model = 10 ** (_third_octave_shape_db(grid_hz / peak_hz) / 10) / grid_hz
    total = float(np.trapezoid(model, grid_hz))
    hz = np.maximum(hz, grid_hz[0])
    bumps_db = np.interp(np.log2(hz / _BUMP_LOWEST_HZ), np.arange(len(turbine.bumps_db)), turbine.bumps_db)
    return np.asarray(10 ** ((_third_octave_shape_db(hz / peak_hz) + bumps_db) / 10) / hz / total)


def _third_octave_shape_db(strouhal_ratio: Curve) -> Curve:
    """Shape A_max of the one-third-octave level over the ratio of the Strouhal number to that of the peak."""
    a = np.abs(np.log10(strouhal_ratio))
    near = np.sqrt(np.maximum(67.552 - 886.788 * a**2, 0)) - 8.219
    far = -4.669 * a**3 + 3.491 * a**2 - 16.699 * a + 1.149
    return np.where(a < 0.13, near, np.where(a <= 0.321, -15.901 * a + 1.098, far))


def damage_gain(fault: Fault, hz: Curve) -> Curve:
    """Factor by which damage changes the power of a blade's broadband noise; 1 for damage that does not."""
    if fault.kind == "erosion":
        shape = 1 / (1 + (_EROSION_HZ / np.maximum(hz, 1)) ** 4)
    elif fault.kind == "split":
        shape = np.exp(-((np.log2(np.maximum(hz, 1) / _SPLIT_HZ) / 0.4) ** 2))
    else:
        return np.ones(len(hz))
    return np.asarray(10 ** (fault.severity_db * shape / 10))


def fans(turbine: Turbine, hz: Curve) -> Curve:
    """Density of the cooling fans: a broad hump."""
    shape = np.exp(-((np.log2(np.maximum(hz, 1) / turbine.fan_hz) / 0.8) ** 2))
    return np.asarray(10 ** (turbine.fan_db / 10) * shape / np.trapezoid(shape, hz))


def wind_noise(turbine: Turbine, hz: Curve, wind_m_s: float) -> Curve:
    """Density of the microphone's wind noise, f^-2.6; level in the audible range stated from 20 Hz up."""
    level_db = turbine.wind_noise_db + WIND_NOISE_DB_PER_M_S * (wind_m_s - 8)
    return np.asarray(10 ** (level_db / 10) * 1.6 / 20 * (np.maximum(hz, 10) / 20) ** -2.6)


def ambient(turbine: Turbine, hz: Curve, wind_m_s: float) -> Curve:
    """Density of the surroundings: distant rumble and leaves, which rustle more in more wind."""
    hz = np.maximum(hz, 20)
    rumble = 10 ** (turbine.ambient_db / 10) * (hz / 50) ** -1.5 / 100
    leaves = 10 ** ((turbine.ambient_db - 6 + 1.2 * (wind_m_s - 8)) / 10) / (1 + (hz / 3000) ** 2) / 5000
    return np.asarray(rumble + leaves)
