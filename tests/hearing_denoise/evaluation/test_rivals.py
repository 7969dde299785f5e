import numpy as np
import pytest
from acoustic_apps.hearing_denoise.evaluation.alignment import lag_between, noisy_voice
from acoustic_apps.hearing_denoise.evaluation.metrics import RATE_HZ, reduction_db
from acoustic_apps.hearing_denoise.evaluation.rivals import RIVALS, Rival, framed, lag_of

#: Frames that overlap, or one that is waited for, at 16 kHz: what the sources of these libraries say.
LAGS = {"RNNoise": 320, "WebRTC": 96, "speexdsp": 160, "noisereduce": 0}


def installed(rival: Rival) -> Rival:
    if not rival.installed:
        pytest.skip(f"{rival.package} is not installed")
    return rival


@pytest.mark.parametrize("rival", RIVALS, ids=lambda rival: rival.name)
def test_a_rival_returns_every_sample_in_place(rival: Rival) -> None:
    installed(rival)
    assert lag_of(rival) == LAGS[rival.name.split(",")[0]]
    voice = noisy_voice()[: 2 * RATE_HZ + 77]
    enhanced = rival.process(voice)
    assert enhanced.dtype == np.int16
    assert enhanced.shape == voice.shape
    assert lag_between(voice, enhanced) == 0
    assert rival.process(voice).tobytes() == enhanced.tobytes()


@pytest.mark.parametrize("rival", RIVALS, ids=lambda rival: rival.name)
def test_a_rival_reduces_steady_noise(rival: Rival) -> None:
    installed(rival)
    noise = np.rint(np.random.default_rng(0).normal(0, 1000, 4 * RATE_HZ)).astype(np.int16)
    enhanced = rival.process(noise)
    assert (reduction_db(noise[2 * RATE_HZ :], enhanced[2 * RATE_HZ :]) or 0) > 6


def test_a_rival_that_is_not_there_says_so() -> None:
    absent = Rival(name="Silence", package="acoustic-silence", module="acoustic_silence", denoise=lambda pcm: pcm)
    assert not absent.installed


def test_frames_are_filled_up_with_zeros() -> None:
    frames = framed(np.arange(1, 6, dtype=np.int16), 4)
    assert frames.tolist() == [[1, 2, 3, 4], [5, 0, 0, 0]]
    assert framed(np.zeros(8, np.float32), 4).shape == (2, 4)
