import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acoustic.audio.pcm_stream import PcmStream
from acoustic.errors import AudioFileError, ParameterError

PCM = np.random.default_rng(2).integers(-32768, 32768, 999).astype(np.int16)


class Dribble(io.BytesIO):
    """A pipe that delivers a few bytes at a time."""

    def __init__(self, data: bytes, n_bytes: int) -> None:
        super().__init__(data)
        self._n_bytes = n_bytes

    def read1(self, size: int | None = -1, /) -> bytes:
        return super().read1(self._n_bytes)


@given(n_bytes=st.integers(1, 3000), block_samples=st.integers(1, 1200))
def test_samples_come_through_however_the_bytes_are_cut(n_bytes: int, block_samples: int) -> None:
    source = PcmStream(Dribble(PCM.astype("<i2").tobytes(), n_bytes), 16000, 16000, block_samples)
    blocks = list(source)
    assert {len(block) for block in blocks[:-1]} <= {block_samples}
    assert np.array_equal(np.concatenate(blocks), PCM)
    assert not source.health.events


def test_float_stereo_is_mixed() -> None:
    stereo = np.stack([PCM, PCM[::-1]], axis=1)
    data = (stereo / 32768).astype("<f4").tobytes()
    source = PcmStream(Dribble(data, 13), 8000, 8000, 100, channels=2, sample_format="f32le")
    expected = np.rint(stereo.astype(np.int64).sum(axis=1) / 2)
    assert np.array_equal(np.concatenate(list(source)), expected)


def test_another_rate_is_resampled() -> None:
    source = PcmStream(io.BytesIO(PCM.astype("<i2").tobytes()), 48000, 16000, 50)
    assert sum(len(block) for block in source) == 333


def test_cut_sample_and_nan_are_reported() -> None:
    source = PcmStream(io.BytesIO(PCM.astype("<i2").tobytes() + b"\x00"), 16000, 16000, 500)
    assert np.array_equal(np.concatenate(list(source)), PCM)
    assert "1 bytes left over" in source.health.events[0].message
    bad = np.array([0.5, np.nan, np.inf], "<f4")
    source = PcmStream(io.BytesIO(bad.tobytes()), 16000, 16000, 500, sample_format="f32le")
    assert next(iter(source)).tolist() == [16384, 0, 0]
    assert source.health.events[0].message == "2 damaged samples were replaced by 0"


def test_nothing_is_an_error() -> None:
    with pytest.raises(AudioFileError, match="no samples"):
        list(PcmStream(io.BytesIO(), 16000, 16000, 160))


def test_close_ends_the_iteration() -> None:
    source = PcmStream(Dribble(PCM.tobytes(), 200), 16000, 16000, 100)
    blocks = iter(source)
    next(blocks)
    source.close()
    assert list(blocks) == []


def test_settings_are_checked() -> None:
    with pytest.raises(ParameterError, match="s16le"):
        PcmStream(io.BytesIO(), 16000, 16000, 160, sample_format="u8")  # type: ignore[arg-type]
    with pytest.raises(ParameterError):
        PcmStream(io.BytesIO(), 16000, 16000, 0)
