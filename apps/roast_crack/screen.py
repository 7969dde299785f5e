"""The live screen: a panel that is kept up to date on stderr, and lines above it that stay."""

import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from acoustic.audio import Health
from acoustic.live import Pace
from acoustic.terminal import level_bar
from apps.roast_crack.clock import RoastClock
from apps.roast_crack.decision import FirstCrack
from apps.roast_crack.report import clock_time

#: Drawing is most of the work of listening: seldom enough for a small computer, often enough for an eye.
DRAW_S = 0.2
KEYS = "c charge   d drop   u undo   q quit"


@dataclass(frozen=True)
class Reading:
    """What the panel shows beside the roast itself."""

    now_s: float
    level_dbfs: float
    peak_dbfs: float
    pace: Pace
    health: Health


class Screen:
    """The panel on a terminal; on anything else only the lines."""

    def __init__(self, title: str, *, panel: bool, keys: bool) -> None:
        from rich.console import Console

        self._console = Console(stderr=True, highlight=False)
        self._title = title
        self._keys = KEYS if keys else ""
        self._panel = panel and self._console.is_terminal
        self._live: Any = None
        self._drawn = 0.0

    def __enter__(self) -> Self:
        """Show the panel."""
        if self._panel:
            from rich.live import Live

            # Standard output is left alone: it may be a pipe that carries the events.
            self._live = Live(console=self._console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)
            self._live.start()
        else:
            self.say(self._title)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the last state of the panel on the terminal."""
        if self._live is not None:
            self._live.stop()

    def say(self, line: str, style: str = "") -> None:
        """Write a line that stays."""
        self._console.print(line, style=style, markup=False)

    def alert(self, found: FirstCrack, charge_s: float | None) -> None:
        """Ring the bell and say that first crack has started."""
        self._console.bell()
        start_s = charge_s or 0.0
        self.say(
            f"FIRST CRACK at {clock_time(found.onset_s - start_s)}, decided at {clock_time(found.decided_s - start_s)}"
            f" ({found.cracks} cracks, confidence {found.confidence:.2f})",
            "bold red",
        )

    def draw(self, clock: RoastClock, reading: Reading, *, at_once: bool = False) -> bool:
        """Bring the panel up to date, unless the last time was a moment ago; return whether it was due."""
        now = time.monotonic()
        if now - self._drawn < DRAW_S and not at_once:
            return False
        self._drawn = now
        if self._live is not None:
            self._live.update(self._render(clock, reading), refresh=True)
        return True

    def _render(self, clock: RoastClock, reading: Reading) -> Any:
        from rich.panel import Panel
        from rich.text import Text

        body = Text("\n").join(
            Text.assemble((f"{name:<13}", "dim"), value) for name, value in _rows(clock, reading).items()
        )
        return Panel(
            body,
            title=self._title,
            subtitle=self._keys or None,
            border_style="bold red" if clock.onset_s is not None else "green",
            width=min(76, self._console.width),
        )


def _rows(clock: RoastClock, reading: Reading) -> dict[str, Any]:
    from rich.text import Text

    now_s, marks, start_s = reading.now_s, clock.marks, clock.marks.charge_s or 0.0
    since = "since the start" if marks.charge_s is None else "since charge"
    if marks.drop_s is not None:
        since += ", dropped"
    rate = clock.tally.rate_per_min(now_s)
    rows: dict[str, Any] = {
        "level": f"{level_bar(reading.level_dbfs)}   peak {reading.peak_dbfs:.0f}",
        "time": Text.assemble((clock_time(marks.elapsed_s(now_s)), "bold"), f" {since}"),
        "cracks": Text.assemble((f"{rate:.0f} a minute", "bold"), f"   {len(clock.tally.cracks)} heard"),
        "first crack": Text("waiting", "dim"),
        "development": Text("-", "dim"),
    }
    if (found := clock.tally.first_crack) is not None:
        end = clock.tally.first_crack_end
        over = "" if end is None else f", over at {clock_time(end.end_s - start_s)}"
        rows["first crack"] = Text.assemble(
            (clock_time(found.onset_s - start_s), "bold red"), f"   confidence {found.confidence:.2f}{over}"
        )
        development_s = marks.development_s(found.onset_s, now_s) or 0.0
        ratio = marks.development_ratio(found.onset_s, now_s)
        rows["development"] = Text.assemble(
            (clock_time(development_s), "bold"),
            "   press c at charge for the ratio" if ratio is None else f"   DTR {ratio:.1%}",
        )
    rows["keeping up"] = _pace(reading)
    return rows


def _pace(reading: Reading) -> Any:
    from rich.text import Text

    pace, health = reading.pace, reading.health
    text = Text(f"load {pace.realtime_factor:.1%}   lag {pace.lag_s:.2f} s   lost {health.lost_s:.1f} s")
    if health.silent:
        text.append("   NO SOUND: muted?", "bold yellow")
    if pace.realtime_factor > 1.0:
        text.append("   TOO SLOW", "bold yellow")
    return text
