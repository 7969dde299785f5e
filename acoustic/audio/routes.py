"""Which source or sink of the sound server the streams of this process are connected to.

PulseAudio and PipeWire move a stream to another device without a word, for instance when its own is unplugged. The
samples then come from another microphone. ``pactl`` says where each stream is, where there is one.
"""

import os
import queue
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator

from acoustic.audio.devices import Kind

#: Time between two looks (s).
LOOK_S = 1.0
#: A sound server that does not answer for so long has other troubles (s).
ANSWER_S = 5.0

# What the sound server calls streams and devices: plural for its lists, and the field of a stream.
_NAMES = {"input": ("source-outputs", "sources", "Source"), "output": ("sink-inputs", "sinks", "Sink")}


class RouteWatch:
    """Looks once a second where the streams of this process are, in a thread of its own; without pactl, never.

    Parameters
    ----------
    kind : {"input", "output"}
    """

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._moves: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self._closing = threading.Event()
        if sys.platform.startswith("linux") and shutil.which("pactl") is not None:
            threading.Thread(target=self._watch, name="routes", daemon=True).start()

    def moves(self) -> list[tuple[str, str]]:
        """Return the moves since the last call: names of the device before and of the one after."""
        moves = []
        while not self._moves.empty():
            moves.append(self._moves.get())
        return moves

    def close(self) -> None:
        """Stop looking."""
        self._closing.set()

    def _watch(self) -> None:
        before: dict[int, str] = {}
        last: dict[int, str] = {}
        while not self._closing.is_set():
            now = routes(self._kind)
            # PortAudio opens streams for a moment when it looks for devices: new ones count once they stay.
            if now and (now.keys() == before.keys() or now == last):
                for old, new in _pairs(before, now):
                    if before[old] != now[new]:
                        self._moves.put((before[old], now[new]))
                before = now
            last = now
            self._closing.wait(LOOK_S)


def _pairs(before: dict[int, str], now: dict[int, str]) -> Iterator[tuple[int, int]]:
    """Yield the numbers of each stream before and now; one that was opened anew has another."""
    if len(before) == len(now):
        yield from zip(sorted(before), sorted(now), strict=True)
    else:
        yield from ((stream, stream) for stream in before.keys() & now.keys())


def routes(kind: Kind) -> dict[int, str]:
    """Return where each stream of this process is: device by number of the stream; empty without an answer."""
    streams, devices, field = _NAMES[kind]
    own = f'application.process.id = "{os.getpid()}"'
    found: dict[int, str] = {}
    for part in re.split(r"^(?=\S)", _ask("list", streams), flags=re.MULTILINE):
        number = re.search(r"^\S.* #(\d+)$", part, re.MULTILINE)
        device = re.search(rf"^\s+{field}: (\d+)$", part, re.MULTILINE)
        if own in part and number and device:
            found[int(number[1])] = device[1]
    if not found:
        return {}
    rows = (line.split("\t") for line in _ask("list", "short", devices).splitlines())
    names = {row[0]: row[1] for row in rows if len(row) > 1}
    # A stream between two devices has none.
    return {stream: names[device] for stream, device in found.items() if device in names}


def _ask(*arguments: str) -> str:
    try:
        answer = subprocess.run(
            ["pactl", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=os.environ | {"LC_ALL": "C"},
            timeout=ANSWER_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.decode(errors="replace")
