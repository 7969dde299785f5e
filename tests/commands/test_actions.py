"""What an action says, for people and for programs."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_commands import Acoustic

from acoustic.application import Claim, Line, Note, Output, Record, Table, Written
from acoustic.commands.actions import show
from acoustic.records import plain

OUTPUTS: tuple[Output, ...] = (
    Note("begun"),
    Claim(name="recall", value="0.90", target=">= 0.80", rival="0.70", data="9 of 10", passed=True),
    Line("a line", "green"),
    Record({"a": 1}),
    Table(("name", "n"), [("x\x1b[2J", 1), ("longer", 22)]),
    Written(Path("out.wav")),
    Claim(name="alarms per hour", value="2.0", target="<= 1.0", passed=False),
    Claim(name="seconds", value="3"),
)


def test_people_read_lines_tables_and_the_claims_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    assert show(OUTPUTS, as_json=False) == 0
    out, err = capsys.readouterr()
    assert err == "begun\n"
    assert out.splitlines() == [
        "a line",
        "name      n",
        "x\\x1b[2J  1",
        "longer    22",
        "out.wav",
        "measure          target   measured  rival  data",
        "recall           >= 0.80  0.90      0.70   9 of 10  ok",
        "alarms per hour  <= 1.0   2.0                       MISSED",
        "seconds                   3",
    ]


def test_programs_get_records_and_claims_as_they_come(capsys: pytest.CaptureFixture[str]) -> None:
    assert show(OUTPUTS, as_json=True) == 0
    out, err = capsys.readouterr()
    assert err == "begun\n"
    assert [json.loads(line) for line in out.splitlines()] == [
        plain(OUTPUTS[1]),
        {"a": 1},
        {"written": "out.wav"},
        {"name": "alarms per hour", "value": "2.0", "target": "<= 1.0", "rival": "", "data": "", "passed": False},
        {"name": "seconds", "value": "3", "target": "", "rival": "", "data": "", "passed": None},
    ]


def test_what_is_said_is_shown_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    def saying() -> Iterator[Output]:
        yield Line("first")
        assert capsys.readouterr().out == "first\n"
        yield Note("second", trouble=True)
        assert capsys.readouterr().err == "second\n"

    assert show(saying(), as_json=False) == 1


def test_an_action_is_a_command(acoustic: Acoustic) -> None:
    assert acoustic("meter", "count").out == "1\n2\n3\n"
    assert acoustic("meter", "count", "1").out == "1\n"
    result = acoustic("meter", "count", "2", "--no-steps", "--failing")
    assert (result.code, result.out, result.err) == (1, "", "It went wrong.\n")
    result = acoustic("meter", "count", "7")
    assert (result.code, result.out, result.err) == (2, "", "Seven is refused.\n")
    assert acoustic("meter", "count", "10").code == 2


def test_two_words_are_a_group(acoustic: Acoustic) -> None:
    assert acoustic("meter", "book", "keep", "1").out == "1\n"
    assert "Books of numbers." in acoustic("meter", "book", "--help").out
