import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acoustic.audio.levels import LevelMeter


def test_sine_at_full_scale_reads_minus_3_db() -> None:
    meter = LevelMeter()
    meter.push(np.sin(2 * np.pi * np.arange(16000) / 16).astype(np.float32))
    assert meter.rms_dbfs == pytest.approx(-3.0103, abs=1e-3)
    assert meter.peak_dbfs == pytest.approx(0, abs=1e-6)
    assert meter.dc == pytest.approx(0, abs=1e-6)
    assert meter.clipped == pytest.approx(1 / 8)


def test_silence_and_nothing() -> None:
    meter = LevelMeter()
    assert (meter.rms_dbfs, meter.peak_dbfs, meter.clipped, meter.dc) == (-math.inf, -math.inf, 0, 0)
    meter.push(np.zeros(10, np.int16))
    assert (meter.n_samples, meter.rms_dbfs, meter.peak_dbfs) == (10, -math.inf, -math.inf)


def test_int16_and_float_measure_alike_and_reset_forgets() -> None:
    pcm = np.array([-32768, 32767, 16384, 0], np.int16)
    one, other = LevelMeter(), LevelMeter()
    one.push(pcm)
    other.push((pcm / 32768).astype(np.float32))
    assert (one.rms_dbfs, one.peak_dbfs, one.clipped, one.dc) == (
        other.rms_dbfs,
        other.peak_dbfs,
        other.clipped,
        other.dc,
    )
    assert one.clipped == 0.5
    one.reset()
    one.push(np.full(4, 16384, np.int16))
    assert one.dc == 0.5
    assert one.rms_dbfs == pytest.approx(-6.0206, abs=1e-3)


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=200), st.integers(0, 200))
def test_two_pieces_measure_like_one(samples: list[int], cut: int) -> None:
    pcm = np.array(samples, np.int16)
    whole, parts = LevelMeter(), LevelMeter()
    whole.push(pcm)
    parts.push(pcm[:cut])
    parts.push(pcm[cut:])
    assert parts.peak_dbfs == whole.peak_dbfs
    assert parts.clipped == whole.clipped
    assert parts.rms_dbfs == pytest.approx(whole.rms_dbfs)
    assert parts.dc == pytest.approx(whole.dc)


def test_what_two_meters_measured_adds_up_to_what_one_measures() -> None:
    rng = np.random.default_rng(4)
    together, first, second = LevelMeter(), LevelMeter(), LevelMeter()
    for meter, pcm in (
        (first, rng.integers(-99, 99, 700)),
        (second, rng.integers(-40000, 40000, 900).clip(-32768, 32767)),
    ):
        meter.push(pcm.astype(np.int16))
        together.push(pcm.astype(np.int16))
    first.add(second)
    for name in ("n_samples", "rms_dbfs", "peak_dbfs", "clipped", "dc"):
        assert getattr(first, name) == getattr(together, name)
