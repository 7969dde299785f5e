import numpy as np
import pytest
from acoustic_apps.hearing_denoise.features import FRONT_END, layout_of
from acoustic_apps.hearing_denoise.loudness import LISTENING_DB, Ear, bark, threshold_db

N_BINS = layout_of(FRONT_END).n_bins
HZ = np.arange(N_BINS) * FRONT_END.rate_hz / FRONT_END.analysis_samples
#: Speech of one second: two stretches alike, more power at low frequencies.
SPEECH = 10 ** (LISTENING_DB / 10) * np.tile((1.0 / (1.0 + HZ / 500.0) ** 2 / 20)[None, None], (60, 2, 1))

pytestmark = pytest.mark.slow  # TensorFlow


def lost(heard: np.ndarray, wanted: np.ndarray = SPEECH) -> np.ndarray:
    return np.asarray(Ear(HZ).disturbance(heard.astype(np.float32), wanted.astype(np.float32)))


def test_scales_of_hearing() -> None:
    # Zwicker's critical bands end at 100, 510, 1000, 2000, 4400 Hz: 1, 5, 8.5, 13 and 18 Bark.
    assert bark(np.array([100.0, 510.0, 1000.0, 2000.0, 4400.0])) == pytest.approx([1, 5, 8.5, 13, 18], abs=0.3)
    threshold = threshold_db(np.array([100.0, 1000.0, 3300.0]))
    assert threshold == pytest.approx([23, 3.4, -4.9], abs=1.0)


def test_the_same_sound_loses_nothing() -> None:
    assert lost(SPEECH) == pytest.approx([0.0, 0.0], abs=0.05)


def test_a_little_louder_goes_unnoticed() -> None:
    assert lost(SPEECH * 1.5) == pytest.approx([0.0, 0.0], abs=0.05)


def test_more_noise_loses_more() -> None:
    noise = np.full_like(SPEECH, SPEECH.sum(-1).mean() / N_BINS)
    scores = [lost(SPEECH + noise * 10 ** (-snr_db / 10))[0] for snr_db in (40, 30, 20, 10, 0)]
    assert scores == sorted(scores)
    assert scores[-1] > 10 * scores[0] + 1
    assert scores[-1] < 6


def test_what_is_added_disturbs_more_than_what_is_missing() -> None:
    band = (HZ > 2000) & (HZ < 3000)
    factor = np.where(band, 100.0, 1.0)
    assert lost(SPEECH * factor)[0] > 2 * lost(SPEECH / factor)[0]


def test_what_cannot_be_heard_is_not_counted() -> None:
    faint = np.full_like(SPEECH, 1e-4)
    assert lost(SPEECH + faint) == pytest.approx(lost(SPEECH), abs=1e-3)


def test_stretches_are_judged_one_by_one() -> None:
    heard = SPEECH.copy()
    heard[:, 1] *= 100
    spoiled = lost(heard)
    assert spoiled[0] < 0.05 < spoiled[1]
