import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from acoustic.errors import AcousticError, AudioFileError
from acoustic.score import make_missing, processes
from acoustic.score.processes import Attempt, attempt_all, n_jobs


def test_workers_are_fresh_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "set and deleted, so that it is restored at the end")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    with processes.workers() as pool:
        assert pool.submit(os.getpid).result() != os.getpid()
        assert pool.submit(os.getenv, "OPENBLAS_NUM_THREADS").result() == "1"


@pytest.mark.parametrize(
    ("jobs", "n_items", "expected"), [(3, 100, 3), (3, 2, 2), (None, 1, 1), (2, 0, 1), (None, 10**6, os.cpu_count())]
)
def test_number_of_jobs(jobs: int | None, n_items: int, expected: int) -> None:
    assert n_jobs(jobs, n_items) == expected


def write_number(path: Path, number: int) -> None:
    path.write_text(str(number))


def test_only_what_is_missing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def thread() -> Iterator[ThreadPoolExecutor]:
        with ThreadPoolExecutor(1) as executor:
            yield executor

    monkeypatch.setattr(processes, "workers", thread)
    paths = [tmp_path / f"{number}.txt" for number in range(3)]
    paths[1].write_text("kept")
    make_missing(write_number, paths, "writing")
    assert [path.read_text() for path in paths] == ["0", "kept", "2"]


def test_nothing_missing_starts_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "workers", None)
    (tmp_path / "there").touch()
    make_missing(write_number, [tmp_path / "there"], "writing")


def double(number: int) -> int:
    return 2 * number


def test_results_come_in_order_and_items_are_taken_as_needed() -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in range(20):
            taken.append(number)
            yield number

    with ThreadPoolExecutor(1) as executor:
        results = processes.in_order(double, items(), executor, jobs=1)
        assert next(results) == 0
        assert len(taken) == 1 + processes.AHEAD
        assert list(results) == list(range(2, 40, 2))


def test_what_is_not_begun_when_nobody_wants_it_is_cancelled() -> None:
    done = []

    def note(number: int) -> int:
        done.append(number)
        return number

    with ThreadPoolExecutor(1) as executor:
        blocked = executor.submit(os.read, (pipe := os.pipe())[0], 1)
        results = processes.in_order(note, range(100), executor, jobs=1)
        os.write(pipe[1], b"x")
        assert next(results) == 0
        blocked.result()
        results.close()  # type: ignore[attr-defined]
    assert len(done) <= 1 + processes.AHEAD


def break_down(number: int) -> int:
    os._exit(number)


def test_a_killed_process_is_an_error() -> None:
    with processes.workers(1) as executor, pytest.raises(AcousticError, match="killed"):
        list(processes.in_order(break_down, [1], executor, jobs=1))


def test_ctrl_c_while_a_lock_is_taken_is_ctrl_c() -> None:
    def broken_off(number: int) -> int:
        try:
            raise KeyboardInterrupt
        finally:
            raise RuntimeError("cannot release un-acquired lock")

    with ThreadPoolExecutor(1) as executor, pytest.raises(KeyboardInterrupt):
        list(processes.in_order(broken_off, [1], executor, jobs=1))


def length(path: Path) -> int:
    if path.name == "broken":
        raise AudioFileError(f"{path}: broken.")
    if path.name == "huge":
        raise MemoryError
    return {"a": 1, "bb": 2}[path.name]


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_file_is_attempted(jobs: int) -> None:
    paths = [Path(name) for name in ("a", "broken", "huge", "odd", "bb")]
    assert list(attempt_all(length, paths, jobs)) == [
        Attempt(paths[0], 1),
        Attempt(paths[1], None, "broken: broken."),
        Attempt(paths[2], None, "huge: memory ran out. Use fewer jobs, or cut the recording."),
        Attempt(paths[3], None, "odd: failed unexpectedly (KeyError: 'odd'). Please report this."),
        Attempt(paths[4], 2),
    ]
