"""Many recordings in one and in several processes: whatever one does, the others are scored."""

import builtins
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import level_meter.application as meter
import pytest
from level_meter import gain
from made_recordings import loaded, record

from acoustic.application import Loaded
from acoustic.audio import Recording
from acoustic.errors import AcousticError, BundleError
from acoustic.model.bundle import Bundle
from acoustic.score import Outcome, Task, recording, score_all, workers
from acoustic.score.picture import lacks_picture

pytestmark = pytest.mark.usefixtures("level_meter")
EXCEPTIONS = ("ValueError", "MemoryError", "KeyError", "RecursionError")


def task(path: Path, **settings: Any) -> Task:
    return Task(path=path, options=meter.Options(**settings))


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_stage_that_fails_is_the_error_of_its_recording_alone(tmp_path: Path, jobs: int) -> None:
    good = record(tmp_path / "good.wav")
    stages = ("chain", "push", "flush", "hear", "result")
    tasks = [task(good)]
    for stage in stages:
        for name in EXCEPTIONS:
            tasks += [task(good, fail_at=stage, fail_with=name), task(good)]
    tasks.append(task(good, fail_at="nan"))
    with workers(jobs) if jobs > 1 else nullcontext() as executor:
        outcomes = list(score_all(loaded(), tasks, executor, jobs))
    *outcomes, nan = outcomes
    assert [outcome.error is None for outcome in outcomes] == [True, *[False, True] * (len(outcomes) // 2)]
    assert len({str(outcome.row) for outcome in outcomes[::2]}) == 1
    errors = iter(outcome.error for outcome in outcomes[1::2])
    for stage in stages:
        for name in EXCEPTIONS:
            error = next(errors)
            assert error is not None
            expected = "memory ran out" if name == "MemoryError" else f"({name}: "
            assert error.startswith(f"{good}: ")
            assert expected in error
            assert name == "MemoryError" or f"in {stage}" in error
    assert nan.error is not None
    assert "JSON" in nan.error


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_picture_that_fails_costs_no_score(tmp_path: Path, jobs: int) -> None:
    good = record(tmp_path / "good.wav")
    stages = [(stage, name) for stage in ("paint", "see", "draw", "save") for name in EXCEPTIONS]
    tasks = [
        Task(path=good, options=meter.Options(fail_at=stage, fail_with=name), picture=tmp_path / f"{stage}-{name}.png")  # type: ignore[arg-type]
        for stage, name in stages
    ]
    tasks.append(Task(path=good, options=meter.Options(), picture=Path("/dev/null/no.png")))
    tasks.append(Task(path=good, options=meter.Options(), picture=tmp_path / "new" / "good.png"))
    with workers(jobs) if jobs > 1 else nullcontext() as executor:
        *failed, unwritten, drawn = score_all(loaded(), tasks, executor, jobs)
    assert drawn.row["warnings"] == []
    assert (tmp_path / "new" / "good.png").read_text() == "24000 samples"
    for outcome, (stage, name) in zip(failed, stages, strict=True):
        [warning] = outcome.row["warnings"]
        assert warning.startswith(f"no picture: {tmp_path}")
        assert f"({name}: " in warning
        assert f"in {stage}" in warning
        assert outcome.row == {**drawn.row, "warnings": [warning]}
        assert lacks_picture(outcome.row) == warning
    assert unwritten.error is None
    assert "/dev/null/no.png: cannot be " in unwritten.row["warnings"][0]
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".png"] == []


def test_sound_that_fails_is_the_error_of_its_recording_alone(tmp_path: Path) -> None:
    good = record(tmp_path / "good.wav")
    tasks = [
        Task(path=good, options=meter.Options(), sound=tmp_path / "1.wav"),
        Task(path=good, options=meter.Options(fail_at="sound", fail_with="KeyError"), sound=tmp_path / "2.wav"),
        Task(path=good, options=meter.Options(), sound=Path("/dev/null/3.wav")),
        Task(path=good, options=meter.Options(fail_at="save"), sound=tmp_path / "4.wav", picture=tmp_path / "4.png"),
    ]
    with workers(2) as executor:
        first, broken, unwritten, unpainted = score_all(loaded(gain.application), tasks, executor, 2)
    assert (first.error, unpainted.error) == (None, None)
    assert lacks_picture(unpainted.row) is not None
    assert (tmp_path / "1.wav").read_bytes() == (tmp_path / "4.wav").read_bytes()
    assert "KeyError: 'in sound'" in str(broken.error)
    assert "/dev/null/3.wav: cannot be written" in str(unwritten.error)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.wav", "4.wav", "good.wav"]


@pytest.mark.parametrize("name", EXCEPTIONS)
@pytest.mark.parametrize("stage", ["open", "read"])
@pytest.mark.parametrize("application", [meter.application, gain.application])
@pytest.mark.parametrize("threads", [None, 2])
def test_a_recording_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str, name: str, application: Any, threads: int | None
) -> None:
    class Bad(Recording):
        def __init__(self, path: Path) -> None:
            super().__init__(path)
            self._fail("open")

        def _fail(self, at: str) -> None:
            if at == stage and self.path.name == "bad.wav":
                raise getattr(builtins, name)("no")

        def _chunks(self) -> Iterator[Any]:
            yield from super()._chunks()
            self._fail("read")

    monkeypatch.setattr(recording, "Recording", Bad)
    tasks = [task(record(tmp_path / f"{one}.wav")) for one in ("a", "bad", "b")]
    with ThreadPoolExecutor(threads) if threads else nullcontext() as executor:
        outcomes = list(score_all(loaded(application), tasks, executor, 2))
    assert [outcome.error is None for outcome in outcomes] == [True, False, True]
    assert str(outcomes[1].error).startswith(f"{tmp_path / 'bad.wav'}: ")


