"""``acoustic doctor``."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated

from acoustic.application import Action, Line, Note, Output, Record
from acoustic.records import About

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@dataclass(frozen=True, kw_only=True)
class DoctorOptions:
    """What to check."""

    device: Annotated[str | None, About("Microphone: its name, a part of it, or its index.")] = None
    seconds: Annotated[float, About("How long to listen; 0: not at all.", low=0.0, high=60.0)] = 3.0


def check(options: DoctorOptions) -> Iterator[Output]:
    """Check installation, bundles and microphone."""
    from acoustic.doctor import examine

    failed = 0
    for finding in examine(options.device, options.seconds):
        failed += finding.status == "fail"
        yield Record(asdict(finding))
        yield Line(f"{finding.status:4}  {finding.name}: {finding.detail}", COLOURS[finding.status])
        if finding.remedy:
            yield Line(f"      {finding.remedy}")
    if failed:
        yield Note(f"{failed} checks failed.", trouble=True)


DOCTOR = Action(
    help="Check installation, bundles and microphone, and say what to do.\n\n"
    "Replays the test vectors of every shipped bundle on this computer. Exits with 1 when something is broken.\n"
    "Example: acoustic doctor --device USB --seconds 5",
    options=DoctorOptions,
    run=check,
)
