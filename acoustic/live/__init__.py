"""Listening at real time: a source, a chain behind it, the keyboard, and how well they keep up."""

from acoustic.live.keyboard import Keyboard
from acoustic.live.session import Chain, Pace, Session, Step
from acoustic.live.sources import Input, open_input

__all__ = ["Chain", "Input", "Keyboard", "Pace", "Session", "Step", "open_input"]
