"""A loudspeaker that plays int16 mono blocks as they come, and goes on when it was away."""

import queue
import threading
import time
from collections import deque
from typing import Any

from acoustic.audio import supervisor
from acoustic.audio.devices import Device, close_stream, load_sounddevice, open_stream
from acoustic.audio.resample import StreamResampler, from_pcm16
from acoustic.audio.source import Float32, Pcm16, SourceHealth, check_format
from acoustic.audio.supervisor import Latency, Supervisor
from acoustic.files import Closing


class _Playback:
    """One open output stream, whose callback empties a queue of mono float32."""

    def __init__(self, device: Device, rate_hz: int, latency: Latency) -> None:
        self.rate_hz = rate_hz
        self.underruns = self.n_queued = self._n_served = 0
        self.changed = threading.Condition()
        self._queue: deque[Float32] = deque()
        self._started = self._draining = self._finished = False
        self._served = time.monotonic()
        self._stop: type[Exception] = load_sounddevice().CallbackStop
        self._stream = open_stream(
            "OutputStream",
            device=device.index,
            channels=1,
            samplerate=rate_hz,
            latency=latency,
            callback=self._callback,
            finished_callback=self._on_finished,
        )
        self.latency_s = float(self._stream.latency)

    @property
    def gone(self) -> bool:
        """Whether the stream has ended or stalls."""
        return self._finished or time.monotonic() - self._served > supervisor.STALL_S

    def runs(self) -> bool:
        """Wait until the device has asked for more than its buffers hold; return whether it did in time.

        A sound server takes streams for a device that is suspended, and fills their buffers.
        """
        n_needed = round((2 * self.latency_s + 0.1) * self.rate_hz)
        with self.changed:
            return self.changed.wait_for(lambda: self._n_served > n_needed, supervisor.STALL_S) and not self._finished

    def put(self, samples: Float32, n_limit: int) -> bool:
        """Queue samples after waiting for room; return whether the device is still there."""
        with self.changed:
            while self.n_queued > n_limit and not self._finished:
                if not self.changed.wait(supervisor.STALL_S):
                    self._finished = True
            if self.gone:
                return False
            if len(samples):
                self._queue.append(samples)
                self.n_queued += len(samples)
                self._started = True
            return True

    def drain(self) -> None:
        """Wait until everything queued is played."""
        with self.changed:
            self._draining = True
            while not self._finished and self.changed.wait(supervisor.STALL_S):
                pass

    def close(self) -> None:
        close_stream(self._stream)

    def _callback(self, out: Float32, n_samples: int, times: Any, status: Any) -> None:
        with self.changed:
            self._served = time.monotonic()
            self._n_served += n_samples
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
            self.n_queued -= n_played
            self.changed.notify_all()
            if n_played == n_samples:
                return
            if self._draining:
                raise self._stop
            self.underruns += self._started

    def _on_finished(self) -> None:
        with self.changed:
            self._finished = True
            self.changed.notify_all()


