from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from acoustic.audio.source import Pcm16
from acoustic.errors import AcousticError
from acoustic.frontend import FrontEnd, log_mel
from acoustic.plot import COLUMNS, Spectrogram, label_time, new_figure, save_figure

FRONT_END = FrontEnd(
    rate_hz=16_000, frame_samples=256, hop_samples=128, n_fft=256, n_mels=16, fmin_hz=100.0, fmax_hz=7_000.0
)


def noise(n_frames: int, seed: int = 1) -> Pcm16:
    rng = np.random.default_rng(seed)
    return rng.integers(-1000, 1000, (n_frames + 1) * FRONT_END.hop_samples).astype(np.int16)


def image_of(pcm: Pcm16, block_samples: int) -> tuple[np.ndarray, list[float]]:
    """The picture's values (band, column) and its extent."""
    spectrogram = Spectrogram(FRONT_END)
    for start in range(0, len(pcm), block_samples):
        spectrogram.push(pcm[start : start + block_samples])
    axes = new_figure(4, 3, "").subplots()
    spectrogram.draw(axes)
    [image] = axes.images
    return np.asarray(image.get_array()), image.get_extent()


def test_a_short_recording_is_its_log_mel_above_the_background() -> None:
    pcm = noise(100)
    levels = log_mel(pcm, FRONT_END)
    values, extent = image_of(pcm, 1000)
    np.testing.assert_array_equal(values, (levels - np.median(levels, axis=0)).T)
    assert extent == [0.0, 100 * 128 / 16_000, 0.0, 16.0]


@pytest.mark.parametrize("n_frames", [2 * COLUMNS - 1, 2 * COLUMNS, 4 * COLUMNS + 5, 11 * COLUMNS + 3])
def test_a_long_recording_keeps_its_loudest_frames_in_few_columns(n_frames: int) -> None:
    pcm = noise(n_frames)
    click = n_frames // 2
    pcm[click * 128 + 100 : click * 128 + 120] = 30_000
    values, extent = image_of(pcm, 5000)
    assert COLUMNS <= values.shape[1] < 2 * COLUMNS
    column_s = extent[1] / values.shape[1]
    assert extent[1] == pytest.approx(n_frames * 128 / 16_000, abs=column_s)
    assert values.mean(axis=0).argmax() == pytest.approx(click * 128 / 16_000 / column_s, abs=1)
    assert values.max() > 15


def test_block_size_does_not_change_the_picture() -> None:
    pcm = noise(2 * COLUMNS + 300)
    wide, _ = image_of(pcm, len(pcm))
    narrow, _ = image_of(pcm, 777)
    np.testing.assert_array_equal(wide, narrow)


def test_ticks_lie_where_their_tones_are() -> None:
    t_s = np.arange(16_000) / 16_000
    axes = new_figure(4, 3, "").subplots()
    Spectrogram(FRONT_END).draw(axes)
    spectrogram = Spectrogram(FRONT_END)
    spectrogram.push(noise(10))
    spectrogram.draw(axes)
    ticks = dict(zip((text.get_text() for text in axes.get_yticklabels()), axes.get_yticks(), strict=True))
    assert list(ticks) == ["0.2", "0.5", "1", "2", "4"]
    for khz in ("1", "2", "4"):
        tone = (10_000 * np.sin(2 * np.pi * 1000 * float(khz) * t_s)).astype(np.int16)
        loudest = log_mel(tone, FRONT_END).mean(axis=0).argmax()
        assert ticks[khz] == pytest.approx(loudest + 0.5, abs=1.0)


def test_nothing_is_drawn_of_less_than_a_frame() -> None:
    axes = new_figure(4, 3, "").subplots()
    spectrogram = Spectrogram(FRONT_END)
    spectrogram.push(np.ones(255, np.int16))
    spectrogram.draw(axes)
    assert not axes.images


def test_a_figure_becomes_a_png(tmp_path: Path) -> None:
    figure = new_figure(4, 3, "a title")
    axes = figure.subplots()
    axes.set_xlim(0, 600)
    label_time(axes)
    save_figure(figure, tmp_path / "new" / "a.png")
    assert imread(tmp_path / "new" / "a.png").shape == (330, 440, 4)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.png"]
    assert "5:00" in [text.get_text() for text in axes.get_xticklabels()]


def test_a_picture_that_cannot_be_written_is_named() -> None:
    with pytest.raises(AcousticError, match=r"/dev/null/a.png: cannot be written"):
        save_figure(new_figure(4, 3, ""), Path("/dev/null/a.png"))


@pytest.mark.parametrize("name", ["$a_{$.wav", "音.wav", b"\xff.wav".decode(errors="surrogateescape")])
def test_any_name_can_be_a_title(tmp_path: Path, name: str) -> None:
    save_figure(new_figure(4, 3, name), tmp_path / "a.png")
    assert imread(tmp_path / "a.png")[:, :, :3].min() < 0.5
