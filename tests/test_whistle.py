"""A fourth application, installed as others install theirs: it is small, and has every command."""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import soundfile
from pyarrow import parquet
from typer.testing import CliRunner, Result

from acoustic import cli
from acoustic.application import Application, installed, load
from acoustic.live.schema import schema
from acoustic.score.journal import Journal
from acoustic.testing.checks import CHECKS

WHISTLE = Path(__file__).parent / "whistle"
FOLDER = WHISTLE / "acoustic_whistle"
DOCS = Path(__file__).parent.parent / "docs" / "adding_an_application.md"
MOST_LINES = 300
App = Application[Any, Any, Any, Any]


@pytest.fixture(scope="module")
def recordings(whistle: App, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of two recordings, with 5 whistles each, not all of which are found."""
    from acoustic_whistle.train import sounds

    folder = tmp_path_factory.mktemp("recordings")
    for seed in (3, 4):
        soundfile.write(folder / f"{seed}.wav", sounds(seed, 10)[0], 8000, subtype="PCM_16")
    return folder


def run(*arguments: object) -> Result:
    runner = CliRunner(env={"COLUMNS": "200"})
    return runner.invoke(cli.app, list(map(str, arguments)), catch_exceptions=False)


def _text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def score(*arguments: object) -> str:
    result = run("whistle", "score", "--jobs", 1, *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_it_is_small() -> None:
    texts = [_text_of(path) for path in FOLDER.rglob("*") if path.suffix in (".py", ".c", ".h")]
    lines = [line for text in texts for line in text.splitlines() if line.strip()]
    assert 200 < len(lines) <= MOST_LINES


def test_the_page_about_adding_an_application_shows_its_code(whistle: App) -> None:
    page = DOCS.read_text(encoding="utf-8")
    own = [_text_of(path) for path in WHISTLE.rglob("*") if path.suffix in (".py", ".c", ".txt")]
    *shown, check = re.findall(r"```(?:python|c|ini)\n(.*?)```", page, re.DOTALL)
    assert len(shown) > 5
    for snippet in shown:
        assert any(snippet in text for text in own), snippet
    namespace: dict[str, Any] = {}
    exec(check, namespace)
    (mark,) = namespace["test_application"].pytestmark
    checks = {one.id: one.values[0] for one in mark.args[1]}
    assert checks.keys() == CHECKS.keys()
    namespace["test_application"](checks["labels"])


def test_the_page_about_adding_an_application_names_commands_that_exist(whistle: App) -> None:
    (commands,) = re.findall(r"```sh\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    for line in commands.splitlines():
        _, *words = [word for word in line.split() if not word.startswith("-")]
        command = words[:2] if words[0] == "whistle" else words[:1]
        text = run(*command, "--help").stdout
        assert all(option in text for option in re.findall(r" (--?[a-z]+)", line)), line


def test_it_is_installed_for_this_test_alone(whistle: App) -> None:
    assert "whistle" in {entry.name for entry in installed()}
    code = "from acoustic.application import find; print(find('whistle').help)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "Hear whistles.\n"
    without = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ""}
    )
    assert "There is no application 'whistle'" in without.stderr


def test_help_names_every_command(whistle: App) -> None:
    text = run("whistle", "--help").stdout
    assert all(command in text for command in ("listen", "score", "train", "evaluate"))
    assert "--threshold" in run("whistle", "score", "--help").stdout
    assert "completion" not in text


def test_scores_in_every_form(recordings: Path, tmp_path: Path) -> None:
    header, *table = score(recordings).splitlines()
    assert header.split() == ["file", "whistles"]
    counts = [int(line.split()[-1]) for line in table]
    assert len(counts) == 2
    assert min(counts) >= 3
    rows = [json.loads(line) for line in score(recordings, "--json").splitlines()]
    assert [len(row["whistles"]) for row in rows] == counts
    assert [row["whistles"][0]["t_s"] for row in rows] == pytest.approx([0.25, 0.25], abs=0.05)
    cells = list(csv.DictReader(score(recordings, "--format", "csv").splitlines()))
    assert [int(row["whistles"]) for row in cells] == counts
    score(recordings, "--output", tmp_path / "scores.parquet")
    assert parquet.read_table(tmp_path / "scores.parquet").to_pydict()["whistles"] == counts
    score(recordings, "--format", "audacity", "--output", tmp_path / "labels")
    assert [_text_of(tmp_path / "labels" / f"{seed}.txt").count("\twhistle") for seed in (3, 4)] == counts


@pytest.mark.slow
def test_draws_uses_processes_and_takes_options(recordings: Path, tmp_path: Path) -> None:
    assert score(recordings, "--jobs", 2, "--plot", tmp_path) == score(recordings)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3.png", "4.png"]
    assert [line.split()[-1] for line in score(recordings, "--threshold", 1).splitlines()[1:]] == ["0", "0"]


def test_an_interrupted_scoring_is_resumed(recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def add(journal: Journal, key: str, record: Any, own: Any = Journal.add) -> None:
        own(journal, key, record)
        raise KeyboardInterrupt

    arguments = ("whistle", "score", recordings, "--jobs", 1, "--output", tmp_path / "scores.jsonl")
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "add", add)
        assert run(*arguments).exit_code != 0
    resumed = run(*arguments)
    assert "1 recordings were scored before the interruption" in resumed.stderr
    assert _text_of(tmp_path / "scores.jsonl") == score(recordings, "--json")


def test_listens(recordings: Path, tmp_path: Path) -> None:
    path = recordings / "3.wav"
    result = run("whistle", "listen", "--input", path, "--speed", "max", "--save", tmp_path, "--json")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    row = json.loads(score(path, "--json"))
    assert [event["t_s"] for event in events if event["event"] == "whistle"] == [one["t_s"] for one in row["whistles"]]
    assert events[-1]["whistles"] == row["whistles"]
    assert {path.suffix for path in tmp_path.iterdir()} == {".wav", ".jsonl", ".txt"}
    assert "whistle at 0.2 s" in result.stderr


def test_tells_its_events(whistle: App) -> None:
    assert json.loads(run("events", "whistle").stdout) == schema(whistle)


def test_doctor_replays_its_vectors(whistle: App) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "acoustic", "doctor", "--seconds", "0"], capture_output=True, text=True
    )
    assert "bundle whistle: loads; its 4 test vectors give the same bytes here" in result.stdout


@pytest.mark.slow
def test_is_trained_and_evaluated(recordings: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "new.bundle"
    assert run("whistle", "train", bundle).exit_code == 0
    assert load(bundle).check() == 4
    claims = run("whistle", "evaluate", "--bundle", bundle)
    assert claims.exit_code == 0
    assert "MISSED" not in claims.stdout
    assert score(recordings, "--bundle", bundle, "--json") == score(recordings, "--json")


def test_the_shipped_bundle_holds_its_claims(whistle: App) -> None:
    lines = run("whistle", "evaluate", "--json").stdout.splitlines()
    assert [json.loads(line)["passed"] for line in lines] == [True]
