"""`acoustic hearing listen` from a virtual microphone to a virtual loudspeaker, in real time."""

import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from made_hearing import RATE_HZ, noisy_pcm

from acoustic.audio import Microphone, write_wav
from acoustic.audio.devices import rescan
from acoustic.errors import DeviceError
from acoustic.live import Keyboard

pytestmark = pytest.mark.live

#: Silence first: the start-up ramp is over when the sound begins.
QUIET = np.zeros(2 * RATE_HZ, np.int16)
SPOKEN = np.concatenate([noisy_pcm(1, 4.0), QUIET])


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keys pressed from now on: what is put into the list."""
    waiting: list[str] = []

    def pressed(keyboard: Keyboard) -> str:
        return waiting.pop(0) if waiting else ""

    monkeypatch.setattr(Keyboard, "pressed", pressed)
    return waiting


def read(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="int16")[0]


def place_of(part: np.ndarray, whole: np.ndarray) -> int:
    """Where a part that is long enough to be found but once begins."""
    starts = np.flatnonzero(whole[: len(whole) - len(part) + 1] == part[0])
    [place] = [start for start in starts if np.array_equal(whole[start : start + len(part)], part)]
    return int(place)


def test_what_comes_out_is_what_enhance_writes(
    virtual_audio: Any, hearing: Any, keys: list[str], tmp_path: Path
) -> None:
    write_wav(tmp_path / "spoken.wav", np.concatenate([QUIET, SPOKEN]), RATE_HZ)

    def speak() -> None:
        with virtual_audio.playing(tmp_path / "spoken.wav"):
            spoken.wait(10.0)
        keys.append("q")

    spoken = threading.Event()
    speaking = threading.Thread(target=speak)
    with virtual_audio.listening(tmp_path / "heard.wav"):
        speaking.start()
        ran = hearing(
            *("listen", "--in", "virtmic", "--out", "virtspk", "--record", tmp_path / "kept", "--json"),
            *("--buffer-ms", 400),
        )
        speaking.join()
    assert ran.code == 0, ran.error
    summary = ran.rows[-1]
    if summary["lost_blocks"]:
        pytest.skip("the machine is too busy to play without gaps")
    [kept_in] = [path for path in (tmp_path / "kept").glob("*.wav") if not path.name.endswith(".out.wav")]
    kept_out = kept_in.with_suffix(".out.wav")
    # What was heard holds what was spoken, what came of it is what `enhance` makes of that, and so it was played.
    spoken_at = place_of(SPOKEN[: 4 * RATE_HZ], read(kept_in))
    assert hearing("enhance", kept_in, "-o", tmp_path / "enhanced.wav").code == 0
    assert kept_out.read_bytes() == (tmp_path / "enhanced.wav").read_bytes()
    enhanced = read(kept_out)[spoken_at : spoken_at + 4 * RATE_HZ]
    place_of(enhanced, read(tmp_path / "heard.wav"))


def test_unplugged_devices_end_it_with_what_was_heard(
    virtual_audio: Any, hearing: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient: dict[str, Any] = {**Microphone.__init__.__kwdefaults__, "reconnect_s": 2.0}
    monkeypatch.setattr(Microphone.__init__, "__kwdefaults__", impatient)
    pulling = threading.Timer(2.0, virtual_audio.pull)
    pulling.start()
    try:
        ran = hearing("listen", "--in", "virtmic", "--out", "virtspk", "--record", tmp_path, "--json")
    finally:
        pulling.join()
        virtual_audio.start()
        rescan()
    assert isinstance(ran.error, DeviceError)
    assert "did not come back within 2 s. Plug it in and start again" in str(ran.error)
    assert ran.rows[-1]["event"] == "summary"
    [made] = tmp_path.glob("*.out.wav")
    assert soundfile.info(made).duration > 0.5


def test_a_restart_of_the_sound_server_is_survived(
    virtual_audio: Any, hearing: Any, keys: list[str], tmp_path: Path
) -> None:
    def restart() -> None:
        virtual_audio.pull()
        time.sleep(1.0)
        virtual_audio.start()
        time.sleep(8.0)
        keys.append("q")

    restarting = threading.Timer(3.0, restart)
    restarting.start()
    try:
        ran = hearing("listen", "--in", "virtmic", "--out", "virtspk", "--json")
    finally:
        restarting.join()
    assert ran.code == 0, ran.error
    messages = [row["message"] for row in ran.rows if row["event"] == "trouble"]
    for name in ("virtmic", "virtspk"):
        assert f"{name} went away; looking for it" in messages
        assert f"{name} is back" in messages


def test_missing_device_is_named(virtual_audio: Any, hearing: Any) -> None:
    for arguments in (("--in", "nowhere"), ("--out", "nowhere")):
        ran = hearing("listen", *arguments)
        assert isinstance(ran.error, DeviceError)
        assert "matches 'nowhere'" in str(ran.error)
