"""A wind farm at a glance: turbines by days, coloured by how often a turbine was anomalous."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.application import Row
from acoustic.errors import ParameterError
from acoustic.plot import drawable, new_figure, save_figure

#: A day is marked when chance alone makes so many recordings anomalous on one day in so many, or fewer.
CHANCE = 0.001
#: Days up to the last one; earlier ones, as of a recorder whose clock was never set, are left out.
MOST_DAYS = 366
NOTHING, MARK = "#b8bcc0", "black"
TICKS = {0.0: "none", 0.01: "1 %", 0.05: "5 %", 0.2: "20 %", 0.5: "half", 1.0: "all"}
#: Year, month and day with the same separator or none; the time of day may follow without a gap.
_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_./]?)(\d\d)\2(\d\d)(?!\d(?!\d{3}(?:\d\d)?(?!\d)))")


@dataclass(frozen=True, kw_only=True)
class MapDay:
    """What one turbine's recordings of one day amount to."""

    recordings: int
    """Those that were scored."""
    anomalous: int
    allowed_rate: float
    """Share of normal recordings that may be called anomalous."""

    @property
    def share(self) -> float:
        """Share of the recordings that were anomalous."""
        return self.anomalous / self.recordings

    @property
    def too_often(self) -> bool:
        """Whether chance makes so many anomalous on fewer than one day in a thousand (binomial distribution)."""
        from scipy.special import bdtrc

        return self.anomalous > 0 and bool(bdtrc(self.anomalous - 1, self.recordings, self.allowed_rate) < CHANCE)


def save_heat_map(rows: Iterable[Row], path: Path) -> None:
    """Draw turbines by days, and write the picture as PNG, whole or not at all.

    The colour is the share of the day's recordings that were anomalous. An operator can hold it against the false
    alarms he allowed; it means the same on every turbine; and unlike a mean of scores it does not grow because of one
    recording with a very high score. Small shares get much of the range of colours, for damage begins there. Grey
    are days without a scored recording.

    Parameters
    ----------
    rows : iterable of dict
        Of `result.Score`. Those that were not scored, or that have no machine or no day, are left out.
    path : Path

    Raises
    ------
    ParameterError
        If no scored recording has a machine and a day.
    AcousticError
        If the picture cannot be written.
    """
    days = summarise_days(rows)
    if not days:
        raise ParameterError(
            "a heat map needs scored recordings whose machine and day are known: put them in folders like "
            "turbine_01/2026-01-31, or name 'machine' and 'start' in a table of conditions"
        )
    last = max(day for _, day in days)
    first = max(min(day for _, day in days), last - timedelta(days=MOST_DAYS - 1))
    shown = {where: found for where, found in days.items() if where[1] >= first}
    machines = sorted({machine for machine, _ in shown}, key=_natural)
    n_days = (last - first).days + 1
    width, height = np.clip(3.0 + 0.35 * n_days, 8.0, 18.0), np.clip(2.2 + 0.25 * len(machines), 3.5, 400.0)
    figure = new_figure(float(width), float(height), _title(shown, len(machines)))
    axes = figure.subplots()
    _draw(axes, shown, machines, first, n_days)
    _label_days(axes, first, n_days, most=int(width * 2.2))
    save_figure(figure, path)


def summarise_days(rows: Iterable[Row]) -> dict[tuple[str, date], MapDay]:
    """Count the scored recordings of each machine and day."""
    found: dict[tuple[str, date], list[tuple[bool, float]]] = defaultdict(list)
    for row in rows:
        day = day_of(row)
        if row["machine"] is not None and day is not None and row["anomalous"] is not None:
            found[row["machine"], day].append((row["anomalous"], 10.0 ** -row["threshold"]))
    return {
        where: MapDay(
            recordings=len(one),
            anomalous=sum(anomalous for anomalous, _ in one),
            allowed_rate=sum(rate for _, rate in one) / len(one),
        )
        for where, one in found.items()
    }


