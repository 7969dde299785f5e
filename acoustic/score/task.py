"""One recording to score."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Task:
    """A recording to score, and where what belongs to it goes."""

    path: Path
    options: Any
    """The application's options for it."""
    picture: Path | None = None
    """PNG to draw."""
    sound: Path | None = None
    """WAV for the sound that the application makes of it."""
