"""``acoustic bundle``: what a model bundle holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from acoustic.application import Action, Output, Record, Table
from acoustic.records import About, leaves


@dataclass(frozen=True, kw_only=True)
class ShowOptions:
    """Which bundle."""

    bundle: Annotated[str, About("A bundle file, or the name of a shipped bundle.", argument=True)]


def show(options: ShowOptions) -> Iterator[Output]:
    """Show everything worth knowing about a bundle."""
    from acoustic.model.bundle import Bundle

    description = Bundle.load(options.bundle).describe()
    yield Record(description)
    yield Table(("field", "value"), list(leaves(description)))


ACTIONS: dict[str, Action[Any]] = {
    "bundle show": Action(
        help="Show what a model bundle holds.\n\nExample: acoustic bundle show roast", options=ShowOptions, run=show
    )
}
