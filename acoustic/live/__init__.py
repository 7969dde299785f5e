"""Listening at real time: a source, a chain behind it, keys, panel, archive, loudspeaker; how well they keep up."""

from acoustic.live.archive import Archive
from acoustic.live.keyboard import Keyboard
from acoustic.live.listener import Ended, Listener
from acoustic.live.playout import Playout
from acoustic.live.screen import Rows, Screen
from acoustic.live.session import Chain, Pace, Session, Step
from acoustic.live.sources import Input, open_input

__all__ = [
    "Archive",
    "Chain",
    "Ended",
    "Input",
    "Keyboard",
    "Listener",
    "Pace",
    "Playout",
    "Rows",
    "Screen",
    "Session",
    "Step",
    "open_input",
]