class Speaker(Closing):
    """Play blocks through a loudspeaker; opened at once, silent until the first block.

    A loudspeaker that goes away is looked for once a second, in a thread of its own. What is written is dropped and
    counted until `attend` says that it is back.

    Parameters
    ----------
    device : str, int or None
        See `find_device`.
    rate_hz : int
        Rate of the blocks (Hz); resampled when the device cannot run at it.
    queue_s : float
        How much sound may wait before `write` blocks (s): the longest delay that the queue can add.
    latency : Latency
    reconnect_s, wait_s : float
        As of `Microphone`.

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
    health : SourceHealth
        Dropped are the blocks written while it was away; positions are those in the sound written.

    Raises
    ------
    DeviceError
        If there is no such loudspeaker, or it cannot be opened.
    """

    def __init__(
        self,
        device: str | int | None,
        rate_hz: int,
        *,
        queue_s: float = 0.5,
        latency: Latency = "high",
        reconnect_s: float = 30.0,
        wait_s: float = 0.0,
    ) -> None:
        check_format(rate_hz, 1)
        self.rate_hz = rate_hz
        self.reconnect_s = reconnect_s
        self.health = SourceHealth()
        self._queue_s, self._latency = queue_s, latency
        self._n_written = self._past_underruns = 0
        self._closed = False
        # While it is away: since when, and where the thread that looks for it puts what it opens.
        self._lost_at: float | None = None
        self._found: queue.SimpleQueue[_Playback] = queue.SimpleQueue()
        self._supervisor = Supervisor(device, "output", rate_hz, self._open, self.health, wait_s)
        self._playback = self._supervisor.stream
        self._resampler = StreamResampler(rate_hz, self.native_rate_hz)

    @property
    def device(self) -> Device:
        """The device at hand."""
        return self._supervisor.device

    @property
    def native_rate_hz(self) -> int:
        """Rate at which the device runs (Hz)."""
        return self._playback.rate_hz

    @property
    def latency_s(self) -> float:
        """Delay of the device as PortAudio states it, and of the resampler (s)."""
        return self._playback.latency_s + self._resampler.lag_s

    @property
    def waiting_s(self) -> float:
        """Sound in the queue (s)."""
        return 0.0 if self.away else self._playback.n_queued / self.native_rate_hz

    @property
    def underruns(self) -> int:
        """Times the device wanted sound that had not been written yet, or was served too late."""
        return self._past_underruns + self._playback.underruns

    @property
    def away(self) -> bool:
        """Whether the device is being looked for."""
        return self._lost_at is not None

    def attend(self) -> bool:
        """Notice a device that has gone or been exchanged; return whether it has just come back.

        Until then, what is written is dropped: whoever writes decides how the sound begins again.

        Raises
        ------
        DeviceError
            If the device went away and did not come back in time.
        """
        self._supervisor.note_moves(self._time_s)
        if self._lost_at is None:
            if self._playback.gone:
                self._lose()
        elif not self._found.empty():
            self._playback = self._found.get()
            self._resampler = StreamResampler(self.rate_hz, self.native_rate_hz)
            self._lost_at = None
            self._supervisor.note_back(self._time_s)
            return True
        elif time.monotonic() - self._lost_at > self.reconnect_s:
            raise self._supervisor.given_up(self._time_s, self.reconnect_s)
        return False

    def write(self, block: Pcm16) -> None:
        """Queue samples, after waiting for room in the queue; drop them while the device is away, see `attend`.

        Parameters
        ----------
        block : numpy.ndarray of int16, shape (n,)
        """
        if not self.away and not self._put(self._resampler.push(from_pcm16(block))):
            self._lose()
        if self.away:
            self.health.dropped_blocks += 1
            self.health.lost_s += len(block) / self.rate_hz
        self._n_written += len(block)

    def close(self) -> None:
        """Play what is queued, then close; closing twice does nothing."""
        if self._closed:
            return
        self._closed = True
        # A device that went away plays no rest.
        if not self.away and self._put(self._resampler.flush()):
            self._playback.drain()
        self._supervisor.close()
        self._playback.close()

    def _open(self, device: Device, rate_hz: int) -> _Playback:
        return _Playback(device, rate_hz, self._latency)

    def _put(self, samples: Float32) -> bool:
        return self._playback.put(samples, round(self._queue_s * self.native_rate_hz))

    def _lose(self) -> None:
        """Begin to look for the device; what was queued is lost, too."""
        lost_s = self._playback.n_queued / self.native_rate_hz
        self.health.lost_s += lost_s
        self._past_underruns += self._playback.underruns
        self._playback.underruns = 0
        self._lost_at = time.monotonic()
        self._supervisor.note_gone(self._time_s)
        threading.Thread(target=self._search, args=(self._playback,), name="loudspeaker", daemon=True).start()

    def _search(self, lost: _Playback) -> None:
        """Look for the device until it is back; opening it may take a sound server's time."""
        lost.close()
        while not self._supervisor.closing.wait(supervisor.RETRY_S):
            if (playback := self._supervisor.reopen()) is None:
                continue
            self._supervisor.stream = playback
            if playback.runs() and not self._supervisor.closing.is_set():
                self._found.put(playback)
                return
            playback.close()

    @property
    def _time_s(self) -> float:
        return self._n_written / self.rate_hz
