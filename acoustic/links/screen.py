"""The live screen: a panel that is kept up to date on stderr, and lines above it that stay."""

from types import TracebackType
from typing import Any, Self

from acoustic.application import Rows
from acoustic.text import printable


class Screen:
    """The panel on a terminal; on anything else only the lines."""

    def __init__(self, title: str, *, panel: bool, keys: str = "") -> None:
        from rich.console import Console

        self._console = Console(stderr=True, highlight=False)
        self._title = title
        self._keys = keys
        self._panel = panel and self._console.is_terminal
        self._live: Any = None

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
        self._console.print(printable(line), style=style, markup=False, soft_wrap=True)

    def alert(self, line: str) -> None:
        """Ring the bell and write a line that cannot be overlooked."""
        self._console.bell()
        self.say(line, "bold red")

    def draw(self, rows: Rows, *, alarm: bool = False) -> None:
        """Bring the panel up to date."""
        if self._live is not None:
            self._live.update(self._render(rows, alarm), refresh=True)

    def _render(self, rows: Rows, alarm: bool) -> Any:
        from rich.panel import Panel
        from rich.text import Text

        width = 2 + max(map(len, rows))
        lines = [[(f"{name:<{width}}", "dim"), *map(_shown, parts)] for name, parts in rows.items()]
        body = Text("\n").join(Text.assemble(*line) for line in lines)
        # As texts: what stands in a name is no markup.
        return Panel(
            body,
            title=Text(printable(self._title)),
            subtitle=Text(self._keys) if self._keys else None,
            border_style="bold red" if alarm else "green",
            width=min(76, self._console.width),
        )


def _shown(part: str | tuple[str, str]) -> tuple[str, str]:
    text, style = (part, "") if isinstance(part, str) else part
    return printable(text), style
