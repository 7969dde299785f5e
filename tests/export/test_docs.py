"""What the documents tell to type exists."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from acoustic import cli
from acoustic.export.projects import files_of
from acoustic.export.qemu.boards import BOARDS

DOCS = Path(__file__).parent.parent.parent / "docs"
GUIDE = (DOCS / "from_bundle_to_blinking_led.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["export", "budget"])
def test_options_exist(command):
    help_text = CliRunner().invoke(cli.app, [command, "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).stdout
    lines = [line for line in GUIDE.splitlines() if line.strip().startswith(f"acoustic {command}")]
    options = {option for line in lines for option in re.findall(r"--[a-z-]+", line)}
    assert options
    assert {option for option in options if option not in help_text} == set()


def test_examples_and_boards_exist():
    examples = {path.split("/")[0] for path in files_of("examples")}
    named = set(re.findall(r"examples/(\w+)", GUIDE)) | {"arduino_microphone"}
    assert named <= examples
    assert set(re.findall(r"cortex-m\d+", GUIDE)) <= BOARDS.keys()


def test_fields_of_the_report_are_documented():
    text = (DOCS / "firmware_api.md").read_text(encoding="utf-8")
    for name in ("model", "proof", "not_proven", "networks", "targets", "estimates", "files"):
        assert f"| `{name}` |" in text
