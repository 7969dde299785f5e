"""A picture of an enhanced recording: before, after, what was taken away where, and both levels over time."""

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from acoustic.audio.source import Pcm16
from acoustic.frontend import FrontEnd
from acoustic.plot import Spectrogram, draw_bands, label_time, new_figure

#: Decibels below the loudest band of the recording that are still seen.
RANGE_DB = 70.0
#: The gain that is darkest.
DEEPEST_DB = -30.0
BEFORE, AFTER = "#90a4ae", "#00695c"


class Titled(Protocol):
    """What a result says of the recording."""

    @property
    def file(self) -> str:
        """The recording."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know about it."""


class Sketch:
    """Collects what the picture needs of a recording of any length, in constant memory.

    Parameters
    ----------
    rate_hz : int
        Rate of the sound, before and after (Hz).
    """

    def __init__(self, rate_hz: int) -> None:
        self._frontend = FrontEnd(
            rate_hz=rate_hz,
            frame_samples=512,
            hop_samples=128,
            n_fft=512,
            n_mels=64,
            fmin_hz=50.0,
            fmax_hz=rate_hz / 2,
        )
        self._before, self._after = Spectrogram(self._frontend), Spectrogram(self._frontend)

    def push(self, pcm: Pcm16) -> None:
        """Take samples as they came."""
        self._before.push(pcm)

    def push_sound(self, pcm: Pcm16) -> None:
        """Take enhanced samples; the first one belongs to the first one that came."""
        self._after.push(pcm)

    def draw(self, result: Titled) -> Any:
        """Return the picture, a matplotlib figure."""
        before, after, column_s = self._before.levels_db, self._after.levels_db, self._before.column_s
        figure = new_figure(12.0, 9.0, "\n".join([Path(result.file).name, *result.warnings]))
        panels = figure.subplots(4, 1, sharex=True, height_ratios=(3, 3, 3, 2))
        top = float(before.max()) if len(before) else 0.0
        sounds = {"before": before, "after": after}
        for axes, (title, levels) in zip(panels, sounds.items(), strict=False):
            image = draw_bands(axes, self._frontend, levels, column_s, cmap="magma", vmin=top - RANGE_DB, vmax=top)
            _finish(figure, axes, image, title, "dB")
        gain_db = np.minimum(after - before, 0.0)
        image = draw_bands(panels[2], self._frontend, gain_db, column_s, cmap="bone", vmin=DEEPEST_DB, vmax=0.0)
        _finish(figure, panels[2], image, "taken away", "gain (dB)")
        _draw_levels(panels[3], sounds, column_s)
        return figure


def _finish(figure: Any, axes: Any, image: Any, title: str, unit: str) -> None:
    axes.set_title(title, loc="left", fontsize=10)
    if image is not None:
        figure.colorbar(image, ax=axes, label=unit, pad=0.01)


def _draw_levels(axes: Any, sounds: dict[str, NDArray[np.float32]], column_s: float) -> None:
    for (name, levels), colour in zip(sounds.items(), (BEFORE, AFTER), strict=True):
        level_db = 10.0 * np.log10(np.sum(10.0 ** (levels.astype(np.float64) / 10.0), axis=1))
        axes.plot((np.arange(len(levels)) + 0.5) * column_s, level_db, color=colour, linewidth=1.0, label=name)
    axes.set_title("level", loc="left", fontsize=10)
    axes.set_ylabel("dB")
    axes.legend(loc="lower right", ncols=2, framealpha=0.9)
    axes.grid(alpha=0.3)
    label_time(axes)
