"""`acoustic roast listen` on recordings and pipes: the same events as `score`, and nothing lost on the way."""

import json
import os
import pty
import resource
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from made_roasts import acoustic

from acoustic.application import Facts, load
from acoustic.audio import write_wav
from acoustic.live import Session
from acoustic.records import plain

COMMAND = [sys.executable, "-m", "acoustic", "roast", "listen"]


def records(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def events(rows: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["event"] in names]


def check_events_equal_row(rows: list[dict[str, Any]], row: dict[str, Any]) -> None:
    """The printed events are exactly what the row says."""
    assert [{k: v for k, v in event.items() if k != "event"} for event in events(rows, "crack")] == row["cracks"]
    [found] = events(rows, "first_crack")
    assert found == {"event": "first_crack"} | row["first_crack"] | {"end_s": None}
    assert [e["end_s"] for e in events(rows, "first_crack_end")] == [row["first_crack"]["end_s"]]


@pytest.fixture(scope="module")
def row(simulated_roast: Path, eager_bundle: str) -> dict[str, Any]:
    """What `score` says about the simulated roast."""
    [row] = acoustic("roast", "score", simulated_roast, "--json", "--bundle", eager_bundle).records
    return row


@pytest.mark.parametrize("block_ms", [7, 50, 333])
def test_events_equal_score_at_any_block_length(
    simulated_roast: Path, eager_bundle: str, row: dict[str, Any], block_ms: int
) -> None:
    arguments = ("--input", simulated_roast, "--speed", "max", "--json")
    result = acoustic("roast", "listen", *arguments, "--bundle", eager_bundle, "--block-ms", block_ms)
    assert result.exit_code == 0
    rows = result.records
    check_events_equal_row(rows, row)
    assert rows[0]["event"] == "start"
    assert rows[-1] == {"event": "summary"} | row
    assert len(events(rows, "health")) == 30


@pytest.mark.parametrize("block_samples", [37, 128, 129, 8191, 44100, 10**7])
def test_events_equal_score_at_awkward_block_sizes(
    simulated_roast: Path, eager_bundle: str, row: dict[str, Any], block_samples: int
) -> None:
    from acoustic.audio import RecordingSource

    loaded = load(eager_bundle)
    application, options = loaded.application, loaded.application.options()
    chain = application.chain(loaded.typed, options)
    collector = application.collect(loaded.typed, options, chain)
    with Session(RecordingSource(simulated_roast, 32000, block_samples), chain) as session:
        reports = [report for step in session for event in step.events for report in collector.hear(event)]
    check_events_equal_row([report.to_dict() or {} for report in reports], row)
    facts = Facts(file=str(simulated_roast), duration_s=30.0, rate_hz=32000)
    assert plain(collector.result(facts)) == row


def test_pipe_gives_the_same_events(simulated_roast: Path, eager_bundle: str, row: dict[str, Any]) -> None:
    pcm = soundfile.read(simulated_roast, dtype="int16")[0].astype("<i2").tobytes()
    result = acoustic("roast", "listen", "--input", "-", "--json", "--bundle", eager_bundle, stdin=pcm)
    assert result.exit_code == 0
    check_events_equal_row(result.records, row)
    assert result.records[-1] == {"event": "summary"} | row | {"file": "-"}


def test_pipe_of_another_rate() -> None:
    noise = np.random.default_rng(1).integers(-100, 100, 16000).astype("<i2")
    arguments = ("roast", "listen", "--input", "-", "--rate", "16000", "--json")
    result = acoustic(*arguments, stdin=noise.tobytes())
    assert result.exit_code == 0
    assert (result.records[-1]["duration_s"], result.records[-1]["rate_hz"]) == (1.0, 16000)


def test_saved_sound_scores_the_same(simulated_roast: Path, eager_bundle: str, tmp_path: Path) -> None:
    arguments = ("--input", simulated_roast, "--speed", "0", "--json", "--bundle", eager_bundle)
    result = acoustic("roast", "listen", *arguments, "--save", tmp_path)
    [wav], [kept], [labels] = (list(tmp_path.glob(f"roast-*.{suffix}")) for suffix in ("wav", "jsonl", "txt"))
    assert kept.read_text() == result.stdout
    [again] = acoustic("roast", "score", wav, "--json", "--bundle", eager_bundle).records
    assert result.records[-1] == {"event": "summary"} | again
    scored = acoustic("roast", "score", wav, "--format", "audacity", "--bundle", eager_bundle)
    assert labels.read_text() == scored.stdout


def test_two_roasts_within_a_second_are_both_kept(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.ones(3200, np.int16), 32000)
    for _ in range(3):
        acoustic("roast", "listen", "--input", tmp_path / "a.wav", "--speed", "max", "--save", tmp_path / "kept")
    assert len(list((tmp_path / "kept").glob("*.wav"))) == 3
    assert len(list((tmp_path / "kept").glob("*.jsonl"))) == 3


def test_known_charge_is_told(simulated_roast: Path, tmp_path: Path) -> None:
    arguments = ("--input", simulated_roast, "--speed", "max", "--json", "--charge", "-400.5", "--save", tmp_path)
    rows = acoustic("roast", "listen", *arguments).records
    assert rows[1] == {"event": "charge", "t_s": -400.5}
    assert rows[-1]["charge_s"] == -400.5
    assert "-400.5000\t-400.5000\tcharge" in next(tmp_path.glob("*.txt")).read_text()


def test_people_read_standard_error(simulated_roast: Path, eager_bundle: str) -> None:
    arguments = ("--input", simulated_roast, "--speed", "max")
    result = acoustic("roast", "listen", *arguments, "--bundle", eager_bundle)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "FIRST CRACK at 0:" in result.stderr
    assert "First crack was over at 0:" in result.stderr
    assert "no first crack in 0:30" in acoustic("roast", "listen", *arguments).stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--input", "absent.wav"], 3, "absent.wav"),
        (["--input", "{empty}"], 3, "empty (0 bytes)"),
        (["--input", "{text}"], 3, "not a sound file"),
        (["--input", "{nan}", "--speed", "max"], 3, "not one sound sample"),
        (["--device", "no such microphone"], 4, ""),
        (["--input", "a.wav", "--device", "x"], 2, "not to both"),
        (["--input", "-", "--speed", "2"], 2, "pace"),
        (["--input", "{text}", "--speed", "fast"], 2, "or max"),
        (["--input", "{text}", "--speed", "-1"], 2, "or max"),
        (["--input", "{text}", "--rate", "16000"], 2, "standard input"),
        (["--block-ms", "0"], 2, "--block-ms"),
        (["--bundle", "absent.bundle"], 3, "absent.bundle"),
        (["--input", "{short}", "--save", "/dev/null/x"], 1, "/dev/null/x"),
    ],
)
def test_what_cannot_be_heard(tmp_path: Path, arguments: list[str], code: int, message: str) -> None:
    places = {name: str(tmp_path / f"{name}.wav") for name in ("empty", "text", "nan", "short")}
    Path(places["empty"]).touch()
    Path(places["text"]).write_text("no sound\n" * 100)
    soundfile.write(places["nan"], np.full(8000, np.nan, np.float32), 8000, subtype="FLOAT")
    write_wav(places["short"], np.ones(3, np.int16), 32000)
    result = acoustic("roast", "listen", *(argument.format(**places) for argument in arguments))
    assert result.exit_code == code, result.stderr
    assert message in result.stderr


