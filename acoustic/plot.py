"""What pictures of recordings have in common: a spectrogram of any length, an axis of time, a PNG written whole."""

import io
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.audio.source import Pcm16
from acoustic.files import whole_file, write_failure
from acoustic.frontend import FrontEnd, LogMelStream
from acoustic.frontend.tables import hz_to_mel
from acoustic.text import clock_time

#: The picture gets this many columns, or up to twice as many.
COLUMNS = 1200
#: Decibels above the median of a band, from black to white.
RANGE_DB = (-3.0, 21.0)
TICKS_HZ = (200, 500, 1000, 2000, 4000, 8000, 14000)
DPI = 110


class Columns:
    """Collects rows of numbers of any duration, in constant memory, as the columns of a picture.

    Parameters
    ----------
    width : int
        Numbers in a row.
    merge : callable
        Makes one row of several, given an array and ``axis``: `numpy.max`, `numpy.mean`.
    frames_per_column : int
        Rows that make a column at first; as many more as needed later.
    """

    def __init__(self, width: int, merge: Callable[..., Any], frames_per_column: int = 1) -> None:
        self.frames_per_column = frames_per_column
        self._width, self._merge = width, merge
        self._columns: list[NDArray[np.float32]] = []
        self._frames = np.empty((0, width), np.float32)

    def push(self, rows: NDArray[np.float32]) -> None:
        """Take rows, float32 (n, width)."""
        frames = np.concatenate([self._frames, rows])
        n, width = self.frames_per_column, self._width
        whole = len(frames) // n * n
        self._columns += list(self._merge(frames[:whole].reshape(-1, n, width), axis=1))
        self._frames = frames[whole:]
        while len(self._columns) >= 2 * COLUMNS:
            odd = self._columns[len(self._columns) // 2 * 2 :]
            pairs = np.stack(self._columns[: len(self._columns) - len(odd)])
            self._columns = list(self._merge(pairs.reshape(-1, 2, width), axis=1))
            self._frames = np.concatenate([*[column[None] for column in odd for _ in range(n)], self._frames])
            n = self.frames_per_column = 2 * n

    def values(self) -> NDArray[np.float32]:
        """Return the columns so far, float32 (n_columns, width)."""
        return np.array(self._columns, np.float32).reshape(-1, self._width)


class Spectrogram:
    """Collects the log-mel spectrogram of a recording in constant memory, and draws it."""

    def __init__(self, frontend: FrontEnd) -> None:
        self._frontend = frontend
        self._log_mel = LogMelStream(frontend)
        # The loudest frame stands for its column: a mean would wash out a click of a few milliseconds.
        self._columns = Columns(frontend.n_mels, np.max)

    def push(self, pcm: Pcm16) -> NDArray[np.float32]:
        """Take samples, int16 at the front end's ``rate_hz``; return the frames they complete, float32 (n, n_mels)."""
        frames = self._log_mel.push(pcm)
        self._columns.push(frames)
        return frames

    @property
    def levels_db(self) -> NDArray[np.float32]:
        """What was pushed so far: float32 (n_columns, n_mels)."""
        return self._columns.values()

    @property
    def column_s(self) -> float:
        """Duration of a column (s)."""
        return self._columns.frames_per_column * self._frontend.hop_samples / self._frontend.rate_hz

    def draw(self, axes: Any) -> Any:
        """Draw what was pushed so far, and return the image; None of a recording shorter than a frame."""
        levels = self.levels_db
        # Machines are loudest where they do not change: each band is shown above its own background.
        contrast = levels - np.median(levels, axis=0).astype(np.float32) if len(levels) else levels
        return draw_bands(
            axes, self._frontend, contrast, self.column_s, cmap="magma", vmin=RANGE_DB[0], vmax=RANGE_DB[1]
        )


def draw_bands(
    axes: Any,
    frontend: FrontEnd,
    columns: NDArray[np.float32],
    column_s: float,
    start_s: float = 0.0,
    **style: Any,
) -> Any:
    """Draw columns of ``column_s`` seconds, (n_columns, n), over time and all mel bands, and return the image.

    Without a column nothing is drawn but the axis of frequency, and None is returned.
    """
    label_bands(axes, frontend)
    if not len(columns):
        return None
    extent = (start_s, start_s + len(columns) * column_s, 0.0, float(frontend.n_mels))
    return axes.imshow(columns.T, origin="lower", aspect="auto", extent=extent, **style)


def label_bands(axes: Any, frontend: FrontEnd) -> None:
    """Write frequencies beside an axis that counts mel bands."""
    ticks_hz = [float(hz) for hz in TICKS_HZ if frontend.fmin_hz < hz < frontend.fmax_hz]
    axes.set_ylabel("frequency (kHz)")
    axes.set_yticks(band_of(frontend, ticks_hz), [f"{hz / 1000:g}" for hz in ticks_hz])


def band_of(frontend: FrontEnd, frequencies_hz: Sequence[float]) -> list[float]:
    """Place of frequencies on an axis that counts mel bands."""
    lowest, *places, highest = hz_to_mel(
        np.array([frontend.fmin_hz, *frequencies_hz, frontend.fmax_hz], np.float64), frontend.mel_scale
    )
    return [float((place - lowest) / (highest - lowest)) * frontend.n_mels for place in places]


def new_figure(width_inch: float, height_inch: float, title: str) -> Any:
    """Return an empty matplotlib figure that belongs to no window; a notebook shows it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    class NotebookFigure(Figure):
        """A figure that a notebook shows even where pyplot was never imported."""

        def _repr_png_(self) -> bytes:
            return _png(self)

    figure = NotebookFigure((width_inch, height_inch), layout="constrained", dpi=DPI)
    FigureCanvasAgg(figure)
    # Names of files come as they are: a dollar sign is no formula.
    figure.suptitle(drawable(title), fontsize=11, x=0.01, ha="left", parse_math=False)
    return figure


def drawable(text: str) -> str:
    """Return a text, as of a file's name that is no UTF-8, with question marks for what no font can draw."""
    return text.encode(errors="replace").decode()


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
    png = _png(figure)
    try:
        with whole_file(path) as stream:
            stream.write(png)
    except OSError as error:
        raise write_failure(path, error) from error


def _png(figure: Any) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings():
        # A sign of a file's name that the font lacks becomes a box.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        figure.savefig(stream, format="png", dpi=DPI)
    return stream.getvalue()
