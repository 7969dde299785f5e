"""``acoustic events``: the schema of what a live stream writes, and of a recording's row."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from acoustic.application import Action, Line, Output, Record, find
from acoustic.records import About


@dataclass(frozen=True, kw_only=True)
class EventsOptions:
    """Whose events."""

    application: Annotated[str, About("Name of an application, such as roast.", argument=True)]


def events(options: EventsOptions) -> Iterator[Output]:
    """Print the schema of an application's events."""
    from acoustic.live.schema import schema

    found = schema(find(options.application))
    yield Record(found)
    yield Line(json.dumps(found, indent=1))


EVENTS = Action(
    help="Print the events of `listen --json` and the rows of `score --json` as JSON Schema.\n\n"
    "Example: acoustic events roast",
    options=EventsOptions,
    run=events,
)
