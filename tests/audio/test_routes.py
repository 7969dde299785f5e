import os
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from acoustic.audio import devices, routes
from acoustic.errors import DeviceError

STREAMS = """Source Output #7
\tDriver: protocol-native.c
\tSource: {device}
\tProperties:
\t\tapplication.process.id = "{pid}"

Source Output #8
\tSource: 1
\tProperties:
\t\tapplication.process.id = "1"
"""
SOURCES = "1\tbuilt-in\tmodule\n2\tusb\tmodule\n"


def test_streams_of_this_process_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = STREAMS.format(device=2, pid=os.getpid())
    monkeypatch.setattr(routes, "_ask", lambda *arguments: SOURCES if "short" in arguments else streams)
    assert routes.routes("input") == {7: "usb"}
    # Between two devices, and where nothing answers.
    streams = STREAMS.format(device=4294967295, pid=os.getpid())
    assert routes.routes("input") == {}
    monkeypatch.setattr(routes, "_ask", lambda *arguments: "")
    assert routes.routes("input") == {}


@pytest.mark.parametrize(
    ("looks", "moves"),
    [
        ([{7: "usb"}, {7: "usb"}, {7: "built-in"}], [("usb", "built-in")]),
        # The server restarts, and the stream is opened anew on another device.
        ([{7: "usb"}, {7: "usb"}, {}, {0: "built-in"}, {0: "built-in"}], [("usb", "built-in")]),
        ([{7: "usb"}, {7: "usb"}, {}, {0: "usb"}, {0: "usb"}], []),
        # A stream that PortAudio opens for a moment.
        ([{7: "usb"}, {7: "usb"}, {8: "built-in"}, {9: "usb"}, {9: "usb"}], []),
    ],
)
def test_moves(looks: list[dict[int, str]], moves: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    left: Iterator[dict[int, str]] = iter(looks)
    ended = threading.Event()

    def look(kind: str) -> dict[int, str]:
        found = next(left, None)
        if found is None:
            ended.set()
        return found or {}

    monkeypatch.setattr(routes, "routes", look)
    monkeypatch.setattr(routes, "LOOK_S", 0.001)
    monkeypatch.setattr("shutil.which", lambda name: name)
    monkeypatch.setattr("sys.platform", "linux")
    watch = routes.RouteWatch("input")
    assert ended.wait(5.0)
    watch.close()
    assert watch.moves() == moves
    assert watch.moves() == []


def test_pactl_that_fails_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*arguments: Any, **settings: Any) -> Any:
        raise subprocess.TimeoutExpired("pactl", 5.0)

    monkeypatch.setattr(subprocess, "run", run)
    assert routes.routes("output") == {}


def test_portaudio_that_aborts_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried in another process, since it would end this one."""
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: subprocess.CompletedProcess(a, -6))
    with pytest.raises(DeviceError, match="PortAudio aborts .exit code -6"):
        devices._probe()
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: subprocess.CompletedProcess(a, 1))
    devices._probe()
