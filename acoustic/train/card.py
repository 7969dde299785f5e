"""Model cards: an application's ``card.md``, with the figures of a training and the sources of its sounds."""

import string
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path


def fill_card(package: str, **figures: object) -> str:
    """Return the card in an application's package, with figures in the places that name them.

    Raises
    ------
    KeyError
        When the card names a figure that is not given.
    """
    return string.Formatter().vformat(files(package).joinpath("card.md").read_text(encoding="utf-8"), (), figures)


def freesound_numbers(clips: Iterable[Path]) -> str:
    """Name the Freesound recordings that noise clips come from: their authors are to be credited.

    A clip is called ``fold-number-take-class``; others come from elsewhere.

    >>> freesound_numbers([Path("1-977-A-39.flac"), Path("2-37-A-1.flac"), Path("tap.flac")])
    '37, 977'
    """
    numbers = {path.stem.split("-")[1] for path in clips if path.stem.count("-") == 3}
    return ", ".join(sorted(numbers, key=int))
