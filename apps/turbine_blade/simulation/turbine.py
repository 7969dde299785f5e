"""What is fixed about one machine: geometry, blades, machinery, microphone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from acoustic.errors import ParameterError

NOMINAL_RPM = 14.0
"""Levels and tones of a machine are stated at this speed."""
CUT_IN_M_S = 3.0


@dataclass(frozen=True, kw_only=True)
class Turbine:
    """One machine and the microphone at its tower base.

    Levels in dB are relative to a source at the tip that is heard with a directivity of 1 at the hub's distance, at
    `NOMINAL_RPM`.
    """

    name: str
    seed: int
    hub_m: float
    """Height of the hub over ground."""
    radius_m: float
    overhang_m: float
    """From the tower's axis to the rotor plane, upwind."""
    twist_deg: float
    """Angle between the chord near the tip and the rotor plane below rated wind."""
    microphone_m: float
    """Distance of the microphone from the tower's axis."""
    microphone_height_m: float
    even_share: float
    """Share of blade noise that is radiated evenly, not with the directivity of a trailing edge."""
    rpm_min: float
    rpm_max: float
    rated_m_s: float
    """Wind at which the rotor reaches ``rpm_max``."""
    blade_offsets_db: tuple[float, float, float]
    """Healthy blades are never identical."""
    displacement_mm: float
    """Displacement thickness of the boundary layer at the trailing edge: sets the peak of its noise."""
    inner_db: float
    """Level of the inner source (0.75 R) beyond what its lower speed takes away."""
    bumps_db: tuple[float, ...]
    """Departures of the blade noise from its model, one every octave from 62.5 Hz to 8 kHz."""
    gear_orders: tuple[float, ...]
    """Tones of the gearbox in multiples of the rotor's speed."""
    gear_db: tuple[float, ...]
    shaft_order: float
    """Speed of the gearbox's intermediate shaft in multiples of the rotor's: the distance of the sidebands."""
    hum_db: float
    """Hum of generator and converter at multiples of 100 Hz."""
    fan_hz: float
    """Centre of the broadband noise of the cooling fans."""
    fan_db: float
    wind_noise_db: float
    """Wind noise of the microphone at 8 m/s."""
    ambient_db: float
    whistle_hz: float
    """Where a hole in one of these blades would whistle."""
    tick_turn: float
    """Position of the blade (turns from the top) at which something loose in it would tick."""
    bearing_order: float
    """First tone of a bearing about to fail, in multiples of the rotor's speed."""
    highpass_hz: float
    tilt_db: float
    """Response of the microphone at 8 kHz against that at 500 Hz."""
    resonance_hz: float
    resonance_db: float
    gain_dbfs: float
    """Full scale of a blade-noise level of 0 dB."""
    self_noise_dbfs: float

    @classmethod
    def draw(cls, seed: int) -> Turbine:
        """Draw a machine; the same seed gives the same one.

        Parameters
        ----------
        seed
            Not negative; it also numbers the name.
        """
        if seed < 0:
            raise ParameterError(f"The seed of a turbine must be 0 or more, not {seed}.")
        rng = np.random.default_rng([seed, 101])
        uniform, normal = rng.uniform, rng.normal
        radius_m = float(uniform(42, 50))
        tones = int(rng.integers(5, 10))
        # One tone in each of as many parts of 20-550 Hz, so that no two beat at a blade's rhythm.
        gear_hz = 20 * (550 / 20) ** ((np.arange(tones) + uniform(0.1, 0.9, tones)) / tones)
        return cls(
            name=f"simulated_{seed:04d}",
            seed=seed,
            hub_m=float(uniform(80, 100)),
            radius_m=radius_m,
            overhang_m=float(uniform(3, 5)),
            twist_deg=float(uniform(4, 9)),
            microphone_m=float(uniform(2.5, 3.5)),
            microphone_height_m=float(uniform(1.8, 2.2)),
            even_share=float(uniform(0.1, 0.2)),
            rpm_min=float(uniform(9, 10)),
            rpm_max=float(uniform(14.5, 15.5)),
            rated_m_s=float(uniform(10, 12)),
            blade_offsets_db=(float(normal(0, 0.4)), float(normal(0, 0.4)), float(normal(0, 0.4))),
            displacement_mm=float(uniform(4.5, 8)),
            inner_db=float(uniform(-2, 2)),
            bumps_db=tuple(normal(0, 1.0, 8).tolist()),
            gear_orders=tuple((gear_hz * 60 / NOMINAL_RPM).tolist()),
            gear_db=tuple(normal(-24, 5, tones).tolist()),
            shaft_order=float(uniform(16, 30)),
            hum_db=float(normal(-28, 4)),
            fan_hz=float(uniform(200, 700)),
            fan_db=float(normal(-14, 3)),
            wind_noise_db=float(normal(-6, 2)),
            ambient_db=float(normal(-16, 2)),
            whistle_hz=float(np.exp(uniform(np.log(1200), np.log(4500)))),
            tick_turn=float(uniform(0, 1)),
            bearing_order=float(uniform(300, 1200) * 60 / NOMINAL_RPM),
            highpass_hz=float(uniform(20, 60)),
            tilt_db=float(normal(0, 2)),
            resonance_hz=float(uniform(1500, 6000)),
            resonance_db=float(uniform(0, 4)),
            gain_dbfs=float(normal(-30, 3)),
            self_noise_dbfs=float(uniform(-84, -76)),
        )

    def rpm_at(self, wind_m_s: float) -> float:
        """Speed of the rotor at a wind: from cut-in straight up to its rated wind, constant above."""
        part = np.clip((wind_m_s - CUT_IN_M_S) / (self.rated_m_s - CUT_IN_M_S), 0, 1)
        return float(self.rpm_min + part * (self.rpm_max - self.rpm_min))

    def pitch_deg(self, wind_m_s: float) -> float:
        """Angle between chord and rotor plane: above rated wind the blades turn out of the wind."""
        return self.twist_deg + 3.5 * max(0.0, wind_m_s - self.rated_m_s)
