"""A picture of quality, intelligibility and error over the signal-to-noise ratio, a line a system."""

from pathlib import Path

from acoustic.plot import new_figure, save_figure

from .summary import BEATEN, EvaluationSummary


def save_plot(summary: EvaluationSummary, path: Path) -> None:
    """Write the picture as PNG, whole or not at all; the line of the system that is judged is bold.

    Raises
    ------
    AcousticError
        When it cannot be written.
    """
    figure = new_figure(13.0, 4.6, f"{summary.source}: {summary.clips} clips")
    panels = figure.subplots(1, len(BEATEN))
    for axes, measure in zip(panels, BEATEN, strict=True):
        for system in summary.systems:
            means = summary.by_ratio(system, measure)
            style = {"color": "black", "linestyle": "--"} if system == summary.systems[0] else {}
            axes.plot(
                list(means),
                list(means.values()),
                marker="o",
                linewidth=3.0 if system == summary.ours else 1.3,
                markersize=4,
                label=system,
                **style,
            )
        axes.set_xlabel("signal-to-noise ratio (dB)")
        axes.set_title(measure.title)
        axes.set_xticks(sorted({*summary.ratios_db}))
        axes.grid(alpha=0.3)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper", frameon=False)
    save_figure(figure, path)
