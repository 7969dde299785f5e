"""``acoustic evaluate``: the claims of all applications."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from acoustic.application import Action, Line, Output, Record, Written, find, installed
from acoustic.commands.actions import claims_table
from acoustic.records import About, plain


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions:
    """Which claims, and where to."""

    applications: Annotated[
        tuple[str, ...], About("Applications; default: all that are installed.", argument=True, metavar="APP")
    ] = ()
    markdown: Annotated[Path | None, About("Write the page of all figures here.", metavar="FILE")] = None


def evaluate(options: EvaluateOptions) -> Iterator[Output]:
    """Measure and show every claim."""
    from acoustic import evaluation
    from acoustic.score.writers import write_lines

    names = options.applications or tuple(entry.name for entry in installed())
    evaluations = []
    for one in evaluation.evaluate(map(find, names)):
        evaluations.append(one)
        for claim in one.claims:
            yield Record({"application": one.application, **plain(claim)})
        yield Line(f"{one.application}: {one.help}")
        yield claims_table(one.claims)
    if options.markdown is not None:
        write_lines(evaluation.markdown(evaluations), options.markdown)
        yield Written(options.markdown)


EVALUATE = Action(
    help="Measure what the shipped models claim, on the recordings of the data folder and on simulated ones.\n\n"
    "Takes an hour or two on a small computer. Example: acoustic evaluate hearing --markdown figures.md",
    options=EvaluateOptions,
    run=evaluate,
)
