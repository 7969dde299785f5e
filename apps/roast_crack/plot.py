"""A picture of a roast: spectrogram, every crack, their rate, and the moments of first crack."""

from pathlib import Path
from typing import Any

import numpy as np

from acoustic.audio.source import Pcm16
from acoustic.errors import AcousticError
from acoustic.files import whole_file
from acoustic.frontend import FrontEnd, LogMelStream
from acoustic.frontend.tables import hz_to_mel
from acoustic.terminal import clock_time
from apps.roast_crack.report import RATE_WINDOW_S, Score

#: Finer in frequency than what the model hears, so that a person can tell a voice from a motor.
PICTURE = FrontEnd(
    rate_hz=32_000, frame_samples=1024, hop_samples=512, n_fft=1024, n_mels=64, fmin_hz=100.0, fmax_hz=15_000.0
)
#: The picture gets this many columns, or up to twice as many.
COLUMNS = 1200
#: Decibels above the median of a band, from black to white.
RANGE_DB = (-3.0, 21.0)
TICKS_HZ = (200, 500, 1000, 2000, 4000, 8000, 14000)
SIZE_INCH, DPI = (12.0, 6.5), 110
CRACK, RATE, MARK = "#00a5cf", "#37474f", "#c62828"


class Painter:
    """Collects the spectrogram of a recording in constant memory, and draws it with what was found."""

    def __init__(self) -> None:
        self._log_mel = LogMelStream(PICTURE)
        self._columns: list[np.ndarray[Any, np.dtype[np.float32]]] = []
        self._frames = np.empty((0, PICTURE.n_mels), np.float32)
        self._frames_per_column = 1

    def push(self, pcm: Pcm16) -> None:
        """Take samples, int16 at ``PICTURE.rate_hz``."""
        frames = np.concatenate([self._frames, self._log_mel.push(pcm)])
        n = self._frames_per_column
        whole = len(frames) // n * n
        # The loudest frame stands for its column: a mean would wash out a crack of a few milliseconds.
        self._columns += list(frames[:whole].reshape(-1, n, PICTURE.n_mels).max(axis=1))
        self._frames = frames[whole:]
        while len(self._columns) >= 2 * COLUMNS:
            odd = self._columns[len(self._columns) // 2 * 2 :]
            pairs = np.stack(self._columns[: len(self._columns) - len(odd)])
            self._columns = list(pairs.reshape(-1, 2, PICTURE.n_mels).max(axis=1))
            self._frames = np.concatenate([*[column[None] for column in odd for _ in range(n)], self._frames])
            n = self._frames_per_column = 2 * n

    def save(self, score: Score, path: Path) -> None:
        """Write the picture as PNG, whole or not at all.

        Raises
        ------
        AcousticError
            If it cannot be written.
        """
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(SIZE_INCH, layout="constrained")
        FigureCanvasAgg(figure)
        sound, rate = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        self._draw_sound(sound, score)
        _draw_rate(rate, score)
        _draw_moments((sound, rate), score)
        figure.suptitle(_title(score), fontsize=11, x=0.01, ha="left")
        try:
            with whole_file(path) as stream:
                figure.savefig(stream, format="png", dpi=DPI)
        except OSError as error:
            raise AcousticError(
                f"{path}: the picture cannot be written ({error.strerror}). Free space or write elsewhere."
            ) from error

    def _draw_sound(self, axes: Any, score: Score) -> None:
        axes.set_ylabel("frequency (kHz)")
        if not self._columns:
            return
        levels = np.stack(self._columns)
        # Roasters are loud below 1 kHz and cracks are not: each band is shown above its own background.
        contrast = levels - np.median(levels, axis=0)
        column_s = self._frames_per_column * PICTURE.hop_samples / PICTURE.rate_hz
        extent = (0.0, len(levels) * column_s, 0.0, float(PICTURE.n_mels))
        axes.imshow(
            contrast.T, origin="lower", aspect="auto", extent=extent, cmap="magma", vmin=RANGE_DB[0], vmax=RANGE_DB[1]
        )
        lowest, *ticks, highest = hz_to_mel(
            np.array([PICTURE.fmin_hz, *TICKS_HZ, PICTURE.fmax_hz], np.float64), PICTURE.mel_scale
        )
        axes.set_yticks(
            [(tick - lowest) / (highest - lowest) * PICTURE.n_mels for tick in ticks],
            [f"{hz / 1000:g}" for hz in TICKS_HZ],
        )


def _draw_rate(axes: Any, score: Score) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

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
    axes.set_xlabel("time (min:s)")
    axes.xaxis.set_major_locator(MaxNLocator(12, steps=[1, 1.2, 2, 3, 6, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda t_s, _: clock_time(t_s)))
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
