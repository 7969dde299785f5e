import numpy as np
import pytest
from acoustic_apps.hearing_denoise.evaluation.alignment import lag_between, lag_samples, noisy_voice, without_lag
from acoustic_apps.hearing_denoise.evaluation.metrics import Pcm


def late(lag: int, pcm: Pcm) -> Pcm:
    return np.concatenate([np.zeros(lag, np.int16), pcm])


def gated(lag: int, pcm: Pcm) -> Pcm:
    """A crude denoiser: only what is loud passes, with its highs cut, in whole frames."""
    smooth = np.convolve(pcm, [0.25, 0.5, 0.25], "same")
    loud = np.abs(smooth) > 2000
    frames = np.rint(smooth * loud).astype(np.int16)
    return late(lag, np.concatenate([frames, np.zeros(-len(frames) % 480, np.int16)]))


@pytest.mark.parametrize("lag", [0, 1, 96, 320, 1000])
@pytest.mark.parametrize("denoise", [late, gated])
def test_a_lag_is_found_to_the_sample(lag: int, denoise: object) -> None:
    assert callable(denoise)
    assert lag_samples(lambda pcm: denoise(lag, pcm)) == lag


def test_a_lag_is_found_through_a_change_of_sign_too_small_to_fool() -> None:
    voice = noisy_voice()
    assert lag_between(voice, late(250, voice // 100)) == 250


@pytest.mark.parametrize("lag", [0, 7, 300])
@pytest.mark.parametrize("n", [1, 159, 1600])
def test_without_its_lag_a_denoiser_keeps_every_sample_in_place(lag: int, n: int) -> None:
    pcm = noisy_voice()[:n]
    found = without_lag(lambda padded: late(lag, padded), lag, pcm)
    assert found.tobytes() == pcm.tobytes()
