import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acoustic.errors import ParameterError
from acoustic.frontend.fft import InverseRealFft, RealFft, pack
from acoustic.frontend.stft import Stft, Synthesis
from acoustic.frontend.tables import FULL_SCALE, fft_tables
from acoustic.frontend.windows import WindowPair

SHAPES = [(16, 4), (128, 64), (256, 64), (512, 256), (64, 1), (1024, 128)]
ASYMMETRIC = [(256, 128, 64), (512, 128, 64), (512, 64, 32), (256, 128, 16), (64, 64, 32), (128, 8, 4)]
WINDOWS = [WindowPair.root_hann(*shape) for shape in SHAPES] + [WindowPair.asymmetric(*shape) for shape in ASYMMETRIC]
NAMES = ["-".join(map(str, shape)) for shape in [*SHAPES, *ASYMMETRIC]]


def through(windows, pcm):
    return Synthesis(windows).push(*Stft(windows).push(pcm))


@pytest.mark.parametrize("windows", WINDOWS, ids=NAMES)
def test_untouched_signal_comes_back_to_the_bit(windows, noise):
    hop = windows.hop_samples
    out = through(windows, noise[:5000])
    expected = np.concatenate([np.zeros(windows.delay_samples, np.int16), noise[:5000]])[: len(out)]
    assert len(out) == 5000 // hop * hop
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("windows", WINDOWS, ids=NAMES)
def test_reconstruction_error_is_below_100_db(windows, noise):
    n_fft, hop = windows.n_fft, windows.hop_samples
    x = noise[: 2 * n_fft].astype(np.float32) / FULL_SCALE
    total = np.zeros_like(x)
    for start in range(0, n_fft + 1, hop):
        frame = (x[start : start + n_fft] * windows.analysis)[:, None]
        back = InverseRealFft(fft_tables(n_fft))(RealFft(fft_tables(n_fft))(pack(frame)))[:, 0]
        total[start : start + n_fft] += back * windows.synthesis
    inside = slice(n_fft - hop, n_fft + hop)
    error = np.sum((total[inside] - x[inside]) ** 2) / np.sum(x[inside] ** 2)
    assert 10 * np.log10(error) <= -100


@pytest.mark.parametrize("shape", ASYMMETRIC)
def test_asymmetric_windows_make_a_short_hann_window_at_the_end(shape):
    n_fft, synthesis_samples, hop = shape
    windows = WindowPair.asymmetric(*shape)
    assert not windows.synthesis[:-synthesis_samples].any()
    rise = n_fft - synthesis_samples // 2
    # The analysis window rises to its end but for the short fall.
    assert (np.diff(windows.analysis[: rise + 1]) > 0).all()
    assert (np.diff(windows.analysis[rise:]) < 0).all()
    hann = np.sin(np.pi * np.arange(synthesis_samples) / synthesis_samples) ** 2
    product = (windows.analysis * windows.synthesis)[-synthesis_samples:]
    np.testing.assert_allclose(product, hann * 2 * hop / synthesis_samples, atol=1e-6)


@pytest.mark.parametrize("shape", ASYMMETRIC)
def test_delay_is_that_of_the_short_window(shape, noise):
    windows = WindowPair.asymmetric(*shape)
    assert windows.delay_samples == shape[1] - shape[2]
    # One click leaves just so much later, and what comes back has no second place.
    click = np.zeros(4 * windows.n_fft, np.int16)
    click[100] = 20000
    out = through(windows, click)
    assert np.flatnonzero(out).tolist() == [100 + windows.delay_samples]


def test_as_long_as_each_other_they_are_root_hann_windows():
    symmetric, same = WindowPair.root_hann(128, 64), WindowPair.asymmetric(128, 128, 64)
    np.testing.assert_allclose(same.analysis, symmetric.analysis, atol=1e-7)
    np.testing.assert_allclose(same.synthesis, symmetric.synthesis, atol=1e-7)


@pytest.mark.parametrize("shape", [(256, 512, 64), (256, 127, 64), (256, 0, 64), (250, 128, 64), (256, 128, 128)])
def test_asymmetric_sizes_that_do_not_fit_are_refused(shape):
    with pytest.raises(ParameterError, match="windows"):
        WindowPair.asymmetric(*shape)


def test_spectra_agree_with_numpy(noise):
    windows = WindowPair.root_hann(256, 64)
    re, im = Stft(windows).push(noise[:4000])
    padded = np.concatenate([np.zeros(192), noise[:4000] / 32768.0])
    frames = np.lib.stride_tricks.sliding_window_view(padded, 256)[::64] * windows.analysis.astype(np.float64)
    expected = np.fft.rfft(frames)
    assert re.shape == expected.shape
    assert np.abs(re + 1j * im - expected).max() < 1e-6 * np.abs(expected).max()


@settings(max_examples=30)
@given(cuts=st.lists(st.integers(0, 6000), max_size=10), windows=st.sampled_from(WINDOWS))
def test_any_cuts_do_not_change_a_byte(noise, cuts, windows):
    pcm = noise[:6000]
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
