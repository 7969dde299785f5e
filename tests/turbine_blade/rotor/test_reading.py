import json

import numpy as np
import pytest
from acoustic_apps.turbine_blade.rotor import RotorReading, RotorStream
from made_rotors import FRONT_END, rotor_steps
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from acoustic.records import plain
from acoustic.statistics import combined_p_value


def read(steps: NDArray[np.int16], rpm: float | None = None) -> RotorReading:
    stream = RotorStream(FRONT_END, rpm)
    stream.push(steps)
    reading = stream.reading()
    assert reading is not None, stream.reason()
    assert stream.reason() == ""
    return reading


def test_a_damaged_blade_stands_out_and_healthy_ones_do_not() -> None:
    healthy = [read(rotor_steps(seed)) for seed in range(8)]
    damaged = [read(rotor_steps(seed, fault_db=3.0)) for seed in range(8)]
    assert max(reading.z for reading in healthy) < min(reading.z for reading in damaged)
    assert min(reading.p_value for reading in healthy) > 0.005
    assert max(reading.p_value for reading in damaged) < 0.005
    assert all(reading.rpm == pytest.approx(13.0, rel=0.01) for reading in healthy + damaged)


def test_blades_that_are_louder_in_every_band_are_no_damage() -> None:
    readings = [read(rotor_steps(seed, offsets_db=(0.6, -0.3, 0.0))) for seed in range(8)]
    assert np.median([reading.p_value for reading in readings]) > 0.2


def test_the_bands_of_the_damage_are_named() -> None:
    orders = read(rotor_steps(3, fault_db=6.0, fault_hz=(1000.0, 2000.0))).orders
    shapes = [order for order in orders if order.quantity == "shape" and order.order == 1]
    strongest = max(shapes, key=lambda order: order.level_db)
    assert 1000.0 <= strongest.low_hz < strongest.high_hz <= 2000.0
    assert strongest.z > 3.0
    assert strongest.level_db > 5 * strongest.floor_db


def test_a_whistle_of_one_blade_is_a_tone_of_its_group() -> None:
    steps = rotor_steps(4, rpm=12.0)
    turns = np.arange(len(steps)) * 12.0 / 60 / FRONT_END.frames_per_second
    steps[:, 90] += (1500 * np.exp(3 * (np.cos(2 * np.pi * turns) - 1))).astype(np.int16)
    reading = read(steps)
    assert reading.p_value < 0.001
    assert max(reading.orders, key=lambda order: order.z * (order.order < 3)).quantity == "tone"


@pytest.mark.parametrize("block_frames", [1, 37, 999])
def test_the_reading_does_not_depend_on_the_blocks(block_frames: int) -> None:
    steps = rotor_steps(5, duration_s=75.0, fault_db=1.0)
    whole, parts = RotorStream(FRONT_END), RotorStream(FRONT_END)
    whole.push(steps)
    for start in range(0, len(steps), block_frames):
        parts.push(steps[start : start + block_frames])
    assert whole.reading() == parts.reading() is not None
    assert np.array_equal(whole.vector(), parts.vector())


def test_reading_in_between_changes_nothing() -> None:
    steps = rotor_steps(6, duration_s=70.0)
    asked = RotorStream(FRONT_END)
    for start in range(0, len(steps), 500):
        asked.push(steps[start : start + 500])
        asked.reading()
    assert asked.reading() == read(steps)


def test_hours_are_kept_as_sums_and_find_what_half_a_minute_does_not() -> None:
    stream = RotorStream(FRONT_END)
    steps = rotor_steps(7, duration_s=600.0, fault_db=0.4, drift=0.1)
    stream.push(steps[:1000])
    early = stream.reading()
    stream.push(steps[1000:])
    late = stream.reading()
    assert early is not None
    assert late is not None
    assert late.z > early.z + 2.0
    assert stream._blocks.nbytes < 2 * 30 * 8 * 24 * 2


def test_too_short_a_recording_says_so() -> None:
    stream = RotorStream(FRONT_END)
    assert stream.reading() is None
    assert stream.reason() == "needs 30 s or more, has 0.0 s"
    stream.push(rotor_steps(8, duration_s=12.0))
    assert stream.reading() is None
    assert stream.vector() is None
    assert stream.reason() == "needs 30 s or more, has 12.0 s"


def test_thirty_seconds_are_enough() -> None:
    n_frames = FRONT_END.n_frames(30 * FRONT_END.rate_hz)
    assert read(rotor_steps(9)[:n_frames]).rpm == pytest.approx(13.0, rel=0.01)


def test_a_fan_says_so() -> None:
    stream = RotorStream(FRONT_END)
    stream.push(rotor_steps(10, swish_db=0.0, gust_db=0.0))
    assert stream.reading() is None
    assert stream.reason() == "no blade-pass modulation found"


def test_with_a_named_rate_there_is_always_a_reading() -> None:
    reading = read(rotor_steps(10, swish_db=0.0, gust_db=0.0), rpm=13.0)
    assert reading.rpm == 13.0
    assert reading.rpm_confidence < 0.5


@pytest.mark.parametrize("rpm", [1.0, 120.0])
def test_a_rate_that_no_large_rotor_has_is_refused(rpm: float) -> None:
    with pytest.raises(ParameterError, match="rpm must be 4 to 25"):
        RotorStream(FRONT_END, rpm)


def test_the_vector_holds_the_amplitudes_of_the_reading() -> None:
    stream = RotorStream(FRONT_END)
    stream.push(rotor_steps(11, fault_db=2.0))
    vector, reading = stream.vector(), stream.reading()
    assert vector is not None
    assert reading is not None
    assert vector.shape == (4 * 12,)
    assert vector.dtype == np.int16
    tones_at_2p = [o.level_db for o in reading.orders if o.quantity == "tone" and o.order == 2]
    assert vector[36:] / 256 == pytest.approx(tones_at_2p, abs=1 / 256)
    shapes_at_1p = [o.level_db for o in reading.orders if o.quantity == "shape" and o.order == 1]
    assert vector[:12] / 256 == pytest.approx(shapes_at_1p, abs=1 / 256)


def test_a_reading_is_plain_json() -> None:
    reading = read(rotor_steps(12))
    again = json.loads(json.dumps(plain(reading)))
    assert again["rpm"] == float(f"{reading.rpm:.4g}")
    assert len(again["orders"]) == 3 * 3 * 12
    assert set(again["orders"][0]) == {"quantity", "order", "low_hz", "high_hz", "level_db", "floor_db", "z"}


def test_one_p_value_stays_itself() -> None:
    for p in (1e-12, 0.003, 0.4):
        assert combined_p_value(np.array([p])) == pytest.approx(p)


def test_the_combination_counts_how_many_were_tried() -> None:
    assert combined_p_value(np.array([1e-6] + [0.5] * 47)) == pytest.approx(48e-6, rel=0.01)
    rng = np.random.default_rng(1)
    combined = np.array([combined_p_value(rng.uniform(size=48)) for _ in range(2000)])
    assert np.mean(combined < 0.05) == pytest.approx(0.05, abs=0.02)
