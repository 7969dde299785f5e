import pytest
from acoustic_apps.hearing_denoise.fitting.audiogram import Audiogram
from acoustic_apps.hearing_denoise.fitting.prescription import nal_r_gains_db


@pytest.mark.parametrize(
    ("thresholds", "gains_db"),
    [
        # X = 0.05 * (25 + 30 + 45) = 5; 250 Hz would get 5 + 6.2 - 17 = -5.8 dB
        ("20,25,30,45,60,65", (0.0, 4.75, 15.3, 17.95, 21.6, 23.15)),
        # X = 0.05 * 120 = 6, and 0.31 * 40 = 12.4
        ("40,40,40,40,40,40", (1.4, 10.4, 19.4, 17.4, 16.4, 16.4)),
        # X = 9 just where the addition for severe losses begins
        ("60,60,60,60,60,60", (10.6, 19.6, 28.6, 26.6, 25.6, 25.6)),
        # X = 0.05 * 240 + 0.2 * (80 - 60) = 16, and 0.31 * 80 = 24.8
        ("80,80,80,80,80,80", (23.8, 32.8, 41.8, 39.8, 38.8, 38.8)),
        # An ear without loss
        ("0,0,0,0,0,0", (0.0,) * 6),
        ("-10,-5,0,0,-5,-10", (0.0,) * 6),
    ],
)
def test_gains_are_those_of_the_published_formula(thresholds, gains_db):
    assert nal_r_gains_db(Audiogram.from_text(thresholds)) == pytest.approx(gains_db)
