"""Keys from a real pseudo-terminal."""

import io
import os
import subprocess
import sys
import time

import pytest

from acoustic.live import Keyboard

pty = pytest.importorskip("pty", reason="pseudo-terminals are a POSIX thing")

PROGRAM = """
import sys, termios, time
from acoustic.live import Keyboard
before = termios.tcgetattr(0)
with Keyboard() as keyboard:
    print("ready", keyboard.active, flush=True)
    keys = ""
    end = time.monotonic() + 20
    while "q" not in keys and time.monotonic() < end:
        keys += keyboard.pressed()
        time.sleep(0.01)
print(repr(keys), termios.tcgetattr(0) == before, flush=True)
"""


def test_keys_come_one_by_one_and_the_terminal_is_put_back() -> None:
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", PROGRAM])
    shown = b""
    end = time.monotonic() + 30
    while b"ready True" not in shown and time.monotonic() < end:
        shown += os.read(fd, 100)
    os.write(fd, "cé".encode())
    time.sleep(0.1)
    # Arrows, in both of a terminal's modes, are characters of their own; Delete and F5 are none.
    os.write(fd, b"\x1b[A\x1bOB\x1b[3~\x1b[15~\x1b[1;5C\x1b[D")
    time.sleep(0.1)
    os.write(fd, b"uq")
    while True:
        try:
            piece = os.read(fd, 100)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.waitpid(pid, 0)
    os.close(fd)
    # Nothing that was typed is echoed.
    assert shown.decode().split("\r\n")[1:] == ["'cé↑↓→←uq' True", ""]


def test_no_keys_without_a_terminal() -> None:
    code = "from acoustic.live import Keyboard\nwith Keyboard() as k: print(k.active, repr(k.pressed()))"
    result = subprocess.run([sys.executable, "-c", code], input="ccc", capture_output=True, text=True, check=True)
    assert result.stdout == "False ''\n"


def test_no_keys_without_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    for stdin in (None, io.StringIO("c")):
        monkeypatch.setattr(sys, "stdin", stdin)
        with Keyboard() as keyboard:
            assert keyboard.pressed() == ""
