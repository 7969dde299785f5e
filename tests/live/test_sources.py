"""Which source a live program gets."""

import io
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from acoustic.audio import RecordingSource, write_wav
from acoustic.errors import AudioFileError, ParameterError
from acoustic.live import open_input

PCM = np.arange(-800, 800, dtype=np.int16)


@pytest.fixture
def wav(tmp_path: Path) -> str:
    write_wav(tmp_path / "a.wav", PCM, 16000)
    return str(tmp_path / "a.wav")


@pytest.mark.parametrize(("speed", "expected"), [(None, 1.0), (1.0, 1.0), (4.0, 4.0), (0.0, None)])
def test_recording(wav: str, speed: float | None, expected: float | None) -> None:
    sound = open_input(None, wav, 16000, 160, speed=speed)
    assert isinstance(sound.source, RecordingSource)
    assert (sound.name, sound.rate_hz, sound.source.speed) == (wav, 16000, expected)


def test_warnings_of_a_recording(wav: str) -> None:
    write_wav(wav, PCM * 0, 8000)
    sound = open_input(None, wav, 16000, 160, speed=0.0)
    assert np.concatenate(list(sound.source)).shape == (3200,)
    assert [warning.split(":")[0] for warning in sound.warnings] == ["silent", "band-limited"]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(PCM.tobytes() + b"\0")))
    sound = open_input(None, "-", 16000, 160, stdin_rate_hz=16000)
    assert np.array_equal(np.concatenate(list(sound.source)), PCM)
    assert (sound.name, sound.rate_hz) == ("-", 16000)
    assert sound.warnings == ["0.1 s: the stream ended inside a sample: 1 bytes left over"]


def test_missing_recording(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="no such file"):
        open_input(None, str(tmp_path / "absent.wav"), 16000, 160)


@pytest.mark.parametrize(
    "settings",
    [
        {"device": "x", "recording": "a.wav"},
        {"device": None, "recording": None, "speed": 2.0},
        {"device": None, "recording": "-", "speed": 2.0},
        {"device": None, "recording": "a.wav", "stdin_rate_hz": 8000},
        {"device": None, "recording": None, "stdin_rate_hz": 8000},
    ],
)
def test_contradictions_are_usage_errors(settings: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        open_input(rate_hz=16000, block_samples=160, **settings)


def test_a_microphone_has_the_time_of_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    microphone = SimpleNamespace(device=SimpleNamespace(name="mic"), native_rate_hz=48000)
    monkeypatch.setattr("acoustic.live.sources.Microphone", lambda *settings, **options: microphone)
    before = datetime.now().astimezone()
    sound = open_input(None, None, 16000, 160)
    assert sound.began is not None
    assert sound.began.source == "this computer's clock"
    # Whatever its samples say.
    moment = datetime.fromisoformat(sound.time(1e6) or "")
    assert before - timedelta(milliseconds=1) <= moment <= datetime.now().astimezone()
    given = open_input(None, None, 16000, 160, start="2026-03-02T12:15:00Z")
    assert given.time(90.0) == "2026-03-02T12:16:30.000+00:00"
