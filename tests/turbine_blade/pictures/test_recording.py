from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acoustic_apps.turbine_blade.clips import Frames
from acoustic_apps.turbine_blade.gate import SetAside
from acoustic_apps.turbine_blade.pictures.reasons import LEAST_RISE
from acoustic_apps.turbine_blade.pictures.recording import TurbinePainter
from acoustic_apps.turbine_blade.result import ClipScore, Moment, Rotor, Score
from acoustic_apps.turbine_blade.rotor import RotorStream
from acoustic_apps.turbine_blade.scorer.channel import Expected
from acoustic_apps.turbine_blade.scorer.explain import Band
from acoustic_apps.turbine_blade.scorer.features import FRONT_END, Layout, StretchSums
from acoustic_apps.turbine_blade.scorer.model import Usual
from made_rotors import rotor_steps
from matplotlib.image import imread
from numpy.typing import NDArray

from acoustic.plot import COLUMNS, save_figure

Blank = Callable[[], TurbinePainter]

SCORE = Score(
    file="folder/a.wav",
    machine="turbine_01",
    start="2026-01-03T10:30:00",
    duration_s=20.0,
    score=3.0,
    p_value=0.001,
    anomalous=True,
    threshold=2.0,
    bands=(
        Band(low_hz=3000.0, high_hz=3700.0, z=8.0, sign="+", what="residual"),
        Band(low_hz=700.0, high_hz=900.0, z=4.0, sign="-", what="shape"),
    ),
    when=(Moment(start_s=4.0, end_s=6.0, z=5.0),),
    no_rotor="needs 30 s or more, has 20.0 s",
    set_aside=(SetAside(start_s=10.0, end_s=13.0, reason="birds"),),
    clips=2,
    clip_scores=(ClipScore(start_s=0.0, end_s=10.0, score=3.5), ClipScore(start_s=13.0, end_s=20.0, score=0.2)),
    warnings=("clipped: 0.31% of the samples are at full scale",),
)


def noise(duration_s: float, seed: int = 1) -> NDArray[np.int16]:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 1000, round(duration_s * FRONT_END.rate_hz)).astype(np.int16)


class Neighbours:
    """Stands for a network: predicts a frame as the mean of those around it."""

    def residual(self, half: NDArray[np.int16]) -> NDArray[np.int32]:
        wide = half.astype(np.int32)
        return wide[2:-2] - (wide[:-4] + wide[4:]) // 2


class Model:
    """What a picture needs of a model, for machines that hiss."""

    network = Neighbours()
    front_end = FRONT_END
    hop_s = FRONT_END.hop_samples / FRONT_END.rate_hz
    layout = Layout(n_bands=FRONT_END.n_mels)

    def usual(self) -> Usual:
        sums = StretchSums(self.layout, self.network)
        hiss = sums.push(Frames(FRONT_END).push(noise(60.0, 7))[0]).sum(axis=0)
        return Usual(clips=Expected(mean=self.layout.features(hiss), own_clips=1), rotor=None)


@pytest.fixture(scope="module")
def blank() -> Blank:
    """Make a painter that has heard nothing."""
    model = Model()
    usual = model.usual()
    return lambda: TurbinePainter(model, usual)


def painted(blank: Blank, pcm: NDArray[np.int16], score: Score, block: int = 16_000) -> Any:
    painter = blank()
    for start in range(0, len(pcm), block):
        painter.push(pcm[start : start + block])
    return painter.draw(score)


def panel(figure: Any, title: str) -> Any:
    [axes] = [axes for axes in figure.axes if axes.get_title("left").startswith(title)]
    return axes


def texts(axes: Any) -> set[str]:
    return {text.get_text() for text in axes.texts}


def spans(axes: Any) -> dict[str, list[tuple[float, float]]]:
    """From and to of each marked stretch, by the name of its mark."""
    found: dict[str, list[tuple[float, float]]] = {}
    for patch in axes.patches:
        if patch.get_label() in ("set aside", "stands out"):
            found.setdefault(patch.get_label(), []).append((patch.get_x(), patch.get_x() + patch.get_width()))
    return found


def test_what_was_found_is_in_the_picture(blank: Blank) -> None:
    figure = painted(blank, noise(20.0), SCORE)
    title = figure.get_suptitle()
    for word in ("a.wav", "turbine_01", "2026-01-03T10:30:00", "score 3.00", "p = 0.001", "ANOMALOUS", "\nclipped"):
        assert word in title
    for name in ("spectrogram", "what the network did not expect", "score of each clip"):
        assert spans(panel(figure, name)) == {"stands out": [(4.0, 6.0)], "set aside": [(10.0, 13.0)]}
        assert panel(figure, name).get_xlim() == (0.0, 20.0)
    assert "birds" in texts(panel(figure, "spectrogram"))
    assert "needs 30 s or more, has 20.0 s" in texts(panel(figure, "blades"))


def test_bands_lie_beside_their_frequency(blank: Blank) -> None:
    figure = painted(blank, noise(20.0), SCORE)
    bands, sound = panel(figure, "bands"), panel(figure, "spectrogram")
    assert bands.get_ylim() == sound.get_ylim()
    ticks = dict(zip((text.get_text() for text in sound.get_yticklabels()), sound.get_yticks(), strict=True))
    louder, quieter = bands.patches
    assert (louder.get_width(), quieter.get_width()) == (8.0, -4.0)
    assert ticks["2"] < louder.get_y() < louder.get_y() + louder.get_height() < ticks["4"]
    assert ticks["0.5"] < quieter.get_y() < quieter.get_y() + quieter.get_height() < ticks["1"]
    assert texts(bands) == {"residual +8.0", "shape -4.0"}


