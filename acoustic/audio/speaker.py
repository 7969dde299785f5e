"""A loudspeaker that plays int16 mono blocks as they come."""

import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any

from acoustic.audio.devices import close_stream, find_device, load_sounddevice, open_stream
from acoustic.audio.microphone import Latency
from acoustic.audio.resample import StreamResampler, from_pcm16
from acoustic.audio.source import Float32, Pcm16, check_format
from acoustic.errors import DeviceError
from acoustic.files import Closing

# A callback that has not come for this long never will.
STALL_S = 2.0


class Speaker(Closing):
    """Play blocks through a loudspeaker; opened at once, silent until the first block.

    Parameters
    ----------
    device : str, int or None
        See `find_device`.
    rate_hz : int
        Rate of the blocks (Hz); resampled when the device cannot run at it.
    queue_s : float
        How much sound may wait before `write` blocks (s): the longest delay that the queue can add.
    latency : Latency

    Attributes
    ----------
    device, native_rate_hz
        As of `Microphone`.
    latency_s : float
        Delay of the device as PortAudio states it, and of the resampler in front of it; the queue adds its own (s).
    waiting_s : float
        Sound in the queue (s).
    underruns : int
        Times the device wanted sound that had not been written yet, or was served too late; it played silence instead.

    Raises
    ------
    DeviceError
        If there is no such loudspeaker, or it cannot be opened.
    """

    def __init__(
        self, device: str | int | None, rate_hz: int, *, queue_s: float = 0.5, latency: Latency = "high"
    ) -> None:
        check_format(rate_hz, 1)
        self.rate_hz = rate_hz
        self.underruns = 0
        self.device = find_device(device, "output")
        self._changed = threading.Condition()
        self._queue: deque[Float32] = deque()
        self._n_queued = 0
        self._started = False
        self._draining = False
        self._finished = False
        self._served = time.monotonic()
        self._stream = self._open(latency)
        self._n_limit = round(queue_s * self.native_rate_hz)
        self._resampler = StreamResampler(rate_hz, self.native_rate_hz)

    @property
    def latency_s(self) -> float:
        """Delay of the device as PortAudio states it, and of the resampler (s)."""
        return float(self._stream.latency) + self._resampler.lag_s

    @property
    def waiting_s(self) -> float:
        """Sound in the queue (s)."""
        return self._n_queued / self.native_rate_hz

    def write(self, block: Pcm16) -> None:
        """Queue samples, after waiting for room in the queue.

        Parameters
        ----------
        block : numpy.ndarray of int16, shape (n,)

        Raises
        ------
        DeviceError
            If the device went away.
        """
        self._put(self._resampler.push(from_pcm16(block)))

    def close(self) -> None:
        """Play what is queued, then close; closing twice does nothing."""
        if self._draining:
            return
        # A device that went away plays no rest.
        with suppress(DeviceError):
            self._put(self._resampler.flush())
        with self._changed:
            self._draining = True
            while not self._finished and self._changed.wait(STALL_S):
                pass
        close_stream(self._stream)

    def _open(self, latency: Latency) -> Any:
        self._stop: type[Exception] = load_sounddevice().CallbackStop
        refusal = None
        for rate_hz in dict.fromkeys((self.rate_hz, self.device.default_rate_hz)):
            self.native_rate_hz = rate_hz
            try:
                return open_stream(
                    "OutputStream",
                    device=self.device.index,
                    channels=1,
                    samplerate=rate_hz,
                    latency=latency,
                    callback=self._callback,
                    finished_callback=self._on_finished,
                )
            except DeviceError as error:
                refusal = error
        raise DeviceError(
            f"{self.device.name}: the loudspeaker cannot be opened ({refusal}). "
            "Close other programs that use it, or choose another one."
        ) from refusal

    def _put(self, samples: Float32) -> None:
        with self._changed:
            while self._n_queued > self._n_limit and not self._finished:
                if not self._changed.wait(STALL_S):
                    self._finished = True
            if self._finished or time.monotonic() - self._served > STALL_S:
                raise DeviceError(f"{self.device.name}: the loudspeaker went away. Plug it in and start again.")
            if len(samples):
                self._queue.append(samples)
                self._n_queued += len(samples)
                self._started = True

    def _callback(self, out: Float32, n_samples: int, times: Any, status: Any) -> None:
        with self._changed:
            self._served = time.monotonic()
            # What the device missed before the first block is no loss.
            self.underruns += self._started and status.output_underflow
            n_played = 0
            while n_played < n_samples and self._queue:
                head = self._queue.popleft()
                n = min(len(head), n_samples - n_played)
                out[n_played : n_played + n, 0] = head[:n]
                n_played += n
                if n < len(head):
                    self._queue.appendleft(head[n:])
            out[n_played:] = 0
            self._n_queued -= n_played
            self._changed.notify_all()
            if n_played == n_samples:
                return
            if self._draining:
                raise self._stop
            self.underruns += self._started

    def _on_finished(self) -> None:
        with self._changed:
            self._finished = True
            self._changed.notify_all()
