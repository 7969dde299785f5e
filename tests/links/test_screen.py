"""The panel on a terminal made of text, and the lines where there is no terminal."""

import pytest

from acoustic.application import Rows
from acoustic.links import Panel
from acoustic.links.screen import Screen

ROWS: Rows = {"level": ["-30 dBFS"], "first crack": [("8:05", "bold red"), " [confidence] 0.9"]}


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make standard error look like a terminal of 80 columns."""
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("terminal")
def test_panel_shows_title_rows_and_keys(capsys: pytest.CaptureFixture[str]) -> None:
    with Screen("a title", panel=True, keys="q quit") as panel:
        panel.draw(ROWS)
    shown, err = capsys.readouterr()
    assert shown == ""
    for text in ("a title", "q quit", "level        ", "-30 dBFS", "first crack  ", "8:05", " [confidence] 0.9"):
        assert text in err


@pytest.mark.usefixtures("terminal")
def test_alarm_makes_the_frame_red(capsys: pytest.CaptureFixture[str]) -> None:
    frames = []
    for alarm in (False, True):
        with Screen("", panel=True) as panel:
            panel.draw(ROWS, alarm=alarm)
        frames.append(capsys.readouterr().err)
    red_corner = "\x1b[1;31m\N{BOX DRAWINGS LIGHT ARC DOWN AND RIGHT}"
    assert [red_corner in frame for frame in frames] == [False, True]


def test_without_a_terminal_there_are_only_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with Screen("a title", panel=True, keys="q quit") as lines:
        lines.draw(ROWS)
        lines.say("[red]plain[/red]", "yellow")
        lines.alert("look here")
    assert capsys.readouterr().err.replace("\a", "") == "a title\n[red]plain[/red]\nlook here\n"


@pytest.mark.usefixtures("terminal")
def test_alert_rings_the_bell(capsys: pytest.CaptureFixture[str]) -> None:
    with Screen("", panel=False) as lines:
        lines.alert("look here")
    err = capsys.readouterr().err
    assert "\a" in err
    assert "look here" in err


@pytest.mark.usefixtures("terminal")
def test_names_are_shown_as_they_are_and_steer_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Screen("[/red] \x1b[2J a\nb", panel=True) as panel:
        panel.say("[bold]\x1b[2J")
        panel.draw({"[/x]": ["\x1b[2J", ("[y]", "red")]})
    err = capsys.readouterr().err
    for text in (r"[/red] \x1b[2J a\nb", r"[bold]\x1b[2J", "[/x]", r"\x1b[2J", "[y]"):
        assert text in err
    assert "\x1b[2J" not in err


def test_a_sink_shows_lines_and_leaves_events_alone(capsys: pytest.CaptureFixture[str]) -> None:
    sink = Panel("title", panel=True)
    sink.open({"event": "start"})
    sink.event({"event": "one"})
    sink.line("line", "", False)
    sink.line("alert", "", True)
    sink.panel(ROWS, False)
    sink.close()
    assert capsys.readouterr().err.replace("\a", "") == "title\nline\nalert\n"
