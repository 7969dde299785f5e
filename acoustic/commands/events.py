"""``acoustic events``: the schema of what a live stream writes, and of a recording's row."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from acoustic.application import Action, Line, Output, Record, find, installed
from acoustic.records import About


@dataclass(frozen=True, kw_only=True)
class EventsOptions:
    """Whose events, and how they are described."""

    application: Annotated[str | None, About("An application, such as roast; default: all.", argument=True)] = None
    markdown: Annotated[bool, About("Write a page for people instead.")] = False


def events(options: EventsOptions) -> Iterator[Output]:
    """Print the schemas of applications' events."""
    from acoustic.live.schema import page, schema

    names = [entry.name for entry in installed()] if options.application is None else [options.application]
    applications = [find(name) for name in names]
    if options.markdown:
        yield from map(Line, page(applications))
        return
    for application in applications:
        found = schema(application)
        yield Record(found)
        yield Line(json.dumps(found, indent=1))


EVENTS = Action(
    help="Print the events of `listen --json` and the rows of `score --json` as JSON Schema, or as Markdown.\n\n"
    "Example: acoustic events roast",
    options=EventsOptions,
    run=events,
)
