"""A day at one machine: wind and speed that change slowly, rain that lasts for hours, birds at dawn, a step of gain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError

from .clip import RATE_HZ, SimulatedClip, simulate_clip
from .fault import Fault
from .noise import slow_gaussian
from .nuisances import Nuisance
from .turbine import CUT_IN_M_S, Turbine

DAY_S = 86_400
_HIGHEST_WIND_M_S = 14.0
_STEP_S = 600
_WEATHER_S = 3 * 3600.0
_RAIN_CHANCE = 0.35
_GAIN_CHANCE = 0.1
_DRIFT_DB = 0.5


@dataclass(frozen=True, kw_only=True)
class SimulatedDay:
    """Course of one day, whatever number of clips is taken from it."""

    wind_m_s: NDArray[np.float64]
    """Every `_STEP_S`."""
    rain_s: tuple[float, float] | None
    gain_step_s: float
    """From here on the microphone is more sensitive by ``gain_step_db``; beyond the day's end for no step."""
    gain_step_db: float
    drift_db: float
    """Sensitivity of the whole day against the usual."""

    @classmethod
    def draw(cls, rng: np.random.Generator) -> SimulatedDay:
        """Draw the course of a day."""
        points = DAY_S // _STEP_S + 1
        wind = rng.uniform(5, 10) + 2.0 * slow_gaussian(rng, points, _STEP_S, _WEATHER_S)
        wind += 0.5 * slow_gaussian(rng, points, _STEP_S, _STEP_S)
        rain_start_s, rain_length_s = rng.uniform(-3600, DAY_S), rng.uniform(1, 6) * 3600
        rains, steps = rng.random() < _RAIN_CHANCE, rng.random() < _GAIN_CHANCE
        step_s, step_db = rng.uniform(0, DAY_S), rng.choice([-1, 1]) * rng.uniform(3, 6)
        return cls(
            wind_m_s=np.clip(wind, CUT_IN_M_S, _HIGHEST_WIND_M_S),
            rain_s=(rain_start_s, rain_start_s + rain_length_s) if rains else None,
            gain_step_s=step_s if steps else DAY_S,
            gain_step_db=step_db,
            drift_db=_DRIFT_DB * rng.standard_normal(),
        )

    def wind_at(self, at_s: float) -> float:
        """Return the wind in m/s."""
        return float(np.interp(at_s, np.arange(len(self.wind_m_s)) * _STEP_S, self.wind_m_s))

    def kinds_at(self, rng: np.random.Generator, at_s: float) -> tuple[str, ...]:
        """Draw the nuisances of a clip at a time of the day."""
        hour = at_s / 3600
        rainy = self.rain_s is not None and self.rain_s[0] <= at_s < self.rain_s[1]
        light = 6 <= hour < 20
        chances = {
            "gust": 0.02 * max(0.0, self.wind_at(at_s) - 5),
            "birds": 0.0 if rainy else 0.6 if 4 <= hour < 9 else 0.2 if light else 0.02,
            "aircraft": 0.08 if 6 <= hour < 23 else 0.01,
            "voice": 0.04 if 8 <= hour < 17 else 0.0,
            "thunder": 0.1 if rainy else 0.0,
            "clipping": 0.01,
        }
        drawn = tuple(kind for kind, chance in chances.items() if rng.random() < chance)
        return ("rain", *drawn) if rainy else drawn


def simulate_day(
    turbine: Turbine,
    day_seed: int,
    *,
    n_clips: int,
    duration_s: float,
    fault: Fault | None = None,
    nuisances: bool = True,
    rate_hz: int = RATE_HZ,
) -> Iterator[tuple[float, SimulatedClip]]:
    """Simulate clips that are spread evenly over one day.

    Parameters
    ----------
    turbine
        The machine.
    day_seed
        Not negative. The same seed gives the same wind, whatever the machine, the clips and the fault.
    n_clips, duration_s
        How many clips, and how long each is.
    fault
        What is wrong all day long, or None.
    nuisances
        Whether there are any; otherwise the gain stands still too.
    rate_hz
        Sampling rate, at least 16 kHz.

    Yields
    ------
    float, SimulatedClip
        Start in seconds of the day, and the clip. A clip that was recorded after the day's step of gain carries the
        label ``gain_step`` over its whole length.

    Raises
    ------
    ParameterError
        The clips do not fit into the day.
    """
    if n_clips < 1 or n_clips * duration_s > DAY_S:
        raise ParameterError(f"{n_clips} clips of {duration_s} s do not fit into a day.")
    day = SimulatedDay.draw(np.random.default_rng([day_seed, 201]))
    for index in range(n_clips):
        at_s = index * DAY_S / n_clips
        rng = np.random.default_rng([day_seed, 202, turbine.seed, index])
        seed, wind_m_s = int(rng.integers(2**31)), day.wind_at(at_s)
        rpm = turbine.rpm_at(wind_m_s) * float(1 + rng.normal(0, 0.01))
        kinds = day.kinds_at(rng, at_s) if nuisances else ()
        stepped = nuisances and at_s >= day.gain_step_s
        clip = simulate_clip(
            turbine,
            seed,
            duration_s=duration_s,
            rpm=rpm,
            wind_m_s=wind_m_s,
            fault=fault,
            nuisances=kinds,
            gain_db=(day.drift_db if nuisances else 0.0) + (day.gain_step_db if stepped else 0.0),
            rate_hz=rate_hz,
        )
        if stepped:
            clip = replace(clip, nuisances=(Nuisance("gain_step", 0.0, duration_s), *clip.nuisances))
        yield at_s, clip
