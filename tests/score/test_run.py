"""A whole scoring: interrupted, resumed, refused, with everything that goes with it."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import level_meter.application as meter
import pytest
from level_meter import gain
from made_recordings import loaded, record

from acoustic.application import Loaded
from acoustic.audio import find_recordings
from acoustic.errors import AcousticError, MissingExtraError, ParameterError
from acoustic.score import batch, run
from acoustic.score.run import Request, Scoring, Tally
from acoustic.score.writers import Form

pytestmark = pytest.mark.usefixtures("level_meter")
NAMES = ("a", "b", "c", "d", "e")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, name in enumerate(NAMES):
        record(tmp_path / "in" / f"{name}.wav", "#" * number + ".")
    return tmp_path / "in"


def scoring(
    folder: Path, options: Any = None, model: Loaded[Any, Any, Any, Any] | None = None, **request: Any
) -> Scoring:
    errors: list[str] = []
    request = {"jobs": 1} | request
    return Scoring(
        model or loaded(),
        options or meter.Options(),
        find_recordings([folder]),
        [folder],
        Request(**request),
        errors.append,
    )


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Let the scoring be interrupted at a recording; names of those that were scored since the last call."""
    scored: list[str] = []
    stop_at: str | None = None
    original = batch.score_recording

    def score(model: Any, task: Any) -> Any:
        if task.path.stem == stop_at:
            raise KeyboardInterrupt
        scored.append(task.path.stem)
        return original(model, task)

    monkeypatch.setattr(batch, "score_recording", score)

    def since(stop: str | None = None) -> list[str]:
        nonlocal stop_at
        stop_at = stop
        names = scored.copy()
        scored.clear()
        return names

    return since


Count = Callable[..., list[str]]


def interrupt(count: Count, folder: Path, at: str = "d", **settings: Any) -> list[str]:
    count(at)
    with pytest.raises(KeyboardInterrupt):
        scoring(folder, **settings).run()
    return count()


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.parquet", "out.txt"])
def test_resumed_with_the_same_result(folder: Path, tmp_path: Path, count: Count, name: str) -> None:
    form = {".csv": Form.CSV, ".jsonl": Form.JSON, ".parquet": Form.PARQUET, ".txt": Form.TABLE}[Path(name).suffix]
    whole, output = tmp_path / "whole" / name, tmp_path / "resumed" / name
    pictures = tmp_path / "pictures"
    assert scoring(folder, form=form, output=whole, pictures=pictures).run() == Tally(n_good=5)
    count()
    assert interrupt(count, folder, form=form, output=output, pictures=pictures) == ["a", "b", "c"]
    assert not output.exists()
    again = scoring(folder, form=form, output=output, pictures=pictures)
    assert again.notes == ["3 recordings were scored before the interruption."]
    assert again.run() == Tally(n_good=5)
    assert count() == ["d", "e"]
    assert output.read_bytes() == whole.read_bytes()
    assert [path.name for path in output.parent.iterdir()] == [name]


def test_resumed_labels(folder: Path, tmp_path: Path, count: Count) -> None:
    output = tmp_path / "labels"
    interrupt(count, folder, form=Form.AUDACITY, output=output)
    assert scoring(folder, form=Form.AUDACITY, output=output).run() == Tally(n_good=5)
    assert count() == ["d", "e"]
    assert sorted(path.name for path in output.iterdir()) == [f"{name}.txt" for name in NAMES]
    assert len((output / "e.txt").read_text().splitlines()) == 4


def test_resumed_with_overviews_of_all(folder: Path, tmp_path: Path, count: Count) -> None:
    request = {"output": tmp_path / "out.csv", "overviews": {"summary_plot": tmp_path / "all.png"}}
    interrupt(count, folder, **request)
    assert not (tmp_path / "all.png").exists()
    scoring(folder, **request).run()
    assert (tmp_path / "all.png").read_text() == "5 results"


def test_a_picture_that_is_gone_is_drawn_again(folder: Path, tmp_path: Path, count: Count) -> None:
    request = {"output": tmp_path / "out.csv", "pictures": tmp_path / "pictures"}
    interrupt(count, folder, **request)
    (tmp_path / "pictures" / "b.png").unlink()
    scoring(folder, **request).run()
    assert count() == ["b", "d", "e"]
    assert len(list((tmp_path / "pictures").iterdir())) == 5


