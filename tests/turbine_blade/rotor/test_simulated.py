"""The rotor channel on simulated tower-base sound: what it finds, and how often it is wrong about healthy machines."""

from functools import cache

import numpy as np
import pytest
from acoustic_apps.turbine_blade.rotor import RotorReading, RotorStream
from acoustic_apps.turbine_blade.simulate import Fault, Turbine, simulate_clip
from made_rotors import FRONT_END

from acoustic.frontend.logmel import log_mel
from acoustic.frontend.noise_floor import to_steps

TURBINES = range(500, 505)
pytestmark = pytest.mark.slow


@cache
def readings(kind: str | None, severity_db: float, n_clips: int) -> tuple[tuple[float, RotorReading], ...]:
    """True rpm and reading of clips of every turbine, in winds of 5 to 11 m/s."""
    found = []
    for number in TURBINES:
        for clip_number in range(n_clips):
            seed = clip_number if kind is None else 100 + clip_number
            fault = None if kind is None else Fault(kind, severity_db, blade=clip_number % 3)
            wind_m_s = float(np.random.default_rng([number, seed]).uniform(5, 11))
            clip = simulate_clip(Turbine.draw(number), seed, wind_m_s=wind_m_s, fault=fault)
            stream = RotorStream(FRONT_END)
            stream.push(to_steps(log_mel(clip.pcm, FRONT_END)))
            reading = stream.reading()
            assert reading is not None, stream.reason()
            found.append((clip.rpm, reading))
    return tuple(found)


def healthy() -> tuple[tuple[float, RotorReading], ...]:
    return readings(None, 0.0, 8)


@pytest.mark.parametrize(
    ("kind", "severity_db", "least_auc"), [("erosion", 2.0, 0.95), ("whistle", -16.0, 0.98), ("split", 3.0, 0.95)]
)
def test_one_damaged_blade_ranks_above_healthy_machines(kind: str, severity_db: float, least_auc: float) -> None:
    damaged = np.array([reading.z for _, reading in readings(kind, severity_db, 4)])
    normal = np.array([reading.z for _, reading in healthy()])
    auc = np.mean(damaged[:, None] > normal)
    assert auc >= least_auc


def test_healthy_machines_are_as_unlikely_as_their_p_values_say() -> None:
    p_values = np.array([reading.p_value for _, reading in healthy()])
    assert np.mean(p_values < 0.05) <= 0.15  # 40 clips: 5 % are 2, and 6 or fewer in 99 of 100 trials
    assert 0.25 < np.mean(p_values < 0.5) < 0.75


def test_the_rate_is_right_to_one_percent() -> None:
    for rpm, reading in healthy():
        assert reading.rpm == pytest.approx(rpm, rel=0.01)
