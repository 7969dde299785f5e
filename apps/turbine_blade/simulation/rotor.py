"""Where a point of the rotor is when it is heard, how loud it is from there, and how its frequencies are shifted.

Coordinates in metres: x along the rotor's axis, downwind; y sideways; z up; the origin at the foot of the tower. The
rotor turns clockwise when seen from upwind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .turbine import NOMINAL_RPM, Turbine

Curve = NDArray[np.float64]

SPEED_OF_SOUND_M_S = 340.0
NOISE_PER_SPEED = 5.0
"""Power of trailing-edge noise goes with this power of the speed (50 log10 U)."""
_CONVECTION = 0.8
"""Speed of the eddies over the trailing edge as a share of the flow's (Brooks, Pope and Marcolini 1989)."""
ROTATION_STEP_S = 1 / 64
"""Step in which a `Rotation` is given."""


@dataclass(frozen=True, kw_only=True)
class RotorTurns:
    """Turns of the rotor over a clip, with some time before and after it."""

    times_s: Curve
    """Every `ROTATION_STEP_S`, from before the first sound that is heard to after the last."""
    turns: Curve

    @classmethod
    def steady(cls, duration_s: float, rpm: float, wobble: Curve | None = None, start_turn: float = 0.0) -> RotorTurns:
        """Turn at a mean speed, with relative departures ``wobble`` given at `rotation_times` or none."""
        times_s = rotation_times(duration_s)
        speed = np.full(len(times_s), rpm / 60)
        if wobble is not None:
            within = (times_s >= 0) & (times_s <= duration_s)
            speed *= (1 + wobble) / (1 + wobble[within].mean())
        return cls(times_s=times_s, turns=start_turn + np.concatenate([[0.0], np.cumsum(speed[:-1]) * ROTATION_STEP_S]))

    def turns_at(self, times_s: Curve) -> Curve:
        """Return the turns at any times."""
        return np.interp(times_s, self.times_s, self.turns)


def rotation_times(duration_s: float) -> Curve:
    """Return the times at which a `Rotation` is given: two seconds more than the clip on either side."""
    return np.arange(-2.0, duration_s + 2.0, ROTATION_STEP_S)


@dataclass(frozen=True, kw_only=True)
class HeardPoint:
    """A point of a blade as the microphone hears it at given times."""

    emitted_s: Curve
    """When the sound heard now was emitted: retarded time."""
    doppler: Curve
    """Frequency heard over frequency emitted."""
    spreading: Curve
    """Power relative to the hub's distance."""
    directivity: Curve
    """Power of trailing-edge noise relative to a source that radiates evenly."""
    speed_m_s: Curve


def hear(
    turbine: Turbine,
    rotation: RotorTurns,
    blade: int,
    radius: float,
    times_s: Curve,
    *,
    wind_m_s: float,
    yaw_turn: float,
) -> HeardPoint:
    """Follow a point of a blade to the microphone.

    Parameters
    ----------
    turbine, rotation
        The machine and how it turns.
    blade
        0, 1 or 2.
    radius
        Distance from the axis in radii.
    times_s
        When it is heard, shape (n,), within the clip.
    wind_m_s
        Sets the pitch of the blades.
    yaw_turn
        Bearing of the microphone from the tower, in turns from straight downwind.

    Notes
    -----
    Retarded time is exact: every emission time t is mapped to t + r(t) / c, and the map inverted. The directivity of a
    trailing edge is 2 sin^2(theta/2) sin^2(phi) with convective amplification (Brooks, Pope and Marcolini, NASA RP
    1218, 1989, appendix B).
    """
    arm_m = radius * turbine.radius_m
    microphone = (
        turbine.microphone_m * np.cos(2 * np.pi * yaw_turn),
        turbine.microphone_m * np.sin(2 * np.pi * yaw_turn),
        turbine.microphone_height_m,
    )

    def towards(emitted_s: Curve) -> tuple[Curve, Curve, Curve, Curve, Curve]:
        """Sine and cosine of the blade's position, and the vector from the point to the microphone."""
        angle = 2 * np.pi * (rotation.turns_at(emitted_s) + blade / 3)
        sine, cosine = np.sin(angle), np.cos(angle)
        x = np.full(len(emitted_s), microphone[0] + turbine.overhang_m)
        return sine, cosine, x, microphone[1] - arm_m * sine, microphone[2] - turbine.hub_m - arm_m * cosine

    _, _, x, y, z = towards(rotation.times_s)
    heard_s = rotation.times_s + np.sqrt(x**2 + y**2 + z**2) / SPEED_OF_SOUND_M_S
    emitted_s = np.interp(times_s, heard_s, rotation.times_s)

    sine, cosine, x, y, z = towards(emitted_s)
    distance_m = np.sqrt(x**2 + y**2 + z**2)
    turning = np.interp(emitted_s, rotation.times_s, np.gradient(rotation.turns, rotation.times_s))
    speed_m_s = 2 * np.pi * turning * arm_m
    mach = speed_m_s / SPEED_OF_SOUND_M_S
    forward = (y * cosine - z * sine) / distance_m
    """Cosine between the blade's motion and the way to the microphone."""
    outward = (y * sine + z * cosine) / distance_m
    pitch = np.radians(turbine.pitch_deg(wind_m_s))
    downstream = -forward * np.cos(pitch) + x / distance_m * np.sin(pitch)
    normal = x / distance_m * np.cos(pitch) + forward * np.sin(pitch)

    convected = (1 + mach * downstream) * (1 + (1 - _CONVECTION) * mach * downstream) ** 2
    edge = (1 - downstream) * normal**2 / (normal**2 + outward**2 + 1e-12)
    even = turbine.even_share
    return HeardPoint(
        emitted_s=emitted_s,
        doppler=1 / (1 - mach * forward),
        spreading=((turbine.hub_m - turbine.microphone_height_m) / distance_m) ** 2,
        directivity=((1 - even) * edge + even) / convected,
        speed_m_s=speed_m_s,
    )


def tip_speed_m_s(turbine: Turbine, rpm: float = NOMINAL_RPM) -> float:
    """Return the speed of the blade tip."""
    return 2 * np.pi * rpm / 60 * turbine.radius_m