def another_bundle(model: Loaded[Any, Any, Any, Any]) -> Loaded[Any, Any, Any, Any]:
    return Loaded(application=model.application, bundle=model.bundle.replace(version="1.1"), typed=model.typed)


def test_nothing_is_resumed_of_another_bundle(folder: Path, tmp_path: Path, count: Count) -> None:
    output = tmp_path / "out.csv"
    interrupt(count, folder, output=output)
    again = scoring(folder, model=another_bundle(loaded()), output=output)
    assert again.notes == [f"{output}: an interrupted run is not resumed, since these have changed: bundle."]
    again.run()
    assert count() == [*NAMES]


def test_nothing_is_resumed_with_another_option(folder: Path, tmp_path: Path, count: Count) -> None:
    output = tmp_path / "out.csv"
    interrupt(count, folder, output=output)
    again = scoring(folder, options=meter.Options(threshold_dbfs=-30.0), output=output)
    assert again.notes == [f"{output}: an interrupted run is not resumed, since these have changed: --threshold-dbfs."]
    again.run()
    assert count() == [*NAMES]


def test_nothing_is_resumed_of_another_version(
    folder: Path, tmp_path: Path, count: Count, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out.csv"
    interrupt(count, folder, output=output)
    monkeypatch.setattr(run, "__version__", "99")
    assert scoring(folder, output=output).notes[0].endswith("changed: version.")


@pytest.mark.parametrize("change", ["content", "another file", "moved", "gone"])
def test_nothing_is_resumed_with_another_baseline(folder: Path, tmp_path: Path, count: Count, change: str) -> None:
    output, baseline = tmp_path / "out.csv", tmp_path / "baseline"
    (baseline / "sub").mkdir(parents=True)
    (baseline / "one").write_text("1")
    options = meter.Options(baseline=baseline)
    interrupt(count, folder, options=options, output=output)
    os.utime(baseline / "one", (1, 1))
    assert scoring(folder, options=options, output=output).notes == [
        "3 recordings were scored before the interruption."
    ]
    if change == "content":
        (baseline / "one").write_text("2")
    elif change == "another file":
        (baseline / "two").touch()
    elif change == "moved":
        (baseline / "one").rename(baseline / "sub" / "one")
    else:
        shutil.rmtree(baseline)
    again = scoring(folder, options=options, output=output)
    assert again.notes == [f"{output}: an interrupted run is not resumed, since these have changed: --baseline."]
    again.run()
    assert count() == [*NAMES]


def test_a_recording_that_has_changed_is_scored_again(folder: Path, tmp_path: Path, count: Count) -> None:
    output = tmp_path / "out.jsonl"
    interrupt(count, folder, form=Form.JSON, output=output)
    before = (folder / "b.wav").stat()
    record(folder / "b.wav", ".#")
    # Its size and times tell nothing.
    os.utime(folder / "b.wav", ns=(before.st_atime_ns, before.st_mtime_ns))
    os.utime(folder / "c.wav")
    again = scoring(folder, form=Form.JSON, output=output)
    assert again.notes == [
        "2 recordings were scored before the interruption.",
        "1 recordings have changed since they were scored, and are scored again.",
    ]
    again.run()
    assert count() == ["b", "d", "e"]
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert [second["t_s"] for second in rows[1]["seconds"]] == [2.0]


def test_options_that_differ_from_recording_to_recording(
    folder: Path, tmp_path: Path, count: Count, monkeypatch: pytest.MonkeyPatch
) -> None:
    threshold_dbfs = -30.0

    def options_of(model: Any, options: Any, files: Any, roots: Any) -> Any:
        return {file: replace(options, threshold_dbfs=threshold_dbfs if file.stem == "b" else -20.0) for file in files}

    model = loaded(replace(meter.application, options_of=options_of))
    interrupt(count, folder, model=model, output=tmp_path / "out.csv")
    threshold_dbfs = -40.0
    scoring(folder, model=model, output=tmp_path / "out.csv").run()
    assert count() == ["b", "d", "e"]


def test_errors_and_missing_pictures_are_tried_again(folder: Path, tmp_path: Path, count: Count) -> None:
    record(folder / "bad.wav")
    (folder / "broken.wav").touch()
    output = tmp_path / "out.csv"
    settings: dict[str, Any] = {"output": output, "options": meter.Options(fail_at="save", fail_with="OSError")}
    settings["pictures"] = tmp_path / "pictures"
    assert interrupt(count, folder, at="e", **settings) == ["a", "b", "bad", "broken", "c", "d"]
    again = scoring(folder, **settings)
    tally = again.run()
    assert count() == ["bad", "broken", "e"]
    assert (tally.n_good, len(tally.errors), len(tally.without_picture), tally.exit_code) == (6, 1, 1, 1)
    assert tally.without_picture[0].startswith("no picture: ")


@pytest.mark.parametrize(
    ("line", "replacement"),
    [('"warnings": []', '"warnings": null'), ('"seconds": [', '"seconds": [7, '), ('"duration_s"', '"length_s"')],
)
def test_rows_that_are_none_are_scored_again(
    folder: Path, tmp_path: Path, count: Count, line: str, replacement: str
) -> None:
    """A journal may come from anybody, and from another version."""
    output = tmp_path / "out.csv"
    interrupt(count, folder, output=output)
    journal = tmp_path / ".out.csv.journal"
    assert line in journal.read_text()
    journal.write_text(journal.read_text().replace(line, replacement))
    assert scoring(folder, output=output).run() == Tally(n_good=5)
    assert count() == [*NAMES]


def test_sounds_are_resumed_too(folder: Path, tmp_path: Path, count: Count) -> None:
    settings: dict[str, Any] = {"model": loaded(gain.application), "sounds": tmp_path / "made", "form": Form.JSON}
    settings["output"] = tmp_path / "out.jsonl"
    interrupt(count, folder, **settings)
    (tmp_path / "made" / "a.wav").unlink()
    scoring(folder, **settings).run()
    assert count() == ["a", "d", "e"]
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == [f"{name}.wav" for name in NAMES]


def test_with_two_processes_the_same(folder: Path, tmp_path: Path) -> None:
    scoring(folder, output=tmp_path / "one.csv", form=Form.CSV).run()
    scoring(folder, output=tmp_path / "two.csv", form=Form.CSV, jobs=2).run()
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


@pytest.mark.parametrize(
    ("n_good", "errors", "without_picture", "code"),
    [(0, [], [], 0), (2, [], [], 0), (2, ["e"], [], 1), (2, [], ["p"], 1), (0, ["e"], [], 3)],
)
def test_exit_codes(n_good: int, errors: list[str], without_picture: list[str], code: int) -> None:
    assert Tally(n_good, errors, without_picture).exit_code == code


class TestRefusals:
    """Before any work."""

    def test_output_that_cannot_be_written(self, folder: Path, count: Count) -> None:
        with pytest.raises(AcousticError, match=r"/dev/null/.*: cannot be (read|written)"):
            scoring(folder, output=Path("/dev/null/out.csv")).run()
        assert count() == []

    @pytest.mark.parametrize(("form", "what"), [(Form.CSV, "folder"), (Form.AUDACITY, "file")])
    def test_a_file_for_a_folder(self, folder: Path, tmp_path: Path, form: Form, what: str) -> None:
        output = tmp_path / "out"
        if what == "folder":
            output.mkdir()
        else:
            output.touch()
        with pytest.raises(ParameterError, match=f"out: is a {what}"):
            scoring(folder, form=form, output=output)

    def test_a_recording_as_output(self, folder: Path) -> None:
        with pytest.raises(ParameterError, match=r"a\.wav: is one of the recordings"):
            scoring(folder, output=folder / "a.wav")

    def test_sound_of_an_application_that_makes_none(self, folder: Path, tmp_path: Path) -> None:
        with pytest.raises(ParameterError, match="makes no sound"):
            scoring(folder, sounds=tmp_path)

    def test_pictures_of_an_application_that_draws_none(self, folder: Path, tmp_path: Path) -> None:
        with pytest.raises(ParameterError, match="draws no pictures"):
            scoring(folder, model=loaded(replace(meter.application, picture=None)), pictures=tmp_path)

    @pytest.mark.parametrize(
        ("package", "request_", "message"),
        [
            ("matplotlib", {"pictures": Path("p")}, "Drawing needs matplotlib, not installed"),
            (
                "matplotlib",
                {"overviews": {"summary_plot": Path("p")}},
                "Drawing needs matplotlib, not installed",
            ),
            (
                "pyarrow",
                {"form": Form.PARQUET, "output": Path("p.parquet")},
                "Parquet needs pyarrow, not installed",
            ),
        ],
    )
    def test_extras_that_are_missing(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, package: str, request_: dict[str, Any], message: str
    ) -> None:
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(MissingExtraError, match=message):
            scoring(folder, **request_)