@pytest.mark.parametrize("n_samples", [1, 5, 255, 256, 3000])
def test_recordings_shorter_than_a_frame(tmp_path: Path, n_samples: int) -> None:
    write_wav(tmp_path / "short.wav", np.ones(n_samples, np.int16), 32000)
    result = acoustic("roast", "listen", "--input", tmp_path / "short.wav", "--json")
    assert result.exit_code == 0
    summary = result.records[-1]
    assert (summary["duration_s"], summary["cracks"]) == (round(n_samples / 32000, 4), [])


def test_full_disk_does_not_end_the_listening(
    simulated_roast: Path, eager_bundle: str, row: dict[str, Any], tmp_path: Path
) -> None:
    def small_disk() -> None:
        # Beyond this size every write fails, as on a full disk.
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    arguments = ["--input", simulated_roast, "--speed", "max", "--json", "--bundle", eager_bundle, "--save", tmp_path]
    result = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, preexec_fn=small_disk, timeout=60)
    assert result.returncode == 1
    assert "cannot be written" in result.stderr
    assert "Traceback" not in result.stderr
    check_events_equal_row(records(result.stdout), row)
    [wav] = tmp_path.glob("*.wav")
    assert soundfile.info(wav).frames > 400_000
    assert next(tmp_path.glob("*.jsonl")).read_text() in result.stdout


