import numpy as np
import pytest

from acoustic.live.ramp import StartUpRamp


@pytest.mark.parametrize("block", [1, 7, 1600, 5000])
def test_fades_in_from_minus_40_db_by_equal_decibels(block: int) -> None:
    ramp, loud = StartUpRamp(16000, 0.2), np.full(block, 20000, np.int16)
    faded = np.concatenate([ramp.push(loud) for _ in range(-(-4000 // block))])
    gain_db = 20 * np.log10(faded / 20000.0)
    np.testing.assert_allclose(gain_db[:3200], -40 + 40 * np.arange(3200) / 3200, atol=0.03)
    np.testing.assert_array_equal(faded[3200:], 20000)


def test_no_time_is_no_ramp() -> None:
    samples = np.arange(10, dtype=np.int16)
    np.testing.assert_array_equal(StartUpRamp(16000, 0.0).push(samples), samples)
