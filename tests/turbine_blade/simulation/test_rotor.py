"""Geometry and spectra of the simulated rotor against known answers."""

from dataclasses import replace

import numpy as np
import pytest
from acoustic_apps.turbine_blade.simulation.fault import FAULTS, Fault
from acoustic_apps.turbine_blade.simulation.rotor import (
    SPEED_OF_SOUND_M_S,
    HeardPoint,
    RotorTurns,
    hear,
    rotation_times,
)
from acoustic_apps.turbine_blade.simulation.spectra import damage_gain, trailing_edge, wind_noise
from acoustic_apps.turbine_blade.simulation.turbine import Turbine

from acoustic.errors import ParameterError

TEXTBOOK = replace(
    Turbine.draw(1),
    hub_m=85.0,
    radius_m=45.0,
    microphone_m=3.0,
    microphone_height_m=2.0,
    displacement_mm=6.0,
    bumps_db=(0.0,) * 8,
)
TIMES_S = np.arange(0.0, 20.0, 1 / 100)


def tip(rpm: float = 14.0, blade: int = 0, turbine: Turbine = TEXTBOOK) -> HeardPoint:
    return hear(turbine, RotorTurns.steady(20.0, rpm), blade, 0.95, TIMES_S, wind_m_s=8.0, yaw_turn=0.2)


def test_doppler_of_the_tip_at_the_tower_base() -> None:
    heard = tip()
    assert heard.doppler.min() == pytest.approx(0.844, abs=0.01)
    assert heard.doppler.max() == pytest.approx(1.226, abs=0.01)


def test_doppler_is_the_rate_of_retarded_time() -> None:
    heard = tip()
    rate = np.gradient(heard.emitted_s, TIMES_S)
    assert np.abs(rate - heard.doppler)[5:-5].max() < 2e-3


def test_sound_travels_at_the_speed_of_sound() -> None:
    heard = tip()
    distance_m = 83.0 / np.sqrt(heard.spreading)
    assert (TIMES_S - heard.emitted_s) * SPEED_OF_SOUND_M_S == pytest.approx(distance_m, rel=1e-3)
    assert distance_m.min() == pytest.approx(40, abs=2)
    assert distance_m.max() == pytest.approx(126, abs=2)
    assert 10 * np.log10(heard.spreading.max() / heard.spreading.min()) == pytest.approx(9.9, abs=0.3)


def test_blades_follow_each_other_by_a_third_of_a_turn() -> None:
    third = round(60 / 14 / 3 * 1000)
    times_s = np.arange(0.0, 10.0, 1e-3)
    rotation = RotorTurns.steady(12.0, 14.0)
    first, second = (
        hear(TEXTBOOK, rotation, blade, 0.95, times_s, wind_m_s=8.0, yaw_turn=0.2).directivity for blade in (0, 1)
    )
    assert second[:-third] == pytest.approx(first[third:], rel=0.01)


def test_a_blade_is_louder_on_its_way_down() -> None:
    heard = tip()
    down, up = heard.doppler > 1.1, heard.doppler < 0.9
    assert heard.directivity[down].mean() > 2 * heard.directivity[up].mean()


def test_wobble_keeps_the_mean_speed() -> None:
    wobble = 0.05 * np.sin(rotation_times(20.0) / 3)
    turns = RotorTurns.steady(20.0, 12.0, wobble).turns_at(np.array([0.0, 20.0]))
    assert turns[1] - turns[0] == pytest.approx(4.0, rel=1e-4)


def test_trailing_edge_peaks_at_its_strouhal_number() -> None:
    hz = np.geomspace(50, 20_000, 2000)
    third_octave = trailing_edge(TEXTBOOK, hz, 63.0) * hz
    peak_hz = 0.02 * (63 / 340) ** -0.6 * 63 / 0.006
    assert hz[third_octave.argmax()] == pytest.approx(peak_hz, rel=0.02)
    falling = third_octave[hz > 1.1 * peak_hz]
    assert (np.diff(falling) < 0).all()
    # 10 times the peak frequency: A_max(1) = -4.669 + 3.491 - 16.699 + 1.149 dB
    tenfold_db = 10 * np.log10(np.interp(10 * peak_hz, hz, third_octave) / third_octave.max())
    assert tenfold_db == pytest.approx(-16.73, abs=0.1)


def test_trailing_edge_has_unit_power() -> None:
    hz = np.geomspace(10, 40_000, 4000)
    for speed_m_s in (40.0, 70.0):
        assert np.trapezoid(trailing_edge(TEXTBOOK, hz, speed_m_s), hz) == pytest.approx(1, rel=0.02)


def test_wind_noise_rises_with_wind_and_falls_with_frequency() -> None:
    hz = np.array([50.0, 500.0])
    calm, windy = (10 * np.log10(wind_noise(TEXTBOOK, hz, wind)) for wind in (5.0, 10.0))
    assert windy - calm == pytest.approx(5 * 1.6)
    assert calm[0] - calm[1] == pytest.approx(26)


@pytest.mark.parametrize(("kind", "changed_hz", "spared_hz"), [("erosion", 5000.0, 300.0), ("split", 1400.0, 5000.0)])
@pytest.mark.parametrize("severity_db", [-3.0, 4.0])
def test_damage_changes_its_own_band(kind: str, changed_hz: float, spared_hz: float, severity_db: float) -> None:
    changed, spared = 10 * np.log10(damage_gain(Fault(kind, severity_db), np.array([changed_hz, spared_hz])))
    assert changed == pytest.approx(severity_db, rel=0.05)
    assert abs(spared) < 0.02


def test_machines_differ_and_stay_the_same() -> None:
    assert Turbine.draw(3) == Turbine.draw(3)
    assert Turbine.draw(3).name == "simulated_0003"
    machines = [Turbine.draw(seed) for seed in range(200)]
    offsets_db = np.array([machine.blade_offsets_db for machine in machines])
    assert offsets_db.std() == pytest.approx(0.4, abs=0.05)
    assert len({machine.whistle_hz for machine in machines}) == 200
    assert all(1200 <= machine.whistle_hz <= 4500 for machine in machines)
    gear_hz = np.concatenate([machine.gear_orders for machine in machines]) * 14 / 60
    assert gear_hz.min() > 20
    assert gear_hz.max() < 550


def test_speed_follows_the_wind() -> None:
    machine = Turbine.draw(4)
    speeds = [machine.rpm_at(wind) for wind in np.arange(0.0, 16.0)]
    assert (np.diff(speeds) >= 0).all()
    assert 9 <= speeds[0] < speeds[-1] <= 15.5


@pytest.mark.parametrize(("kind", "severity_db", "blade"), [("rust", 1.0, 0), ("tick", 99.0, 0), ("tick", 3.0, 3)])
def test_impossible_faults_are_refused(kind: str, severity_db: float, blade: int) -> None:
    with pytest.raises(ParameterError):
        Fault(kind, severity_db, blade)
    assert set(FAULTS) == {"whistle", "erosion", "split", "tick", "bearing"}


def test_negative_turbine_seed_is_refused() -> None:
    with pytest.raises(ParameterError, match="seed"):
        Turbine.draw(-1)
