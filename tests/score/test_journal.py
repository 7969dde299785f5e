import json
from pathlib import Path

import pytest

from acoustic.errors import AcousticError
from acoustic.files import whole_file
from acoustic.score.journal import Journal

SETTINGS = {"model": "m", "rate": 0.01, "nested": {"list": [1, 2]}}


class Interrupted(Exception):
    pass


def interrupted(path: Path, *keys: str, settings: object = SETTINGS) -> None:
    """Leave a journal behind with a record for each key."""
    with pytest.raises(Interrupted), Journal(path, settings) as journal:  # type: ignore[arg-type]  # noqa: PT012
        for key in keys:
            journal.add(key, record(key))
        raise Interrupted


def record(key: str) -> dict[str, object]:
    return {"file": key, "error": None, "text": "Ü\n\u2028"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "scores.journal"


def test_an_interrupted_run_is_taken_up(path: Path) -> None:
    interrupted(path, "a.wav", "süd/b.wav")
    assert Journal(path, SETTINGS).done == {key: record(key) for key in ("a.wav", "süd/b.wav")}


def test_interrupted_again_and_again(path: Path) -> None:
    for number in range(4):
        assert set(Journal(path, SETTINGS).done) == {str(n) for n in range(number)}
        interrupted(path, str(number))
    assert len(Journal(path, SETTINGS).done) == 4


def test_a_finished_run_leaves_nothing(path: Path) -> None:
    with Journal(path, SETTINGS) as journal:
        assert path.exists()
        journal.add("a", record("a"))
    assert not path.exists()
    interrupted(path, "a")
    with Journal(path, SETTINGS) as journal:
        assert set(journal.done) == {"a"}
    assert not path.exists()
    assert Journal(path, SETTINGS).done == {}


def test_a_record_is_on_the_disk_at_once(path: Path) -> None:
    with Journal(path, SETTINGS) as journal:
        journal.add("a", record("a"))
        assert Journal(path, SETTINGS).done == {"a": record("a")}


def test_cut_off_anywhere_what_was_finished_is_kept(path: Path) -> None:
    """And what is added after it is not lost with the line that was cut off."""
    interrupted(path, "a", "bb", "ccc")
    whole = path.read_bytes()
    ends = [number for number, byte in enumerate(whole) if byte == 10]
    for size in range(0, len(whole), 3):
        path.write_bytes(whole[:size])
        # The first line holds the settings; the end of a line may be missing.
        finished = max(0, sum(end <= size for end in ends) - 1)
        assert list(Journal(path, SETTINGS).done) == ["a", "bb", "ccc"][:finished]
        interrupted(path, "d")
        assert list(Journal(path, SETTINGS).done) == [*["a", "bb", "ccc"][:finished], "d"]


@pytest.mark.parametrize(
    ("other", "changed"),
    [
        ({}, ["model", "nested", "rate"]),
        (SETTINGS | {"rate": 0.02}, ["rate"]),
        (SETTINGS | {"nested": {"list": [1]}, "model": None}, ["model", "nested"]),
        (SETTINGS | {"more": None}, ["more"]),
    ],
)
def test_other_settings_begin_anew_and_are_named(path: Path, other: dict[str, object], changed: list[str]) -> None:
    assert Journal(path, other).changed == []
    interrupted(path)
    assert Journal(path, other).changed == []  # nothing was done that could be lost
    interrupted(path, "a")
    assert (Journal(path, other).done, Journal(path, other).changed) == ({}, changed)
    assert Journal(path, SETTINGS).changed == []
    interrupted(path, "b", settings=other)
    assert set(Journal(path, other).done) == {"b"}
    assert Journal(path, SETTINGS).done == {}


def test_settings_are_compared_as_json(path: Path) -> None:
    interrupted(path, "a", settings={"pair": (1, 2)})
    assert set(Journal(path, {"pair": [1, 2]}).done) == {"a"}


@pytest.mark.parametrize(
    "text", [b"", b"\n\n", b"[1, 2]\n", b'"settings"\n', b"\x00" * 50, b"\xff\xfe{}\n", b"{}\n", b'{"settings":[1]}\n']
)
def test_a_file_that_is_no_journal_is_begun_anew(path: Path, text: bytes) -> None:
    path.write_bytes(text)
    assert Journal(path, SETTINGS).done == {}
    interrupted(path, "a")
    assert set(Journal(path, SETTINGS).done) == {"a"}
    assert json.loads(path.read_bytes().splitlines()[0]) == {"settings": SETTINGS}


@pytest.mark.parametrize(
    "line",
    [
        b'{"key":{},"record":{"file":"a","error":null}}',
        b'{"key":"a","record":[]}',
        b'{"key":"a","record":{"file":"a"}}',
        b'{"key":"a"}',
        b"[]",
        b'{"key":"a","record":{"file":[],"error":null}}',
    ],
)
def test_a_record_that_is_none_is_left_out(path: Path, line: bytes) -> None:
    interrupted(path, "b")
    path.write_bytes(path.read_bytes() + line + b"\n")
    assert set(Journal(path, SETTINGS).done) == {"b"}


def test_a_later_record_takes_the_place_of_an_earlier_one(path: Path) -> None:
    with pytest.raises(Interrupted), Journal(path, SETTINGS) as journal:  # noqa: PT012
        journal.add("a", record("a"))
        journal.add("a", record("b"))
        raise Interrupted
    assert Journal(path, SETTINGS).done == {"a": record("b")}


def test_a_result_that_cannot_be_written_keeps_the_records(path: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="directory|exists"), Journal(path, SETTINGS) as journal:  # noqa: PT012 - as a command does
        journal.add("a", record("a"))
        with whole_file(tmp_path / "file" / "result.csv"):
            pass
    assert set(Journal(path, SETTINGS).done) == {"a"}


def test_missing_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "one" / "two" / "scores.journal"
    interrupted(path, "a")
    assert set(Journal(path, SETTINGS).done) == {"a"}


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(AcousticError, match="cannot be (written|read)"),
        Journal(tmp_path / "file" / "journal", SETTINGS),
    ):
        pytest.fail("it was opened")
    (tmp_path / "folder").mkdir()
    with pytest.raises(AcousticError, match="folder: cannot be read"):
        Journal(tmp_path / "folder", SETTINGS)


def test_a_full_disk_is_told_and_what_was_kept_stays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with (  # noqa: PT012
        pytest.raises(AcousticError, match=r"scores\.journal: cannot be written \(No space"),
        Journal(path, SETTINGS) as journal,
    ):
        journal.add("a", record("a"))
        monkeypatch.setattr("os.fsync", full)
        journal.add("b", record("b"))
    assert "a" in Journal(path, SETTINGS).done


def test_two_runs_that_write_the_same_result_do_not_mix(path: Path) -> None:
    with (
        Journal(path, SETTINGS) as journal,
        pytest.raises(AcousticError, match=r"scores\.journal: another run is writing the same result"),
        Journal(path, SETTINGS),
    ):
        pass
    assert journal.done == {}
    assert list(path.parent.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_no_damaged_journal() -> None:
    with pytest.raises(AcousticError, match="cannot be written"), Journal(Path("/dev/null/x/j"), SETTINGS):
        pass
