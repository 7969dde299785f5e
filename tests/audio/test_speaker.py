import threading
import time
from typing import Any

import numpy as np
import pytest

from acoustic.audio import supervisor as module
from acoustic.audio.speaker import Speaker
from acoustic.errors import DeviceError

PCM = np.arange(1, 11, dtype=np.int16)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.1)


def close(speaker: Speaker, stream: Any) -> None:
    """Close the speaker while its device goes on playing."""
    closing = start_closing(speaker)
    while closing.is_alive():
        stream.demand(4)
        time.sleep(0.001)


def start_closing(speaker: Speaker) -> threading.Thread:
    closing = threading.Thread(target=speaker.close, daemon=True)
    closing.start()
    while closing.is_alive() and not speaker._playback._draining:
        time.sleep(0.001)
    return closing


def test_blocks_are_played_in_order_and_gaps_counted(fake_sounddevice: Any) -> None:
    speaker = Speaker(None, 16000)
    (stream,) = fake_sounddevice.streams
    assert stream.demand(4) == [0, 0, 0, 0]
    assert speaker.underruns == 0
    speaker.write(PCM)
    assert [x * 32768 for x in stream.demand(6)] == [1, 2, 3, 4, 5, 6]
    assert [x * 32768 for x in stream.demand(6)] == [7, 8, 9, 10, 0, 0]
    assert speaker.underruns == 1
    close(speaker, stream)
    speaker.close()
    assert stream.closed
    assert speaker.underruns == 1


def test_underflows_that_the_device_flags_are_counted(fake_sounddevice: Any) -> None:
    speaker = Speaker(None, 16000)
    (stream,) = fake_sounddevice.streams
    stream.demand(4, underflow=True)
    speaker.write(PCM)
    stream.demand(4)
    assert speaker.underruns == 0
    stream.demand(4, underflow=True)
    assert speaker.underruns == 1
    close(speaker, stream)


def test_close_plays_the_rest(fake_sounddevice: Any) -> None:
    speaker = Speaker(None, 16000)
    (stream,) = fake_sounddevice.streams
    speaker.write(PCM)
    closing = start_closing(speaker)
    assert [x * 32768 for x in stream.demand(10)] == PCM.tolist()
    assert not stream.closed
    stream.demand(10)
    closing.join(timeout=5)
    assert stream.closed


def test_write_waits_for_room(fake_sounddevice: Any) -> None:
    speaker = Speaker(None, 16000, queue_s=0.001)
    (stream,) = fake_sounddevice.streams
    for _ in range(2):
        speaker.write(PCM)
    threading.Timer(0.1, stream.demand, [4]).start()
    start = time.monotonic()
    speaker.write(PCM)
    assert time.monotonic() - start > 0.05
    close(speaker, stream)


def come_back(speaker: Speaker, fake: Any) -> Any:
    """Let the device play on once it is opened anew; return its new stream."""
    fake.on_open = lambda stream: threading.Timer(0.02, stream.demand, [16000]).start()
    deadline = time.monotonic() + 10
    while not speaker.attend():
        assert time.monotonic() < deadline
        speaker.write(PCM)
        time.sleep(0.01)
    return fake.streams[-1]


def test_a_device_that_went_away_comes_back(fake_sounddevice: Any) -> None:
    speaker = Speaker(None, 16000)
    (first,) = fake_sounddevice.streams
    speaker.write(PCM)
    fake_sounddevice.devices[2]["index"] = 9
    first.vanish()
    assert not speaker.attend()
    assert speaker.away
    stream = come_back(speaker, fake_sounddevice)
    assert first.closed
    assert speaker.device.index == stream.settings["device"] == 9
    health = speaker.health
    assert (health.reconnects, fake_sounddevice.restarts) == (1, 1)
    # What waited is lost, and what was written since.
    assert health.dropped_blocks > 0
    assert health.lost_s == pytest.approx((1 + health.dropped_blocks) * 10 / 16000)
    assert [event.message for event in health.events] == [
        "Speakers went away; looking for it",
        "Speakers is back",
    ]
    assert [event.time_s for event in health.events] == pytest.approx([10 / 16000, health.lost_s])
    speaker.write(PCM)
    assert [x * 32768 for x in stream.demand(10)] == PCM.tolist()
    close(speaker, stream)


def test_a_device_that_takes_nothing_any_more_is_looked_for(
    fake_sounddevice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker = Speaker(None, 16000, queue_s=10.0)
    fake_sounddevice.streams[0].demand(4)
    speaker.write(PCM)
    monkeypatch.setattr(module, "STALL_S", 0.0)
    speaker.write(PCM)
    assert speaker.away
    monkeypatch.setattr(module, "STALL_S", 5.0)
    close(speaker, come_back(speaker, fake_sounddevice))


def test_a_device_that_opens_but_does_not_play_is_not_back(fake_sounddevice: Any) -> None:
    speaker = Speaker(None, 16000, reconnect_s=0.3)
    fake_sounddevice.streams[0].vanish()
    fake_sounddevice.on_open = lambda stream: stream.demand(1000)

    def attend_for_long() -> None:
        while not speaker.attend():
            time.sleep(0.01)

    with pytest.raises(DeviceError, match="Speakers: the loudspeaker went away 0 s .* come back within 0.3 s"):
        attend_for_long()
    speaker.close()


def test_closing_while_it_is_away_ends_the_search(fake_sounddevice: Any) -> None:
    speaker = Speaker(None, 16000)
    fake_sounddevice.streams[0].vanish()
    fake_sounddevice.devices.pop(2)
    speaker.attend()
    speaker.close()
    time.sleep(0.3)
    assert [stream.closed for stream in fake_sounddevice.streams] == [True]


def test_what_waits_and_the_devices_delay_are_told(fake_sounddevice: Any) -> None:
    speaker = Speaker(None, 16000)
    (stream,) = fake_sounddevice.streams
    assert (speaker.waiting_s, speaker.latency_s) == (0.0, stream.latency)
    speaker.write(PCM)
    assert speaker.waiting_s == pytest.approx(10 / 16000)
    stream.demand(4)
    assert speaker.waiting_s == pytest.approx(6 / 16000)
    close(speaker, stream)


def test_hanging_device_is_given_up(fake_sounddevice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STALL_S", 0.1)
    speaker = Speaker(None, 16000, queue_s=0.0)
    speaker.write(PCM)
    speaker.write(PCM)
    assert speaker.away
    speaker.close()
    assert fake_sounddevice.streams[0].closed


def test_refused_rate_is_resampled(fake_sounddevice: Any) -> None:
    speaker = Speaker(None, 32000)
    assert speaker.native_rate_hz == 48000
    speaker.write(np.full(32000, 1000, np.int16))
    played = fake_sounddevice.streams[0].demand(40000)
    assert np.mean(played[10000:30000]) * 32768 == pytest.approx(1000, abs=1)
    close(speaker, fake_sounddevice.streams[0])
