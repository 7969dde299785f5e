"""A picture of a roast: spectrogram, every crack, their rate, and the moments of first crack."""

from pathlib import Path
from typing import Any

import numpy as np

from acoustic.frontend import FrontEnd
from acoustic.plot import Spectrogram, label_time, new_figure, save_figure
from acoustic.terminal import clock_time

from .report import RATE_WINDOW_S, Score

#: Finer in frequency than what the model hears, so that a person can tell a voice from a motor.
PICTURE = FrontEnd(
    rate_hz=32_000, frame_samples=1024, hop_samples=512, n_fft=1024, n_mels=64, fmin_hz=100.0, fmax_hz=15_000.0
)
CRACK, RATE, MARK = "#00a5cf", "#37474f", "#c62828"


def save_picture(spectrogram: Spectrogram, score: Score, path: Path) -> None:
    """Draw a recording with what was found in it, and write the picture as PNG, whole or not at all.

    Raises
    ------
    AcousticError
        If it cannot be written.
    """
    figure = new_figure(12.0, 6.5, _title(score))
    sound, rate = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    spectrogram.draw(sound)
    _draw_rate(rate, score)
    _draw_moments((sound, rate), score)
    save_figure(figure, path)


def _draw_rate(axes: Any, score: Score) -> None:
    duration_s = score.duration_s or 0.0
    times = np.array([crack.t_s for crack in score.cracks])
    grid = np.linspace(0.0, max(duration_s, 1.0), 1000)
    counts = np.searchsorted(times, grid, "right") - np.searchsorted(times, grid - RATE_WINDOW_S, "right")
    axes.step(grid, counts * 60.0 / RATE_WINDOW_S, where="post", color=RATE, linewidth=1.5)
    axes.fill_between(grid, counts * 60.0 / RATE_WINDOW_S, step="post", color=RATE, alpha=0.15, linewidth=0)
    axes.set_ylabel(f"cracks a minute\n(last {RATE_WINDOW_S:.0f} s)")
    axes.set_ylim(0.0, max(10.0, 1.25 * float(counts.max()) * 60.0 / RATE_WINDOW_S))
    axes.set_xlim(0.0, max(duration_s, 1.0))
    strength = axes.twinx()
    strength.vlines(times, 0.0, [crack.score for crack in score.cracks], color=CRACK, linewidth=0.8, alpha=0.8)
    strength.plot(times, [crack.score for crack in score.cracks], "o", color=CRACK, markersize=3)
    strength.set_ylim(0.0, 1.05)
    strength.set_ylabel("score of a crack", color=CRACK)
    label_time(axes)
    axes.grid(axis="x", alpha=0.3)


def _draw_moments(panels: tuple[Any, Any], score: Score) -> None:
    """Lines through both panels, with a legend that gives the times."""
    if (found := score.first_crack) is None:
        return
    moments = [("first pop", found.first_pop_s, ":"), ("onset", found.onset_s, "-"), ("decided", found.decided_s, "--")]
    if score.first_crack_end is not None:
        moments.append(("end", score.first_crack_end.end_s, "-."))
        panels[1].axvspan(found.onset_s, score.first_crack_end.end_s, color=MARK, alpha=0.08, linewidth=0)
    for name, t_s, style in moments:
        panels[0].axvline(t_s, color="white", linestyle=style, linewidth=1.0)
        panels[1].axvline(t_s, color=MARK, linestyle=style, linewidth=1.2, label=f"{name} {clock_time(t_s, 1)}")
    panels[1].legend(loc="upper left", framealpha=0.9)


def _title(score: Score) -> str:
    found = "no first crack"
    if score.first_crack is not None:
        found = f"first crack {clock_time(score.first_crack.onset_s, 1)}, confidence {score.first_crack.confidence:.2f}"
    remarks = "".join(f"\n{warning}" for warning in score.warnings)
    return f"{Path(score.file).name}: {found}, {len(score.cracks)} cracks{remarks}"
