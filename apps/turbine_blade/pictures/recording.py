"""A picture of a recording: what was heard, what was not expected of it, and the score over time."""

import textwrap
from pathlib import Path
from typing import Any

import numpy as np

from acoustic.audio.source import Pcm16
from acoustic.frontend.noise_floor import STEPS_PER_DB, to_steps
from acoustic.plot import Columns, Spectrogram, draw_bands, label_time, new_figure

from ..gate import SetAside
from ..result import Score
from ..scorer.features import SPREAD_FLOOR_DB, half_bands
from ..scorer.model import TurbineModel, Usual
from ..scorer.network import BEFORE, CONTEXT_FRAMES
from .reasons import MORE, draw_rotor, draw_unusual_bands

#: A column of the residual is the mean of so many frames at least: of a single one it would be noise.
RESIDUAL_FRAMES = 8
#: Decibels of residual beyond the usual, from blue to red.
RESIDUAL_RANGE_DB = 9.0
MOMENT, CLIP = "#00c8ff", "#546e7a"
#: Red, green, blue: lets a little of what it covers shine through.
ASIDE = (0.62, 0.62, 0.62)
TITLE_WIDTH = 170


class TurbinePainter:
    """Collects what a picture needs of a recording, in constant memory, and draws it.

    Parameters
    ----------
    model : TurbineModel
        Whose network tells what it did not expect.
    usual : Usual
        What is usual for the machine.
    """

    def __init__(self, model: TurbineModel, usual: Usual) -> None:
        self._front_end, self._hop_s, self._network = model.front_end, model.hop_s, model.network
        self._usual_db = usual.clips.mean[model.layout.groups["residual"]].astype(np.float32) / STEPS_PER_DB
        self._spectrogram = Spectrogram(model.front_end)
        self._residual = Columns(model.layout.n_half_bands, np.mean, RESIDUAL_FRAMES)
        self._tail = np.empty((0, model.layout.n_half_bands), np.int16)

    def push(self, pcm: Pcm16) -> None:
        """Take samples, int16 at the model's rate."""
        half = np.concatenate([self._tail, half_bands(to_steps(self._spectrogram.push(pcm)))])
        if len(half) >= CONTEXT_FRAMES:
            square_db = np.square(self._network.residual(half) / STEPS_PER_DB)
            self._residual.push(square_db.astype(np.float32))
        self._tail = half[-(CONTEXT_FRAMES - 1) :]

    def draw(self, score: Score) -> Any:
        """Return the picture of what was pushed, with what was found in it: a matplotlib figure."""
        figure = new_figure(14.0, 9.0, _title(score))
        grid = figure.add_gridspec(3, 2, width_ratios=(4, 1.5), height_ratios=(4, 3, 2))
        sound = figure.add_subplot(grid[0, 0])
        residual = figure.add_subplot(grid[1, 0], sharex=sound)
        course = figure.add_subplot(grid[2, 0], sharex=sound)
        self._draw_sound(sound)
        self._draw_residual(residual)
        _draw_course(course, score)
        duration_s = max(score.duration_s or 0.0, 1.0)
        _draw_moments((sound, residual, course), score)
        _draw_set_aside((sound, residual, course), score.set_aside, duration_s)
        _draw_legend(course)
        sound.set_xlim(0.0, duration_s)
        sound.tick_params(labelbottom=False)
        residual.tick_params(labelbottom=False)
        label_time(course)
        draw_unusual_bands(figure.add_subplot(grid[0, 1], sharey=sound), score, self._front_end)
        draw_rotor(figure, grid[1:, 1], score)
        return figure

    def _draw_sound(self, axes: Any) -> None:
        _heading(axes, "spectrogram", self._spectrogram.draw(axes), "dB above the band's median")

    def _draw_residual(self, axes: Any) -> None:
        columns = self._residual.values()
        beyond_db = 10.0 * np.log10(columns + np.float32(SPREAD_FLOOR_DB**2)) - self._usual_db
        image = draw_bands(
            axes,
            self._front_end,
            beyond_db.astype(np.float32),
            self._residual.frames_per_column * self._hop_s,
            BEFORE * self._hop_s,
            cmap="RdBu_r",
            vmin=-RESIDUAL_RANGE_DB,
            vmax=RESIDUAL_RANGE_DB,
        )
        axes.set_ylim(0.0, self._front_end.n_mels)
        _heading(axes, "what the network did not expect", image, "dB beyond this machine's usual")


