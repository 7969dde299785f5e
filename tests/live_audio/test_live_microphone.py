"""A real PortAudio stream from a virtual microphone."""

import dataclasses
import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acoustic.audio import Microphone, find_device, list_devices, supervisor, write_wav
from acoustic.audio.devices import rescan
from acoustic.errors import DeviceError

pytestmark = pytest.mark.live

RATE_HZ = 16000
PCM = np.random.default_rng(7).integers(-8000, 8000, 2 * RATE_HZ).astype(np.int16)


@pytest.fixture
def spoken(tmp_path: Path) -> Path:
    """A file of PCM with silence around it."""
    quiet = np.zeros(RATE_HZ // 2, np.int16)
    write_wav(tmp_path / "spoken.wav", np.concatenate([quiet, PCM, quiet]), RATE_HZ)
    return tmp_path / "spoken.wav"


def from_first_sound(blocks: Iterator[np.ndarray], n_samples: int) -> np.ndarray:
    block = next(block for block in blocks if block.any())
    heard = [block[np.argmax(block != 0) :]]
    while sum(map(len, heard)) < n_samples:
        heard.append(next(blocks))
    return np.concatenate(heard)[:n_samples]


def test_devices_are_listed(virtual_audio: Any) -> None:
    assert {"virtmic", "virtspk"} <= {device.name for device in list_devices()}
    assert find_device("virtm", "input").name == "virtmic"
    assert find_device(None, "input").is_default_input
    with pytest.raises(DeviceError, match="virtmic"):
        find_device("no such thing", "input")


@pytest.mark.parametrize("device", ["virtmic", None])
@pytest.mark.parametrize("block_samples", [160, 4096])
def test_samples_arrive_bit_exact(virtual_audio: Any, spoken: Path, device: str | None, block_samples: int) -> None:
    with Microphone(device, RATE_HZ, block_samples) as mic, virtual_audio.playing(spoken):
        assert mic.native_rate_hz == RATE_HZ
        assert np.array_equal(from_first_sound(iter(mic), len(PCM)), PCM)
        assert (mic.health.overflows, mic.health.dropped_blocks, mic.health.lost_s) == (0, 0, 0)


def test_time_passes_as_on_the_clock(virtual_audio: Any) -> None:
    with Microphone("virtmic", RATE_HZ, 1600) as mic:
        blocks = iter(mic)
        next(blocks)
        start = time.monotonic()
        for _ in itertools.islice(blocks, 30):
            pass
        assert time.monotonic() - start == pytest.approx(3.0, abs=0.3)


@pytest.mark.parametrize("rate_hz", [16000, 32000])
def test_device_of_another_rate_is_resampled(
    virtual_audio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rate_hz: int
) -> None:
    import sounddevice as sd

    class Only48k(sd.InputStream):
        def __init__(self, **settings: Any) -> None:
            # The virtual sound card takes any rate; many real ones do not.
            if settings["samplerate"] != 48000:
                raise sd.PortAudioError("Invalid sample rate", -9997)
            super().__init__(**settings)

    at_48k = dataclasses.replace(find_device("virtmic", "input"), default_rate_hz=48000)
    monkeypatch.setattr(supervisor, "find_device", lambda spec, kind: at_48k)
    monkeypatch.setattr(sd, "InputStream", Only48k)
    tone = 8000 * np.sin(2 * np.pi * 1000 * np.arange(3 * RATE_HZ) / RATE_HZ)
    write_wav(tmp_path / "tone.wav", tone.astype(np.int16), RATE_HZ)
    with Microphone("virtmic", rate_hz, rate_hz // 50) as mic, virtual_audio.playing(tmp_path / "tone.wav"):
        assert mic.native_rate_hz == 48000
        heard = from_first_sound(iter(mic), 2 * rate_hz)[rate_hz // 2 :].astype(float)
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert np.argmax(spectrum) * rate_hz / len(heard) == pytest.approx(1000, abs=2)
    assert np.sqrt(2 * np.mean(heard**2)) == pytest.approx(8000, rel=0.02)


def test_unplugged_microphone_comes_back(virtual_audio: Any, spoken: Path) -> None:
    with Microphone("virtmic", RATE_HZ, 1600) as mic:
        blocks = iter(mic)
        start = time.monotonic()
        n_blocks = len(list(itertools.islice(blocks, 10)))
        virtual_audio.pull()
        while not mic.health.events:
            n_blocks += next(blocks).size > 0
        virtual_audio.start()
        while not mic.health.reconnects:
            n_blocks += next(blocks).size > 0
        n_blocks += len(list(itertools.islice(blocks, 10)))
        assert n_blocks * 0.1 == pytest.approx(time.monotonic() - start, abs=0.5)
        assert mic.health.lost_s > 2
        assert [event.message for event in mic.health.events] == [
            "virtmic went away; looking for it",
            "virtmic is back",
        ]
        with virtual_audio.playing(spoken):
            assert np.array_equal(from_first_sound(blocks, len(PCM)), PCM)


def test_microphone_that_stays_away_is_an_error(virtual_audio: Any) -> None:
    try:
        with Microphone("virtmic", RATE_HZ, 1600, reconnect_s=2.0) as mic:
            blocks = iter(mic)
            next(blocks)
            virtual_audio.pull()
            start = time.monotonic()
            with pytest.raises(DeviceError, match="virtmic: the microphone went away"):
                for _ in blocks:
                    pass
            assert time.monotonic() - start < 8
    finally:
        virtual_audio.start()
        rescan()


def test_silent_microphone_is_flagged(virtual_audio: Any) -> None:
    with Microphone("virtmic", RATE_HZ, 1600) as mic:
        list(itertools.islice(mic, 55))
        assert mic.health.silent


def test_microphone_that_sleeps_comes_back_when_it_wakes(virtual_audio: Any) -> None:
    with Microphone("virtmic", RATE_HZ, 1600) as mic:
        blocks = iter(mic)
        start = time.monotonic()
        n_blocks = len(list(itertools.islice(blocks, 10)))
        virtual_audio.run("suspend")
        try:
            while not mic.health.events:
                n_blocks += next(blocks).size > 0
        finally:
            virtual_audio.run("resume")
        while not mic.health.reconnects:
            n_blocks += next(blocks).size > 0
        n_blocks += len(list(itertools.islice(blocks, 10)))
        assert n_blocks * 0.1 == pytest.approx(time.monotonic() - start, abs=0.5)
        assert mic.health.lost_s > 1


def test_move_to_another_microphone_is_noticed(virtual_audio: Any) -> None:
    with Microphone("virtmic", RATE_HZ, 1600) as mic:
        blocks = iter(mic)
        list(itertools.islice(blocks, 20))
        virtual_audio.run("move")
        for _ in itertools.islice(blocks, 100):
            if mic.health.moves:
                break
        assert mic.health.moves == 1
        assert "moved the microphone from microphone.monitor to other.monitor" in mic.health.events[-1].message
