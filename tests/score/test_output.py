from collections.abc import Iterator
from pathlib import Path

import pytest

from acoustic.errors import AcousticError
from acoustic.score import Outcome, csv_line, names_in, write_labels, write_lines, write_results

GOOD, BAD = Outcome(Path("a.wav"), "fine"), Outcome[str](Path("b.wav"), None, "b.wav: broken")


@pytest.mark.parametrize(
    ("outcomes", "code", "written"),
    [
        ([], 0, []),
        ([GOOD, GOOD], 0, ["fine", "fine"]),
        ([BAD, GOOD], 1, ["b.wav - b.wav: broken", "fine"]),
        ([BAD, BAD], 3, ["b.wav - b.wav: broken"] * 2),
    ],
)
@pytest.mark.parametrize("show_errors", [True, False])
def test_every_recording_gets_a_row_and_the_exit_code_tells_of_failures(
    outcomes: list[Outcome[str]], code: int, written: list[str], show_errors: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    rows: list[str] = []

    def failure(path: Path, error: str) -> str:
        return f"{path} - {error}"

    assert write_results(outcomes, len(outcomes), failure, rows.extend, show_errors=show_errors) == code
    assert rows == written
    assert capsys.readouterr().err == "b.wav: broken\n" * (outcomes.count(BAD) if show_errors else 0)


def test_lines_go_to_a_file_whole_or_not_at_all(tmp_path: Path) -> None:
    def broken() -> Iterator[str]:
        yield "new"
        raise AcousticError("stopped")

    path = tmp_path / "new" / "lines.txt"
    write_lines(["a", "ü"], path)
    assert path.read_bytes() == "a\nü\n".encode()
    with pytest.raises(AcousticError, match="stopped"):
        write_lines(broken(), path)
    assert path.read_bytes() == "a\nü\n".encode()
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_cannot_be_written_is_named() -> None:
    with pytest.raises(AcousticError, match=r"/dev/null/x: cannot be written .* Free space or write elsewhere"):
        write_lines(["a"], Path("/dev/null/x"))


def test_labels_of_each_recording(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels, files = [["one", "two"], None, []], [Path("a.wav"), Path("b.wav"), Path("c.wav")]
    write_labels(labels, files, tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.txt": "one\ntwo\n", "c.txt": ""}
    write_labels(labels, files, None)
    assert capsys.readouterr().out == "one\ntwo\n"


def test_recordings_of_one_name_get_outputs_of_several() -> None:
    files = [Path(name) for name in ("x/a.wav", "y/a.flac", "a-2.wav", "z/a.wav", "b.wav")]
    names = names_in(Path("out"), files, ".png")
    assert [name.name for name in names] == ["a.png", "a-2.png", "a-2-2.png", "a-3.png", "b.png"]


def test_csv_quotes_what_needs_it() -> None:
    assert csv_line(["a", None, 1.5, 'b, "c"']) == 'a,,1.5,"b, ""c"""'
