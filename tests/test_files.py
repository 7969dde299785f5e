"""Files appear whole or not at all."""

import os
import stat
from pathlib import Path

import pytest

from acoustic.files import whole_file


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
