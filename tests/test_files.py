"""Files appear whole or not at all."""

import os
import stat
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest

from acoustic.files import DiskSync, locked, read_arrays, whole_file


def test_appears_at_the_end_with_usual_permissions(tmp_path: Path) -> None:
    path = tmp_path / "new" / "out.csv"
    with whole_file(path) as stream:
        stream.write(b"a")
        assert not path.exists()
    assert path.read_bytes() == b"a"
    (tmp_path / "plain").touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)
    assert os.listdir(path.parent) == ["out.csv"]


def write_half(path: Path, error: type[BaseException]) -> None:
    with whole_file(path) as stream:
        stream.write(b"new")
        raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_failure_leaves_what_was_there(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "out.csv"
    path.write_bytes(b"old")
    with pytest.raises(error):
        write_half(path, error)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["out.csv"]


def test_folder_in_the_way_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "out.csv").mkdir()
    with pytest.raises(IsADirectoryError), whole_file(tmp_path / "out.csv") as stream:
        stream.write(b"new")
    assert os.listdir(tmp_path) == ["out.csv"]


def test_leftovers_of_dead_processes_are_removed(tmp_path: Path) -> None:
    child = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    dead, alive = (
        tmp_path / f".a.csv.{int(child.stdout)}-0123abcd.part",
        tmp_path / f".a.csv.{os.getpid()}-0123abcd.part",
    )
    others = [tmp_path / name for name in (".notes.part", "b-1.part", ".a.csv.x-0123abcd.part")]
    for path in (dead, alive, *others):
        path.touch()
    with whole_file(tmp_path / "out.csv") as stream:
        stream.write(b"new")
    assert not dead.exists()
    assert all(path.exists() for path in (alive, *others))


def test_bytes_reach_the_disk_before_the_name_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: order.append("fsync"))
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda *paths: (order.append("replace"), replace(*paths)))
    with whole_file(tmp_path / "out.csv") as stream:
        stream.write(b"new")
    assert order == ["fsync", "replace"]


def arrays_file(path: Path, **arrays: np.ndarray) -> bytes:
    np.savez_compressed(path, **arrays)
    return path.read_bytes()


def test_arrays_are_read_by_name(tmp_path: Path) -> None:
    arrays_file(tmp_path / "x.npz", numbers=np.arange(5), text=np.array(["ä"]))
    found = read_arrays(tmp_path / "x.npz")
    assert {name: array.tolist() for name, array in found.items()} == {"numbers": [0, 1, 2, 3, 4], "text": ["ä"]}


def test_damaged_arrays_are_told_and_never_a_surprise(tmp_path: Path) -> None:
    """Whatever byte is changed, and wherever the file is cut."""
    path = tmp_path / "x.npz"
    whole = arrays_file(path, numbers=np.arange(50), text=np.array(["ä"]))
    told = []
    for at in range(len(whole)):
        for data in (whole[:at], whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :]):
            path.write_bytes(data)
            try:
                read_arrays(path)
            except ValueError as error:
                told.append(str(error))
    assert len(told) > 1.5 * len(whole)
    assert all(told)


def test_what_is_no_file_of_plain_arrays_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    arrays_file(path, objects=np.array([{}], object))
    with pytest.raises(ValueError, match="allow_pickle"):
        read_arrays(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "hello")
    with pytest.raises(ValueError, match=r"notes\.txt is no array"):
        read_arrays(path)
    with path.open("wb") as file:
        np.save(file, np.arange(3))
    with pytest.raises(ValueError, match="no archive"):
        read_arrays(path)
    with pytest.raises(FileNotFoundError):
        read_arrays(tmp_path / "missing.npz")


def test_disk_is_waited_for_at_the_end_only(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, synced = threading.Event(), []

    def slow(descriptor: int) -> None:
        go_on.wait(10.0)
        synced.append(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    disk = DiskSync()
    disk.start(1)
    disk.start(2)  # the disk is busy
    assert synced == []
    go_on.set()
    disk.finish()
    assert synced == [1]
    disk.start(3)
    disk.finish()
    assert synced == [1, 3]


def test_disk_that_failed_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    disk = DiskSync()
    disk.start(1)
    with pytest.raises(OSError, match="No space"):
        disk.finish()
    disk.finish()


COUNT = """
import sys
from pathlib import Path
from acoustic.files import locked, whole_file
path = Path(sys.argv[1])
for _ in range(100):
    with locked(path):
        number = int(path.read_text())
        with whole_file(path) as stream:
            stream.write(str(number + 1).encode())
"""


def test_two_that_change_a_file_under_a_lock_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "number"
    path.write_text("0")
    both = [subprocess.Popen([sys.executable, "-c", COUNT, str(path)]) for _ in range(2)]
    assert [one.wait() for one in both] == [0, 0]
    assert path.read_text() == "200"
    assert os.listdir(tmp_path) == ["number"]


def test_who_does_not_wait_for_a_lock_is_told(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a"
    with locked(path), pytest.raises(BlockingIOError), locked(path, wait=False):
        pass
    with locked(path, wait=False):
        pass
