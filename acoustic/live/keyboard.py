"""Single keys from the terminal, without waiting for any."""

import os
import re
import sys
from types import TracebackType
from typing import Any, Self

#: What a terminal sends for a key without a letter, and the arrows among them (ECMA-48, and DEC's VT100).
_SEQUENCE = re.compile("\x1b(?:O.|\\[[0-9;]*[@-~])")
_ARROWS = {"A": "\u2191", "B": "\u2193", "C": "\u2192", "D": "\u2190"}


class Keyboard:
    """Keys pressed while the block runs; there are none where standard input is no terminal of ours.

    Keys come at once and are not shown; Ctrl-C keeps its meaning. At the end the terminal is as it was. Arrows
    come as the characters of that shape; other keys without a letter do not come at all.
    """

    def __init__(self) -> None:
        self.active = False
        """Whether keys can arrive at all."""
        self._before: list[Any] | None = None

    def __enter__(self) -> Self:
        """Let keys come one by one."""
        self.active = sys.stdin is not None and sys.stdin.isatty()
        if self.active and sys.platform != "win32":
            import termios
            import tty

            self._fd = sys.stdin.fileno()
            # A background job that touches the terminal would be stopped by it.
            self.active = os.tcgetpgrp(self._fd) == os.getpgrp()
            if self.active:
                self._before = termios.tcgetattr(self._fd)
                tty.setcbreak(self._fd)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put the terminal back."""
        if self._before is not None and sys.platform != "win32":
            import termios

            termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)

    def pressed(self) -> str:
        """Return the keys pressed since the last call, in order; empty when there were none."""
        if not self.active:
            return ""
        if sys.platform == "win32":
            import msvcrt

            keys = ""
            while msvcrt.kbhit():
                keys += msvcrt.getwch()
            return keys
        import select

        if not select.select([self._fd], [], [], 0)[0]:
            return ""
        return _SEQUENCE.sub(_character, os.read(self._fd, 64).decode("utf-8", "ignore"))


def _character(sequence: re.Match[str]) -> str:
    return _ARROWS.get(sequence[0][-1], "")
