"""Simulated sound at the tower base of a wind turbine, healthy or with one fault, with labelled nuisances.

The same arguments give the same bytes. Everything made here is the sound of a program, not a recording.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from apps.turbine_blade.simulation import spectra
from apps.turbine_blade.simulation.blades import Blades
from apps.turbine_blade.simulation.fault import FAULTS, Fault
from apps.turbine_blade.simulation.machinery import add_tones
from apps.turbine_blade.simulation.microphone import record, to_pcm
from apps.turbine_blade.simulation.noise import FRAME_S, frequencies_hz, hop_samples, shaped_noise, slow_gaussian
from apps.turbine_blade.simulation.rotor import Rotation, rotation_times
from apps.turbine_blade.simulation.turbine import CUT_IN_M_S, Turbine

__all__ = ["FAULTS", "Fault", "SimulatedClip", "Turbine", "simulate_clip"]

RATE_HZ = 16_000
_WINDS_M_S = (CUT_IN_M_S, 14.0)
_WOBBLE, _WOBBLE_S = 0.004, 6.0


@dataclass(frozen=True, kw_only=True)
class SimulatedClip:
    """A stretch of simulated sound, and what is true of it."""

    pcm: NDArray[np.int16]
    rate_hz: int
    rpm: float
    """Mean speed of the rotor over the clip; blades pass at 3 * rpm / 60 Hz."""
    wind_m_s: float
    fault: Fault | None
    nuisances: tuple[()]
    turbine: Turbine


def simulate_clip(
    turbine: Turbine,
    seed: int,
    *,
    duration_s: float = 32.0,
    rpm: float | None = None,
    wind_m_s: float | None = None,
    fault: Fault | None = None,
    nuisances: tuple[str, ...] | str | None = None,
    gain_db: float = 0.0,
    rate_hz: int = RATE_HZ,
) -> SimulatedClip:
    """Simulate one clip.

    Parameters
    ----------
    turbine
        The machine.
    seed
        Not negative. With the same seed, noise, speed and turbulence are the same whatever the fault and the nuisances.
    duration_s
        Length, at least one second.
    rpm
        Mean speed of the rotor; left out, it follows the wind.
    wind_m_s
        Left out, it is drawn between 4 and 13 m/s.
    fault
        What is wrong, or None for a healthy machine.
    nuisances
        Kinds of nuisance (see `KINDS`) that each occur once, ``"weather"`` to leave them to chance, or None.
    gain_db
        Change of the whole microphone's sensitivity.
    rate_hz
        Sampling rate, at least 8 kHz.

    Raises
    ------
    ParameterError
        A setting is out of its range.
    """
    if duration_s < 1 or rate_hz < 8000 or seed < 0:
        raise ParameterError(
            f"Cannot simulate {duration_s} s at {rate_hz} Hz with seed {seed}: "
            "at least 1 s, 8000 Hz and a seed of 0 or more are needed."
        )
    streams = [np.random.default_rng([turbine.seed, seed, stream]) for stream in range(6)]
    conditions, turbulence, noise, tones, around, damage = streams
    if wind_m_s is None:
        wind_m_s = float(conditions.uniform(4, 13))
    if rpm is None:
        rpm = turbine.rpm_at(wind_m_s) * float(1 + conditions.normal(0, 0.01))
    if not 1 <= rpm <= 40 or not 0 <= wind_m_s <= 40:
        raise ParameterError(f"{rpm} rpm in {wind_m_s} m/s is no speed that these blades turn at: 1-40 rpm, 0-40 m/s.")

    hop, samples = hop_samples(rate_hz), round(duration_s * rate_hz)
    frames = -(-samples // hop)
    wobble = _WOBBLE * slow_gaussian(turbulence, len(rotation_times(duration_s)), 1 / 64, _WOBBLE_S)
    rotation = Rotation.steady(duration_s, rpm, wobble, float(turbulence.uniform()))
    blades = Blades.draw(turbulence, turbine, rotation, wind_m_s, frames, fault)

    density = blades.density(rate_hz)
    hz = frequencies_hz(rate_hz)
    gust_db = 2.0 * slow_gaussian(turbulence, frames + 1, FRAME_S, 1.0)
    buffeting = spectra.wind_noise(turbine, hz, wind_m_s).astype(np.float32)
    density += buffeting * (10 ** (gust_db / 10)).astype(np.float32)[:, None]
    density += (spectra.ambient(turbine, hz, wind_m_s) + spectra.fans(turbine, hz)).astype(np.float32)
    x = shaped_noise(noise, density, rate_hz)
    add_tones(tones, x, turbine, rotation, fault, rate_hz)
    blades.add_damage(damage, x, rate_hz)
    x = record(noise, x, turbine, gain_db, rate_hz)[:samples]
    return SimulatedClip(
        pcm=to_pcm(x),
        rate_hz=rate_hz,
        rpm=rpm,
        wind_m_s=wind_m_s,
        fault=fault,
        nuisances=(),
        turbine=turbine,
    )
