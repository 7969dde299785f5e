import numpy as np
import pytest

from acoustic.live.ramp import StartUpRamp


@pytest.mark.parametrize("block", [1, 7, 1600, 5000])
def test_fades_in_from_minus_40_db_by_equal_decibels(block: int) -> None:
    ramp = StartUpRamp(16000, 0.2)
    faded = np.concatenate([ramp.push(np.full(block, 100.0)) for _ in range(-(-4000 // block))])
    gain_db = 20 * np.log10(faded / 100.0)
    np.testing.assert_allclose(gain_db[:3200], -40 + 40 * np.arange(3200) / 3200, atol=1e-9)
    np.testing.assert_array_equal(faded[3200:], 100.0)


def test_no_time_is_no_ramp() -> None:
    samples = np.arange(10.0)
    np.testing.assert_array_equal(StartUpRamp(16000, 0.0).push(samples), samples)
