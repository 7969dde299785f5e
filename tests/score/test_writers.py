"""Every form of results, on standard output and in files, whatever recordings are called."""

import csv
import io
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import level_meter.application as meter
import pytest
from made_recordings import loaded, record

from acoustic.audio import find_recordings
from acoustic.errors import AcousticError, MissingExtraError, ParameterError
from acoustic.score import Form, Task, score_all
from acoustic.score.writers import choose_form, csv_line, names_in, write_lines, write_rows

APPLICATION = meter.application


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """Recordings with names that no terminal must see, and some that are none."""
    good = record(tmp_path / "odd" / "plain.wav").read_bytes()
    for name in (b"caf\xe9.wav", b"\x1b[31mred.wav", b"two\nlines.wav", b'tab\tcomma,quote".wav', b"bell\x07\x9b.wav"):
        with open(os.path.join(os.fsencode(tmp_path / "odd"), name), "wb") as stream:
            stream.write(good)
    (tmp_path / "odd" / "loop.wav").symlink_to("loop.wav")
    with open(os.fsencode(tmp_path / "odd") + b"/broken\xff\x1b[2J.wav", "wb") as stream:
        stream.write(b"no sound")
    return tmp_path / "odd"


def rows_of(folder: Path) -> tuple[list[dict[str, Any]], list[Path]]:
    files = find_recordings([folder])
    outcomes = score_all(loaded(), [Task(path=file, options=meter.Options()) for file in files])
    return [dict(outcome.row) for outcome in outcomes], files


def write(form: Form, folder: Path, output: Path | None) -> list[dict[str, Any]]:
    rows, files = rows_of(folder)
    write_rows(APPLICATION, form, rows, files, output)
    return rows


@pytest.mark.parametrize("form", [Form.TABLE, Form.JSON, Form.CSV])
def test_a_file_holds_what_standard_output_gets(
    odd: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], form: Form
) -> None:
    write(form, odd, None)
    write(form, odd, tmp_path / "new" / "out")
    out = capsys.readouterr().out
    assert (tmp_path / "new" / "out").read_bytes().decode() == out
    out.encode()


