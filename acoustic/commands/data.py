"""``acoustic data``: datasets, their licences, and where the recordings lie."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from acoustic.application import Action, Line, Note, Output, Record, Table, Written
from acoustic.progress import progress
from acoustic.records import About

YES_NO = {True: "yes", False: "no"}


@dataclass(frozen=True, kw_only=True)
class NoOptions:
    """None."""


@dataclass(frozen=True, kw_only=True)
class FetchOptions:
    """Which dataset."""

    name: Annotated[str, About("Name of the dataset, as `acoustic data list` shows it.", argument=True)]


def list_all(options: NoOptions) -> Iterator[Output]:
    """List the datasets, their licences, and which are there."""
    from acoustic.datasets import cards, data_root, is_present

    folder = data_root()
    keys = ("name", "licence", "may_ship", "present", "n_bytes")
    rows = [
        (card.name, card.licence, card.may_ship, folder is not None and is_present(card, folder), card.n_bytes)
        for card in cards().values()
    ]
    for row in rows:
        yield Record(dict(zip(keys, row, strict=True)))
    yield Table(
        ("name", "may ship", "present", "MB", "licence"),
        [
            (name, YES_NO[may_ship], YES_NO[present], f"{n_bytes / 1e6:.1f}", licence)
            for name, licence, may_ship, present, n_bytes in rows
        ],
    )


def fetch(options: FetchOptions) -> Iterator[Output]:
    """Download a dataset, and verify its checksums."""
    from acoustic import datasets

    card, folder = datasets.find_card(options.name), datasets.require_root()
    total = sum(file.n_bytes for file in datasets.missing_downloads(card, folder))
    with progress(card.name, total) as advance:
        fetched = datasets.fetch(card, folder, advance)
    for path in fetched:
        yield Written(path)
    yield Note(f"{card.name}: complete, checksums right. Licence: {card.licence}.")


def where(options: NoOptions) -> Iterator[Output]:
    """Show the folder of the recordings."""
    from acoustic.datasets import require_root

    root = require_root()
    yield Record({"folder": str(root)})
    yield Line(str(root))
    yield Note("The environment variable ACOUSTIC_DATA chooses another folder.")


ACTIONS: dict[str, Action[Any]] = {
    "data list": Action(
        help="List the datasets, their licences, and which are there.\n\nExample: acoustic data list",
        options=NoOptions,
        run=list_all,
    ),
    "data fetch": Action(
        help="Download a dataset where its publisher serves it, and verify its checksums.\n\n"
        "Example: acoustic data fetch roast_b",
        options=FetchOptions,
        run=fetch,
    ),
    "data where": Action(
        help="Show the folder of the recordings.\n\nExample: ACOUSTIC_DATA=~/recordings acoustic data where",
        options=NoOptions,
        run=where,
    ),
}