def test_broken_pipe_is_quiet_and_keeps_the_sound(simulated_roast: Path, tmp_path: Path) -> None:
    command = " ".join(f"'{part}'" for part in [*COMMAND, "--input", simulated_roast, "--speed", "max"])
    result = subprocess.run(
        f"{command} --json --save '{tmp_path}' | head -n 3", shell=True, capture_output=True, text=True, timeout=60
    )
    assert len(records(result.stdout)) == 3
    assert "Traceback" not in result.stderr
    assert soundfile.info(next(tmp_path.glob("*.wav"))).frames > 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)])
def test_stopped_from_outside_nothing_is_lost(
    simulated_roast: Path, eager_bundle: str, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    arguments = ["--input", simulated_roast, "--speed", "5", "--json", "--bundle", eager_bundle, "--save", tmp_path]
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if '"first_crack"' in line:
                break
        time.sleep(1.2)
        process.send_signal(number)
        # Not communicate: it does not see what the iteration has read ahead.
        assert process.stderr is not None
        rest, err = process.stdout.read(), process.stderr.read()
    assert process.returncode == code
    assert "Traceback" not in err
    printed = "".join(lines) + rest
    [wav], [kept], [labels] = (list(tmp_path.glob(f"roast-*.{suffix}")) for suffix in ("wav", "jsonl", "txt"))
    # Killed between keeping and printing, one of the two may be a line ahead.
    shorter, longer = sorted((printed, kept.read_text()), key=len)
    assert longer.startswith(shorter)
    assert longer.count("\n") - shorter.count("\n") <= 1
    assert "first crack" in labels.read_text()
    heard_s = events(records(kept.read_text()), "health")[-1]["t_s"]
    # At five times real time the header lies at most a second, five of sound, behind.
    assert soundfile.info(wav).duration > heard_s - (0.1 if code == 130 else 6.0)
    if code == 130:
        [row] = acoustic("roast", "score", wav, "--json", "--bundle", eager_bundle).records
        assert records(printed)[-1] == {"event": "summary"} | row


def test_keys_mark_undo_and_quit(simulated_roast: Path, eager_bundle: str, tmp_path: Path) -> None:
    """On a real terminal: the panel is drawn, and every key is told as an event."""
    arguments = ["--input", simulated_roast, "--speed", "4", "--bundle", eager_bundle, "--save", tmp_path]
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.execv(sys.executable, [*COMMAND, *map(str, arguments)])
    screen = ""

    def read_until(text: str, timeout_s: float = 30.0) -> None:
        nonlocal screen
        end = time.monotonic() + timeout_s
        while text not in screen:
            assert time.monotonic() < end, f"{text!r} never came: {screen[-2000:]}"
            if select.select([fd], [], [], 0.1)[0]:
                screen += os.read(fd, 65536).decode("utf-8", "ignore")

    read_until("keeping up")
    for key, answer in [
        ("c", "charge at"),
        ("", "FIRST CRACK"),
        ("d", "drop at"),
        ("u", "taken back: drop"),
        ("u", "taken back: first crack"),
        ("U", "taken back: charge"),
        ("u", "nothing to undo"),
        ("q", "kept:"),
    ]:
        os.write(fd, key.encode())
        read_until(answer)
    assert "\a" in screen
    _, status = os.waitpid(pid, 0)
    os.close(fd)
    assert os.waitstatus_to_exitcode(status) == 0
    rows = records(next(tmp_path.glob("*.jsonl")).read_text())
    told = [row.get("undone", row["event"]) for row in events(rows, "charge", "drop", "undo")]
    assert told == ["charge", "drop", "drop", "first_crack", "charge"]
