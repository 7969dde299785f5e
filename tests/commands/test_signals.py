"""Commands as processes: signals, pipes that close or hang, and what is left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from made_recordings import record

pytestmark = pytest.mark.usefixtures("level_meter")
ACOUSTIC = [sys.executable, "-m", "acoustic"]


def start(*arguments: object, **settings: object) -> subprocess.Popen[str]:
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        [*ACOUSTIC, *map(str, arguments)],
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True} | settings,
    )


@pytest.mark.parametrize(
    ("number", "whole_group", "code", "message"),
    [(signal.SIGINT, True, 130, "stopped\n"), (signal.SIGTERM, False, 143, "")],
)
def test_a_batch_that_is_ended_can_be_resumed(
    tmp_path: Path, number: signal.Signals, whole_group: bool, code: int, message: str
) -> None:
    names = [record(tmp_path / "in" / f"{number}.wav").name for number in range(150)]
    arguments = ("meter", "score", tmp_path / "in", "--output", tmp_path / "out.jsonl", "--jobs", "2")
    journal = tmp_path / ".out.jsonl.journal"
    with start(*arguments) as process:
        while not (journal.exists() and journal.read_bytes().count(b"\n") > 3):
            assert process.poll() is None
            time.sleep(0.01)
        (os.killpg if whole_group else os.kill)(process.pid, number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (code, "", message)
    # No half of a result, and no process that writes on.
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out.jsonl.journal", "in"]
    n_done = journal.read_bytes().count(b"\n") - 1
    assert 3 <= n_done < len(names)
    result = subprocess.run([*ACOUSTIC, *map(str, arguments)], capture_output=True, text=True, check=True)
    assert result.stderr == f"{n_done} recordings were scored before the interruption.\n"
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == len(names)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_live_session_that_is_ended_ends_as_always(tmp_path: Path, number: signal.Signals) -> None:
    path = record(tmp_path / "a.wav", "#" * 60)
    with start("meter", "listen", "--input", path, "--json", "--save", tmp_path / "kept") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        os.kill(process.pid, number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    events = [json.loads(line) for line in [*lines, *out.splitlines()]]
    summary = events[-1]
    assert (events[0]["event"], summary["event"]) == ("start", "summary")
    assert 1.0 <= summary["duration_s"] < 30.0
    assert "loud seconds" in err
    [wav], [kept], [labels] = (list((tmp_path / "kept").glob(f"*.{suffix}")) for suffix in ("wav", "jsonl", "txt"))
    assert [json.loads(line) for line in kept.read_text().splitlines()] == events
    pcm = soundfile.read(wav, dtype="int16")[0]
    assert len(pcm) == round(summary["duration_s"] * 8000)
    np.testing.assert_array_equal(pcm, soundfile.read(path, dtype="int16")[0][: len(pcm)])
    assert len(labels.read_text().splitlines()) == len(summary["seconds"])


def test_a_reader_that_goes_ends_a_batch_without_a_word(tmp_path: Path) -> None:
    for number in range(300):
        record(tmp_path / "in" / f"{number}.wav", "#")
    with start("meter", "score", tmp_path / "in", "--json", "--jobs", "1") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1


def test_a_reader_that_goes_ends_a_stream_that_nobody_else_keeps(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wav", "#" * 100)
    with start("meter", "listen", "--input", path, "--json", "--speed", "20") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
    assert process.returncode == 1
    assert "standard output: nobody reads it any more." in err
    assert "Traceback" not in err
    assert "Exception ignored" not in err


def test_when_it_is_kept_the_stream_goes_on(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wav", "#" * 20)
    with start("meter", "listen", "--input", path, "--json", "--speed", "20", "--save", tmp_path / "kept") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()
    assert process.returncode == 1
    [events] = (tmp_path / "kept").glob("*.jsonl")
    summary = json.loads(events.read_text().splitlines()[-1])
    assert (summary["event"], summary["duration_s"]) == ("summary", 20.0)
    assert summary["warnings"] == ["standard output: nobody reads it any more."]


def test_a_full_disk_as_standard_output_is_told(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    path = record(tmp_path / "a.wav")
    with open("/dev/full", "w") as full:
        process = start("meter", "listen", "--input", path, "--json", "--speed", "max", stdout=full)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "standard output: [Errno 28] No space left on device." in err
        assert err.endswith(" things for it were lost.\n")
        process = start("meter", "score", path, "--json", stdout=full)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.startswith("The disk is full: ")


PROGRAM = """
import sys, time
sys.path.insert(0, sys.argv[1])
from made_listening import RATE_HZ, blocks, cut, listen, tone
from acoustic.links import Archive, Stdout
from pathlib import Path
Stdout.close_s = 0.5
source = blocks(*cut(tone(200.0), 8), pause_s=0.0001)
ended = listen(source, Stdout(), Archive(Path(sys.argv[2]), RATE_HZ, "meter"), wait=False)
print(*ended.losses, file=sys.stderr)
sys.exit(ended.exit_code)
"""


def test_a_reader_that_hangs_holds_up_neither_the_sound_nor_the_end(tmp_path: Path) -> None:
    live = Path(__file__).parent.parent / "live"
    pipe, full = os.pipe()
    os.set_blocking(full, False)
    while True:
        try:
            os.write(full, b"x")
        except BlockingIOError:
            break
    os.set_blocking(full, True)
    command = [sys.executable, "-c", PROGRAM, str(live), str(tmp_path / "kept")]
    with subprocess.Popen(command, stdout=full, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(5)
        process.terminate()
        _, err = process.communicate(timeout=30)
    os.close(pipe)
    os.close(full)
    assert process.returncode == 130
    assert err.startswith("standard output: ")
    assert "Fatal" not in err
    [events] = (tmp_path / "kept").glob("*.jsonl")
    assert json.loads(events.read_text().splitlines()[-1])["event"] == "summary"
