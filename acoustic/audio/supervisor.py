"""One way to keep a device: find and open it, notice that it has gone or was exchanged, open it again, and say so."""

import threading
import time
from collections.abc import Callable
from typing import Generic, Literal, Protocol, TypeVar

from acoustic.audio.devices import WORDS, Device, Kind, exclusive, find_device, list_devices, rescan
from acoustic.audio.routes import RouteWatch
from acoustic.audio.source import SourceHealth
from acoustic.errors import DeviceError

Latency = Literal["low", "high"] | float
"""Buffering in a device: "high" is safe against gaps on most machines, "low" is quicker; or a wish (s)."""

# A device that has not called for this long is gone (s).
STALL_S = 2.0
# Time between two looks for a device (s).
RETRY_S = 1.0


class OpenDevice(Protocol):
    """What a supervisor opens."""

    def close(self) -> None:
        """Close it; closing twice does nothing."""
        ...


S = TypeVar("S", bound=OpenDevice)


class Supervisor(Generic[S]):
    """Keeps one device open, for a microphone or a loudspeaker.

    Parameters
    ----------
    spec : str, int or None
        See `acoustic.audio.find_device`.
    kind : {"input", "output"}
    rate_hz : int
        The rate to try first (Hz), before the device's own.
    open_at : callable
        Takes a device and a rate (Hz) and opens it.
    health : SourceHealth
        Takes counts and sentences.
    wait_s : float
        How long to wait for a device that is not there yet (s).

    Attributes
    ----------
    device : Device
    stream
        What ``open_at`` returned at last.

    Raises
    ------
    DeviceError
        If there is no such device, or it cannot be opened.
    """

    def __init__(
        self,
        spec: str | int | None,
        kind: Kind,
        rate_hz: int,
        open_at: Callable[[Device, int], S],
        health: SourceHealth,
        wait_s: float = 0.0,
    ) -> None:
        self._kind, self._rate_hz, self._open_at, self._health = kind, rate_hz, open_at, health
        self.device, self.stream = self._first(spec, wait_s)
        self.closing = threading.Event()
        self._routes = RouteWatch(kind)

    @property
    def word(self) -> str:
        """What people call such a device."""
        return WORDS[self._kind]

    def reopen(self) -> S | None:
        """Open the device under its old name; None when it is not there, or refuses."""
        try:
            with exclusive:
                rescan()
                same = [d for d in list_devices() if (d.name, d.host_api) == (self.device.name, self.device.host_api)]
                if not same:
                    return None
                self.device = same[0]
                return self._open(self.device)
        except DeviceError:
            return None

    def note_gone(self, time_s: float) -> None:
        """Say that the device went away."""
        self._health.note(time_s, f"{self.device.name} went away; looking for it")

    def note_back(self, time_s: float) -> None:
        """Count and say that the device is back."""
        self._health.reconnects += 1
        self._health.note(time_s, f"{self.device.name} is back")

    def note_moves(self, time_s: float) -> None:
        """Count and say where the sound server has moved the stream since the last call."""
        for before, after in self._routes.moves():
            self._health.moves += 1
            self._health.note(time_s, f"the sound server moved the {self.word} from {before} to {after}")

    def given_up(self, time_s: float, after_s: float) -> DeviceError:
        """Return the error that ends the search."""
        return DeviceError(
            f"{self.device.name}: the {self.word} went away {time_s:.0f} s after the start and did not "
            f"come back within {after_s:g} s. Plug it in and start again."
        )

    def close(self) -> None:
        """Stop supervising, and close the device; may be called from another thread."""
        self.closing.set()
        self._routes.close()
        self.stream.close()

    def _first(self, spec: str | int | None, wait_s: float) -> tuple[Device, S]:
        start = time.monotonic()
        while True:
            try:
                device = find_device(spec, self._kind)
                stream = self._open(device)
            except DeviceError:
                if time.monotonic() - start >= wait_s:
                    raise
            else:
                if (waited_s := time.monotonic() - start) > RETRY_S and wait_s:
                    self._health.note(0.0, f"{device.name} was there after {waited_s:.0f} s")
                return device, stream
            time.sleep(min(RETRY_S, wait_s))
            _rescan_quietly()

    def _open(self, device: Device) -> S:
        refusal = None
        for rate_hz in dict.fromkeys((self._rate_hz, device.default_rate_hz)):
            try:
                return self._open_at(device, rate_hz)
            except DeviceError as error:
                refusal = error
        raise DeviceError(
            f"{device.name}: the {self.word} cannot be opened ({refusal}). "
            "Close other programs that use it, or choose another one."
        ) from refusal


def _rescan_quietly() -> None:
    """Look again; an audio system that cannot start yet lists no devices."""
    try:
        rescan()
    except DeviceError:
        return
