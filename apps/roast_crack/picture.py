"""A picture of a roast: spectrogram, every crack, their rate, and the moments of first crack."""

import math
from pathlib import Path
from typing import Any

import numpy as np

from acoustic.audio.source import Pcm16
from acoustic.frontend import FrontEnd
from acoustic.plot import Spectrogram, label_time, new_figure
from acoustic.text import clock_time

from .collector import RATE_WINDOW_S, Roast

CRACK, RATE, MARK = "#00a5cf", "#37474f", "#c62828"
#: Frames are at least so long that a person can tell a voice from a motor.
SHORTEST_FRAME_S = 0.032


def spectrum(rate_hz: int) -> FrontEnd:
    """Return a front end that is finer in frequency than what the model hears."""
    n_fft = min(1 << math.ceil(math.log2(SHORTEST_FRAME_S * rate_hz)), 8192)
    return FrontEnd(
        rate_hz=rate_hz,
        frame_samples=n_fft,
        hop_samples=n_fft // 2,
        n_fft=n_fft,
        n_mels=64,
        fmin_hz=100.0,
        fmax_hz=min(15_000.0, 15 / 32 * rate_hz),
    )


class RoastPainter:
    """Draws a recording with what was found in it."""

    def __init__(self, rate_hz: int) -> None:
        self._spectrogram = Spectrogram(spectrum(rate_hz))

    def push(self, pcm: Pcm16) -> None:
        """Take samples as they came."""
        self._spectrogram.push(pcm)

    def draw(self, result: Roast) -> Any:
        """Return the picture, a matplotlib figure."""
        figure = new_figure(12.0, 6.5, _title(result))
        sound, rate = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        self._spectrogram.draw(sound)
        _draw_rate(rate, result)
        _draw_moments((sound, rate), result)
        return figure


def _draw_rate(axes: Any, roast: Roast) -> None:
    duration_s = roast.duration_s or 0.0
    times = np.array([crack.t_s for crack in roast.cracks])
    grid = np.linspace(0.0, max(duration_s, 1.0), 1000)
    counts = np.searchsorted(times, grid, "right") - np.searchsorted(times, grid - RATE_WINDOW_S, "right")
    axes.step(grid, counts * 60.0 / RATE_WINDOW_S, where="post", color=RATE, linewidth=1.5)
    axes.fill_between(grid, counts * 60.0 / RATE_WINDOW_S, step="post", color=RATE, alpha=0.15, linewidth=0)
    axes.set_ylabel(f"cracks a minute\n(last {RATE_WINDOW_S:.0f} s)")
    axes.set_ylim(0.0, max(10.0, 1.25 * float(counts.max()) * 60.0 / RATE_WINDOW_S))
    axes.set_xlim(0.0, max(duration_s, 1.0))
    strength = axes.twinx()
    strength.vlines(times, 0.0, [crack.score for crack in roast.cracks], color=CRACK, linewidth=0.8, alpha=0.8)
    strength.plot(times, [crack.score for crack in roast.cracks], "o", color=CRACK, markersize=3)
    strength.set_ylim(0.0, 1.05)
    strength.set_ylabel("score of a crack", color=CRACK)
    label_time(axes)
    axes.grid(axis="x", alpha=0.3)


def _draw_moments(panels: tuple[Any, Any], roast: Roast) -> None:
    """Lines through both panels, with a legend that gives the times."""
    if (found := roast.first_crack) is None:
        return
    moments = [("first pop", found.first_pop_s, ":"), ("onset", found.onset_s, "-"), ("decided", found.decided_s, "--")]
    if found.end_s is not None:
        moments.append(("end", found.end_s, "-."))
        panels[1].axvspan(found.onset_s, found.end_s, color=MARK, alpha=0.08, linewidth=0)
    for name, t_s, style in moments:
        panels[0].axvline(t_s, color="white", linestyle=style, linewidth=1.0)
        panels[1].axvline(t_s, color=MARK, linestyle=style, linewidth=1.2, label=f"{name} {clock_time(t_s, 1)}")
    panels[1].legend(loc="upper left", framealpha=0.9)


def _title(roast: Roast) -> str:
    outcome = "no first crack"
    if (found := roast.first_crack) is not None:
        outcome = f"first crack {clock_time(found.onset_s, 1)}, confidence {found.confidence:.2f}"
    remarks = "".join(f"\n{warning}" for warning in roast.warnings)
    return f"{Path(roast.file).name}: {outcome}, {len(roast.cracks)} cracks{remarks}"
