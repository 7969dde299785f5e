import hashlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acoustic.datasets import data_root
from acoustic.errors import ParameterError
from acoustic.frontend import FrontEnd, LogMelStream, fft, log_mel, logmel
from acoustic.frontend.tables import hz_to_mel, mel_bank, mel_to_hz

SPEECH = FrontEnd(rate_hz=16000, frame_samples=512, hop_samples=160, n_fft=512, n_mels=40, fmin_hz=20, fmax_hz=8000)
CRACK = FrontEnd(rate_hz=32000, frame_samples=256, hop_samples=128, n_fft=256, n_mels=20, fmin_hz=500, fmax_hz=14000)
MACHINE = FrontEnd(rate_hz=16000, frame_samples=1024, hop_samples=512, n_fft=1024, n_mels=128, fmin_hz=0, fmax_hz=8000)
SETTINGS = {
    "speech": SPEECH,
    "short frame": replace(SPEECH, frame_samples=400),
    "crack": CRACK,
    "machine": MACHINE,
    "magnitude": replace(SPEECH, power=1),
    "htk": replace(SPEECH, mel_scale="htk", mel_norm="none"),
    "odd hop": replace(SPEECH, hop_samples=161, n_fft=2048),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_agrees_with_librosa(name, noise):
    import librosa

    fe = SETTINGS[name]
    expected = librosa.feature.melspectrogram(y=noise.astype(np.float64) / 32768, dtype=np.float64, **fe.to_librosa())
    expected_db = (20 / fe.power) * np.log10(np.maximum(expected, fe.floor)).T
    # librosa puts the window into the middle of the FFT frame, we at its beginning.
    ours = log_mel(noise[(fe.n_fft - fe.frame_samples) // 2 :], fe)[: len(expected_db)]
    assert np.abs(ours - expected_db[: len(ours)]).max() <= 2e-5


def test_agrees_with_the_reference_features_of_mlperf_tiny():
    root = data_root()
    if root is None:
        pytest.skip("needs the recordings: set ACOUSTIC_DATA to their folder")
    import soundfile

    folder = root / "machines" / "ad01_reference"
    pcm, rate_hz = soundfile.read(folder / "normal_id_01_00000000.wav", dtype="int16")
    expected = np.fromfile(folder / "normal_id_01_00000000_hist_librosa.bin", np.float32).reshape(200, 128)
    assert rate_hz == MACHINE.rate_hz
    # The reference centres its frames on the hops, with zeros beyond the ends.
    ours = log_mel(np.pad(pcm, MACHINE.n_fft // 2), MACHINE)[50:250]
    assert np.abs(ours - expected).max() <= 1e-3


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("block", [1, 64, 65, 4096, 8193])
def test_blocks_do_not_change_a_byte(name, block, noise):
    fe, pcm = SETTINGS[name], noise[:9000]
    stream = LogMelStream(fe)
    blocks = [stream.push(pcm[start : start + block]) for start in range(0, len(pcm), block)]
    assert np.concatenate(blocks).tobytes() == log_mel(pcm, fe).tobytes()


@settings(max_examples=50)
@given(cuts=st.lists(st.integers(0, 12000), max_size=12), name=st.sampled_from(sorted(SETTINGS)))
def test_any_cuts_do_not_change_a_byte(noise, cuts, name):
    pcm, stream = noise[:12000], LogMelStream(SETTINGS[name])
    frames = [stream.push(block) for block in np.split(pcm, sorted(cuts))]
    assert np.concatenate(frames).tobytes() == log_mel(pcm, SETTINGS[name]).tobytes()


@pytest.mark.parametrize("columns", [1, 2, 7, 64, 1000])
def test_frames_computed_at_a_time_do_not_change_a_byte(columns, noise, monkeypatch):
    expected = log_mel(noise, CRACK).tobytes()
    monkeypatch.setattr(fft, "COLUMNS", columns)
    monkeypatch.setattr(logmel, "COLUMNS", columns)
    assert log_mel(noise, CRACK).tobytes() == expected


@pytest.mark.parametrize("columns", [1, 2, 9])
@pytest.mark.parametrize("fe", [SPEECH, CRACK, MACHINE])
def test_bins_are_added_one_after_the_other(fe, columns):
    spectrum = np.random.default_rng(0).exponential(size=(fe.n_fft // 2 + 1, columns)).astype(np.float32)
    bank = mel_bank(fe)
    expected = np.zeros((fe.n_mels, columns), np.float32)
    for band in range(fe.n_mels):
        for column in range(columns):
            sides = []
            for segment, weights in ((band, bank.rise), (band + 1, bank.fall)):
                total = np.float32(0)
                for k in range(bank.bounds[segment], bank.bounds[segment + 1]):
                    total += weights[k] * spectrum[k, column]
                sides.append(total)
            expected[band, column] = sides[0] + sides[1]
    assert logmel._MelSums(bank)(spectrum).tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("fe", "digest"),
    [
        (SPEECH, "1f6068c10f2bbd014f4b69a956743482"),
        (CRACK, "0a31bd1eef50b91e552af56856ec8adc"),
        (SETTINGS["magnitude"], "f8990c49dea3a377abeafbc788a1b503"),
    ],
)
def test_arithmetic_is_still_the_one_of_this_version(fe, digest, noise):
    # A new digest means a new arithmetic: raise ARITHMETIC_VERSION, or models will be quietly wrong.
    assert hashlib.sha256(log_mel(noise, fe).tobytes()).hexdigest()[:32] == digest


@pytest.mark.parametrize("fe", [SPEECH, CRACK])
def test_tone_lands_in_its_band(fe):
    edges_mel = np.linspace(*hz_to_mel(np.array([fe.fmin_hz, fe.fmax_hz]), fe.mel_scale), fe.n_mels + 2)
    time_s = np.arange(8000) / fe.rate_hz
    for band, centre_hz in enumerate(mel_to_hz(edges_mel, fe.mel_scale)[1:-1]):
        tone = np.rint(10000 * np.sin(2 * np.pi * centre_hz * time_s)).astype(np.int16)
        level = log_mel(tone, replace(fe, mel_norm="none")).mean(axis=0)
        assert abs(int(level.argmax()) - band) <= (band < 8)  # low bands are narrower than the window's lobe
        far = np.abs(np.arange(fe.n_mels) - band) > 8
        assert level[far].max() < level[band] - 45


def test_silence_is_the_floor():
    level = log_mel(np.zeros(4000, np.int16), SPEECH)
    assert np.abs(level + 100).max() < 1e-5


@pytest.mark.parametrize("sample", [-32768, 32767])
@pytest.mark.parametrize("name", SETTINGS)
def test_full_scale_does_not_overflow(name, sample):
    square = np.full(8000, sample, np.int16)
    square[::2] = -1 - sample
    for pcm in (np.full(8000, sample, np.int16), square):
        assert np.isfinite(log_mel(pcm, SETTINGS[name])).all()


def test_too_short_gives_no_frame():
    assert log_mel(np.zeros(511, np.int16), SPEECH).shape == (0, 40)


@pytest.mark.parametrize("pcm", [np.zeros(1000), np.zeros((1000, 1), np.int16), np.zeros(1000, np.uint16)])
def test_other_samples_are_refused(pcm):
    with pytest.raises(ParameterError, match="int16"):
        log_mel(pcm, SPEECH)
