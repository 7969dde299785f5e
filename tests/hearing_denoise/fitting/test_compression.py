import numpy as np
import pytest
from acoustic_apps.hearing_denoise.fitting.audiogram import Audiogram
from acoustic_apps.hearing_denoise.fitting.compression import CompressionCurves
from acoustic_apps.hearing_denoise.fitting.prescription import nal_r_gains_db

SLOPING = Audiogram.from_text("20,25,30,45,60,65")


def test_gain_is_the_prescribed_one_at_65_db_spl():
    curves = CompressionCurves.prescribed(SLOPING, max_gain_db=50.0)
    np.testing.assert_allclose(curves.gains_db(65.0), nal_r_gains_db(SLOPING))


def test_gain_is_constant_below_the_knee_and_falls_by_the_ratio_above():
    curves = CompressionCurves(reference_gains_db=(0.0, 9.0, 22.5, 30.0, 60.0, 60.0), max_gain_db=100.0)
    # 45 dB above the reference the gain is nothing: a ratio of 45 / (45 - gain), but not above 3
    np.testing.assert_allclose(curves.ratios, [1.0, 1.25, 2.0, 3.0, 3.0, 3.0])
    gains = curves.gains_db(np.array([[0.0], [30.0], [50.0], [65.0], [80.0]]))
    np.testing.assert_array_equal(gains[:2], gains[[2, 2]])
    np.testing.assert_allclose(80 + gains[4] - (50 + gains[2]), 30 / curves.ratios)


def test_gain_is_never_negative_nor_above_the_limit():
    curves = CompressionCurves.prescribed(SLOPING, max_gain_db=20.0)
    gains = curves.gains_db(np.linspace(-100, 150, 26)[:, None])
    assert gains.min() == 0.0
    assert gains.max() == 20.0
    assert (np.diff(gains, axis=0) <= 0).all()


@pytest.mark.parametrize("threshold", [20, 40, 60, 80])
def test_ratio_grows_with_the_loss(threshold):
    milder, worse = (
        CompressionCurves.prescribed(Audiogram(thresholds_db_hl=(t,) * 6), max_gain_db=50.0).ratios
        for t in (threshold - 10.0, threshold + 10.0)
    )
    assert (worse >= milder).all()
    assert worse[2] > 1.1
    assert worse.max() <= 3.0 + 1e-12
