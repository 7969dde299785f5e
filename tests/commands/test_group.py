"""Which commands there are, what they say of themselves, and that they are thin."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
import typer
from made_commands import Acoustic
from typer.testing import CliRunner

from acoustic import application, cli
from acoustic.application import installed

CHECKOUT = Path(__file__).parent.parent.parent
runner = CliRunner()


def all_commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command below a group, by the words that call it."""
    if not hasattr(command, "list_commands"):
        yield words
        return
    context = typer.Context(command, info_name=words[-1] if words else "acoustic")
    for name in command.list_commands(context):
        yield from all_commands(command.get_command(context, name), (*words, name))


def test_root_lists_applications_with_their_help(acoustic: Acoustic) -> None:
    text = acoustic("--help").out
    for line in ("devices", "doctor", "data", "bundle", "gain ", "meter ", "Hear loud seconds."):
        assert line in text
    assert acoustic().out.strip() == text.strip()  # and so it does when nothing is asked


@pytest.mark.usefixtures("level_meter")
def test_every_command_has_an_example() -> None:
    commands = list(all_commands(typer.main.get_command(cli.app)))
    assert {("meter", "score"), ("gain", "enhance"), ("meter", "book", "keep"), ("data", "list")} <= set(commands)
    for words in commands:
        result = runner.invoke(cli.app, [*words, "--help"])
        assert result.exit_code == 0, words
        example = " ".join(result.stdout.partition("Example:")[2].split())
        assert f"acoustic {' '.join(words)}" in example, words


def test_only_what_makes_sound_enhances(acoustic: Acoustic) -> None:
    assert "enhance" in acoustic("gain", "--help").out
    assert "enhance" not in acoustic("meter", "--help").out
    assert acoustic("meter", "enhance", "a.wav").code == 2
    assert "--output" not in acoustic("meter", "listen", "--help").out
    # Completion is installed once, for all.
    assert "--install-completion" not in acoustic("meter", "--help").out


@pytest.mark.usefixtures("level_meter")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("acoustic me", {"meter"}),
        ("acoustic meter ", {"listen", "score", "count", "book"}),
        ("acoustic meter score --thr", {"--threshold-dbfs"}),
        ("acoustic gain listen --speed 1 --bu", {"--bundle", "--buffer-ms"}),
        ("acoustic meter book k", {"keep"}),
        ("acoustic meter score --format p", {"parquet"}),
    ],
)
def test_completion(words: str, expected: set[str]) -> None:
    environment = {
        "_ACOUSTIC_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    result = runner.invoke(cli.app, [], prog_name="acoustic", env=environment)
    assert set(result.stdout.split()) == expected


class Broken:
    """Entry points, some of which cannot be loaded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> None:
        package = folder / "broken_package"
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "application.py").write_text(text)
        monkeypatch.syspath_prepend(folder)
        entry = EntryPoint("broken", "broken_package.application:application", application.GROUP)
        every = [*installed(), entry]
        monkeypatch.setattr(application, "entry_points", lambda group: every)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import absent_module", "No module named 'absent_module'"),
        ("application = 7", "is no application, but a int"),
        ("other = 7", "AttributeError"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("syntax error", "SyntaxError"),
    ],
)
def test_a_broken_application_says_so_and_leaves_the_others_alone(
    acoustic: Acoustic, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, reason: str
) -> None:
    Broken(monkeypatch, tmp_path, text)
    try:
        listing = acoustic("--help")
        assert (listing.code, "Hear loud seconds." in listing.out) == (0, True)
        result = acoustic("broken", "score", "--json", "a.wav")
        assert (result.code, result.out) == (2, "")
        assert result.err.startswith("broken (broken_package.application:application) ")
        assert reason in result.err
        assert acoustic("meter", "count", "1").out == "1\n"
        assert acoustic("bundle", "show", "meter").code == 0
    finally:
        for name in ("broken_package", "broken_package.application"):
            sys.modules.pop(name, None)


def test_an_application_without_a_package_leaves_the_others_alone(
    acoustic: Acoustic, monkeypatch: pytest.MonkeyPatch, level_meter_site: Path, tmp_path: Path
) -> None:
    info = tmp_path / "absent-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: absent\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[acoustic.applications]\nabsent = absent.application:application\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert acoustic("bundle", "show", "meter").code == 0
    assert "absent" in acoustic("--help").out
    assert acoustic("absent", "listen").code == 2


def test_an_application_that_cannot_be_made_into_commands(
    acoustic: Acoustic, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = (
        "from dataclasses import dataclass, replace\nfrom level_meter.application import application as meter\n"
        "@dataclass(frozen=True)\nclass Options:\n    x: int | str = 1\n"
        "application = replace(meter, name='broken', options=Options)\n"
    )
    Broken(monkeypatch, tmp_path, text)
    try:
        assert acoustic("--help").code == 0
        result = acoustic("broken", "score")
        assert result.code == 2
        assert result.err.startswith("broken has no commands: ")
    finally:
        for name in ("broken_package", "broken_package.application"):
            sys.modules.pop(name, None)


def test_python_m_acoustic() -> None:
    result = subprocess.run([sys.executable, "-m", "acoustic", "--version"], capture_output=True, text=True, check=True)
    assert result.stdout == f"{cli.__version__}\n"


@pytest.mark.parametrize("path", sorted(CHECKOUT.glob("acoustic/commands/*.py")), ids=lambda path: path.stem)
def test_commands_are_thin(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 25, f"{node.name} has more than 25 lines"
