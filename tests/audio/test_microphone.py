import itertools
import threading
import time
from typing import Any

import numpy as np
import pytest

from acoustic.audio import supervisor as module
from acoustic.audio.microphone import Microphone
from acoustic.errors import DeviceError

CALLBACK = 320


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STALL_S", 0.2)
    monkeypatch.setattr(module, "RETRY_S", 0.1)


def noise(n_samples: int, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(6).integers(-3000, 3000, (n_samples, channels)) / 32768


def take(source: Microphone, n_blocks: int) -> np.ndarray:
    return np.concatenate(list(itertools.islice(source, n_blocks)))


def test_blocks_are_the_callbacks_samples(fake_sounddevice: Any) -> None:
    with Microphone("built", 16000, 100) as mic:
        (stream,) = fake_sounddevice.streams
        x = noise(320)
        for start in range(0, 320, 32):
            stream.deliver(x[start : start + 32])
        assert np.array_equal(take(mic, 3), np.rint(x[:300, 0] * 32768))
        assert mic.native_rate_hz == 16000
        assert stream.settings["channels"] == 1
        assert not stream.closed
    assert stream.closed


def test_stereo_is_mixed_and_an_array_is_not_opened_whole(fake_sounddevice: Any) -> None:
    with Microphone(1, 16000, 160) as mic:
        x = noise(160, channels=2)
        fake_sounddevice.streams[0].deliver(x)
        assert np.array_equal(take(mic, 1), np.rint(x.mean(axis=1) * 32768))
    with Microphone(3, 16000, 160):
        assert fake_sounddevice.streams[1].settings["channels"] == 1


def test_refused_rate_falls_back_to_the_devices_own(fake_sounddevice: Any) -> None:
    with Microphone(0, 32000, 3200) as mic:
        assert mic.native_rate_hz == 48000
        for block in np.split(noise(48000), 50):
            fake_sounddevice.streams[0].deliver(block)
        assert mic.latency_s == fake_sounddevice.streams[0].latency
        assert len(take(mic, 9)) == 9 * 3200
        # What the resampler holds back comes later, too.
        assert mic.latency_s > fake_sounddevice.streams[0].latency + 0.005


def test_refusing_device_is_an_error(fake_sounddevice: Any) -> None:
    fake_sounddevice.rates_hz.clear()
    with pytest.raises(DeviceError, match="Built-in Mic: the microphone cannot be opened .Invalid sample rate"):
        Microphone(None, 16000, 160)


def test_overflow_flags_are_counted(fake_sounddevice: Any) -> None:
    with Microphone(0, 16000, 320) as mic:
        stream = fake_sounddevice.streams[0]
        stream.deliver(noise(320))
        stream.deliver(noise(320), overflow=True)
        take(mic, 2)
        assert mic.health.overflows == 1
        assert mic.health.lost_s == 0


def test_dropped_blocks_become_zeros_of_the_same_length(fake_sounddevice: Any) -> None:
    """The program sleeps for 8 s: the queue keeps 5 s, then 3 s of zeros stand for what was dropped."""
    n_kept, n_dropped = 250, 150
    with Microphone(0, 16000, CALLBACK) as mic:
        stream = fake_sounddevice.streams[0]
        block = noise(CALLBACK)
        for _ in range(n_kept + n_dropped):
            stream.deliver(block)
        source = iter(mic)
        kept = np.concatenate(list(itertools.islice(source, n_kept)))
        stream.deliver(block)
        after = np.concatenate(list(itertools.islice(source, n_dropped + 1)))
        assert np.array_equal(kept, np.tile(np.rint(block[:, 0] * 32768), n_kept))
        assert not after[: n_dropped * CALLBACK].any()
        assert np.array_equal(after[n_dropped * CALLBACK :], np.rint(block[:, 0] * 32768))
        assert mic.health.dropped_blocks == n_dropped
        assert mic.health.lost_s == pytest.approx(3.0)
        (event,) = mic.health.events
        assert event.time_s == pytest.approx(5.0)
        assert "too slow" in event.message


def test_unplugged_device_comes_back_and_time_stays_true(fake_sounddevice: Any) -> None:
    block = noise(CALLBACK)
    with Microphone(0, 16000, CALLBACK) as mic:
        source = iter(mic)
        first = fake_sounddevice.streams[0]
        first.deliver(block)
        lost_at = time.monotonic()
        next(source)
        # The device comes back under another number.
        fake_sounddevice.devices[0]["index"] = 7
        fake_sounddevice.on_open = lambda stream: threading.Timer(0.05, stream.deliver, [block]).start()
        first.vanish()
        gap = []
        while not (pcm := next(source)).any():
            gap.append(pcm)
        elapsed_s = time.monotonic() - lost_at
        n_zeros = sum(map(len, gap)) + int(np.argmax(pcm != 0))
        # The gap ends where the first new block starts.
        assert n_zeros / 16000 == pytest.approx(elapsed_s - CALLBACK / 16000, abs=0.05)
        assert mic.health.lost_s == pytest.approx(n_zeros / 16000, abs=0.001)
        assert mic.health.reconnects == 1
        assert mic.device.index == 7
        assert first.closed
        assert fake_sounddevice.restarts == 1
        went, came = mic.health.events
        assert went.message == "Built-in Mic went away; looking for it"
        assert went.time_s == pytest.approx(0.02)
        assert came.message == "Built-in Mic is back"
        assert came.time_s == pytest.approx(0.02 + mic.health.lost_s)


def test_zeros_come_while_the_device_is_away_until_it_is_given_up(fake_sounddevice: Any) -> None:
    with Microphone(0, 16000, 160, reconnect_s=0.5) as mic:
        fake_sounddevice.streams[0].deliver(noise(160))
        fake_sounddevice.devices.pop(0)
        start = time.monotonic()
        n_samples = 0
        blocks = iter(mic)
        with pytest.raises(DeviceError, match="did not come back within 0.5 s"):  # noqa: PT012
            while True:
                n_samples += len(next(blocks))
        assert 0.5 < time.monotonic() - start < 2
        assert n_samples >= 0.4 * 16000


def test_stalled_device_is_lost_too(fake_sounddevice: Any) -> None:
    block = noise(160)
    with Microphone(0, 16000, 160) as mic:
        fake_sounddevice.streams[0].deliver(block)
        fake_sounddevice.on_open = lambda stream: threading.Timer(0.05, stream.deliver, [block]).start()
        source = iter(mic)
        next(source)
        while not next(source).any():
            pass
        assert mic.health.reconnects == 1


def test_close_from_another_thread_ends_the_iteration(fake_sounddevice: Any) -> None:
    with Microphone(0, 16000, 160) as mic:
        fake_sounddevice.streams[0].deliver(noise(160))
        threading.Timer(0.05, mic.close).start()
        assert len(list(mic)) == 1


def test_silent_microphone_is_flagged_until_it_sounds(fake_sounddevice: Any) -> None:
    with Microphone(0, 16000, 3200) as mic:
        source = iter(mic)
        stream = fake_sounddevice.streams[0]
        for _ in range(25):
            stream.deliver(np.zeros(3200))
            next(source)
        assert not mic.health.silent
        stream.deliver(np.zeros(3200))
        next(source)
        assert mic.health.silent
        stream.deliver(noise(3200))
        next(source)
        assert not mic.health.silent
        assert [event.message.split(":")[0] for event in mic.health.events] == ["only zeros arrive", "sound again"]


def test_device_that_was_suspended_begins_anew(fake_sounddevice: Any) -> None:
    """What came late is not taken for what came in time: the gap is as long as on the clock."""
    block = noise(160)
    with Microphone(0, 16000, 160) as mic:
        first = fake_sounddevice.streams[0]
        first.deliver(block)
        source = iter(mic)
        next(source)
        time.sleep(0.3)
        first.deliver(block)
        fake_sounddevice.on_open = lambda stream: threading.Timer(0.05, stream.deliver, [block]).start()
        while not next(source).any():
            pass
        assert mic.health.reconnects == 1
        assert mic.health.lost_s > 0.3


def test_a_microphone_is_waited_for(fake_sounddevice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_sounddevice.devices.pop(3)
    usb = fake_sounddevice.devices.pop(1)
    monkeypatch.setattr(time, "sleep", lambda s: fake_sounddevice.devices.insert(1, usb))
    with Microphone("USB Mic", 16000, 160, wait_s=5.0) as mic:
        assert mic.device.name == "USB Mic"
    assert fake_sounddevice.restarts == 1
    with pytest.raises(DeviceError, match="matches 'none'"):
        Microphone("none", 16000, 160)


def test_moves_of_the_sound_server_are_counted(fake_sounddevice: Any) -> None:
    block = noise(160)
    with Microphone(0, 16000, 160) as mic:
        mic._supervisor._routes._moves.put(("usb", "built-in"))
        fake_sounddevice.streams[0].deliver(block)
        next(iter(mic))
        assert mic.health.moves == 1
        [event] = mic.health.events
        assert event.message == "the sound server moved the microphone from usb to built-in"
