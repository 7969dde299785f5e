"""Listening at real time: a source, a chain behind it, keys, sinks, a loudspeaker; how well they keep up."""

from acoustic.live.keyboard import Keyboard
from acoustic.live.listener import Ended, Listener
from acoustic.live.output import SoundOut, open_output
from acoustic.live.playout import Playout
from acoustic.live.session import Pace, Session, Step
from acoustic.live.sources import Input, open_input

__all__ = [
    "Ended",
    "Input",
    "Keyboard",
    "Listener",
    "Pace",
    "Playout",
    "Session",
    "SoundOut",
    "Step",
    "open_input",
    "open_output",
]
