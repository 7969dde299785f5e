"""Texts for people, and for terminals."""

import math

import pytest

from acoustic.text import clock_time, finite, level_bar, printable, utf8


@pytest.mark.parametrize(
    ("t_s", "digits", "text"),
    [
        (0, 0, "0:00"),
        (59.6, 0, "1:00"),
        (485.34, 1, "8:05.3"),
        (-3, 0, "-0:03"),
        (-0.04, 1, "0:00.0"),
        (3600, 0, "60:00"),
    ],
)
def test_clock_time(t_s: float, digits: int, text: str) -> None:
    assert clock_time(t_s, digits) == text


@pytest.mark.parametrize(
    ("level_dbfs", "bar"),
    [
        (0.0, "[##########]    0.0 dBFS"),
        (3.0, "[##########]    3.0 dBFS"),
        (-30.0, "[#####-----]  -30.0 dBFS"),
        (-math.inf, "[----------]   -inf dBFS"),
    ],
)
def test_level_bar(level_dbfs: float, bar: str) -> None:
    assert level_bar(level_dbfs, width=10) == bar


def test_silence_is_no_number() -> None:
    assert (finite(-3.0), finite(-math.inf)) == (-3.0, None)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("süß 音.wav", "süß 音.wav"),
        ("\x1b[31m\x07\x9b", r"\x1b[31m\x07\x9b"),
        ("two\nlines\r\t", r"two\nlines\r\t"),
        ("caf\udce9", r"caf\udce9"),
        ("\u202e\u2028\ufeff", r"\u202e\u2028\ufeff"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(shown) == shown


def test_some_characters_may_stay() -> None:
    assert printable("a\nb\tc\x1b", keep="\n\t") == "a\nb\tc\\x1b"


def test_utf8() -> None:
    assert utf8("süß \x1b caf\udce9") == "süß \x1b caf\\udce9"
    utf8("\udce9").encode()
