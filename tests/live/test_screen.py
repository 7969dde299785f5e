"""The panel on a terminal made of text, and the lines where there is no terminal."""

import pytest

from acoustic.live import Rows, Screen, screen

ROWS: Rows = {"level": ["-30 dBFS"], "first crack": [("8:05", "bold red"), " [confidence] 0.9"]}


def never() -> Rows:
    raise AssertionError("rows were made for a panel that is not drawn")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make standard error look like a terminal of 80 columns."""
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("terminal")
def test_panel_shows_title_rows_and_keys(capsys: pytest.CaptureFixture[str]) -> None:
    with Screen("a title", panel=True, keys="q quit") as panel:
        assert panel.draw(lambda: ROWS, at_once=True)
    shown, err = capsys.readouterr()
    assert shown == ""
    for text in ("a title", "q quit", "level        ", "-30 dBFS", "first crack  ", "8:05", " [confidence] 0.9"):
        assert text in err


@pytest.mark.usefixtures("terminal")
def test_alarm_makes_the_frame_red(capsys: pytest.CaptureFixture[str]) -> None:
    frames = []
    for alarm in (False, True):
        with Screen("", panel=True) as panel:
            panel.draw(lambda: ROWS, alarm=alarm, at_once=True)
        frames.append(capsys.readouterr().err)
    red_corner = "\x1b[1;31m\N{BOX DRAWINGS LIGHT ARC DOWN AND RIGHT}"
    assert [red_corner in frame for frame in frames] == [False, True]


def test_without_a_terminal_there_are_only_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with Screen("a title", panel=True, keys="q quit") as lines:
        assert lines.draw(never, at_once=True)
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


def test_drawing_waits_until_it_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 100.0
    monkeypatch.setattr(screen.time, "monotonic", lambda: now_s)
    with Screen("", panel=False) as lines:
        assert lines.draw(never)
        assert not lines.draw(never)
        assert lines.draw(never, at_once=True)
        now_s += screen.DRAW_S
        assert lines.draw(never)
