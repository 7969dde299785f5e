"""Texts for people: times, levels, names of files."""

import math


def clock_time(t_s: float, digits: int = 0) -> str:
    """Write a time as people read it, ``8:05`` or, with one digit, ``8:05.3``.

    >>> clock_time(485.34, 1), clock_time(-3)
    ('8:05.3', '-0:03')
    """
    units = round(abs(t_s) * 10**digits)
    minutes, rest = divmod(units, 60 * 10**digits)
    width = 2 + (digits + 1 if digits else 0)
    return f"{'-' if t_s < 0 and units else ''}{minutes}:{rest / 10**digits:0{width}.{digits}f}"


def level_bar(level_dbfs: float, width: int = 30, floor_dbfs: float = -60.0) -> str:
    """Draw a level as text, ``[##########----------] -30.0 dBFS``: empty at the floor, full at 0 dBFS."""
    fraction = 0.0 if math.isinf(level_dbfs) else min(max(1.0 - level_dbfs / floor_dbfs, 0.0), 1.0)
    filled = round(fraction * width)
    return f"[{'#' * filled}{'-' * (width - filled)}] {level_dbfs:6.1f} dBFS"


def finite(level_dbfs: float) -> float | None:
    """Return a level; None for that of digital silence, which is no number in JSON."""
    return level_dbfs if math.isfinite(level_dbfs) else None


def printable(text: str, keep: str = "") -> str:
    r"""Return a text, as of a file's name, with escapes for whatever would not show as it is, or steer a terminal.

    Characters of ``keep`` stay.

    >>> print(printable("a" + chr(27) + "[2J.wav"))
    a\x1b[2J.wav
    """
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign in keep else _escaped(sign) for sign in text)


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode()


def utf8(text: str) -> str:
    r"""Return a text, as of a file's name, that UTF-8 can write; what it cannot becomes escapes such as ``\xe9``.

    >>> print(utf8("caf\udce9.wav"))
    caf\udce9.wav
    """
    return text.encode("utf-8", "backslashreplace").decode()