def test_course_has_a_step_a_clip_and_a_gap(blank: Blank) -> None:
    course = panel(painted(blank, noise(20.0), SCORE), "score")
    values, edges, _ = course.patches[0].get_data()
    np.testing.assert_array_equal(edges, [0.0, 10.0, 13.0, 20.0])
    np.testing.assert_array_equal(values, [3.5, np.nan, 0.2])
    np.testing.assert_array_equal(course.patches[1].get_data().values, [3.5, np.nan, np.nan])
    [threshold] = course.lines
    assert threshold.get_ydata() == [2.0, 2.0]
    assert {text.get_text() for text in course.get_legend().get_texts()} == {"threshold", "stands out", "set aside"}


def test_residual_shows_where_and_when_a_tone_comes_and_goes(blank: Blank) -> None:
    pcm = noise(20.0)
    t_s = np.arange(len(pcm)) / FRONT_END.rate_hz
    beeps = (t_s >= 12) & (t_s < 14) & (np.sin(2 * np.pi * 4 * t_s) > 0)
    pcm = (pcm + 8000 * beeps * np.sin(2 * np.pi * 2000 * t_s)).astype(np.int16)
    axes = panel(painted(blank, pcm, SCORE), "what")
    [image] = axes.images
    beyond_db = np.asarray(image.get_array())
    left, right, *_ = image.get_extent()
    assert abs(np.median(beyond_db)) < 1.0
    row, column = np.unravel_index(beyond_db.argmax(), beyond_db.shape)
    assert beyond_db[row, column] > 9.0
    assert 12.0 <= left + (column + 0.5) * (right - left) / beyond_db.shape[1] <= 14.0
    ticks = dict(zip((text.get_text() for text in axes.get_yticklabels()), axes.get_yticks(), strict=True))
    assert 2 * row + 1 == pytest.approx(ticks["2"], abs=3)


def test_block_size_does_not_change_the_picture(blank: Blank) -> None:
    wide, narrow = (painted(blank, noise(6.0), SCORE, block) for block in (96_000, 777))
    for name in ("spectrogram", "what"):
        first, again = (np.asarray(panel(figure, name).images[0].get_array()) for figure in (wide, narrow))
        np.testing.assert_array_equal(first, again)


def test_memory_does_not_grow_with_the_recording(blank: Blank) -> None:
    figure = painted(blank, np.tile(noise(30.0), 24), SCORE, 480_000)
    for name in ("spectrogram", "what"):
        assert panel(figure, name).images[0].get_array().shape[1] < 2 * COLUMNS


def test_rotor_is_drawn_against_its_floor(blank: Blank) -> None:
    stream = RotorStream(FRONT_END)
    stream.push(rotor_steps(1, duration_s=62.0, fault_db=6.0))
    reading = stream.reading()
    assert reading is not None
    score = replace(SCORE, rotor=Rotor(**vars(reading), p_value_for_machine=0.0005))
    figure = painted(blank, noise(20.0), score)
    shape = panel(figure, f"blades: {reading.rpm:.1f} rpm, p = 0.0005")
    once = [one for one in reading.orders if one.quantity == "shape" and one.order == 1]
    ends = [patch.get_x() + patch.get_width() for patch in shape.patches[: 3 * len(once) : 3]]
    assert ends == pytest.approx([max(one.level_db / one.floor_db, LEAST_RISE) for one in once])
    assert max(ends) > 2.0


def test_recording_that_could_not_be_scored_says_so(blank: Blank) -> None:
    aside = (SetAside(start_s=0.0, end_s=20.0, reason="rain"),)
    figure = painted(blank, noise(20.0), Score(file="a.wav", duration_s=20.0, set_aside=aside, threshold=2.0))
    assert "not scored" in figure.get_suptitle()
    assert texts(panel(figure, "bands")) == {"not scored"}
    assert "no clip could be judged" in texts(panel(figure, "score"))


def test_reasons_do_not_overlap(blank: Blank) -> None:
    aside = tuple(SetAside(start_s=k / 10, end_s=(k + 1) / 10, reason=("rain", "birds")[k % 2]) for k in range(200))
    figure = painted(blank, noise(20.0), replace(SCORE, set_aside=aside))
    figure.draw_without_rendering()
    sound = panel(figure, "spectrogram")
    boxes = sorted((text.get_window_extent() for text in sound.texts if text.get_rotation() == 90), key=lambda b: b.x0)
    assert len(boxes) > 10
    assert all(box.x1 <= after.x0 for box, after in zip(boxes[:-1], boxes[1:], strict=True))


@pytest.mark.parametrize("pcm", [noise(0.0), noise(0.05), noise(0.15), np.zeros(80_000, np.int16)])
def test_silence_and_next_to_nothing_become_a_png(blank: Blank, tmp_path: Path, pcm: NDArray[np.int16]) -> None:
    painter = blank()
    painter.push(pcm)
    duration_s = len(pcm) / FRONT_END.rate_hz
    score = Score(file="$ä{風.wav", duration_s=duration_s, warnings=("$" * 400,))
    save_figure(painter.draw(score), tmp_path / "new" / "a.png")
    assert imread(tmp_path / "new" / "a.png").shape == (990, 1540, 4)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.png"]
