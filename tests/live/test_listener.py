"""Listening with an application of the smallest kind: what it tells, to whom, and what no sink can do to the others."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import level_meter.application as meter
import numpy as np
import pytest
import soundfile
from level_meter import gain
from made_listening import PCM, RATE_HZ, Keys, Memory, blocks, cut, listen, loaded, tone
from made_sources import Blocks

from acoustic.audio import WavWriter, write_wav
from acoustic.audio.source import Pcm16
from acoustic.errors import AcousticError, DeviceError
from acoustic.links import Archive, Panel, Stdout, sink
from acoustic.live import Ended, Input, Listener, SoundOut
from acoustic.score import Task, score_recording


def test_start_events_in_their_order_and_the_summary() -> None:
    memory = Memory()
    ended = listen(blocks(*cut(PCM)), memory)
    assert ended == Ended(interrupted=False)
    assert ended.exit_code == 0
    start, *events, summary = memory.events
    assert start == {
        "event": "start",
        "source": "numbers",
        "rate_hz": 2 * RATE_HZ,
        "bundle": "meter",
        "version": "1.0",
        "sha256": loaded().sha256,
        "application": "meter",
        "started": None,
        "started_from": None,
    }
    assert [(event["event"], event["t_s"]) for event in events] == [
        ("second", 1.0),
        ("health", 1.0),
        ("health", 2.0),
        ("second", 3.0),
        ("health", 3.0),
        ("second", 3.5),
    ]
    assert summary["seconds"] == [{key: e[key] for key in ("t_s", "level_dbfs")} for e in memory.of("second")]
    texts = [line[0] for line in memory.lines]
    assert texts == ["ready", "loud at 1 s", "loud at 3 s", "loud at 4 s", "3 loud seconds"]
    assert [alert for _, _, alert in memory.lines] == [False, True, False, False, False]


@pytest.mark.parametrize("n", [1, 777, 8000, 100_000])
def test_summary_is_the_row_that_scoring_gives_whatever_the_blocks(n: int, tmp_path: Path) -> None:
    pcm = PCM[:9000] if n == 1 else PCM
    write_wav(tmp_path / "a.wav", pcm, RATE_HZ)
    row = score_recording(loaded(), Task(path=tmp_path / "a.wav", options=meter.Options()))
    memory = Memory()
    source = blocks(*cut(pcm, n))
    Listener(loaded(), meter.Options(), Input(source, str(tmp_path / "a.wav"), RATE_HZ, True), [memory], Keys()).run()
    assert memory.events[-1] == {"event": "summary", **row}


def test_health_once_a_second_with_the_fields_of_the_application() -> None:
    clipped = np.full(7 * RATE_HZ // 10, -(2**15), np.int16)
    memory = Memory()
    listen(blocks(np.zeros(RATE_HZ, np.int16), clipped, clipped, tone(2.0)), memory)
    silent, loud, last = memory.of("health")
    assert (silent["t_s"], silent["level_dbfs"], silent["peak_dbfs"], silent["clipped"]) == (1.0, None, None, 0.0)
    assert (loud["t_s"], loud["level_dbfs"], loud["peak_dbfs"], loud["clipped"]) == (2.4, 0.0, 0.0, 1.0)
    assert (last["t_s"], last["loud"]) == (4.4, 3)
    assert list(last) == [
        *("event", "t_s", "level_dbfs", "peak_dbfs", "clipped", "loud", "realtime_factor", "lag_s", "max_lag_s"),
        *("overflows", "dropped_blocks", "reconnects", "moves", "lost_s", "silent"),
    ]


def test_what_is_kept_is_what_was_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listen(blocks(*cut(PCM)), Archive(tmp_path, RATE_HZ, "meter"), Stdout())
    [wav], [events], [labels] = (list(tmp_path.glob(f"meter-*.{suffix}")) for suffix in ("wav", "jsonl", "txt"))
    assert events.read_text() == capsys.readouterr().out
    # The kept recording is what was heard, at the rate of its blocks.
    summary = json.loads(events.read_text().splitlines()[-1])
    assert (summary["file"], summary["rate_hz"]) == (str(wav), RATE_HZ)
    np.testing.assert_array_equal(soundfile.read(wav, dtype="int16")[0], PCM)
    starts = [line.split("\t")[0] for line in labels.read_text().splitlines()]
    assert starts == ["0.0000", "2.0000", "2.5000"]


def test_labels_lie_there_before_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acoustic.live.listener.LABELS_S", 0.0)
    seen: list[list[Path]] = []

    class Peeking(Blocks):
        def __iter__(self) -> Iterator[Pcm16]:
            yield from super().__iter__()
            for _ in range(500):
                seen.append(list(tmp_path.glob("*.txt")))
                if seen[-1]:
                    return
                time.sleep(0.01)

    listen(Peeking(*cut(PCM), rate_hz=RATE_HZ), Archive(tmp_path, RATE_HZ, "meter"))
    assert seen[-1]


def test_troubles_of_the_source_are_told_once() -> None:
    source = blocks(*cut(tone(2.0), RATE_HZ))
    memory = Memory()

    class Stumbling(Keys):
        def pressed(self) -> str:
            if source.health.events:
                return ""
            source.health.note(1, "lost")
            source.health.note(1, "found")
            return ""

    listen(source, memory, keys=Stumbling())
    assert [(event["t_s"], event["message"]) for event in memory.of("trouble")] == [(1, "lost"), (1, "found")]
    assert ("0:01 lost", "yellow", False) in memory.lines
    assert memory.events[-1]["warnings"] == ["1.0 s: lost", "1.0 s: found"]


def test_keys_reach_the_application_but_q_quits() -> None:
    memory = Memory()
    listen(blocks(*cut(tone(5.0))), memory, keys=Keys("", "Mx", "q"))
    assert [event["t_s"] for event in memory.of("mark")] == [0.2]
    assert memory.events[-1]["duration_s"] == 0.3


def test_a_source_that_fails_has_been_judged_and_kept(tmp_path: Path) -> None:
    memory = Memory()
    with pytest.raises(DeviceError, match="unplugged"):
        listen(blocks(tone(1.5), DeviceError("unplugged")), memory, Archive(tmp_path, RATE_HZ, "meter"))
    assert len(memory.events[-1]["seconds"]) == 2
    assert len(next(tmp_path.glob("*.txt")).read_text().splitlines()) == 2


def test_a_loudspeaker_that_fails_ends_the_stream_but_not_before_all_is_told(tmp_path: Path) -> None:
    class Broken(SoundOut):
        n = 0

        def write(self, pcm: Pcm16, sound: Input) -> None:
            self.n += 1
            if self.n == 2:
                raise DeviceError("the loudspeaker went away")
            super().write(pcm, sound)

    memory = Memory()
    source = blocks(*cut(tone(5.0)))
    sound = Input(source, "numbers", RATE_HZ, False)
    with WavWriter(tmp_path / "a.wav", RATE_HZ) as writer:
        out = Broken(writer, RATE_HZ)
        listener = Listener(loaded(gain.application), meter.Options(), sound, [memory], Keys(), out)
        with pytest.raises(DeviceError, match="went away"):
            listener.run()
    assert out.n == 2
    assert (memory.events[-1]["event"], memory.events[-1]["duration_s"]) == ("summary", 0.2)
    assert source.closed


class TestSinks:
    """What a sink does is its own affair."""

    def test_one_that_raises_takes_no_other_with_it(self, tmp_path: Path) -> None:
        def fail() -> None:
            raise AcousticError("disk full.")

        bad, good = Memory(event=fail), Memory()
        ended = listen(blocks(*cut(PCM)), bad, Archive(tmp_path, RATE_HZ, "meter"), good)
        [loss] = ended.losses
        assert loss.startswith("memory: disk full. ")
        assert loss.endswith(" things for it were lost.")
        assert ended.exit_code == 1
        assert len(good.of("second")) == 3
        [trouble] = good.of("trouble")
        assert trouble["message"] == "memory: disk full. Listening goes on."
        assert good.events[-1]["warnings"] == ["memory: disk full."]
        # The archive is whole.
        [events] = tmp_path.glob("*.jsonl")
        assert [json.loads(line) for line in events.read_text().splitlines()][1:-1] == good.events[1:-1]
        np.testing.assert_array_equal(soundfile.read(next(tmp_path.glob("*.wav")), dtype="int16")[0], PCM)
        # It was called to the end, and closed.
        assert bad.calls[-1] == "close"
        assert bad.calls.count("sound") == len(cut(PCM)) + 1

    def test_one_that_hangs_delays_no_live_sound(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sink.Outlet.__init__, "__defaults__", (20,))
        free = threading.Event()
        hanging, good = Memory(event=lambda: free.wait(30)), Memory()
        source = blocks(*cut(PCM, 800), pause_s=0.02)
        start = time.monotonic()
        ended = listen(source, hanging, Archive(tmp_path, RATE_HZ, "meter"), good, wait=False)
        free.set()
        assert time.monotonic() - start < 5.0
        assert len(good.of("second")) == 3
        assert good.of("trouble")[0]["message"].startswith("memory: takes things too slowly")
        [loss] = ended.losses
        assert loss.startswith("memory: takes things too slowly")
        assert ended.exit_code == 1
        np.testing.assert_array_equal(soundfile.read(next(tmp_path.glob("*.wav")), dtype="int16")[0], PCM)

    def test_one_that_hangs_at_the_end_is_left_behind(self) -> None:
        free = threading.Event()
        ended = listen(blocks(*cut(PCM)), Memory(close=lambda: free.wait(30)), wait=False)
        free.set()
        assert ended.losses == ("memory: hangs, and is left behind.",)
        assert ended.exit_code == 1

    def test_recordings_wait_for_a_slow_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sink.Outlet.__init__, "__defaults__", (2,))
        slow = Memory(sound=lambda: time.sleep(0.01))
        ended = listen(blocks(*cut(PCM)), slow)
        assert (ended.losses, ended.exit_code) == ((), 0)
        assert slow.calls.count("sound") == len(cut(PCM)) + 1

    def test_ctrl_c_ends_the_waiting_for_one_that_hangs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sink.Outlet.__init__, "__defaults__", (2,))
        free = threading.Event()
        hanging, good = Memory(event=lambda: free.wait(30)), Memory()
        timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        ended = listen(blocks(*cut(PCM)), hanging, good)
        free.set()
        assert (ended.interrupted, ended.exit_code) == (True, 130)
        assert good.events[-1]["event"] == "summary"

    def test_when_the_only_reader_has_gone_the_stream_ends(self) -> None:
        def gone() -> None:
            raise BrokenPipeError(32, "Broken pipe")

        reader = Memory(event=gone)
        ended = listen(blocks(*cut(tone(100.0)), pause_s=0.005), reader, Panel("title", panel=False), wait=False)
        assert ended.exit_code == 1
        assert ended.losses[0].startswith("memory: nobody reads it any more.")
        assert reader.calls.count("event") == 1

    def test_when_a_reader_has_gone_the_others_go_on(self, tmp_path: Path) -> None:
        def gone() -> None:
            raise BrokenPipeError(32, "Broken pipe")

        listen(blocks(*cut(PCM)), Memory(event=gone), Archive(tmp_path, RATE_HZ, "meter"))
        np.testing.assert_array_equal(soundfile.read(next(tmp_path.glob("*.wav")), dtype="int16")[0], PCM)

    def test_a_busy_screen_misses_panels_and_nothing_else(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("acoustic.live.listener.DRAW_S", 0.0)
        screen = Memory(panel=lambda: time.sleep(0.05))
        screen.draws = True
        ended = listen(blocks(*cut(PCM)), screen, wait=False)
        assert ended.losses == ()
        assert 2 <= screen.calls.count("panel") < len(cut(PCM))
        assert len(screen.of("second")) == 3


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make standard error look like a terminal of 80 columns."""
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("terminal")
def test_panel_has_the_rows_of_the_application_between_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    source = blocks(tone(0.1))
    source.health.silent = True
    listen(source, Panel("title", panel=True, keys="m mark"))
    err = capsys.readouterr().err
    places = [err.rindex(text) for text in ("input", "loud", "keeping up", "NO SOUND", "m mark")]
    assert places == sorted(places)
    assert "CLIPPING" not in err
    listen(blocks(np.full(100, 32767, np.int16)), Panel("title", panel=True))
    assert "CLIPPING" in capsys.readouterr().err


def test_without_a_terminal_there_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    listen(blocks(*cut(PCM)), Panel("title", panel=True))
    assert capsys.readouterr().err.replace("\a", "").splitlines() == [
        *("title", "ready", "loud at 1 s", "loud at 3 s", "loud at 4 s", "3 loud seconds")
    ]
