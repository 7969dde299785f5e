"""A live microphone that keeps time: what it misses becomes silence of the same length, and is reported."""

import math
import queue
import threading
import time
from collections.abc import Generator, Iterator
from typing import Any, Literal

import numpy as np

from acoustic.audio.devices import Device, close_stream, find_device, list_devices, open_stream, rescan
from acoustic.audio.resample import StreamResampler, to_pcm16
from acoustic.audio.source import Float32, Pcm16, SourceHealth, check_format, reblock
from acoustic.errors import DeviceError
from acoustic.files import Closing

Latency = Literal["low", "high"] | float
"""Buffering in a device: "high" is safe against gaps on most machines, "low" is quicker; or a wish (s)."""

# How long the program may fall behind before blocks are dropped.
QUEUE_S = 5.0
# Longest time between two callbacks: 50 a second keep levels and reconnects responsive for any block length.
CALLBACK_S = 0.02
STALL_S = 2.0
RETRY_S = 1.0
SILENT_S = 5.0


class _Capture:
    """One open input stream, whose callback fills a bounded queue with mono float32."""

    def __init__(
        self, device: Device, rate_hz: int, callback_samples: int, latency: Latency, health: SourceHealth
    ) -> None:
        self.rate_hz = rate_hz
        self._health = health
        self._dropped_samples = 0
        # Each entry: the number of samples dropped before it, and the samples; None when the stream has ended.
        self._queue: queue.Queue[tuple[int, Float32] | None] = queue.Queue(
            math.ceil(QUEUE_S * rate_hz / callback_samples)
        )
        self.last_arrival = time.monotonic()
        self._stream = open_stream(
            "InputStream",
            device=device.index,
            # A stereo device is mixed as a stereo file is; those with many channels are software mixers.
            channels=2 if device.in_channels == 2 else 1,
            samplerate=rate_hz,
            blocksize=callback_samples,
            latency=latency,
            callback=self._callback,
            finished_callback=self._finished,
        )
        self.latency_s: float = self._stream.latency

    def get(self) -> tuple[int, Float32] | None:
        """Wait for the next entry; None when the stream has ended or stalls."""
        try:
            return self._queue.get(timeout=STALL_S)
        except queue.Empty:
            return None

    def close(self) -> None:
        close_stream(self._stream)
        self._finished()

    def _callback(self, samples: Float32, n_samples: int, times: Any, status: Any) -> None:
        self.last_arrival = time.monotonic()
        if status.input_overflow:
            self._health.overflows += 1
        try:
            self._queue.put_nowait((self._dropped_samples, samples.mean(axis=1)))
            self._dropped_samples = 0
        except queue.Full:
            self._dropped_samples += n_samples
            self._health.dropped_blocks += 1

    def _finished(self) -> None:
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            # The reader empties the queue, then sees the stall.
            return


