"""The live screen: a panel that is kept up to date, and lines above it that stay."""

from acoustic.application import Rows
from acoustic.links.screen import Screen
from acoustic.links.sink import Event, Sink


class Panel(Sink):
    """Shows the stream to a person on stderr; without a terminal only the lines.

    Parameters
    ----------
    title : str
    panel : bool
        Whether to draw the panel where stderr is a terminal.
    keys : str
        Shown below it.
    """

    name = "screen"
    lasting = False
    draws = True

    def __init__(self, title: str, *, panel: bool, keys: str = "") -> None:
        self._screen = Screen(title, panel=panel, keys=keys)

    def open(self, start: Event) -> None:
        """Show the panel, or the title."""
        self._screen.__enter__()

    def event(self, event: Event) -> None:
        """Leave events to the lines that go with them."""

    def line(self, text: str, style: str, alert: bool) -> None:
        """Write a line that stays; an alert rings."""
        if alert:
            self._screen.alert(text)
        else:
            self._screen.say(text, style)

    def panel(self, rows: Rows, alarmed: bool) -> None:
        """Draw the panel."""
        self._screen.draw(rows, alarm=alarmed)

    def close(self) -> None:
        """Leave the last state of the panel on the terminal."""
        self._screen.__exit__(None, None, None)
