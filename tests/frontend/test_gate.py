import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acoustic.datasets import data_root
from acoustic.errors import ParameterError
from acoustic.frontend.gate import GateDenoiser, GateSettings, SpectralGate
from acoustic.frontend.windows import WindowPair

#: No smoothing, and one frame teaches the noise: then the gain is Berouti's formula.
PLAIN = GateSettings(over_subtraction=2.0, floor_db=-20.0, attack_ms=0.0, release_ms=0.0, block_frames=1, n_blocks=1)


def denoise(denoiser, pcm):
    return np.concatenate([denoiser.push(pcm), denoiser.flush()])[denoiser.delay_samples :]


def snr_db(clean, noisy):
    """Scale-invariant SNR (Le Roux et al. 2019)."""
    clean, noisy = clean.astype(np.float64), noisy.astype(np.float64)
    target = clean * (clean @ noisy) / (clean @ clean)
    return 10 * np.log10((target @ target) / ((noisy - target) @ (noisy - target)))


def test_gain_is_the_formula_of_over_subtraction():
    above_db = np.arange(-10.0, 40.0, 0.5, dtype=np.float32)
    gate = SpectralGate(len(above_db), PLAIN, frames_per_second=100.0)
    level_db = np.stack([np.full_like(above_db, -60.0), -60.0 + above_db])
    expected = np.sqrt(np.maximum(1 - 2.0 * 10 ** (-above_db / 10), 10**-2.0))
    gains = gate.push(level_db)
    np.testing.assert_array_equal(gains[0], 1.0)  # nothing is known yet
    np.testing.assert_allclose(gains[1], expected, rtol=1e-5)


def test_gain_follows_its_time_constants():
    settings = GateSettings(attack_ms=20.0, release_ms=100.0, floor_db=-40.0, block_frames=64, n_blocks=1)
    gate = SpectralGate(1, settings, frames_per_second=1000.0)
    gate.push(np.full((64, 1), -60.0, np.float32))
    closing = gate.push(np.full((50, 1), -60.0, np.float32))[:, 0]
    opening = gate.push(np.full((10, 1), 0.0, np.float32))[:, 0]
    lowest = 10 ** (-40 / 20)
    np.testing.assert_allclose(closing, lowest + (1 - lowest) * np.exp(-np.arange(1, 51) / 100), rtol=1e-4)
    np.testing.assert_allclose(1 - opening, (1 - closing[-1]) * np.exp(-np.arange(1, 11) / 20), rtol=1e-3)


def test_silence_teaches_nothing_and_gives_silence():
    pcm = np.random.default_rng(0).normal(0, 300, 32000).astype(np.int16)
    dropout = pcm.copy()
    dropout[16000:24000] = 0
    out = denoise(GateDenoiser(16000), dropout)
    assert not out[16256 : 24000 - 256].any()
    # After the dropout the noise is still known.
    assert np.std(out[25000:]) < 0.4 * np.std(pcm)


@settings(max_examples=20)
@given(
    cuts=st.lists(st.integers(0, 16000), max_size=10),
    windows=st.sampled_from([None, WindowPair.asymmetric(256, 128, 64)]),
)
def test_any_cuts_do_not_change_a_byte(noise, cuts, windows):
    pcm = (noise[:16000] // 8).astype(np.int16)
    pcm[5000:5500] = 0
    pcm[9000:12000] *= 6
    whole, parts = GateDenoiser(16000, windows=windows), GateDenoiser(16000, windows=windows)
    expected = np.concatenate([whole.push(pcm), whole.flush()])
    blocks = [parts.push(block) for block in np.split(pcm, sorted(cuts))]
    assert np.concatenate([*blocks, parts.flush()]).tobytes() == expected.tobytes()


@pytest.mark.parametrize("n_samples", [0, 1, 63, 64, 1000])
def test_output_is_the_input_and_the_delay_long(n_samples):
    denoiser = GateDenoiser(16000)
    pcm = np.arange(n_samples, dtype=np.int16)
    out = np.concatenate([denoiser.push(pcm), denoiser.flush()])
    assert len(out) == n_samples + denoiser.delay_samples
    # Too short for the noise to be known: the signal passes untouched.
    np.testing.assert_array_equal(out[denoiser.delay_samples :], pcm)


@pytest.mark.parametrize("windows", [None, WindowPair.asymmetric(256, 128, 64)])
def test_loud_tone_passes_and_noise_does_not(windows):
    rng = np.random.default_rng(0)
    background = rng.normal(0, 100, 64000)
    tone = np.zeros(64000)
    tone[32000:40000] = 6000 * np.sin(2 * np.pi * 1000 * np.arange(8000) / 16000)
    out = denoise(GateDenoiser(16000, windows=windows), np.rint(background + tone).astype(np.int16))
    assert np.std(out[20000:31000]) < 0.4 * np.std(background)
    assert np.std(out[33000:39000]) == pytest.approx(np.std(tone[33000:39000]), rel=0.01)


def test_speech_in_running_water_gains_signal_to_noise_ratio():
    root = data_root()
    if root is None:
        pytest.skip("needs the recordings: set ACOUSTIC_DATA to their folder")
    import soundfile

    files = sorted((root / "speech" / "commands").glob("*.flac"))[:3]
    speech = np.concatenate([soundfile.read(file)[0] for file in files])
    water = np.resize(soundfile.read(root / "noise" / "kitchen" / "running_tap.flac")[0], len(speech))
    speech *= 1600 / np.std(speech)
    water *= 1600 / np.std(water) * 10 ** (-5 / 20)
    noisy = np.clip(np.rint(speech + water), -32768, 32767).astype(np.int16)
    denoised = denoise(GateDenoiser(16000), noisy)
    assert snr_db(speech[16000:], denoised[16000:]) > snr_db(speech[16000:], noisy[16000:]) + 3


def test_other_windows_change_the_delay():
    assert GateDenoiser(16000).delay_samples == 192
    assert GateDenoiser(16000, windows=WindowPair.root_hann(128, 64)).delay_samples == 64
    assert GateDenoiser(16000, windows=WindowPair.asymmetric(512, 128, 64)).delay_samples == 64


@pytest.mark.parametrize(
    "change",
    [{"over_subtraction": 0.5}, {"floor_db": 1.0}, {"attack_ms": -1.0}, {"block_frames": 3}, {"n_blocks": 0}],
)
def test_settings_out_of_range_are_refused(change):
    with pytest.raises(ParameterError, match="spectral gate"):
        GateSettings(**change)
