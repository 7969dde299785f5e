"""One simulated clip: rotor, machinery, wind and surroundings through one microphone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from acoustic.audio.resample import StreamResampler, from_pcm16, to_pcm16
from acoustic.errors import ParameterError

from . import spectra
from .blades import Blades
from .fault import Fault
from .machinery import add_tones
from .microphone import record, to_pcm
from .noise import FRAME_S, frequencies_hz, hop_samples, shaped_noise, slow_gaussian
from .nuisances import Nuisance, add_nuisances, draw_kinds
from .rotor import ROTATION_STEP_S, RotorTurns, rotation_times
from .turbine import Turbine

RATE_HZ = 16_000
_HIGHEST_RATE_HZ = 48_000
"""The sound of a turbine lies below 24 kHz."""
_WINDS_M_S = (4.0, 13.0)
_SPEEDS_RPM = (2.0, 18.0)
"""Beyond, the whistle of a fast tip might pass half of the lowest sampling rate."""
_WOBBLE, _WOBBLE_S = 0.004, 6.0


def simulated_rate(rate_hz: int) -> int:
    """Return the rate to simulate at for sound that is wanted at another one, see :func:`at_rate`."""
    return min(max(rate_hz, RATE_HZ), _HIGHEST_RATE_HZ)


@dataclass(frozen=True, kw_only=True)
class SimulatedClip:
    """A stretch of simulated sound, and what is true of it."""

    pcm: NDArray[np.int16]
    rate_hz: int
    rpm: float
    """Mean speed of the rotor over the clip; blades pass at 3 * rpm / 60 Hz."""
    wind_m_s: float
    fault: Fault | None
    nuisances: tuple[Nuisance, ...]
    turbine: Turbine


def simulate_clip(
    turbine: Turbine,
    seed: int,
    *,
    duration_s: float = 32.0,
    rpm: float | None = None,
    wind_m_s: float | None = None,
    fault: Fault | None = None,
    nuisances: tuple[str, ...] | Literal["weather"] | None = None,
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
        Kinds of nuisance that each occur once, ``"weather"`` to leave them to chance, or None.
    gain_db
        Change of the whole microphone's sensitivity.
    rate_hz
        Sampling rate, at least 16 kHz.

    Raises
    ------
    ParameterError
        A setting is out of its range.
    """
    if duration_s < 1 or rate_hz < RATE_HZ or seed < 0:
        raise ParameterError(
            f"Cannot simulate {duration_s} s at {rate_hz} Hz with seed {seed}: "
            "at least 1 s, 16000 Hz and a seed of 0 or more are needed."
        )
    streams = [np.random.default_rng([turbine.seed, seed, stream]) for stream in range(6)]
    conditions, turbulence, noise, tones, damage, chance = streams
    if wind_m_s is None:
        wind_m_s = float(conditions.uniform(*_WINDS_M_S))
    if rpm is None:
        rpm = turbine.rpm_at(wind_m_s) * float(1 + conditions.normal(0, 0.01))
    if not _SPEEDS_RPM[0] <= rpm <= _SPEEDS_RPM[1] or not 0 <= wind_m_s <= 30:
        raise ParameterError(f"{rpm} rpm in {wind_m_s} m/s is out of range: 2-18 rpm and 0-30 m/s can be simulated.")

    hop, samples = hop_samples(rate_hz), round(duration_s * rate_hz)
    frames = -(-samples // hop)
    wobble = _WOBBLE * slow_gaussian(turbulence, len(rotation_times(duration_s)), ROTATION_STEP_S, _WOBBLE_S)
    rotation = RotorTurns.steady(duration_s, rpm, wobble, float(turbulence.uniform()))
    blades = Blades.draw(turbulence, turbine, rotation, wind_m_s, frames, fault, rate_hz)

    density = blades.density()
    hz = frequencies_hz(rate_hz)
    gust_db = 2.0 * slow_gaussian(turbulence, frames + 1, FRAME_S, 1.0)
    buffeting = spectra.wind_noise(turbine, hz, wind_m_s).astype(np.float32)
    density += buffeting * (10 ** (gust_db / 10)).astype(np.float32)[:, None]
    density += (spectra.ambient(turbine, hz, wind_m_s) + spectra.fans(turbine, hz)).astype(np.float32)
    x = shaped_noise(noise, density, rate_hz)
    add_tones(tones, x, turbine, rotation, fault, rate_hz)
    blades.add_damage(damage, x)
    kinds = draw_kinds(chance) if nuisances == "weather" else nuisances or ()
    labels = add_nuisances([turbine.seed, seed, len(streams)], kinds, x[:samples], turbine, gain_db, rate_hz)
    x = record(noise, x, turbine, gain_db, rate_hz)[:samples]
    return SimulatedClip(
        pcm=to_pcm(x), rate_hz=rate_hz, rpm=rpm, wind_m_s=wind_m_s, fault=fault, nuisances=labels, turbine=turbine
    )


def at_rate(pcm: NDArray[np.int16], rate_hz: int, wanted_hz: int) -> NDArray[np.int16]:
    """Return a signal at another rate."""
    if rate_hz == wanted_hz:
        return pcm
    resampler = StreamResampler(rate_hz, wanted_hz)
    return to_pcm16(np.concatenate([resampler.push(from_pcm16(pcm)), resampler.flush()]))