def day_of(row: Row) -> date | None:
    """Return the local day on which a recording began: from its ``start``, a date in its path, or else its metadata.

    The date may read 2026-01-31, 2026_01_31, 2026.01.31, 20260131 or be folders 2026/01/31, and stand before a time
    of day. Of several, the one nearest to the end of the path counts.
    """
    if row["start"] is not None:
        return datetime.fromisoformat(row["start"]).date()
    in_path = next(_dates(Path(row["file"]).as_posix()), None)
    if in_path is not None or row["started"] is None:
        return in_path
    return datetime.fromisoformat(row["started"]).date()


def _dates(text: str) -> Iterator[date]:
    """Yield the dates in a text, last first; what is none, like a 13th month, is passed over."""
    for match in reversed(list(_DATE.finditer(text))):
        try:
            yield date(int(match[1]), int(match[3]), int(match[4]))
        except ValueError:
            continue


def _draw(axes: Any, days: dict[tuple[str, date], MapDay], machines: list[str], first: date, n_days: int) -> None:
    from matplotlib.colors import PowerNorm
    from matplotlib.patches import Patch

    share: NDArray[np.float64] = np.full((len(machines), n_days), np.nan)
    marks = []
    for (machine, day), found in days.items():
        row, column = machines.index(machine), (day - first).days
        share[row, column] = found.share
        if found.too_often:
            marks.append((column, row))
    axes.set_facecolor(NOTHING)
    # The square root: 4 % of anomalous recordings are a fifth of the way.
    image = axes.imshow(share, cmap="YlOrRd", norm=PowerNorm(0.5, 0.0, 1.0), aspect="auto", interpolation="nearest")
    axes.set_xticks(np.arange(n_days + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(machines) + 1) - 0.5, minor=True)
    if n_days <= 100:
        axes.grid(which="minor", color="white", linewidth=0.8)
    axes.tick_params(which="minor", length=0)
    axes.set_yticks(range(len(machines)), map(drawable, machines), parse_math=False)
    handles: list[Any] = [Patch(facecolor=NOTHING, label="nothing scored")]
    if marks:
        columns, rows = zip(*marks, strict=True)
        label = "more often than the allowed false alarms explain"
        handles += axes.plot(
            columns, rows, "o", color=MARK, markeredgecolor="white", markersize=7, linestyle="none", label=label
        )
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, fontsize=9, frameon=False)
    shrink = min(1.0, 4.0 / axes.figure.get_figheight())
    bar = axes.figure.colorbar(image, ax=axes, ticks=list(TICKS), pad=0.015, shrink=shrink, anchor=(0.0, 1.0))
    bar.ax.set_yticklabels(TICKS.values())
    bar.set_label("anomalous recordings of the day")


def _label_days(axes: Any, first: date, n_days: int, most: int) -> None:
    """Write dates below the columns: each, or each second, seventh, ... where there is room for ``most`` only."""
    every = next(step for step in (1, 2, 7, 14, 28, MOST_DAYS) if n_days <= step * most)
    places = list(range(0, n_days, every))
    axes.set_xticks(places, [(first + timedelta(days=place)).isoformat() for place in places], rotation=60, ha="right")
    axes.tick_params(axis="x", labelsize=9)
    for label in axes.get_xticklabels():
        label.set_rotation_mode("anchor")


def _title(days: dict[tuple[str, date], MapDay], n_machines: int) -> str:
    recordings, anomalous = (sum(getattr(day, name) for day in days.values()) for name in ("recordings", "anomalous"))
    rate = sum(day.allowed_rate * day.recordings for day in days.values()) / recordings
    machines = "1 machine" if n_machines == 1 else f"{n_machines} machines"
    return (
        f"{machines}, {recordings} recordings: {anomalous} anomalous ({100 * anomalous / recordings:.2g} %); "
        f"of healthy ones {100 * rate:.2g} % may be"
    )


def _natural(name: str) -> list[tuple[bool, int, str]]:
    """Order names as people do: 2 before 10."""
    parts = re.findall(r"\d+|\D+", name)
    return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]