def _heading(axes: Any, text: str, image: Any, unit: str) -> None:
    """Write what a panel shows above it, with the colours on the right."""
    axes.set_title(text, loc="left", fontsize=10, y=1.0)
    if image is None:
        return
    bar = axes.inset_axes((0.8, 1.025, 0.2, 0.035))
    axes.figure.colorbar(image, cax=bar, orientation="horizontal")
    bar.xaxis.set_ticks_position("top")
    bar.tick_params(labelsize=8, pad=1, length=2)
    axes.text(0.79, 1.02, unit, transform=axes.transAxes, ha="right", va="bottom", fontsize=8)


def _draw_course(axes: Any, score: Score) -> None:
    """Draw the score of every clip: a gap where none was judged."""
    axes.set_title("score of each clip", loc="left", fontsize=10)
    axes.set_ylabel("-log10 p")
    highest = 0.0
    if score.clip_scores:
        starts, ends, values = np.array([(one.start_s, one.end_s, one.score) for one in score.clip_scores]).T
        edges = np.unique(np.concatenate([starts, ends]))
        heights = np.full(len(edges) - 1, np.nan)
        heights[np.searchsorted(edges, starts)] = values
        highest = float(values.max())
        axes.stairs(heights, edges, fill=True, color=CLIP, alpha=0.3)
        if score.threshold is not None:
            beyond = np.where(heights >= score.threshold, heights, np.nan)
            axes.stairs(beyond, edges, fill=True, color=MORE, alpha=0.6)
        axes.stairs(heights, edges, color="black", linewidth=1.0)
    else:
        axes.text(0.5, 0.5, "no clip could be judged", transform=axes.transAxes, ha="center", va="center")
    if score.threshold is not None:
        axes.axhline(score.threshold, color="black", linestyle="--", linewidth=1.2, label="threshold")
    axes.set_ylim(0.0, 1.3 * max(highest, score.threshold or 0.0, 1.0))
    axes.grid(axis="x", alpha=0.3)


def _draw_moments(panels: tuple[Any, ...], score: Score) -> None:
    """Mark the seconds that stand out by a bar along the upper edge."""
    for axes in panels:
        for moment in score.when:
            axes.axvspan(moment.start_s, moment.end_s, ymin=0.965, color=MOMENT, linewidth=0, label="stands out")


def _draw_set_aside(panels: tuple[Any, ...], stretches: tuple[SetAside, ...], duration_s: float) -> None:
    """Cover what was not scored, and say why: the longest stretches first, where there is room."""
    for axes in panels:
        for stretch in stretches:
            axes.axvspan(
                stretch.start_s,
                stretch.end_s,
                facecolor=(*ASIDE, 0.6),
                edgecolor="white",
                hatch="///",
                linewidth=0,
                label="set aside",
            )
    told: list[float] = []
    for stretch in sorted(stretches, key=lambda one: one.start_s - one.end_s):
        middle_s = (stretch.start_s + stretch.end_s) / 2
        if all(abs(middle_s - other_s) > 0.022 * duration_s for other_s in told):
            told.append(middle_s)
            panels[0].text(
                middle_s,
                0.5,
                stretch.reason,
                transform=panels[0].get_xaxis_transform(),
                rotation=90,
                ha="center",
                va="center",
                fontsize=8,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5},
            )


def _draw_legend(axes: Any) -> None:
    """Name each kind of mark once, above the panel."""
    marks, names = axes.get_legend_handles_labels()
    kinds = dict(zip(names, marks, strict=True))
    axes.legend(
        kinds.values(), kinds.keys(), loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, fontsize=8, frameon=False
    )


def _title(score: Score) -> str:
    machine = "" if score.machine is None else f", {score.machine}"
    start = "" if score.start is None else f", {score.start}"
    verdict = "not scored: too little was left to judge"
    if score.score is not None and score.p_value is not None:
        verdict = f"score {score.score:.2f}, p = {score.p_value:.2g}, {'ANOMALOUS' if score.anomalous else 'as usual'}"
    lines = [f"{Path(score.file).name}{machine}{start}: {verdict}", *score.warnings]
    return "\n".join(part for line in lines for part in textwrap.wrap(line, TITLE_WIDTH))
