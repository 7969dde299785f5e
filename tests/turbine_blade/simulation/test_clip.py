"""What a simulated clip sounds like: swish, orders of the rotor, faults, nuisances."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from acoustic_apps.turbine_blade.simulate import FAULTS, KINDS, RATE_HZ, Fault, SimulatedClip, Turbine, simulate_clip
from acoustic_apps.turbine_blade.simulation.rotor import RotorTurns, hear
from scipy.signal import butter, find_peaks, sosfilt, welch

from acoustic.errors import ParameterError

TURBINE = Turbine.draw(2)
IDENTICAL = replace(TURBINE, blade_offsets_db=(0.0, 0.0, 0.0))
LEVEL_S = 0.1


def clip(turbine: Turbine = TURBINE, seed: int = 1, duration_s: float = 10.0, **settings) -> SimulatedClip:
    return simulate_clip(turbine, seed, duration_s=duration_s, **{"rpm": 14.0, "wind_m_s": 8.0, **settings})


def levels_db(x: np.ndarray, low_hz: float, high_hz: float = 7500.0) -> np.ndarray:
    """Levels every 100 ms, as the Institute of Acoustics measures amplitude modulation."""
    y = sosfilt(butter(4, [low_hz, high_hz], "band", fs=RATE_HZ, output="sos"), x.astype(float))
    step = round(LEVEL_S * RATE_HZ)
    return np.asarray(10 * np.log10((y[: len(y) // step * step].reshape(-1, step) ** 2).mean(axis=1)))


@functools.cache
def order_power(turbine: Turbine, fault: Fault | None, low_hz: float = 1500.0) -> tuple[float, float]:
    """Modulation at 1P and 2P, and between the orders, of 60 s at 14 rpm (1P is bin 14), mean of some clips."""
    power = 0.0
    for seed in range(4):
        level_db = levels_db(clip(turbine, seed, 60.0, fault=fault).pcm, low_hz, 3500.0)
        power = power + np.abs(np.fft.rfft(level_db - level_db.mean())) ** 2
    orders = (power[14] + power[28]) / 2
    floor = np.concatenate([power[9:12], power[17:20], power[23:26], power[31:34]]).mean()
    return float(orders), float(floor)


def difference(fault: Fault | None = None, **settings) -> np.ndarray:
    """What a fault or a nuisance adds to the same clip."""
    plain = clip(**{key: value for key, value in settings.items() if key != "nuisances"})
    return clip(fault=fault, **settings).pcm.astype(np.float64) - plain.pcm


def test_clip_is_what_was_asked_for() -> None:
    made = clip(rate_hz=22_050, duration_s=3.3, fault=Fault("split", 3.0, 2))
    assert made.pcm.dtype == np.int16
    assert made.pcm.shape == (72_765,)
    assert (made.rate_hz, made.rpm, made.wind_m_s, made.nuisances) == (22_050, 14.0, 8.0, ())
    assert made.turbine is TURBINE
    assert made.fault == Fault("split", 3.0, 2)
    assert -50 < 20 * np.log10(made.pcm.std() / 32768) < -15


def test_same_arguments_give_the_same_bytes() -> None:
    settings = {"fault": Fault("whistle", -16.0), "nuisances": "weather", "rpm": None, "wind_m_s": None}
    first, again = (clip(seed=7, **settings) for _ in range(2))
    assert first.pcm.tobytes() == again.pcm.tobytes()
    assert (first.rpm, first.wind_m_s, first.nuisances) == (again.rpm, again.wind_m_s, again.nuisances)
    assert (clip(seed=8, **settings).pcm != first.pcm).mean() > 0.9
    assert (clip(Turbine.draw(3), seed=7, **settings).pcm != first.pcm).mean() > 0.9


@pytest.mark.parametrize(("rpm", "wind_m_s"), [(10.0, 5.0), (14.0, 9.0)])
def test_swish_has_the_rate_and_depth_of_the_tower_base(rpm: float, wind_m_s: float) -> None:
    for seed in (2, 3, 5):
        made = clip(Turbine.draw(seed), duration_s=40.0, rpm=rpm, wind_m_s=wind_m_s)
        level_db = levels_db(made.pcm, 800.0)
        depth_db = np.percentile(level_db, 95) - np.percentile(level_db, 5)
        assert 5 < depth_db < 12
        spectrum = np.abs(np.fft.rfft(level_db - level_db.mean(), 8192))
        hz = np.fft.rfftfreq(8192, LEVEL_S)
        strongest_hz = hz[1:][spectrum[1:].argmax()]
        assert strongest_hz == pytest.approx(3 * made.rpm / 60, rel=0.02)


def test_told_speed_is_the_speed_of_the_rotor() -> None:
    for seed in range(3):
        made = clip(seed=seed, duration_s=40.0, rpm=None, wind_m_s=None)
        level_db = levels_db(made.pcm, 800.0)
        spectrum = np.abs(np.fft.rfft(level_db - level_db.mean(), 1 << 15))
        hz = np.fft.rfftfreq(1 << 15, LEVEL_S)
        around = np.flatnonzero((hz > 0.4) & (hz < 0.9))
        assert 20 * hz[around[spectrum[around].argmax()]] == pytest.approx(made.rpm, rel=0.01)


def test_spectrum_falls_with_frequency() -> None:
    flat = replace(TURBINE, resonance_db=0.0, tilt_db=0.0, bumps_db=(0.0,) * 8)
    hz, density = welch(clip(flat).pcm.astype(float), RATE_HZ, nperseg=2048)
    octaves_db = [10 * np.log10(density[(hz >= f / 1.4) & (hz < f * 1.4)].mean()) for f in (500, 1000, 2000, 4000)]
    assert (np.diff(octaves_db) < 0).all()
    assert 8 < octaves_db[0] - octaves_db[2] < 20


def test_faster_is_louder() -> None:
    slow, fast = (levels_db(clip(rpm=rpm).pcm, 800.0).mean() for rpm in (10.0, 14.0))
    assert fast - slow == pytest.approx(50 * np.log10(1.4), abs=1.5)


def test_identical_blades_leave_no_order_of_the_rotor() -> None:
    orders, floor = order_power(IDENTICAL, None)
    assert 0.4 < orders / floor < 2.0


def test_unequal_blades_leave_orders() -> None:
    orders, floor = order_power(replace(IDENTICAL, blade_offsets_db=(1.5, -0.5, 0.0)), None)
    assert orders / floor > 5


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("kind", ["erosion", "split"])
def test_orders_rise_with_the_severity_of_damage_to_one_blade(kind: str, sign: float) -> None:
    low_hz = 1500.0 if kind == "erosion" else 1000.0
    ratios = []
    for severity_db in (0.0, 3.0, 8.0):
        fault = Fault(kind, sign * severity_db, 1) if severity_db else None
        orders, floor = order_power(IDENTICAL, fault, low_hz)
        ratios.append(orders / floor)
    assert (np.diff(ratios) > 0).all()
    assert ratios[-1] > 5 * ratios[0]


@pytest.mark.parametrize(("kind", "low_hz", "high_hz"), [("erosion", 2500.0, 7000.0), ("split", 1100.0, 1800.0)])
def test_damage_is_louder_or_quieter(kind: str, low_hz: float, high_hz: float) -> None:
    steps = [
        levels_db(clip(fault=None if not db else Fault(kind, db)).pcm, low_hz, high_hz).mean() for db in (-6, 0, 6)
    ]
    assert steps[0] + 0.3 < steps[1] < steps[2] - 0.3


@pytest.mark.parametrize("kind", ["whistle", "tick", "bearing"])
def test_added_sound_has_its_severity(kind: str) -> None:
    soft, loud = (difference(Fault(kind, db)).std() for db in (0.0, 10.0))
    assert 20 * np.log10(loud / soft) == pytest.approx(10, abs=0.3)


def test_whistle_is_a_tone_that_sweeps_with_its_blade() -> None:
    x = difference(Fault("whistle", 0.0, 1))
    frames = np.lib.stride_tricks.sliding_window_view(x, 1024)[::256] * np.hanning(1024)
    power = np.abs(np.fft.rfft(frames, 8192)) ** 2
    peak_hz = power.argmax(axis=1) * RATE_HZ / 8192
    emitted_hz = TURBINE.whistle_hz
    heard = hear(TURBINE, RotorTurns.steady(10.0, 14.0), 1, 0.95, np.arange(0, 10, 0.01), wind_m_s=8.0, yaw_turn=0.0)
    low, high = np.percentile(peak_hz / emitted_hz, (1, 99))
    assert low == pytest.approx(heard.doppler.min(), abs=0.03)
    assert high == pytest.approx(heard.doppler.max(), abs=0.03)


def test_tick_comes_once_a_turn() -> None:
    x = np.abs(difference(Fault("tick", 20.0), duration_s=30.0))
    starts, _ = find_peaks(x, height=x.max() / 4, distance=RATE_HZ)
    assert 6 <= len(starts) <= 7
    assert np.diff(starts) / RATE_HZ == pytest.approx(60 / 14, rel=0.03)
    quiet = np.ones(len(x), dtype=bool)
    for start in starts:
        quiet[max(start - 2000, 0) : start + 4000] = False
    assert x[quiet].max() <= 1


def test_bearing_is_a_new_family_of_tones() -> None:
    x = difference(Fault("bearing", 0.0), rpm=14.0)
    hz, density = welch(x, RATE_HZ, nperseg=16_384)
    first_hz = TURBINE.bearing_order * 14 / 60
    for harmonic in (1, 2):
        near = np.abs(hz - harmonic * first_hz) < 0.01 * harmonic * first_hz
        assert density[near].max() > 1000 * np.median(density)


@pytest.mark.parametrize("kind", sorted(FAULTS))
def test_faults_leave_the_rest_of_the_clip_alone(kind: str) -> None:
    """Same seed, same noise: a fault of -60 dB (or a change of none) is next to nothing."""
    none_db = 0.0 if kind in ("erosion", "split") else -60.0
    assert np.abs(difference(Fault(kind, none_db))).max() <= 8


@pytest.mark.parametrize("kind", KINDS)
def test_nuisances_are_heard_where_they_are_labelled(kind: str) -> None:
    for seed in range(2):
        made = clip(seed=seed, duration_s=12.0, nuisances=(kind,))
        (label,) = made.nuisances
        assert label.kind == kind
        assert 0 <= label.start_s < label.end_s <= 12
        added = difference(seed=seed, duration_s=12.0, nuisances=(kind,))
        # The microphone's response rings on for a little while.
        first, last = round(label.start_s * RATE_HZ), round((label.end_s + 0.1) * RATE_HZ)
        outside = np.concatenate([added[:first], added[last:]])
        assert np.abs(added[first:last]).max() > 50
        assert np.abs(outside).max(initial=0.0) <= 2
        thirds = [part.std() for part in np.array_split(added[first : round(label.end_s * RATE_HZ)], 3)]
        assert min(thirds) > 2


def test_overload_clips_and_nothing_else_does() -> None:
    full = np.abs(clip(nuisances=("clipping",)).pcm.astype(int)) >= 32767
    assert full.sum() > 100
    assert (np.abs(clip(fault=Fault("tick", 12.0)).pcm.astype(int)) < 32767).all()


def test_gain_step_is_3_to_6_db() -> None:
    for seed in range(4):
        plain, stepped = clip(seed=seed).pcm, clip(seed=seed, nuisances=("gain_step",))
        first = round((stepped.nuisances[0].start_s + 0.1) * RATE_HZ)
        change_db = 20 * np.log10(stepped.pcm[first:].std() / plain[first:].std())
        assert 2.8 < abs(change_db) < 6.2


def test_gain_changes_everything_alike() -> None:
    plain, louder = clip().pcm.std(), clip(gain_db=6.0).pcm.std()
    assert 20 * np.log10(louder / plain) == pytest.approx(6, abs=0.01)


def test_nuisances_do_not_change_each_other() -> None:
    alone = clip(nuisances=("birds",)).nuisances[0]
    together = clip(nuisances=("rain", "birds", "gust")).nuisances
    assert alone in together
    assert {one.kind for one in together} == {"rain", "birds", "gust"}
    assert [one.start_s for one in together] == sorted(one.start_s for one in together)


def test_weather_is_varied() -> None:
    labels = [clip(seed=seed, duration_s=2.0, nuisances="weather").nuisances for seed in range(60)]
    kinds = [one.kind for label in labels for one in label]
    assert {"rain", "birds", "aircraft"} <= set(kinds)
    assert 0.05 < kinds.count("rain") / 60 < 0.35
    assert () in labels


@pytest.mark.parametrize(
    "settings",
    [
        {"duration_s": 0.5},
        {"rate_hz": 8000},
        {"seed": -1},
        {"rpm": 60.0},
        {"wind_m_s": -2.0},
        {"nuisances": ("frogs",)},
    ],
)
def test_impossible_settings_are_refused(settings: dict) -> None:
    with pytest.raises(ParameterError):
        clip(**settings)
