"""What pictures of recordings have in common: a spectrogram of any length, an axis of time, a PNG written whole."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.audio.source import Pcm16
from acoustic.files import whole_file, write_failure
from acoustic.frontend import FrontEnd, LogMelStream
from acoustic.frontend.tables import hz_to_mel
from acoustic.terminal import clock_time

#: The picture gets this many columns, or up to twice as many.
COLUMNS = 1200
#: Decibels above the median of a band, from black to white.
RANGE_DB = (-3.0, 21.0)
TICKS_HZ = (200, 500, 1000, 2000, 4000, 8000, 14000)
DPI = 110


class Spectrogram:
    """Collects the log-mel spectrogram of a recording in constant memory, and draws it."""

    def __init__(self, frontend: FrontEnd) -> None:
        self._frontend = frontend
        self._log_mel = LogMelStream(frontend)
        self._columns: list[NDArray[np.float32]] = []
        self._frames = np.empty((0, frontend.n_mels), np.float32)
        self._frames_per_column = 1

    def push(self, pcm: Pcm16) -> None:
        """Take samples, int16 at the front end's ``rate_hz``."""
        frames = np.concatenate([self._frames, self._log_mel.push(pcm)])
        n, n_mels = self._frames_per_column, self._frontend.n_mels
        whole = len(frames) // n * n
        # The loudest frame stands for its column: a mean would wash out a click of a few milliseconds.
        self._columns += list(frames[:whole].reshape(-1, n, n_mels).max(axis=1))
        self._frames = frames[whole:]
        while len(self._columns) >= 2 * COLUMNS:
            odd = self._columns[len(self._columns) // 2 * 2 :]
            pairs = np.stack(self._columns[: len(self._columns) - len(odd)])
            self._columns = list(pairs.reshape(-1, 2, n_mels).max(axis=1))
            self._frames = np.concatenate([*[column[None] for column in odd for _ in range(n)], self._frames])
            n = self._frames_per_column = 2 * n

    def draw(self, axes: Any) -> None:
        """Draw what was pushed so far; nothing of a recording shorter than a frame."""
        axes.set_ylabel("frequency (kHz)")
        if not self._columns:
            return
        levels, frontend = np.stack(self._columns), self._frontend
        # Machines are loudest where they do not change: each band is shown above its own background.
        contrast = levels - np.median(levels, axis=0)
        column_s = self._frames_per_column * frontend.hop_samples / frontend.rate_hz
        extent = (0.0, len(levels) * column_s, 0.0, float(frontend.n_mels))
        axes.imshow(
            contrast.T, origin="lower", aspect="auto", extent=extent, cmap="magma", vmin=RANGE_DB[0], vmax=RANGE_DB[1]
        )
        ticks_hz = [hz for hz in TICKS_HZ if frontend.fmin_hz < hz < frontend.fmax_hz]
        axes.set_yticks(_band_of(frontend, ticks_hz), [f"{hz / 1000:g}" for hz in ticks_hz])


def _band_of(frontend: FrontEnd, ticks_hz: list[int]) -> list[float]:
    """Place of frequencies on an axis that counts mel bands."""
    lowest, *ticks, highest = hz_to_mel(
        np.array([frontend.fmin_hz, *ticks_hz, frontend.fmax_hz], np.float64), frontend.mel_scale
    )
    return [(tick - lowest) / (highest - lowest) * frontend.n_mels for tick in ticks]


def new_figure(width_inch: float, height_inch: float, title: str) -> Any:
    """Return an empty matplotlib figure that belongs to no window."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure((width_inch, height_inch), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    return figure


def label_time(axes: Any) -> None:
    """Write times as minutes and seconds below an axis in seconds."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.set_xlabel("time (min:s)")
    axes.xaxis.set_major_locator(MaxNLocator(12, steps=[1, 1.2, 2, 3, 6, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda t_s, _: clock_time(t_s)))


def save_figure(figure: Any, path: Path) -> None:
    """Write a figure as PNG, whole or not at all.

    Raises
    ------
    AcousticError
        If it cannot be written.
    """
    try:
        with whole_file(path) as stream:
            figure.savefig(stream, format="png", dpi=DPI)
    except OSError as error:
        raise write_failure(path, error) from error
