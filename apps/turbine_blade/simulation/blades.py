"""The sound of the blades: broadband noise of all three as one spectrum over time, tones and clicks of damage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acoustic.signals import FloatArray, add_at, apply_envelope, sine

from . import spectra
from .fault import Fault
from .noise import FRAME_S, frequencies_hz, hop_samples, slow_gaussian
from .rotor import NOISE_PER_SPEED, HeardPoint, RotorTurns, hear, tip_speed_m_s
from .turbine import NOMINAL_RPM, Turbine

TIP, INNER = 0.95, 0.75
"""Where the sources of a blade are, in radii."""
_INFLOW_S, _INFLOW_DB = 3.0, 1.0
_BLADE_S, _BLADE_DB = 0.7, 0.8
_DOPPLER = np.exp(np.linspace(np.log(0.7), np.log(1.5), 128))
_EMITTED_HZ = np.geomspace(10, 40_000, 1000)
_TONE_STEP_S = 1 / 1000
_TONE_JITTER, _TONE_JITTER_S = 0.004, 0.15
_TICK_JITTER_S = 0.004


@dataclass(frozen=True, kw_only=True)
class Blades:
    """The rotor in one clip."""

    turbine: Turbine
    rotation: RotorTurns
    wind_m_s: float
    yaw_turn: float
    fault: Fault | None
    rate_hz: int
    level_db: NDArray[np.float64]
    """Random level of each blade, shape (3, n + 1): common inflow and its own."""

    @classmethod
    def draw(
        cls,
        rng: np.random.Generator,
        turbine: Turbine,
        rotation: RotorTurns,
        wind_m_s: float,
        frames: int,
        fault: Fault | None,
        rate_hz: int,
    ) -> Blades:
        """Draw the yaw of the nacelle and the turbulence of ``frames`` + 1 frames."""
        common = _INFLOW_DB * slow_gaussian(rng, frames + 1, FRAME_S, _INFLOW_S)
        own = np.stack([_BLADE_DB * slow_gaussian(rng, frames + 1, FRAME_S, _BLADE_S) for _ in range(3)])
        return cls(
            turbine=turbine,
            rotation=rotation,
            wind_m_s=wind_m_s,
            yaw_turn=float(rng.uniform()),
            fault=fault,
            rate_hz=rate_hz,
            level_db=common + own + np.array(turbine.blade_offsets_db)[:, None],
        )

    def density(self) -> FloatArray:
        """Power per hertz of all broadband noise of the blades, shape (n + 1, bins)."""
        hz = frequencies_hz(self.rate_hz)
        total = np.zeros((self.level_db.shape[1], len(hz)), dtype=np.float32)
        for radius in (TIP, INNER):
            healthy = self._shifted(hz, radius, None)
            damaged = self._shifted(hz, radius, self.fault) if self.fault is not None and radius == TIP else healthy
            for blade in range(3):
                heard = self._hear(blade, radius, self._frame_times_s)
                at = np.searchsorted(_DOPPLER, heard.doppler)
                table = damaged if self.fault is not None and blade == self.fault.blade else healthy
                total += table[at] * self._power(heard, blade, radius).astype(np.float32)[:, None]
        return total

    def add_damage(self, rng: np.random.Generator, x: FloatArray) -> None:
        """Add the tone or the clicks of a damaged blade to ``x`` [n * hop] in place."""
        if self.fault is None or self.fault.kind not in ("whistle", "tick"):
            return
        relative = 10 ** (self.fault.severity_db / 20)
        heard = self._hear(self.fault.blade, TIP, self._frame_times_s)
        rms = np.sqrt(self._power(heard, self.fault.blade, TIP))
        if self.fault.kind == "whistle":
            tone = self._whistle(rng, self.fault.blade, len(x))
            apply_envelope(tone, (np.sqrt(2) * relative * rms).astype(np.float32))
            x += tone
            return
        for at_s in self._tick_times_s(rng, self.fault.blade, len(x) / self.rate_hz):
            peak = relative * float(np.interp(at_s, self._frame_times_s, rms))
            add_at(x, round(at_s * self.rate_hz), _click(rng, self.rate_hz) * np.float32(peak))

    @property
    def _frame_times_s(self) -> NDArray[np.float64]:
        step_s = hop_samples(self.rate_hz) / self.rate_hz
        return np.asarray(np.arange(self.level_db.shape[1]) * step_s, dtype=np.float64)

    def _hear(self, blade: int, radius: float, times_s: NDArray[np.float64]) -> HeardPoint:
        return hear(self.turbine, self.rotation, blade, radius, times_s, wind_m_s=self.wind_m_s, yaw_turn=self.yaw_turn)

    def _power(self, heard: HeardPoint, blade: int, radius: float) -> NDArray[np.float64]:
        """Power of a source at the microphone, frame by frame."""
        nominal_m_s = tip_speed_m_s(self.turbine)
        level_db = self.level_db[blade] + (self.turbine.inner_db if radius == INNER else 0.0)
        faster = (heard.speed_m_s / nominal_m_s) ** NOISE_PER_SPEED
        return np.asarray(faster * heard.spreading * heard.directivity * 10 ** (level_db / 10))

    def _shifted(self, hz: NDArray[np.float64], radius: float, fault: Fault | None) -> FloatArray:
        """Density of a source for each Doppler factor of `_DOPPLER`, shape (128, bins)."""
        speed_m_s = radius * tip_speed_m_s(self.turbine, 60 * self._mean_speed)
        density = spectra.trailing_edge(self.turbine, _EMITTED_HZ, speed_m_s)
        if fault is not None:
            density = density * spectra.damage_gain(fault, _EMITTED_HZ)
        shifted = np.interp(hz / _DOPPLER[:, None], _EMITTED_HZ, density) / _DOPPLER[:, None]
        return shifted.astype(np.float32)

    @property
    def _mean_speed(self) -> float:
        """Turns a second over the clip."""
        turns = self.rotation.turns_at(self._frame_times_s[[0, -1]])
        return float((turns[1] - turns[0]) / self._frame_times_s[-1])

    def _whistle(self, rng: np.random.Generator, blade: int, n: int) -> FloatArray:
        """Tone of amplitude 1 as it is heard: its phase is that at the exact time of emission."""
        duration_s = n / self.rate_hz
        emitted_s = np.arange(-2.0, duration_s + 1.0, _TONE_STEP_S)
        drift = 1 + _TONE_JITTER * slow_gaussian(rng, len(emitted_s), _TONE_STEP_S, _TONE_JITTER_S)
        # The Strouhal number of a hole is constant: the tone follows the speed of the tip.
        hz = self.turbine.whistle_hz * self._mean_speed * 60 / NOMINAL_RPM * drift
        cycles = np.cumsum(hz) * _TONE_STEP_S
        times_s = np.arange(0.0, duration_s + _TONE_STEP_S, _TONE_STEP_S)
        heard_cycles = np.interp(self._hear(blade, TIP, times_s).emitted_s, emitted_s, cycles)
        return sine(np.interp(np.arange(n) / self.rate_hz, times_s, heard_cycles))

    def _tick_times_s(self, rng: np.random.Generator, blade: int, duration_s: float) -> NDArray[np.float64]:
        """When the clicks are heard: once a turn, at the same position of the blade."""
        grid_s = np.arange(0.0, duration_s, 1 / 250)
        turns = self.rotation.turns_at(self._hear(blade, TIP, grid_s).emitted_s) + blade / 3
        wanted = np.arange(np.ceil(turns[0] - self.turbine.tick_turn), turns[-1]) + self.turbine.tick_turn
        wanted = wanted[wanted < turns[-1]]
        return np.asarray(np.interp(wanted, turns, grid_s) + rng.normal(0, _TICK_JITTER_S, len(wanted)))


def _click(rng: np.random.Generator, rate_hz: int) -> FloatArray:
    """One click of 20 ms with a peak of 1: something small and stiff, 1-4 kHz."""
    t = np.arange(round(0.02 * rate_hz)) / rate_hz
    hz = rng.uniform(1000, 4000, 3)
    ring = np.sin(2 * np.pi * hz[:, None] * t + rng.uniform(0, 2 * np.pi, (3, 1))).sum(axis=0)
    x = (ring + rng.standard_normal(len(t))) * np.minimum(t / 2e-4, 1) * np.exp(-t / 2.5e-3)
    return np.asarray(x / np.abs(x).max(), dtype=np.float32)
