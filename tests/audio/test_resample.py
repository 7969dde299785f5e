import numpy as np
import pytest
import soxr
from hypothesis import given
from hypothesis import strategies as st

from acoustic.audio.resample import StreamResampler, from_pcm16, to_pcm16
from acoustic.errors import ParameterError

RNG = np.random.default_rng(1)
NOISE = RNG.uniform(-0.5, 0.5, 20000).astype(np.float32)


def test_every_int16_survives_the_way_through_float() -> None:
    every = np.arange(-32768, 32768).astype(np.int16)
    assert np.array_equal(to_pcm16(from_pcm16(every)), every)


def test_rounding_is_half_to_even_and_clips() -> None:
    x = np.array([0.5, 1.5, 2.5, -0.5, -1.5, 0.51], np.float32) / np.float32(32768)
    assert to_pcm16(x).tolist() == [0, 2, 2, 0, -2, 1]
    assert to_pcm16(np.array([1.0, 3.0, -1.0, -3.0], np.float32)).tolist() == [32767, 32767, -32768, -32768]


@given(
    rates=st.sampled_from([(48000, 16000), (44100, 16000), (8000, 32000), (8192, 16000), (16000, 16000)]),
    cuts=st.lists(st.integers(0, len(NOISE)), max_size=20),
)
def test_pieces_equal_the_whole(rates: tuple[int, int], cuts: list[int]) -> None:
    resampler = StreamResampler(*rates)
    pieces = [resampler.push(piece) for piece in np.split(NOISE, sorted(cuts))] + [resampler.flush()]
    assert np.array_equal(np.concatenate(pieces), soxr.resample(NOISE, *rates, quality="HQ"))


def test_channels_stay_apart() -> None:
    stereo = np.stack([NOISE, np.zeros_like(NOISE)], axis=1)
    resampler = StreamResampler(48000, 16000, channels=2)
    out = np.concatenate([resampler.push(stereo), resampler.flush()])
    assert np.array_equal(out[:, 0], soxr.resample(NOISE, 48000, 16000, quality="HQ"))
    assert not out[:, 1].any()


@pytest.mark.parametrize("frequency_hz", [100, 1000, 7000])
def test_tone_below_the_new_nyquist_keeps_its_level_and_one_above_goes(frequency_hz: int) -> None:
    def level(f_hz: float) -> float:
        tone = np.sin(2 * np.pi * f_hz * np.arange(48000) / 48000).astype(np.float32)
        resampler = StreamResampler(48000, 16000)
        out = np.concatenate([resampler.push(tone), resampler.flush()])[2000:-2000]
        return float(np.sqrt(2 * np.mean(out**2)))

    assert level(frequency_hz) == pytest.approx(1, abs=1e-3)
    assert level(frequency_hz + 9000) < 1e-4


def test_nonsense_rates_are_refused() -> None:
    with pytest.raises(ParameterError):
        StreamResampler(0, 16000)


def test_lag_is_what_has_not_come_out_yet() -> None:
    resampler = StreamResampler(48000, 16000)
    n = sum(len(resampler.push(np.zeros(480, np.float32))) for _ in range(100))
    assert 0.005 < resampler.lag_s < 0.05
    assert n / 16000 + resampler.lag_s == pytest.approx(1.0, abs=1e-4)
    assert StreamResampler(16000, 16000).lag_s == 0.0