def test_a_recording_that_changes_while_it_is_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Growing(Recording):
        def _chunks(self) -> Iterator[Any]:
            yield from super()._chunks()
            with self.path.open("ab") as stream:
                stream.write(b"more")

    monkeypatch.setattr(recording, "Recording", Growing)
    [outcome] = score_all(loaded(), [task(record(tmp_path / "a.wav"))])
    assert outcome.row["warnings"] == ["changed while it was read: score it again"]


def test_files_that_are_no_recordings(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    paths = [tmp_path / "absent.wav", tmp_path / "empty.wav", tmp_path / "loop.wav", tmp_path]
    outcomes = list(score_all(loaded(), [task(path) for path in paths]))
    for path, outcome in zip(paths, outcomes, strict=True):
        assert outcome.path == path
        assert outcome.row["file"] == str(path)
        assert str(outcome.error).startswith(f"{path}: ")


@pytest.mark.parametrize("executor", [None, ThreadPoolExecutor(1)])
def test_nothing_to_do(executor: Executor | None) -> None:
    assert list(score_all(loaded(), [], executor)) == []


def test_first_result_does_not_wait_for_the_last(tmp_path: Path) -> None:
    first = task(record(tmp_path / "a.wav"))

    def tasks() -> Iterator[Task]:
        yield first
        raise AssertionError("the second was asked for")

    outcome = next(score_all(loaded(), tasks()))
    assert isinstance(outcome, Outcome)
    assert outcome.error is None


def test_what_concerns_all_recordings_is_raised(tmp_path: Path) -> None:
    other: Loaded[Any, Any, Any, Any] = Loaded(
        application=meter.application,
        bundle=loaded().bundle.replace(application="absent"),
        typed=meter.Model(rate_hz=1),
    )
    with workers(1) as executor, pytest.raises(BundleError, match="application that is not installed"):
        list(score_all(other, [task(record(tmp_path / "a.wav"))], executor))


def test_killed_process_is_an_error_not_a_hang(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wav")
    with workers(2) as executor, pytest.raises(AcousticError, match="fewer jobs"):  # noqa: PT012
        for _ in score_all(loaded(), [task(path)] * 50, executor, 2):
            for process in list(executor._processes.values()):
                os.kill(process.pid or 0, signal.SIGKILL)


PROGRAM = """
import sys, time
from pathlib import Path
from acoustic.application import load
from acoustic.commands.flags import record_of
from acoustic.score import Task, score_all, workers
if __name__ == "__main__":
    loaded = load(sys.argv[1])
    options = record_of(loaded.application.options, {})
    try:
        with workers(2) as executor:
            for outcome in score_all(loaded, [Task(path=Path(sys.argv[2]), options=options)] * 10_000, executor, 2):
                print(*(process.pid for process in executor._processes.values()), flush=True)
    except KeyboardInterrupt:
        print("stopped")
"""


@pytest.mark.parametrize(
    ("number", "whole_group"), [(signal.SIGINT, True), (signal.SIGINT, False), (signal.SIGKILL, False)]
)
def test_no_process_outlives_the_work(tmp_path: Path, number: signal.Signals, whole_group: bool) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    path, bundle = record(tmp_path / "a.wav"), Path(meter.__file__).parent / "meter.bundle"
    with subprocess.Popen(
        [sys.executable, program, bundle, path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        pids = [int(word) for word in process.stdout.readline().split()]
        assert len(pids) == 2
        time.sleep(0.3)
        (os.killpg if whole_group else os.kill)(process.pid, number)
        # It ends when nobody holds the pipes any more.
        out, err = process.communicate(timeout=20)
    assert err == "" or number == signal.SIGKILL  # then Python itself says what it cleans up
    assert out.endswith("stopped\n") == (number == signal.SIGINT)
    deadline = time.monotonic() + 10
    while any(map(is_running, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_running, pids))


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_bundles_travel_as_bytes(tmp_path: Path) -> None:
    """A worker reads the bundle that was given, whatever lies at its path by now."""
    path = tmp_path / "meter.bundle"
    path.write_bytes((Path(meter.__file__).parent / "meter.bundle").read_bytes())
    bundle = Bundle.load(path)
    one: Loaded[Any, Any, Any, Any] = Loaded(application=meter.application, bundle=bundle, typed=meter.read(bundle))
    path.write_bytes(b"another")
    with workers(1) as executor:
        [outcome] = score_all(one, [task(record(tmp_path / "a.wav"))], executor)
    assert outcome.error is None
