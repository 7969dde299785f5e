"""Tones of the machinery: gearbox, generator, and a bearing about to fail."""

from __future__ import annotations

import numpy as np

from acoustic.signals import FloatArray, sine

from .fault import Fault
from .rotor import RotorTurns
from .turbine import Turbine

_SIDEBAND_DB = -8.0
_HUM_HZ = 100.0
_BEARING_TONES_DB = (0.0, -3.0, -7.0, -10.0)


def add_tones(
    rng: np.random.Generator, x: FloatArray, turbine: Turbine, rotation: RotorTurns, fault: Fault | None, rate_hz: int
) -> None:
    """Add all tones of the machinery to ``x`` [n] in place."""
    times_s = np.arange(len(x)) / rate_hz
    turns = rotation.turns_at(times_s)
    shaft = 1 + np.float32(2 * 10 ** (_SIDEBAND_DB / 20)) * sine(turbine.shaft_order * turns)
    gear = np.zeros_like(x)
    for order, level_db in zip(turbine.gear_orders, turbine.gear_db, strict=True):
        gear += _amplitude(level_db) * sine(order * turns + rng.uniform())
    x += gear * shaft
    for harmonic, below_db in enumerate((0.0, 5.0, 9.0), start=1):
        x += _amplitude(turbine.hum_db - below_db) * sine(harmonic * _HUM_HZ * times_s + rng.uniform())
    if fault is not None and fault.kind == "bearing":
        family_db = 10 * np.log10(sum(10 ** (level_db / 10) for level_db in _BEARING_TONES_DB))
        family = np.zeros_like(x)
        for harmonic, level_db in enumerate(_BEARING_TONES_DB, start=1):
            family += _amplitude(fault.severity_db + level_db - family_db) * sine(
                harmonic * turbine.bearing_order * turns + rng.uniform()
            )
        x += family * shaft


def _amplitude(level_db: float) -> np.float32:
    return np.float32(np.sqrt(2) * 10 ** (level_db / 20))
