"""`acoustic hearing listen` from file to file, and through a loudspeaker and a microphone that are made up."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from acoustic_apps.hearing_denoise.aid import AidOptions
from made_hearing import RATE_HZ, drawn, enhanced, noisy_pcm

from acoustic.audio import SourceHealth, write_wav
from acoustic.audio.source import Pcm16
from acoustic.errors import DeviceError, ParameterError
from acoustic.links import Archive, Panel, Sink, Stdout
from acoustic.live import Input, Keyboard, Listener, Playout
from acoustic.live.output import RAMP_S, SoundOut

PCM = noisy_pcm(1, 2.005)
LATENCY_MS = 8.0


@pytest.fixture
def noisy(tmp_path: Path) -> Path:
    write_wav(tmp_path / "noisy.wav", PCM, RATE_HZ)
    return tmp_path / "noisy.wav"


def read(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="int16")[0]


def test_file_to_file_is_what_enhance_writes(hearing: Any, noisy: Path, tmp_path: Path) -> None:
    ran = hearing("listen", "--input", noisy, "--output", tmp_path / "heard.wav", "--json")
    assert ran.code == 0, ran.error
    assert hearing("enhance", noisy, "-o", tmp_path / "enhanced.wav").code == 0
    assert (tmp_path / "heard.wav").read_bytes() == (tmp_path / "enhanced.wav").read_bytes()
    assert len(read(tmp_path / "heard.wav")) == len(PCM)
    start, *told, summary = ran.rows
    assert (start["event"], start["source"]) == ("start", str(noisy))
    assert {row["event"] for row in told} == {"health"}
    assert (summary["duration_s"], summary["latency_ms"], summary["lost_blocks"]) == (
        *(pytest.approx(len(PCM) / RATE_HZ, abs=1e-4), LATENCY_MS, 0),
    )


@pytest.mark.parametrize("settings", [("--bypass",), ("--strength", "0")])
def test_bypass_and_strength_0_change_nothing(
    hearing: Any, noisy: Path, tmp_path: Path, settings: tuple[str, ...]
) -> None:
    hearing("listen", "--input", noisy, "--output", tmp_path / "heard.wav", *settings)
    assert (tmp_path / "heard.wav").read_bytes() == noisy.read_bytes()


def test_both_sides_are_kept_in_line(hearing: Any, noisy: Path, tmp_path: Path) -> None:
    hearing("listen", "--input", noisy, "--output", tmp_path / "heard.wav", "--record", tmp_path / "kept")
    [made] = (tmp_path / "kept").glob("hearing-*.out.wav")
    heard = made.with_name(made.name.replace(".out.wav", ".wav"))
    assert heard.read_bytes() == noisy.read_bytes()
    assert made.read_bytes() == (tmp_path / "heard.wav").read_bytes()


def test_keys_turn_the_knobs(hearing: Any, noisy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = iter(["b", "b-", "↓x", "", "+", "", "", "", "", ""])
    monkeypatch.setattr(Keyboard, "pressed", lambda keyboard: next(keys, ""))
    monkeypatch.setattr("acoustic.commands.listen.FILE_BLOCK_MS", 100)
    ran = hearing("listen", "--input", noisy, "--output", tmp_path / "heard.wav", "--strength", "0.15", "--json")
    told = [(row["t_s"], row["strength"], row["bypass"]) for row in ran.rows if row["event"] == "knob"]
    assert told == [(0.1, 0.15, True), (0.2, 0.15, False), (0.2, 0.05, False), (0.3, 0.0, False), (0.5, 0.1, False)]
    # While there was nothing of it, the sound is as it came.
    np.testing.assert_array_equal(read(tmp_path / "heard.wav")[4900:7900], PCM[4900:7900])


def test_with_an_audiogram_a_notice_is_shown(hearing: Any, noisy: Path, tmp_path: Path) -> None:
    arguments = ("listen", "--input", noisy, "--output", tmp_path / "heard.wav")
    assert "not a medical device" not in hearing(*arguments).err
    ran = hearing(*arguments, "--audiogram", "30,35,40,50,60,65")
    assert "not a medical device" in ran.err
    # The ramp is the loudspeaker's: the file begins at full level.
    heard = read(tmp_path / "heard.wav")
    assert np.std(heard[2000:6000]) > 0.5 * np.std(heard[18_000:22_000])
    np.testing.assert_array_equal(heard, enhanced(PCM, AidOptions(audiogram="30,35,40,50,60,65")))


def test_health_tells_output_and_delay(hearing: Any, tmp_path: Path) -> None:
    noise = np.random.default_rng(2).normal(0, 500, 4 * RATE_HZ).astype(np.int16)
    write_wav(tmp_path / "noise.wav", noise, RATE_HZ)
    ran = hearing("listen", "--input", tmp_path / "noise.wav", "--output", tmp_path / "out.wav", "--json")
    last = [row for row in ran.rows if row["event"] == "health"][-1]
    assert last["output_dbfs"] < last["level_dbfs"] - 1
    assert (last["latency_ms"], last["buffer_ms"], last["lost_blocks"], last["strength"]) == (LATENCY_MS, 0.0, 0, 1.0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--input", "noisy.wav", "--output", "noisy.wav"), "overwritten"),
        (("--input", "noisy.wav", "--output", "out.wav", "--out", "x"), "not both"),
        (("--input", "noisy.wav", "--output", "out.wav", "--in", "x"), "not to both"),
        (("--input", "noisy.wav", "--output", "out.wav", "--audiogram", "1,2"), "audiogram"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    hearing: Any, noisy: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(noisy.parent)
    before = noisy.read_bytes()
    ran = hearing("listen", *arguments)
    assert isinstance(ran.error, ParameterError)
    assert words in str(ran.error)
    assert noisy.read_bytes() == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_stopped_or_killed_both_sides_are_whole(bundle: str, tmp_path: Path, number: signal.Signals) -> None:
    words = ["hearing", "listen", "--input", "-", "--output", "out.wav", "--record", "kept", "--json"]
    program = [sys.executable, "-m", "acoustic", *words, "--bundle", bundle]
    with subprocess.Popen(program, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(np.tile(PCM, 2).astype("<i2").tobytes())
        process.stdin.flush()
        heard_s = 0.0
        while heard_s < 3.0:
            row = json.loads(process.stdout.readline())
            heard_s = row["t_s"] if row["event"] == "health" else 0.0
        if number == signal.SIGKILL:
            # Once a second everything is forced to the disk, when something is written.
            time.sleep(1.1)
            process.stdin.write(PCM[:16000].astype("<i2").tobytes())
            process.stdin.flush()
            process.stdout.readline()
            time.sleep(1.0)
        process.send_signal(number)
        rest = process.stdout.read().splitlines()
    [made] = (tmp_path / "kept").glob("*.out.wav")
    heard = read(made.with_name(made.name.replace(".out", "")))
    assert len(heard) >= 3 * RATE_HZ
    np.testing.assert_array_equal(heard, np.concatenate([PCM, PCM, PCM[:16000]])[: len(heard)])
    expected = enhanced(heard)
    for path in (made, tmp_path / "out.wav"):
        assert len(read(path)) >= 2.9 * RATE_HZ
        np.testing.assert_array_equal(read(path)[: 2 * RATE_HZ], expected[: 2 * RATE_HZ])
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert json.loads(rest[-1])["event"] == "summary"
        assert len(read(made)) == len(read(tmp_path / "out.wav")) == len(heard)


class MadeSource:
    """Blocks of 10 ms; after them the microphone is gone, or the sound is over."""

    rate_hz = RATE_HZ

    def __init__(self, pcm: Pcm16, failure: DeviceError | None = None) -> None:
        self.health = SourceHealth()
        self._pcm, self._failure = pcm, failure

    def __iter__(self) -> Any:
        yield from np.split(self._pcm, range(160, len(self._pcm), 160))
        if self._failure is not None:
            raise self._failure

    def close(self) -> None: ...


class MadeSpeaker:
    """Plays at once."""

    rate_hz = RATE_HZ
    latency_s = 0.03
    waiting_s = 0.05
    away = False
    #: Blocks left when it comes back from having been away.
    back_at = -1

    def __init__(self, n_blocks: int = 10**9) -> None:
        self.underruns = 0
        self.health = SourceHealth()
        self.played: list[np.ndarray] = []
        self._left = n_blocks

    def attend(self) -> bool:
        if self._left == 0:
            raise DeviceError("Speakers: the loudspeaker went away and did not come back.")
        self._left -= 1
        if self._left == self.back_at:
            self.health.note(1.0, "Speakers is back")
        return self._left == self.back_at

    def write(self, pcm: np.ndarray) -> None:
        self.played.append(pcm)

    def close(self) -> None: ...


def listen(source: MadeSource, speaker: MadeSpeaker, *sinks: Sink) -> None:
    """Listen to blocks that are made up, through a loudspeaker that is."""
    made: Any = speaker
    out, sound = SoundOut(Playout(made, 0.05), RATE_HZ), Input(source, "made", RATE_HZ, can_wait=True)
    with Keyboard() as keyboard:
        Listener(drawn(), AidOptions(), sound, sinks, keyboard, out).run()


def test_sound_fades_in_at_the_loudspeaker_but_not_in_what_is_kept(tmp_path: Path) -> None:
    speaker, loud = MadeSpeaker(), np.full(2 * RATE_HZ, 10000, np.int16)
    listen(MadeSource(loud), speaker, Archive(tmp_path, RATE_HZ, "hearing"))
    played, kept = np.concatenate(speaker.played), read(next(tmp_path.glob("*.out.wav")))
    n = round(RAMP_S * RATE_HZ)
    np.testing.assert_array_equal(kept, enhanced(loud))
    gains = 10 ** (np.linspace(-40, 0, n, endpoint=False) / 20)
    begun = 64  # the loudspeaker's own cross-fade
    np.testing.assert_array_equal(played[begun:n], np.rint(kept[:n] * gains)[begun:])
    np.testing.assert_array_equal(played[n:], kept[n:])


def test_sound_fades_in_anew_at_a_loudspeaker_that_was_away(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    speaker, loud = MadeSpeaker(n_blocks=1000), np.full(4 * RATE_HZ, 10000, np.int16)
    speaker.back_at = 799
    listen(MadeSource(loud), speaker, Archive(tmp_path, RATE_HZ, "hearing"), Stdout())
    played, kept = np.concatenate(speaker.played[202:]), read(next(tmp_path.glob("*.out.wav")))
    np.testing.assert_array_equal(kept, enhanced(loud))
    n = round(RAMP_S * RATE_HZ)
    assert np.abs(played[: n // 10]).max() < 300
    assert np.abs(played[n:]).max() > 3000
    troubles = [row for row in map(json.loads, capsys.readouterr().out.splitlines()) if row["event"] == "trouble"]
    assert [trouble["message"] for trouble in troubles] == ["Speakers is back"]


def test_lost_loudspeaker_is_told_and_everything_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DeviceError, match="loudspeaker went away"):
        listen(MadeSource(PCM), MadeSpeaker(n_blocks=50), Archive(tmp_path, RATE_HZ, "hearing"), Stdout())
    assert '"event":"summary"' in capsys.readouterr().out.splitlines()[-1]
    made = read(next(tmp_path.glob("*.out.wav")))
    assert 40 * 160 < len(made) <= 51 * 160


def test_lost_microphone_is_told_and_everything_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    speaker, archive = MadeSpeaker(), Archive(tmp_path, RATE_HZ, "hearing")
    with pytest.raises(DeviceError, match="unplugged"):
        listen(MadeSource(PCM, DeviceError("unplugged")), speaker, archive, Stdout())
    assert '"event":"summary"' in capsys.readouterr().out.splitlines()[-1]
    made = next(tmp_path.glob("*.out.wav"))
    assert len(read(made)) == len(read(made.with_name(made.name.replace(".out", "")))) == len(PCM)
    assert sum(map(len, speaker.played)) == len(PCM)


def test_panel_shows_meters_delays_and_losses(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "90"}.items():
        monkeypatch.setenv(name, value)
    speaker, source = MadeSpeaker(), MadeSource(PCM)
    speaker.underruns = 3
    source.health.overflows = 2
    listen(source, speaker, Panel("drawn listening to made", panel=True, keys=""), Stdout())
    out, err = capsys.readouterr()
    last = err[err.rindex("listening to") :]
    for text in ("input", "output", "reduction", "100%", "delay", "lost blocks", "load"):
        assert text in last
    assert "8 ms algorithm + 80 ms buffers" in err
    assert "input 2   output 3   drift 0" in err
    assert json.loads(out.splitlines()[-1])["lost_blocks"] == 5
