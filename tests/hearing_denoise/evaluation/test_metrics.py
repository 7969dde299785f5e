import numpy as np
import pytest
from acoustic_apps.hearing_denoise.evaluation.alignment import synthetic_voice
from acoustic_apps.hearing_denoise.evaluation.metrics import (
    RATE_HZ,
    SI_SDR_LIMIT_DB,
    WORST_PESQ,
    Pcm,
    log_kurtosis_ratio,
    pause_reduction_db,
    pesq_wb,
    reduction_db,
    remaining_noise,
    si_sdr_db,
    stoi,
)

from acoustic.errors import DataError

VOICE = synthetic_voice()


def white(power: float, n: int = len(VOICE), seed: int = 0) -> Pcm:
    return np.rint(np.random.default_rng(seed).normal(0, np.sqrt(power), n)).astype(np.int16)


def with_noise(snr_db: float) -> Pcm:
    """The voice at half its level and noise that has nothing in common with it, at an exact ratio."""
    voice, noise = VOICE / 2, white(1e6).astype(np.float64)
    noise -= voice * (noise @ voice) / (voice @ voice)
    noise *= np.sqrt(voice @ voice / (noise @ noise)) * 10 ** (-snr_db / 20)
    return np.clip(np.rint(voice + noise), -32768, 32767).astype(np.int16)


def power(pcm: Pcm) -> float:
    return float(np.mean(pcm.astype(np.float64) ** 2))


@pytest.mark.parametrize("snr_db", [-3.0, 0.0, 10.0, 25.0])
def test_si_sdr_is_the_ratio_to_noise_that_is_added(snr_db: float) -> None:
    assert si_sdr_db(VOICE, with_noise(snr_db)) == pytest.approx(snr_db, abs=0.05)


def test_si_sdr_does_not_see_a_gain() -> None:
    assert si_sdr_db(VOICE, VOICE) == SI_SDR_LIMIT_DB
    assert si_sdr_db(VOICE, -(VOICE // 2)) > 60  # what is left is the rounding
    assert si_sdr_db(VOICE, np.zeros_like(VOICE)) == -SI_SDR_LIMIT_DB


def test_si_sdr_falls_with_every_sample_of_lag() -> None:
    lags = [si_sdr_db(VOICE, np.roll(VOICE, lag)) for lag in (0, 1, 3)]
    assert lags[0] > lags[1] + 20 > lags[2] + 20


def test_noise_is_what_a_mixture_holds_beside_the_speech() -> None:
    noise = white(1e5)
    found = remaining_noise(VOICE, VOICE // 2 + noise)
    assert si_sdr_db(noise, found) > 25
    assert abs(np.corrcoef(VOICE, found)[0, 1]) < 1e-3


def test_reduction_in_decibels() -> None:
    noise = white(1e6)
    assert reduction_db(noise, noise // 10) == pytest.approx(20, abs=0.1)
    assert reduction_db(noise, noise) == 0
    assert reduction_db(np.zeros_like(noise), noise) is None
    assert reduction_db(noise[:0], noise[:0]) is None
    assert 60 < (reduction_db(noise, np.zeros_like(noise)) or 0) < 80


def test_reduction_in_pauses_leaves_speech_out() -> None:
    clean = VOICE.copy()
    clean[RATE_HZ : 2 * RATE_HZ] = 0
    noisy = np.clip(clean + white(1e5), -32768, 32767).astype(np.int16)
    enhanced = noisy.copy()
    enhanced[RATE_HZ : 2 * RATE_HZ] //= 4
    enhanced[: RATE_HZ // 2] = 0
    assert pause_reduction_db(clean, noisy, enhanced) == pytest.approx(20 * np.log10(4), abs=0.2)
    assert pause_reduction_db(np.full_like(VOICE, 1000), noisy, enhanced) is None
    assert pause_reduction_db(clean, clean, clean) is None


def test_noise_that_is_only_quieter_or_of_another_colour_is_not_musical() -> None:
    noise = white(4e6, 8 * RATE_HZ)
    assert log_kurtosis_ratio(noise, noise) == 0
    assert log_kurtosis_ratio(noise, noise // 8) == pytest.approx(0, abs=0.01)
    coloured = np.convolve(noise / 4, [1, 0.9], "same")
    assert log_kurtosis_ratio(noise, np.rint(coloured).astype(np.int16)) == pytest.approx(0, abs=0.1)
    assert log_kurtosis_ratio(noise, np.zeros_like(noise)) is None
    assert log_kurtosis_ratio(noise[:100], noise[:100]) is None


@pytest.mark.parametrize("kept", [0.5, 0.1])
def test_isolated_tones_are_musical(kept: float) -> None:
    noise = white(4e6, 8 * RATE_HZ)
    frames = np.fft.rfft(noise.reshape(-1, 256))
    frames *= np.random.default_rng(1).random(frames.shape) < kept
    musical = np.rint(np.fft.irfft(frames).ravel()).astype(np.int16)
    least = -np.log(kept) / 2
    assert (log_kurtosis_ratio(noise, musical) or 0) > least


def test_pesq_and_stoi_know_the_best_and_the_worst() -> None:
    pytest.importorskip("pesq")
    pytest.importorskip("pystoi")
    quality = [pesq_wb(VOICE, noisy) for noisy in (VOICE, with_noise(40), with_noise(20), np.zeros_like(VOICE))]
    assert quality[0] == pytest.approx(4.644, abs=0.001)
    assert quality == sorted(quality, reverse=True)
    assert quality[-1] == WORST_PESQ == pytest.approx(1.043, abs=0.001)
    for extended in (False, True):
        heard = [stoi(VOICE, noisy, extended=extended) for noisy in (VOICE, with_noise(10), with_noise(0))]
        assert heard[0] == pytest.approx(1, abs=1e-6)
        assert heard == sorted(heard, reverse=True)


def test_clips_without_enough_speech_are_refused() -> None:
    pytest.importorskip("pesq")
    pytest.importorskip("pystoi")
    with pytest.raises(DataError, match="no speech"):
        pesq_wb(np.zeros_like(VOICE), VOICE)
    with pytest.raises(DataError, match="quarter of a second"):
        pesq_wb(VOICE[:3000], VOICE[:3000])
    with pytest.raises(DataError, match=r"0\.4 s"):
        stoi(VOICE[:3000], VOICE[:3000])