class Microphone(Closing):
    """A source that records from a microphone, opened at once.

    The device runs at the wanted rate if it can, else at its own with a resampler behind it. The position in
    the stream stays equal to the time that has passed: zeros stand for blocks that the program fetched too
    late and for the time in which the device was unplugged. While it is away, the source looks for it once a
    second and goes on yielding zeros.

    Parameters
    ----------
    device : str, int or None
        See `find_device`.
    rate_hz, block_samples : int
        Rate (Hz) and length (samples) of the blocks.
    latency : Latency
    reconnect_s : float
        How long to look for a device that went away (s).

    Attributes
    ----------
    device : Device
    native_rate_hz : int
        Rate at which the device runs (Hz).
    latency_s : float
        Delay of the device as PortAudio states it, and of the resampler behind it (s).
    health : SourceHealth

    Raises
    ------
    DeviceError
        If there is no such microphone or it cannot be opened; while iterating, if it went away and did not
        come back in time.
    """

    def __init__(
        self,
        device: str | int | None,
        rate_hz: int,
        block_samples: int,
        *,
        latency: Latency = "high",
        reconnect_s: float = 30.0,
    ) -> None:
        check_format(rate_hz, block_samples)
        self.rate_hz = rate_hz
        self.block_samples = block_samples
        self.reconnect_s = reconnect_s
        self.health = SourceHealth()
        self.device = find_device(device, "input")
        self._latency: Latency = latency
        self._closing = threading.Event()
        self._n_samples = 0
        self._n_zeros = 0
        self._capture = self._open()
        self._resampler = self._new_resampler()

    @property
    def native_rate_hz(self) -> int:
        """Rate at which the device runs (Hz)."""
        return self._capture.rate_hz

    @property
    def latency_s(self) -> float:
        """Delay of the device as PortAudio states it, and of the resampler (s)."""
        return self._capture.latency_s + self._resampler.lag_s

    def __iter__(self) -> Iterator[Pcm16]:
        """Yield int16 mono blocks until the microphone is closed or lost for good."""
        return reblock(map(self._count, self._pcm()), self.block_samples)

    def close(self) -> None:
        """Stop recording; may be called from another thread."""
        self._closing.set()
        self._capture.close()

    def _open(self) -> _Capture:
        refusal = None
        for rate_hz in dict.fromkeys((self.rate_hz, self.device.default_rate_hz)):
            block_s = min(CALLBACK_S, self.block_samples / self.rate_hz)
            try:
                return _Capture(self.device, rate_hz, max(1, round(block_s * rate_hz)), self._latency, self.health)
            except DeviceError as error:
                refusal = error
        raise DeviceError(
            f"{self.device.name}: the microphone cannot be opened ({refusal}). "
            "Close other programs that use it, or choose another one."
        ) from refusal

    def _pcm(self) -> Iterator[Pcm16]:
        self._resampler = self._new_resampler()
        while not self._closing.is_set():
            entry = self._capture.get()
            if entry is None:
                yield to_pcm16(self._resampler.flush())
                entry = yield from self._reconnect()
                self._resampler = self._new_resampler()
            if entry is None:
                return
            n_dropped, samples = entry
            if n_dropped:
                lost_s = n_dropped / self.native_rate_hz
                self.health.lost_s += lost_s
                self.health.note(self._time_s, f"{lost_s:.2f} s were lost: the computer is too slow")
                yield to_pcm16(self._resampler.push(np.zeros(n_dropped, np.float32)))
            self._watch_silence(samples)
            yield to_pcm16(self._resampler.push(samples))
        yield to_pcm16(self._resampler.flush())

    def _new_resampler(self) -> StreamResampler:
        return StreamResampler(self.native_rate_hz, self.rate_hz)

    def _reconnect(self) -> Generator[Pcm16, None, tuple[int, Float32] | None]:
        """Yield zeros until the device is back; return its first entry, or None when closed meanwhile."""
        if self._closing.is_set():
            return None
        lost_at = self._capture.last_arrival
        n_filled = 0

        def zeros_until(moment: float) -> Pcm16:
            nonlocal n_filled
            n_due = max(0, round((moment - lost_at) * self.rate_hz) - n_filled)
            n_filled += n_due
            self.health.lost_s += n_due / self.rate_hz
            return np.zeros(n_due, np.int16)

        self.health.note(self._time_s, f"{self.device.name} went away; looking for it")
        self._capture.close()
        while not self._closing.wait(RETRY_S):
            yield zeros_until(time.monotonic())
            if (entry := self._try_open()) is not None:
                start = self._capture.last_arrival - len(entry[1]) / self.native_rate_hz
                yield zeros_until(start)
                self.health.reconnects += 1
                self.health.note(self._time_s, f"{self.device.name} is back")
                return entry
            if time.monotonic() - lost_at > self.reconnect_s:
                raise DeviceError(
                    f"{self.device.name}: the microphone went away {self._time_s:.0f} s after the start and did not "
                    f"come back within {self.reconnect_s:g} s. Plug it in and start again."
                )
        return None

    def _try_open(self) -> tuple[int, Float32] | None:
        """Open the device under its old name and wait for its first entry; None when either fails."""
        try:
            rescan()
            same = [d for d in list_devices() if (d.name, d.host_api) == (self.device.name, self.device.host_api)]
            if not same:
                return None
            self.device = same[0]
            self._capture = self._open()
        except DeviceError:
            return None
        entry = self._capture.get()
        # It may have been closed from another thread while it was being opened.
        if entry is None or self._closing.is_set():
            self._capture.close()
            return None
        return entry

    def _watch_silence(self, samples: Float32) -> None:
        if samples.any():
            if self.health.silent:
                self.health.note(self._time_s, "sound again")
            self.health.silent = False
            self._n_zeros = 0
            return
        self._n_zeros += len(samples)
        if not self.health.silent and self._n_zeros > SILENT_S * self.native_rate_hz:
            self.health.silent = True
            self.health.note(self._time_s, "only zeros arrive: is the microphone muted, or its use not permitted?")

    @property
    def _time_s(self) -> float:
        return self._n_samples / self.rate_hz

    def _count(self, pcm: Pcm16) -> Pcm16:
        self._n_samples += len(pcm)
        return pcm
