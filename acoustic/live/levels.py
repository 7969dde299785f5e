"""Levels of a live stream: of all of it, and of what came since they were last shown or recorded."""

from acoustic.audio import LevelMeter
from acoustic.audio.source import Pcm16


class Levels:
    """Measures each block once for all that show its level.

    Attributes
    ----------
    total, shown, recorded : LevelMeter
        Of all sound, since the panel was drawn, and since the last health record; whoever draws or records resets his.
    """

    def __init__(self) -> None:
        self.total, self.shown, self.recorded = LevelMeter(), LevelMeter(), LevelMeter()

    def push(self, pcm: Pcm16) -> None:
        """Add samples, int16 (n,)."""
        block = LevelMeter()
        block.push(pcm)
        for meter in (self.total, self.shown, self.recorded):
            meter.add(block)
