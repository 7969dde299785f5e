from pathlib import Path

import numpy as np
import pytest
from acoustic_apps.hearing_denoise.mixtures import mix
from acoustic_apps.hearing_denoise.mixtures.held_out import LEVEL_DBFS, held_out_pairs
from acoustic_apps.hearing_denoise.mixtures.mix import at_speed, draw_stretch
from acoustic_apps.hearing_denoise.mixtures.noise import MixtureLibrary
from acoustic_apps.hearing_denoise.mixtures.speech import active_level
from made_hearing import RATE_HZ

from acoustic.audio.resample import from_pcm16

N = 2 * RATE_HZ


def stretch(seed: int, library: MixtureLibrary) -> mix.Mixture:
    return draw_stretch(np.random.default_rng(seed), library, N)


def test_a_seed_gives_a_stretch(train: MixtureLibrary) -> None:
    first, again, other = stretch(1, train), stretch(1, train), stretch(2, train)
    assert first.noisy.shape == first.target.shape == (N,)
    assert first.noisy.tobytes() == again.noisy.tobytes()
    assert first.target.tobytes() == again.target.tobytes()
    assert first.noisy.tobytes() != other.noisy.tobytes()


def test_some_stretches_hold_no_speech_and_some_no_noise(
    train: MixtureLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mix, "NOISE_ONLY", 1.0)
    without_speech = stretch(3, train)
    assert not without_speech.target.any()
    assert without_speech.noisy.any()
    monkeypatch.setattr(mix, "NOISE_ONLY", 0.0)
    monkeypatch.setattr(mix, "SPEECH_ONLY", 1.0)
    monkeypatch.setattr(mix, "IN_ROOM", 0.0)
    monkeypatch.setattr(mix, "spoil", lambda rng, x, rate_hz: x)
    clean = stretch(4, train)
    noise = clean.noisy.astype(float) - clean.target
    assert 0 < np.std(noise) < 0.01 * np.std(clean.target.astype(float))


def test_at_a_higher_rate_noise_goes_further_up_than_speech(data: Path) -> None:
    wide = MixtureLibrary.load(data, "train", 3 * RATE_HZ)
    mixtures = [draw_stretch(np.random.default_rng(seed), wide, 3 * N) for seed in range(6)]
    noisy, target = (np.concatenate(column).astype(float) for column in zip(*mixtures, strict=True))
    power = [np.abs(np.fft.rfft(x)) ** 2 for x in (noisy, target)]
    above = [spectrum[len(spectrum) * 9 // 24 :].sum() / spectrum.sum() for spectrum in power]  # 9 to 24 kHz
    assert above[0] > 0.001
    assert above[1] < 1e-4


def test_another_speed_moves_pitch_and_length() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    fast = at_speed(tone, 1.25, RATE_HZ)
    assert len(fast) == pytest.approx(RATE_HZ / 1.25, abs=2)
    peak = np.argmax(np.abs(np.fft.rfft(fast * np.hanning(len(fast)), RATE_HZ)))
    assert peak == pytest.approx(1250, abs=3)


def test_held_out_pairs_are_as_loud_and_as_noisy_as_said(data: Path) -> None:
    pairs = list(held_out_pairs(data, n_sentences=2))
    assert [pair.snr_db for pair in pairs] == [-5.0, 0.0, 5.0, 10.0, 15.0] * 2
    for pair in pairs:
        clean = from_pcm16(pair.clean)
        noise = from_pcm16(pair.noisy) - clean
        ratio_db = 20 * np.log10(active_level(clean, RATE_HZ) / np.sqrt(np.mean(noise**2)))
        assert ratio_db == pytest.approx(pair.snr_db, abs=0.1)
        assert 20 * np.log10(active_level(clean, RATE_HZ)) <= LEVEL_DBFS + 0.1
        assert np.abs(pair.noisy.astype(int)).max() < 32000
    assert all(
        np.array_equal(a.noisy, b.noisy) for a, b in zip(pairs, held_out_pairs(data, n_sentences=1), strict=False)
    )


def test_every_sixth_sentence_is_in_babble(data: Path) -> None:
    kinds = [pair.noise for pair in held_out_pairs(data, n_sentences=6, snr_db=(0.0,))]
    assert kinds[5] == "babble"
    assert set(kinds[:5]) <= {"rain", "wind", "clapping"}


def test_in_a_room_the_late_echo_is_noise(data: Path) -> None:
    (dry,), (wet,) = (list(held_out_pairs(data, n_sentences=1, snr_db=(60.0,), rooms=rooms)) for rooms in (False, True))
    echo = wet.noisy.astype(float) - wet.clean
    assert np.std(echo) > 3 * np.std(dry.noisy.astype(float) - dry.clean)
    assert np.std(echo) < np.std(wet.clean.astype(float))
