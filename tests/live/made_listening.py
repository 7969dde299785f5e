"""Listening to numbers with an application of the smallest kind, and a sink that remembers."""

from pathlib import Path
from typing import Any

import level_meter.application as meter
import numpy as np
from made_sources import Blocks

from acoustic.application import Loaded
from acoustic.audio.source import Pcm16
from acoustic.links import Sink
from acoustic.live import Ended, Input, Keyboard, Listener
from acoustic.model.bundle import Bundle

RATE_HZ = meter.RATE_HZ
BUNDLES = Path(meter.__file__).parent


def loaded(application: Any = meter.application) -> Loaded[Any, Any, Any, Any]:
    bundle = Bundle.load(BUNDLES / f"{application.name}.bundle")
    return Loaded(application=application, bundle=bundle, typed=application.read(bundle))


class Memory(Sink):
    """Remembers everything, and does to some of it what it is told to."""

    name = "memory"
    close_s = 0.5

    def __init__(self, **reactions: Any) -> None:
        self.events: list[dict[str, Any]] = []
        self.lines: list[tuple[str, str, bool]] = []
        self.calls: list[str] = []
        self._reactions = reactions

    def _react(self, what: str) -> None:
        self.calls.append(what)
        if what in self._reactions:
            self._reactions[what]()

    def event(self, event: Any) -> None:
        self._react("event")
        self.events.append(event)

    def line(self, *arguments: Any) -> None:
        self._react("line")
        self.lines.append(arguments)

    def panel(self, *arguments: Any) -> None:
        self._react("panel")

    def sound(self, pcm: Pcm16, start: int) -> None:
        self._react("sound")

    def labels(self, labels: Any) -> None:
        self._react("labels")

    def close(self) -> None:
        self._react("close")

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == kind]


class Keys(Keyboard):
    """Keys that are pressed after each block."""

    def __init__(self, *keys: str) -> None:
        super().__init__()
        self._keys = iter(keys)

    def pressed(self) -> str:
        return next(self._keys, "")


def tone(seconds: float, level: float = 0.5) -> Pcm16:
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.rint(level * 32767 * np.sin(2 * np.pi * 200 * t)).astype(np.int16)


def cut(pcm: Pcm16, n: int = RATE_HZ // 10) -> list[Pcm16]:
    return [pcm[start : start + n] for start in range(0, len(pcm), n)]


#: Two loud seconds around a quiet one, and half a loud one.
PCM = np.concatenate([tone(1.0), tone(1.0, 0.001), tone(1.5)])


def listen(
    source: Blocks, *sinks: Sink, wait: bool = True, keys: Keyboard | None = None, options: Any = None, **more: Any
) -> Ended:
    sound = Input(source, "numbers", 2 * RATE_HZ, can_wait=wait)
    return Listener(loaded(), options or meter.Options(), sound, sinks, keys or Keys(), **more).run()


def blocks(*pcm: Any, **settings: Any) -> Blocks:
    return Blocks(*pcm, rate_hz=RATE_HZ, **settings)
