"""``acoustic APP score`` and ``enhance``, from the words that are typed to the files that lie there."""

import csv
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from level_meter.application import Options
from made_commands import Acoustic
from made_recordings import loaded, record

from acoustic.score import Task, batch, score_recording


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two recordings and one that is none."""
    record(tmp_path / "in" / "a.wav", "#..")
    record(tmp_path / "in" / "b.wav", "##.")
    (tmp_path / "in" / "c.wav").touch()
    return tmp_path / "in"


def test_a_table_for_people(acoustic: Acoustic, folder: Path) -> None:
    result = acoustic("meter", "score", folder)
    header, *lines = result.out.splitlines()
    assert header.split() == ["file", "length", "loud", "remarks"]
    assert [line.split()[1:] for line in lines[:2]] == [["3.0", "s", "1"], ["3.0", "s", "2"]]
    assert lines[2].split(maxsplit=1)[1].startswith(f"error: {folder / 'c.wav'}: the file is empty")
    # What the table says is not said again.
    assert (result.code, result.err) == (1, "")


def test_json_for_programs(acoustic: Acoustic, folder: Path) -> None:
    result = acoustic("meter", "score", folder, "--json")
    first, second, broken = map(json.loads, result.out.splitlines())
    assert first == score_recording(loaded(), Task(path=folder / "a.wav", options=Options()))
    assert (len(second["seconds"]), second["error"]) == (2, None)
    assert result.err == f"{broken['error']}\n"
    assert acoustic("meter", "score", folder, "--format", "json").out == result.out


def test_options_of_the_application(acoustic: Acoustic, folder: Path) -> None:
    result = acoustic("meter", "score", folder / "a.wav", "--threshold-dbfs", "-60", "--json")
    assert len(json.loads(result.out)["seconds"]) == 3
    result = acoustic("meter", "score", folder, "--threshold-dbfs", "1")
    assert result.code == 2
    assert "--threshold-dbfs" in result.err


def test_a_file_whose_suffix_says_its_form(acoustic: Acoustic, folder: Path, tmp_path: Path) -> None:
    result = acoustic("meter", "score", folder, "--output", tmp_path / "out.csv")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"{folder / 'c.wav'}: the file is empty")
    with (tmp_path / "out.csv").open(newline="") as stream:
        assert [row["loud_s"] for row in csv.DictReader(stream)] == ["1", "2", ""]


def test_labels_in_a_folder(acoustic: Acoustic, folder: Path, tmp_path: Path) -> None:
    assert acoustic("meter", "score", folder, "--format", "audacity", "--output", tmp_path / "labels").code == 1
    assert sorted(path.name for path in (tmp_path / "labels").iterdir()) == ["a.txt", "b.txt"]


def test_pictures_of_each_and_of_all(acoustic: Acoustic, folder: Path, tmp_path: Path) -> None:
    arguments = ("--plot", tmp_path / "pictures", "--summary-plot", tmp_path / "all.png")
    assert acoustic("meter", "score", folder, *arguments).code == 1
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir()) == ["a.png", "b.png"]
    assert (tmp_path / "all.png").read_text() == "3 results"


@pytest.mark.parametrize("form", ["table", "json"])
def test_pictures_that_cannot_be_written_cost_no_score(acoustic: Acoustic, folder: Path, form: str) -> None:
    (folder / "c.wav").unlink()
    result = acoustic("meter", "score", folder, "--plot", "/dev/null/pictures", "--format", form)
    assert result.code == 1
    assert result.out.count("no picture: ") == 2
    assert result.err.startswith("2 pictures are missing; the first: no picture: /dev/null/pictures/a.png: cannot be")
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(("names", "code"), [(["a.wav", "b.wav"], 0), (["a.wav", "c.wav"], 1), (["c.wav", "d.wav"], 3)])
def test_exit_codes(acoustic: Acoustic, folder: Path, names: list[str], code: int) -> None:
    assert acoustic("meter", "score", *(folder / name for name in names)).code == code


@pytest.mark.parametrize(("form", "jobs"), [("table", 1), ("json", 2), ("csv", 1)])
def test_names_that_steer_terminals_or_are_no_text(
    acoustic: Acoustic, folder: Path, tmp_path: Path, form: str, jobs: int
) -> None:
    odd = [b"caf\xe9.wav", b"\x1b[31mred.wav", b"two\nlines.wav", b"broken\x1b[2J\xff.wav"]
    for name in odd:
        with open(os.path.join(os.fsencode(folder), name), "wb") as stream:
            stream.write(b"" if b"broken" in name else (folder / "a.wav").read_bytes())
    (folder / "loop.wav").symlink_to("loop.wav")
    pictures = tmp_path / "pictures"
    result = acoustic("meter", "score", folder, "--format", form, "--jobs", jobs, "--plot", pictures)
    assert result.code == 1
    assert len(list(pictures.iterdir())) == 5
    assert result.err.replace("\n", "").isprintable()
    if form != "csv":
        assert result.out.replace("\n", "").isprintable()
        assert len(result.out.splitlines()) == 8 + (form == "table")
    result.out.encode()


def test_an_interrupted_run_is_resumed_and_that_is_said(
    acoustic: Acoustic, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored = []

    def stop_at_b(model: object, task: Task) -> object:
        scored.append(task.path.stem)
        if scored == ["a", "b"]:
            raise KeyboardInterrupt
        return score_recording(model, task)  # type: ignore[arg-type]

    monkeypatch.setattr(batch, "score_recording", stop_at_b)
    arguments = ("meter", "score", folder, "--output", tmp_path / "out.jsonl")
    result = acoustic(*arguments)
    assert (result.code, result.err) == (130, "stopped\n")
    assert acoustic(*arguments).err.startswith("1 recordings were scored before the interruption.\n")
    assert scored == ["a", "b", "b", "c"]
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 3


def test_extras_that_are_missing_are_said_before_any_work(
    acoustic: Acoustic, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "score_recording", None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for arguments in (("--plot", "p"), ("--summary-plot", "p.png"), ("--output", "p.parquet")):
        result = acoustic("meter", "score", folder, *arguments)
        assert (result.code, result.out) == (2, "")
        assert "pip install" in result.err
        assert result.err.count("\n") == 1


def test_a_bundle_of_another_application(acoustic: Acoustic, folder: Path) -> None:
    result = acoustic("meter", "score", folder, "--bundle", "gain")
    assert (result.code, result.out) == (3, "")
    assert result.err == "gain: made for 'gain', not for 'meter'. Choose another bundle.\n"
    assert acoustic("meter", "score", folder, "--bundle", "absent.bundle").code == 3


def test_contradictions(acoustic: Acoustic, folder: Path) -> None:
    for arguments in (("--json", "--format", "csv"), ("--format", "parquet"), ("--format", "audacity")):
        assert acoustic("meter", "score", folder, *arguments).code == 2
    assert acoustic("meter", "score").code == 2


def test_enhance_writes_the_sound_of_every_recording(acoustic: Acoustic, folder: Path, tmp_path: Path) -> None:
    result = acoustic("gain", "enhance", folder, "-o", tmp_path / "out", "--json", "--plot", tmp_path / "pictures")
    assert result.code == 1
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert [row["output"] for row in rows] == [str(tmp_path / "out" / "a.wav"), str(tmp_path / "out" / "b.wav"), None]
    for name in ("a.wav", "b.wav"):
        pcm = soundfile.read(folder / name, dtype="int16")[0]
        np.testing.assert_array_equal(soundfile.read(tmp_path / "out" / name, dtype="int16")[0], pcm // 2)
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir()) == ["a.png", "b.png"]
    # The same as a file, and beside scores.
    assert acoustic("gain", "enhance", folder / "a.wav", "--output", tmp_path / "a.wav").code == 0
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "out" / "a.wav").read_bytes()
    assert acoustic("gain", "score", folder / "a.wav", "--sound", tmp_path / "beside").code == 0
    assert (tmp_path / "beside" / "a.wav").read_bytes() == (tmp_path / "out" / "a.wav").read_bytes()


def test_enhance_overwrites_no_recording(acoustic: Acoustic, folder: Path) -> None:
    before = (folder / "a.wav").read_bytes()
    for output in (folder, folder / "a.wav"):
        result = acoustic("gain", "enhance", folder / "a.wav", "-o", output)
        assert result.code == 2
        assert "would be overwritten" in result.err
    assert (folder / "a.wav").read_bytes() == before
    assert acoustic("gain", "enhance", folder / "a.wav").code == 2


def test_rows_say_when_their_recordings_began(acoustic: Acoustic, folder: Path, tmp_path: Path) -> None:
    (folder / "a.wav").rename(folder / "a_20260302_121500Z.wav")
    rows = list(map(json.loads, acoustic("meter", "score", folder, "--json").out.splitlines()))
    assert [(row["started"], row["started_from"]) for row in rows] == [
        ("2026-03-02T12:15:00.000+00:00", "file name"),
        (None, None),
        (None, None),
    ]
    assert list(rows[0])[-2:] == ["started", "started_from"]
    acoustic("meter", "score", folder, "--output", tmp_path / "out.csv", "--start", "2026-03-02T13:00:00+01:00")
    with (tmp_path / "out.csv").open(newline="") as stream:
        given = [(row["started"], row["started_from"]) for row in csv.DictReader(stream)]
    assert given == [*[("2026-03-02T13:00:00.000+01:00", "given")] * 2, ("", "")]


def test_a_start_that_is_no_time_is_refused_before_any_work(acoustic: Acoustic, folder: Path) -> None:
    for command in (("score", folder), ("listen", "--input", folder / "b.wav")):
        result = acoustic("meter", *command, "--json", "--start", "01/02/2026 10:00")
        assert (result.code, result.out) == (2, "")
        assert "no date and time as ISO 8601" in " ".join(result.err.replace("\u2502", " ").split())
