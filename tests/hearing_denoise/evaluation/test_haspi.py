import numpy as np
import pytest
from acoustic_apps.hearing_denoise.evaluation.alignment import synthetic_voice
from acoustic_apps.hearing_denoise.evaluation.haspi import MODERATE, NORMAL, haspi
from acoustic_apps.hearing_denoise.evaluation.metrics import RATE_HZ

pytest.importorskip("clarity")

VOICE = synthetic_voice()[:RATE_HZ]


@pytest.mark.slow
def test_noise_and_a_loss_cost_intelligibility() -> None:
    noise = np.rint(np.random.default_rng(0).normal(0, VOICE.std(), len(VOICE)))
    noisy = ((VOICE + noise) / 2).astype(np.int16)
    clear, masked = haspi(VOICE, VOICE, NORMAL), haspi(VOICE, noisy, NORMAL)
    assert 0 <= masked < clear <= 1
    assert haspi(VOICE, noisy, NORMAL) == masked
    assert haspi(VOICE, VOICE, MODERATE) < clear


@pytest.mark.slow
def test_the_level_of_the_recording_does_not_count() -> None:
    assert haspi(VOICE // 4, VOICE // 4, MODERATE) == pytest.approx(haspi(VOICE, VOICE, MODERATE), abs=0.01)
