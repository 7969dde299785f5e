"""A fake of the sounddevice module whose faults a test can produce at will."""

import shutil
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from acoustic.audio import devices


class PortAudioError(Exception):
    pass


class CallbackStop(Exception):
    pass


@dataclass(eq=False)
class FakeStream:
    """A stream whose callback runs when the test says so."""

    settings: dict[str, Any]
    latency: float = 0.03
    closed: bool = False

    def start(self) -> None: ...

    def close(self, ignore_errors: bool = True) -> None:
        assert not self.closed, "PortAudio would crash: the stream was closed twice"
        self.closed = True

    def deliver(self, samples: np.ndarray, *, overflow: bool = False) -> None:
        frames = np.asarray(samples, np.float32).reshape(len(samples), -1)
        self.settings["callback"](frames, len(frames), None, types.SimpleNamespace(input_overflow=overflow))

    def demand(self, n_samples: int, *, underflow: bool = False) -> list[float]:
        out = np.full((n_samples, 1), np.nan, np.float32)
        try:
            self.settings["callback"](out, n_samples, None, types.SimpleNamespace(output_underflow=underflow))
        except CallbackStop:
            self.settings["finished_callback"]()
        return [float(x) for x in out[:, 0]]

    def vanish(self) -> None:
        self.settings["finished_callback"]()


def entry(index: int, name: str, n_in: int, n_out: int, hostapi: int = 0) -> dict[str, Any]:
    return {
        "index": index,
        "name": name,
        "hostapi": hostapi,
        "max_input_channels": n_in,
        "max_output_channels": n_out,
        "default_samplerate": 48000.0,
    }


@dataclass
class FakeSoundDevice:
    """What the tests see of the fake: the list of devices, the streams that were opened, which rates work."""

    devices: list[dict[str, Any]] = field(
        default_factory=lambda: [
            entry(0, "Built-in Mic", 1, 0),
            entry(1, "USB Mic", 2, 0),
            entry(2, "Speakers", 0, 2),
            entry(3, "USB Mic Array", 4, 0),
        ]
    )
    defaults: list[int] = field(default_factory=lambda: [0, 2])
    rates_hz: set[int] = field(default_factory=lambda: {16000, 48000})
    streams: list[FakeStream] = field(default_factory=list)
    restarts: int = 0
    on_open: Callable[[FakeStream], None] = lambda stream: None

    def open(self, **settings: Any) -> FakeStream:
        if settings["samplerate"] not in self.rates_hz:
            raise PortAudioError("Invalid sample rate", -9997)
        self.streams.append(FakeStream(settings))
        self.on_open(self.streams[-1])
        return self.streams[-1]

    def restart(self) -> None:
        assert all(stream.closed for stream in self.streams), "restarting PortAudio with open streams"
        self.restarts += 1

    def module(self) -> types.ModuleType:
        module = types.ModuleType("sounddevice")
        module.__dict__.update(
            PortAudioError=PortAudioError,
            CallbackStop=CallbackStop,
            InputStream=self.open,
            OutputStream=self.open,
            query_devices=lambda: self.devices,
            query_hostapis=lambda: [{"name": "ALSA"}, {"name": "JACK"}],
            default=types.SimpleNamespace(device=self.defaults),
            _terminate=self.restart,
            _initialize=lambda: None,
        )
        return module


@pytest.fixture
def fake_sounddevice(monkeypatch: pytest.MonkeyPatch) -> FakeSoundDevice:
    """Put the fake in the place of sounddevice."""
    fake = FakeSoundDevice()
    monkeypatch.setitem(sys.modules, "sounddevice", fake.module())
    monkeypatch.setattr(devices, "_probe", lambda: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    return fake
