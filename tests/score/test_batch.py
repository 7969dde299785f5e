"""Many recordings in one and in several processes."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from acoustic.errors import AcousticError, AudioFileError, BundleError, ParameterError
from acoustic.score import Outcome, Scorer, score_all

PATHS = [Path(name) for name in ("d", "bad", "a", "c", "bad", "b", "e", "f", "g")]


def length(suffix: str, path: Path) -> str:
    if path.name == "bad":
        raise AudioFileError(f"{path}: broken")
    if path.name == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    if path.name == "d":
        time.sleep(0.2)
    return path.name + suffix


def make(suffix: str) -> Scorer[str]:
    if suffix == "broken":
        raise BundleError("no bundle")
    return partial(length, suffix)


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_and_errors_in_order(jobs: int) -> None:
    outcomes = list(score_all(PATHS, partial(make, "!"), jobs))
    assert outcomes == [
        Outcome(path, None, "bad: broken") if path.name == "bad" else Outcome(path, f"{path.name}!") for path in PATHS
    ]


@pytest.mark.parametrize("jobs", [1, 2])
def test_nothing_to_do(jobs: int) -> None:
    assert list(score_all([], partial(make, "!"), jobs)) == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_concerns_all_recordings_is_raised(jobs: int) -> None:
    with pytest.raises(BundleError, match="no bundle"):
        score_all(PATHS, partial(make, "broken"), jobs)


def test_first_result_does_not_wait_for_the_last() -> None:
    outcomes = score_all([Path("a"), Path("deadly")], partial(make, "!"), 1)
    assert next(outcomes).result == "a!"


def test_killed_process_is_an_error_not_a_hang() -> None:
    with pytest.raises(AcousticError, match="fewer jobs"):
        list(score_all([Path("a"), Path("deadly"), Path("b")], partial(make, "!"), 2))


def test_no_jobs() -> None:
    with pytest.raises(ParameterError):
        list(score_all(PATHS, partial(make, "!"), 0))


def test_interrupt_ends_all_processes_quickly_and_quietly(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import time\nfrom functools import partial\nfrom pathlib import Path\nfrom acoustic.score import score_all\n"
        "def slow(path):\n    Path(path.name + '.begun').touch()\n    time.sleep(0 if path.name == '0' else 60)\n"
        "    return path.name\n"
        "def make():\n    return slow\n"
        "if __name__ == '__main__':\n"
        "    try:\n        for o in score_all(map(Path, '0123456789'), make, 2): print(o.result, flush=True)\n"
        "    except KeyboardInterrupt:\n        print('stopped')\n"
    )
    with subprocess.Popen(
        [sys.executable, program],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        while len(list(tmp_path.glob("*.begun"))) < 3:  # the first is done, and each process has one to sleep over
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert out.splitlines()[-1] == "stopped"
    assert err == ""
