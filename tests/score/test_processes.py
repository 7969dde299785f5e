import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from acoustic.errors import AcousticError
from acoustic.score import make_missing, processes


def test_workers_are_fresh_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "set and deleted, so that it is restored at the end")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    with processes.workers() as pool:
        assert pool.submit(os.getpid).result() != os.getpid()
        assert pool.submit(os.getenv, "OPENBLAS_NUM_THREADS").result() == "1"


def write_number(path: Path, number: int) -> None:
    path.write_text(str(number))


def test_only_what_is_missing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "workers", lambda: ThreadPoolExecutor(1))
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

    results = processes.in_order(double, items(), jobs=1)
    assert next(results) == 0
    assert len(taken) == 1 + processes.AHEAD
    assert list(results) == list(range(2, 40, 2))


def break_down(number: int) -> int:
    os._exit(number)


def test_a_killed_process_is_an_error() -> None:
    with pytest.raises(AcousticError, match="killed"):
        list(processes.in_order(break_down, [1], jobs=1))
