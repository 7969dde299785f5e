"""``acoustic APP listen``, from what is typed to what lies there."""

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from level_meter.application import Options
from made_commands import Acoustic
from made_recordings import RATE_HZ, loaded, record

from acoustic.live import Keyboard
from acoustic.score import Task, score_recording


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return record(tmp_path / "a.wav", "#.##")


def test_events_for_programs(acoustic: Acoustic, recording: Path) -> None:
    result = acoustic("meter", "listen", "--input", recording, "--speed", "max", "--json")
    start, *events, summary = map(json.loads, result.out.splitlines())
    assert (start["event"], start["source"], start["application"]) == ("start", str(recording), "meter")
    assert [event["t_s"] for event in events if event["event"] == "second"] == [1.0, 3.0, 4.0]
    row = score_recording(loaded(), Task(path=recording, options=Options()))
    assert summary == {"event": "summary", **row}
    title, *lines = result.err.replace("\a", "").splitlines()
    assert title == f"meter 1.0 listening to {recording} at {RATE_HZ} Hz"
    assert lines == ["ready", "loud at 1 s", "loud at 3 s", "loud at 4 s", "3 loud seconds"]
    assert result.code == 0


def test_without_json_nothing_is_printed(acoustic: Acoustic, recording: Path) -> None:
    result = acoustic("meter", "listen", "--input", recording, "--speed", "max")
    assert (result.code, result.out) == (0, "")
    assert result.err.endswith("3 loud seconds\n")


def test_options_of_the_application(acoustic: Acoustic, recording: Path) -> None:
    arguments = ("meter", "listen", "--input", recording, "--speed", "max", "--json")
    summary = json.loads(acoustic(*arguments, "--threshold-dbfs", "-60").out.splitlines()[-1])
    assert len(summary["seconds"]) == 4
    # Some are for scoring alone.
    assert acoustic(*arguments, "--fail-at", "push").code == 2


def test_what_is_kept(acoustic: Acoustic, recording: Path, tmp_path: Path) -> None:
    arguments = ("meter", "listen", "--input", recording, "--speed", "max", "--json", "--save", tmp_path / "kept")
    result = acoustic(*arguments)
    [wav], [events], [labels] = (list((tmp_path / "kept").glob(f"meter-*.{one}")) for one in ("wav", "jsonl", "txt"))
    assert events.read_text() == result.out
    assert result.err.endswith(f"kept: {wav}\n")
    np.testing.assert_array_equal(soundfile.read(wav, dtype="int16")[0], soundfile.read(recording, dtype="int16")[0])
    # Scoring what was kept gives the same row, and the same labels.
    acoustic("meter", "score", wav, "--format", "audacity", "--output", tmp_path / "labels")
    assert (tmp_path / "labels" / f"{wav.stem}.txt").read_text() == labels.read_text()
    row = json.loads(acoustic("meter", "score", wav, "--json").out)
    assert json.loads(result.out.splitlines()[-1]) == {"event": "summary", **row}


def test_a_place_where_nothing_can_be_kept(acoustic: Acoustic, recording: Path) -> None:
    result = acoustic("meter", "listen", "--input", recording, "--save", "/dev/null/kept")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("/dev/null/kept: cannot be written")