def test_json_names_files_as_they_are(odd: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = write(Form.JSON, odd, None)
    lines = capsys.readouterr().out.splitlines()
    assert all(line.isascii() and line.isprintable() for line in lines)
    assert [json.loads(line) for line in lines] == rows
    assert {os.fsencode(row["file"]) for row in rows} == {
        os.path.join(os.fsencode(odd), name) for name in os.listdir(os.fsencode(odd))
    }
    assert sum(row["error"] is None for row in rows) == 6


def test_csv_gives_the_columns_of_the_application(odd: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = write(Form.CSV, odd, None)
    table = list(csv.DictReader(io.StringIO(capsys.readouterr().out, newline="")))
    columns = ["file", "duration_s", "loud_s", "loudest_dbfs", "warnings", "error", "started", "started_from"]
    assert list(table[0]) == columns
    assert len(table) == len(rows)
    for cells, row in zip(table, rows, strict=True):
        assert cells["file"] == row["file"].encode("utf-8", "backslashreplace").decode()
        if row["error"] is None:
            assert (cells["duration_s"], cells["loud_s"], cells["error"]) == ("3.0", "2", "")
        else:
            assert (cells["duration_s"], cells["loud_s"]) == ("", "")
            assert cells["error"] == row["error"].encode("utf-8", "backslashreplace").decode()


def test_the_table_steers_no_terminal(odd: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = write(Form.TABLE, odd, None)
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split() == ["file", "length", "loud", "remarks"]
    assert len(lines) == len(rows)
    assert all(line.isprintable() for line in lines)
    for name in (r"caf\udce9.wav", r"\x1b[31mred.wav", r"two\nlines.wav", r"bell\x07", r"broken\udcff\x1b[2J.wav"):
        assert any(name in line for line in lines)
    # Columns stand below each other.
    assert len({line.index("3.0 s") for line in lines if "error" not in line}) == 1


@pytest.mark.parametrize("form", [Form.TABLE, Form.JSON, Form.CSV, Form.AUDACITY])
def test_a_terminal_gets_nothing_that_steers_it(
    odd: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, form: Form
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    write(form, odd, None)
    out = capsys.readouterr().out
    assert out
    assert all(line.replace("\t", "").isprintable() for line in out.split("\n"))


def test_parquet(odd: Path, tmp_path: Path) -> None:
    from pyarrow import parquet

    rows = write(Form.PARQUET, odd, tmp_path / "new" / "out.parquet")
    table = parquet.read_table(tmp_path / "new" / "out.parquet")
    assert {field.name: str(field.type) for field in table.schema} == {
        "file": "string",
        "duration_s": "double",
        "loud_s": "int64",
        "loudest_dbfs": "double",
        "warnings": "string",
        "error": "string",
        "started": "string",
        "started_from": "string",
    }
    cells = table.to_pylist()
    assert [cell["file"] for cell in cells] == [
        row["file"].encode("utf-8", "backslashreplace").decode() for row in rows
    ]
    assert [cell["loud_s"] for cell in cells] == [2 if row["error"] is None else None for row in rows]


def test_labels_of_each_recording_in_a_folder(odd: Path, tmp_path: Path) -> None:
    rows = write(Form.AUDACITY, odd, tmp_path / "new" / "labels")
    names = {os.fsencode(path.name) for path in (tmp_path / "new" / "labels").iterdir()}
    assert names == {
        *(b"caf\xe9.txt", b"\x1b[31mred.txt", b"two\nlines.txt", b'tab\tcomma,quote".txt', b"bell\x07\x9b.txt"),
        b"plain.txt",
    }
    level = rows[0]["seconds"][0]["level_dbfs"] if rows[0]["error"] is None else rows[-2]["seconds"][0]["level_dbfs"]
    assert (tmp_path / "new" / "labels" / "plain.txt").read_text() == (
        f"0.0000\t1.0000\tloud {level}\n2.0000\t3.0000\tloud {level}\n"
    )


def test_labels_of_one_recording_on_standard_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(Form.AUDACITY, record(tmp_path / "a.wav"), None)
    assert [line.split("\t")[:2] for line in capsys.readouterr().out.splitlines()] == [
        ["0.0000", "1.0000"],
        ["2.0000", "3.0000"],
    ]


def test_rows_are_written_as_they_come(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows, files = rows_of(record(tmp_path / "a.wav"))

    def coming() -> Iterator[dict[str, Any]]:
        yield rows[0]
        assert json.loads(capsys.readouterr().out) == rows[0]

    write_rows(APPLICATION, Form.JSON, coming(), files, None)


def test_an_application_without_columns_has_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows, files = rows_of(record(tmp_path / "a.wav"))
    bare = replace(APPLICATION, columns=(), table=(), labels=lambda row: ())
    for form in (Form.TABLE, Form.CSV, Form.AUDACITY):
        write_rows(bare, form, rows, files, None)
    assert capsys.readouterr().out == f"file\n{files[0]}\nfile,error,started,started_from\n{files[0]},,,\n"


@pytest.mark.parametrize("form", [Form.TABLE, Form.JSON, Form.CSV, Form.PARQUET, Form.AUDACITY])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, form: Form) -> None:
    with pytest.raises(AcousticError, match=r"^/dev/null/x.*: cannot be written .* Free space or write elsewhere"):
        write(form, record(tmp_path / "a.wav"), Path("/dev/null/x"))


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


def test_recordings_of_one_name_get_outputs_of_several() -> None:
    files = [Path(name) for name in ("x/a.wav", "y/a.flac", "a-2.wav", "z/a.wav", "b.wav")]
    names = names_in(Path("out"), files, ".png")
    assert [name.name for name in names] == ["a.png", "a-2.png", "a-2-2.png", "a-3.png", "b.png"]


def test_csv_quotes_what_needs_it() -> None:
    assert csv_line(["a", None, 1.5, 'b, "c"', "d\ne", "f\rg"]) == 'a,,1.5,"b, ""c""","d\ne","f\rg"'


@pytest.mark.parametrize(
    ("form", "output", "as_json", "expected"),
    [
        (None, None, False, Form.TABLE),
        (None, None, True, Form.JSON),
        (Form.JSON, None, True, Form.JSON),
        (Form.CSV, None, False, Form.CSV),
        (None, "a.csv", False, Form.CSV),
        (None, "a.PARQUET", False, Form.PARQUET),
        (None, "a.json", False, Form.JSON),
        (None, "a.jsonl", False, Form.JSON),
        (None, "a.txt", False, Form.TABLE),
        (Form.TABLE, "a.csv", False, Form.TABLE),
        (None, "a.csv", True, Form.JSON),
    ],
)
def test_form(form: Form | None, output: str | None, as_json: bool, expected: Form) -> None:
    assert choose_form(form, None if output is None else Path(output), as_json, 2) is expected


@pytest.mark.parametrize(
    ("form", "as_json", "message"),
    [
        (Form.CSV, True, "give one of them"),
        (Form.PARQUET, False, "--output FILE"),
        (Form.AUDACITY, False, "--output DIR"),
    ],
)
def test_forms_that_cannot_be(form: Form, as_json: bool, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        choose_form(form, None, as_json, 2)


def test_without_pyarrow_no_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match="pip install pyarrow"):
        write_rows(APPLICATION, Form.PARQUET, [], [], tmp_path / "a.parquet")
