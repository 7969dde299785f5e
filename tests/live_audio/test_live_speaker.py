"""A real PortAudio stream to a virtual loudspeaker."""

import itertools
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from acoustic.audio import Microphone, Speaker, write_wav

pytestmark = pytest.mark.live

RATE_HZ = 16000
PCM = np.random.default_rng(8).integers(-8000, 8000, 2 * RATE_HZ).astype(np.int16)
# A sound server may cut off the first and last 20 ms of what it plays.
QUIET = np.zeros(RATE_HZ // 2, np.int16)
PADDED = np.concatenate([QUIET, PCM, QUIET])


def sound_in(path: Path) -> np.ndarray:
    pcm = sf.read(path, dtype="int16")[0]
    return np.trim_zeros(pcm)


def test_all_that_was_written_is_played(virtual_audio: Any, tmp_path: Path) -> None:
    with virtual_audio.listening(tmp_path / "heard.wav"), Speaker("virtspk", RATE_HZ, latency=0.5) as speaker:
        for block in np.split(PADDED, 300):
            speaker.write(block)
    if speaker.underruns:
        pytest.skip("the machine is too busy to play without gaps")
    assert np.array_equal(sound_in(tmp_path / "heard.wav"), np.trim_zeros(PCM))


def test_microphone_through_to_loudspeaker(virtual_audio: Any, tmp_path: Path) -> None:
    write_wav(tmp_path / "spoken.wav", PADDED, RATE_HZ)
    with (
        virtual_audio.listening(tmp_path / "heard.wav"),
        Speaker(None, RATE_HZ, latency=0.5) as speaker,
        Microphone(None, RATE_HZ, 160) as mic,
    ):
        blocks = iter(mic)
        speaker.write(np.zeros(RATE_HZ // 4, np.int16))
        with virtual_audio.playing(tmp_path / "spoken.wav"):
            for block in itertools.islice(blocks, 350):
                speaker.write(block // 2)
    if speaker.underruns or mic.health.lost_s:
        pytest.skip("the machine is too busy to play without gaps")
    assert np.array_equal(sound_in(tmp_path / "heard.wav"), np.trim_zeros(PCM // 2))


def attend_until(speaker: Speaker, condition: Any, limit_s: float = 20.0) -> None:
    """Write 10 ms of sound every 10 ms until a condition holds."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, list(speaker.health.events)
        speaker.attend()
        speaker.write(PCM[:160])
        time.sleep(0.01)


def test_loudspeaker_comes_back_after_a_restart_of_the_sound_server(virtual_audio: Any) -> None:
    with Speaker("virtspk", RATE_HZ) as speaker:
        attend_until(speaker, lambda: speaker.waiting_s > 0)
        virtual_audio.pull()
        attend_until(speaker, lambda: speaker.away)
        virtual_audio.start()
        attend_until(speaker, lambda: not speaker.away)
        assert speaker.health.reconnects == 1
        assert speaker.health.lost_s > 0


def test_loudspeaker_that_sleeps_comes_back_when_it_wakes(virtual_audio: Any) -> None:
    with Speaker("virtspk", RATE_HZ) as speaker:
        attend_until(speaker, lambda: speaker.waiting_s > 0)
        virtual_audio.run("suspend")
        try:
            attend_until(speaker, lambda: speaker.away)
        finally:
            virtual_audio.run("resume")
        attend_until(speaker, lambda: not speaker.away)
        assert speaker.health.reconnects == 1