def test_standard_input(acoustic: Acoustic, recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pcm = soundfile.read(recording, dtype="int16")[0]
    stdin = SimpleNamespace(buffer=io.BytesIO(pcm.tobytes()), isatty=lambda: False)
    monkeypatch.setattr(sys, "stdin", stdin)
    result = acoustic("meter", "listen", "--input", "-", "--rate", RATE_HZ, "--json")
    start, *_, summary = map(json.loads, result.out.splitlines())
    assert (start["source"], start["rate_hz"], len(summary["seconds"])) == ("-", RATE_HZ, 3)


def test_keys(acoustic: Acoustic, recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = iter(["", "m", "q"])
    monkeypatch.setattr(Keyboard, "pressed", lambda keyboard: next(keys, ""))
    result = acoustic("meter", "listen", "--input", recording, "--speed", "max", "--json", "--block-ms", "500")
    events = [json.loads(line) for line in result.out.splitlines()]
    assert [event["t_s"] for event in events if event["event"] == "mark"] == [1.0]
    assert events[-1]["duration_s"] == 1.5


@pytest.mark.parametrize("block_ms", [10, 333])
def test_sound_in_a_file_is_what_enhance_writes(
    acoustic: Acoustic, recording: Path, tmp_path: Path, block_ms: int
) -> None:
    acoustic("gain", "enhance", recording, "-o", tmp_path / "enhanced.wav")
    arguments = ("gain", "listen", "--input", recording, "--output", tmp_path / "made.wav", "--block-ms", block_ms)
    result = acoustic(*arguments, "--json", "--save", tmp_path / "kept")
    assert result.code == 0
    made = soundfile.read(tmp_path / "made.wav", dtype="int16")[0]
    np.testing.assert_array_equal(made, soundfile.read(tmp_path / "enhanced.wav", dtype="int16")[0])
    [kept] = (tmp_path / "kept").glob("*.out.wav")
    np.testing.assert_array_equal(made, soundfile.read(kept, dtype="int16")[0])
    *events, summary = map(json.loads, result.out.splitlines())
    assert summary["lost_blocks"] == 0
    assert {"output_dbfs", "latency_ms", "underruns"} <= set(events[-1])
    assert "time of work" in result.err


def test_a_recording_is_never_overwritten_nor_a_file_lost_for_nothing(
    acoustic: Acoustic, recording: Path, tmp_path: Path
) -> None:
    before = recording.read_bytes()
    result = acoustic("gain", "listen", "--input", recording, "--output", recording)
    assert (result.code, recording.read_bytes()) == (2, before)
    result = acoustic("gain", "listen", "--input", tmp_path / "absent.wav", "--output", recording)
    assert (result.code, recording.read_bytes()) == (3, before)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--device", "x", "--input", "a.wav"), 2),
        (("--input", "a.wav", "--rate", "8000"), 2),
        (("--speed", "2"), 2),
        (("--input", "absent.wav"), 3),
        (("--input", "a.wav", "--speed", "fast"), 2),
        (("--input", "a.wav", "--block-ms", "0"), 2),
    ],
)
def test_refusals(acoustic: Acoustic, arguments: tuple[str, ...], code: int) -> None:
    result = acoustic("meter", "listen", *arguments)
    assert (result.code, result.out) == (code, "")
    assert result.err


def test_events_say_when_they_happened(acoustic: Acoustic, tmp_path: Path) -> None:
    path = record(tmp_path / "T07_20260302_121500Z.wav", "#.##")
    arguments = ("meter", "listen", "--input", path, "--speed", "max", "--json")
    start, *events, summary = map(json.loads, acoustic(*arguments).out.splitlines())
    assert (start["started"], start["started_from"]) == ("2026-03-02T12:15:00.000+00:00", "file name")
    assert start["time"] == start["started"] == summary["started"]
    seconds = [event["time"] for event in events if event["event"] == "second"]
    assert seconds == [f"2026-03-02T12:15:0{second}.000+00:00" for second in (1, 3, 4)]
    assert all("time" in event for event in (*events, summary))
    start = json.loads(acoustic(*arguments, "--start", "2026-03-02T13:00:00+01:00").out.splitlines()[0])
    assert (start["time"], start["started_from"]) == ("2026-03-02T13:00:00.000+01:00", "given")


def test_events_of_sound_of_unknown_time_have_none(acoustic: Acoustic, recording: Path) -> None:
    result = acoustic("meter", "listen", "--input", recording, "--speed", "max", "--json")
    assert not any("time" in json.loads(line) for line in result.out.splitlines())


def test_names_of_what_is_kept_say_when_it_was_recorded(acoustic: Acoustic, recording: Path, tmp_path: Path) -> None:
    arguments = ("meter", "listen", "--input", recording, "--speed", "max", "--save", tmp_path / "kept", "--json")
    acoustic(*arguments)
    result = acoustic(*arguments, "--start", "2026-03-02T13:00:00+01:00")
    names = {path.name for path in (tmp_path / "kept").glob("*.wav")}
    assert names == {"meter-undated.wav", "meter-20260302-130000+0100.wav"}
    row = json.loads(acoustic("meter", "score", tmp_path / "kept", "--json").out.splitlines()[0])
    assert row["started"] == json.loads(result.out.splitlines()[-1])["started"]
