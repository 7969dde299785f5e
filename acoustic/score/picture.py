"""The picture of a recording, drawn beside its score: whatever goes wrong with it, the score is kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from acoustic.application import Painter, Row
from acoustic.audio.source import Pcm16
from acoustic.errors import AcousticError
from acoustic.plot import save_figure

#: How the warning of a row begins whose picture is missing.
MISSING = "no picture"


class Picture:
    """A painter that fails for itself alone; it takes what a `SoundPainter` takes.

    Parameters
    ----------
    make : callable
        Returns the painter.
    path : Path
        PNG to write.
    """

    def __init__(self, make: Callable[[], Painter[Any]], path: Path) -> None:
        self._path = path
        self._painter: Any = None
        self._trouble: str | None = None
        self._try(lambda: setattr(self, "_painter", make()))

    def push(self, pcm: Pcm16) -> None:
        """Take samples as they came."""
        self._try(lambda: self._painter.push(pcm))

    def push_sound(self, pcm: Pcm16) -> None:
        """Take samples that were made of them."""
        self._try(lambda: self._painter.push_sound(pcm))

    def save(self, result: Any, row: Row) -> Row:
        """Draw it; return the row, with a warning where there is no picture."""
        self._try(lambda: save_figure(self._painter.draw(result), self._path))
        return row if self._trouble is None else warned(row, f"{MISSING}: {self._trouble}")

    def _try(self, step: Callable[[], object]) -> None:
        if self._trouble is not None:
            return
        try:
            step()
        except AcousticError as error:
            self._trouble = str(error)
        except Exception as error:
            self._trouble = f"{self._path}: cannot be drawn ({type(error).__name__}: {str(error)[:200]})."


def warned(row: Row, warning: str) -> Row:
    """Return a row with one more warning."""
    return {**row, "warnings": [*row.get("warnings", ()), warning]}


def lacks_picture(row: Row) -> str | None:
    """Return the warning of a row that tells why its picture is missing; None where it is not."""
    return next((warning for warning in row.get("warnings", ()) if warning.startswith(MISSING)), None)
