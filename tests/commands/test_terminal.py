"""What reaches terminals and pipes."""

import json
import math
from typing import Any

import pytest

from acoustic.commands import terminal
from acoustic.progress import progress, track, watched


def test_emit_is_one_compact_line(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.emit({"onset_s": 578.5, "label": "crack \u2028 é \udce9"})
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    assert line.isascii()
    assert json.loads(line) == {"onset_s": 578.5, "label": "crack \u2028 é \udce9"}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_emit_refuses_what_json_lacks(value: float, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="JSON"):
        terminal.emit({"level_dbfs": value})
    assert capsys.readouterr().out == ""


def test_messages_keep_their_lines_and_steer_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.note("one\ntwo \x1b[2J caf\udce9")
    terminal.show_error("bad\x07.wav: broken")
    terminal.show_line("out\x1b[2J.wav")
    assert capsys.readouterr() == ("out\\x1b[2J.wav\n", "one\ntwo \\x1b[2J caf\\udce9\nbad\\x07.wav: broken\n")


def test_a_table_is_never_cut(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.show_table(("name", "n"), [("x" * 300, 1), ("caf\udce9", None)])
    header, long, short = capsys.readouterr().out.splitlines()
    assert (header.index("n", 1), long.index("1"), short.index("None")) == (302, 302, 302)
    terminal.show_table(("name", "n"), [])
    assert capsys.readouterr().out == "name  n\n"


def work() -> None:
    with watched(terminal.progress_bar):
        assert list(track([1, 2], "work [/x] \x1b[2J", 2)) == [1, 2]
        with progress("work", 10.0) as advance:
            advance(10.0)


def test_progress_is_silent_in_pipes(capsys: pytest.CaptureFixture[str]) -> None:
    work()
    assert capsys.readouterr() == ("", "")


def test_progress_is_drawn_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)
    work()
    out, err = capsys.readouterr()
    assert out == ""
    assert r"work [/x] \x1b[2J" in err
    assert "100%" in err


def test_nobody_watches_unless_asked(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    amounts: list[Any] = list(track("ab", "work", 2))
    assert amounts == ["a", "b"]
    assert capsys.readouterr() == ("", "")
