import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acoustic.errors import ParameterError
from acoustic.frontend.fft import InverseRealFft, RealFft, pack
from acoustic.frontend.stft import FULL_SCALE, Stft, Synthesis, WindowPair

SHAPES = [(16, 4), (128, 64), (256, 64), (512, 256), (64, 1), (1024, 128)]


def through(windows, pcm):
    return Synthesis(windows).push(*Stft(windows).push(pcm))


@pytest.mark.parametrize(("n_fft", "hop"), SHAPES)
def test_untouched_signal_comes_back_to_the_bit(n_fft, hop, noise):
    windows = WindowPair.root_hann(n_fft, hop)
    out = through(windows, noise[:5000])
    expected = np.concatenate([np.zeros(windows.delay_samples, np.int16), noise[:5000]])[: len(out)]
    assert len(out) == 5000 // hop * hop
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize(("n_fft", "hop"), SHAPES)
def test_reconstruction_error_is_below_100_db(n_fft, hop, noise):
    windows = WindowPair.root_hann(n_fft, hop)
    x = noise[: 2 * n_fft].astype(np.float32) / FULL_SCALE
    total = np.zeros_like(x)
    for start in range(0, n_fft + 1, hop):
        frame = (x[start : start + n_fft] * windows.analysis)[:, None]
        back = InverseRealFft(n_fft)(RealFft(n_fft)(pack(frame)))[:, 0]
        total[start : start + n_fft] += back * windows.synthesis
    inside = slice(n_fft - hop, n_fft + hop)
    error = np.sum((total[inside] - x[inside]) ** 2) / np.sum(x[inside] ** 2)
    assert 10 * np.log10(error) <= -100


def test_asymmetric_windows_reconstruct(noise):
    # A long rise and a short fall: less delay matters at the end of the window.
    n, hop = 128, 32
    analysis = np.concatenate([np.sin(np.pi / 2 * np.arange(96) / 96), np.cos(np.pi / 2 * np.arange(32) / 32)])
    synthesis = np.zeros(n)
    synthesis[64:] = np.sin(np.pi * np.arange(64) / 64)
    windows = WindowPair.reconstructing(analysis, synthesis, hop)
    out = through(windows, noise[:2000])
    np.testing.assert_array_equal(out[windows.delay_samples :], noise[: len(out) - windows.delay_samples])


def test_spectra_agree_with_numpy(noise):
    windows = WindowPair.root_hann(256, 64)
    re, im = Stft(windows).push(noise[:4000])
    padded = np.concatenate([np.zeros(192), noise[:4000] / 32768.0])
    frames = np.lib.stride_tricks.sliding_window_view(padded, 256)[::64] * windows.analysis.astype(np.float64)
    expected = np.fft.rfft(frames)
    assert re.shape == expected.shape
    assert np.abs(re + 1j * im - expected).max() < 1e-6 * np.abs(expected).max()


@settings(max_examples=30)
@given(cuts=st.lists(st.integers(0, 6000), max_size=10), shape=st.sampled_from(SHAPES))
def test_any_cuts_do_not_change_a_byte(noise, cuts, shape):
    windows, pcm = WindowPair.root_hann(*shape), noise[:6000]
    re, im = Stft(windows).push(pcm)
    stft, synthesis = Stft(windows), Synthesis(windows)
    parts = [stft.push(block) for block in np.split(pcm, sorted(cuts))]
    assert np.concatenate([part[0] for part in parts]).tobytes() == re.tobytes()
    assert np.concatenate([part[1] for part in parts]).tobytes() == im.tobytes()
    # A spectrum that no signal has, so that rounding and limiting take part.
    samples = np.concatenate([synthesis.push(2 * part[0], part[1]) for part in parts])
    assert samples.tobytes() == Synthesis(windows).push(2 * re, im).tobytes()


def test_too_loud_is_limited():
    windows = WindowPair.root_hann(64, 32)
    re, im = Stft(windows).push(np.full(640, 30000, np.int16))
    assert set(Synthesis(windows).push(2 * re, 2 * im)[64:]) == {32767}
    assert set(Synthesis(windows).push(-2 * re, -2 * im)[64:]) == {-32768}


def test_windows_that_do_not_reconstruct_are_refused():
    hann = np.hanning(64).astype(np.float32)
    with pytest.raises(ParameterError, match="add up to one"):
        WindowPair(hann, hann, 32)
    with pytest.raises(ParameterError, match="under no window"):
        WindowPair.reconstructing(np.zeros(64, np.float32), hann, 32)


@pytest.mark.parametrize(("n_fft", "hop"), [(100, 50), (64, 24), (64, 128), (64, 0), (8, 4)])
def test_sizes_that_do_not_fit_are_refused(n_fft, hop):
    with pytest.raises(ParameterError, match="windows"):
        WindowPair.root_hann(n_fft, hop)


def test_spectra_of_another_size_are_refused():
    with pytest.raises(ParameterError, match="33"):
        Synthesis(WindowPair.root_hann(64, 32)).push(np.zeros((2, 32), np.float32), np.zeros((2, 32), np.float32))
