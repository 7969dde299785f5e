"""A live microphone that keeps time: what it misses becomes silence of the same length, and is reported."""

import math
import queue
import time
from collections.abc import Generator, Iterator
from typing import Any

import numpy as np

from acoustic.audio import supervisor
from acoustic.audio.devices import Device, close_stream, open_stream
from acoustic.audio.resample import StreamResampler, to_pcm16
from acoustic.audio.source import Float32, Pcm16, SourceHealth, check_format, reblock
from acoustic.audio.supervisor import Latency, Supervisor
from acoustic.files import Closing

# How long the program may fall behind before blocks are dropped.
QUEUE_S = 5.0
# Longest time between two callbacks: 50 a second keep levels and reconnects responsive for any block length.
CALLBACK_S = 0.02
SILENT_S = 5.0


class _Capture:
    """One open input stream, whose callback fills a bounded queue with mono float32."""

    def __init__(
        self, device: Device, rate_hz: int, callback_samples: int, latency: Latency, health: SourceHealth
    ) -> None:
        self.rate_hz = rate_hz
        self._health = health
        self._dropped_samples = 0
        self._begun = self._stalled = False
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
            return self._queue.get(timeout=supervisor.STALL_S)
        except queue.Empty:
            return None

    def close(self) -> None:
        close_stream(self._stream)
        self._finished()

    def _callback(self, samples: Float32, n_samples: int, times: Any, status: Any) -> None:
        now = time.monotonic()
        # What was lost in the meantime is unknown, as after a suspension: the stream begins anew.
        self._stalled |= self._begun and now - self.last_arrival > supervisor.STALL_S
        self._begun = True
        if self._stalled:
            self._finished()
            return
        self.last_arrival = now
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
    wait_s : float
        How long to wait for a device that is not there yet (s).

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
        wait_s: float = 0.0,
    ) -> None:
        check_format(rate_hz, block_samples)
        self.rate_hz = rate_hz
        self.block_samples = block_samples
        self.reconnect_s = reconnect_s
        self.health = SourceHealth()
        self._latency: Latency = latency
        self._n_samples = 0
        self._n_zeros = 0
        self._supervisor = Supervisor(device, "input", rate_hz, self._open, self.health, wait_s)
        self._resampler = self._new_resampler()

    @property
    def device(self) -> Device:
        """The device at hand."""
        return self._supervisor.device

    @property
    def native_rate_hz(self) -> int:
        """Rate at which the device runs (Hz)."""
        return self._supervisor.stream.rate_hz

    @property
    def latency_s(self) -> float:
        """Delay of the device as PortAudio states it, and of the resampler (s)."""
        return self._supervisor.stream.latency_s + self._resampler.lag_s

    def __iter__(self) -> Iterator[Pcm16]:
        """Yield int16 mono blocks until the microphone is closed or lost for good."""
        return reblock(map(self._count, self._pcm()), self.block_samples)

    def close(self) -> None:
        """Stop recording; may be called from another thread."""
        self._supervisor.close()

    def _open(self, device: Device, rate_hz: int) -> _Capture:
        block_s = min(CALLBACK_S, self.block_samples / self.rate_hz)
        return _Capture(device, rate_hz, max(1, round(block_s * rate_hz)), self._latency, self.health)

    def _pcm(self) -> Iterator[Pcm16]:
        self._resampler = self._new_resampler()
        while not self._supervisor.closing.is_set():
            entry = self._supervisor.stream.get()
            if entry is None:
                yield to_pcm16(self._resampler.flush())
                entry = yield from self._reconnect()
                self._resampler = self._new_resampler()
            if entry is None:
                return
            self._supervisor.note_moves(self._time_s)
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
        if self._supervisor.closing.is_set():
            return None
        lost_at = self._supervisor.stream.last_arrival
        n_filled = 0

        def zeros_until(moment: float) -> Pcm16:
            nonlocal n_filled
            n_due = max(0, round((moment - lost_at) * self.rate_hz) - n_filled)
            n_filled += n_due
            self.health.lost_s += n_due / self.rate_hz
            return np.zeros(n_due, np.int16)

        self._supervisor.note_gone(self._time_s)
        self._supervisor.stream.close()
        while not self._supervisor.closing.wait(supervisor.RETRY_S):
            yield zeros_until(time.monotonic())
            if (entry := self._try_open()) is not None:
                start = self._supervisor.stream.last_arrival - len(entry[1]) / self.native_rate_hz
                yield zeros_until(start)
                self._supervisor.note_back(self._time_s)
                return entry
            if time.monotonic() - lost_at > self.reconnect_s:
                raise self._supervisor.given_up(self._time_s, self.reconnect_s)
        return None

    def _try_open(self) -> tuple[int, Float32] | None:
        """Open the device under its old name and wait for its first entry; None when either fails."""
        if (capture := self._supervisor.reopen()) is None:
            return None
        self._supervisor.stream = capture
        entry = capture.get()
        # It may have been closed from another thread while it was being opened.
        if entry is None or self._supervisor.closing.is_set():
            capture.close()
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
