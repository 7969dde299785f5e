"""What the applications claim, measured: the one table of figures, for people, for programs, and as a page."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import acoustic
from acoustic.application import Application, Claim

VERDICTS = {True: "held", False: "**missed**", None: ""}
HEADER = ("measure", "target", "measured", "rival", "data", "")


@dataclass(frozen=True)
class Evaluation:
    """The claims of one application."""

    application: str
    help: str
    command: str
    """What prints them."""
    claims: Sequence[Claim]

    @property
    def n_missed(self) -> int:
        """Claims whose target is missed."""
        return sum(claim.passed is False for claim in self.claims)


def evaluate(applications: Iterable[Application[Any, Any, Any, Any]]) -> Iterator[Evaluation]:
    """Measure the claims of applications that evaluate themselves, each with its shipped bundle and default options."""
    for application in applications:
        if (action := application.evaluate) is None:
            continue
        claims = [output for output in action.run(action.options()) if isinstance(output, Claim)]
        command = f"acoustic {application.name} evaluate"
        yield Evaluation(application.name, application.help, command, claims)


def markdown(evaluations: Iterable[Evaluation]) -> Iterator[str]:
    """Yield the lines of a page with all figures."""
    yield "# Evaluation"
    yield ""
    yield f"Written by `acoustic evaluate --markdown`, version {acoustic.__version__}. Every figure"
    yield "comes from the command above its table; edit nothing here by hand. Intervals are 95 %."
    for evaluation in evaluations:
        yield ""
        yield f"## {evaluation.application}"
        yield ""
        yield f"`{evaluation.command}`"
        yield ""
        yield _row(HEADER)
        yield _row(["---"] * len(HEADER))
        for claim in evaluation.claims:
            verdict = VERDICTS[claim.passed]
            yield _row([claim.name, claim.target, claim.value, claim.rival, claim.data, verdict])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
