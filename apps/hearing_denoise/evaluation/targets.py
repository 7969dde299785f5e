"""What the network is meant to reach, and whether it does."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from .rivals import RIVALS
from .summary import BEATEN, MEASURES, Summary
from .systems import FLOAT

LEAST_CLEAN_PESQ = 4.0
LEAST_NOISE_REDUCTION_DB = 15.0
#: By how much int8 may differ from float.
QUANTISATION = {"pesq": 0.05, "si_sdr_db": 0.3}

_MEASURES = {measure.field: measure for measure in MEASURES}


@dataclass(frozen=True, kw_only=True)
class Target:
    """One line of the table."""

    name: str
    target: str
    ours: str
    passed: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the line as plain JSON."""
        return asdict(self)


def targets(summary: Summary) -> Iterator[Target]:
    """Compare the judged system with what it is meant to reach, as far as that was run."""
    ours = summary.ours
    rivals = [rival.name for rival in RIVALS if rival.name in summary.systems]
    for measure in BEATEN if rivals else ():
        means = {name: summary.values(name, measure).mean() for name in (ours, *rivals)}
        best = max(rivals, key=lambda name: means[name])
        yield Target(
            name=measure.title,
            target=f"above every rival: {measure.show(means[best])} ({best})",
            ours=measure.show(means[ours]),
            passed=bool(means[ours] > means[best]),
        )
    stoi = _MEASURES["stoi"]
    noisy, enhanced = (summary.by_ratio(name, stoi) for name in (summary.systems[0], ours))
    worst = min(noisy, key=lambda ratio: enhanced[ratio] - noisy[ratio])
    least = enhanced[worst] - noisy[worst]
    yield Target(
        name="STOI at each ratio",
        target="not below the noisy input's",
        ours=f"{stoi.show(least, sign=True)} at {worst:g} dB",
        passed=least >= 0,
    )
    if FLOAT in summary.systems:
        for field, most in QUANTISATION.items():
            measure = _MEASURES[field]
            change = (summary.values(ours, measure) - summary.values(FLOAT, measure)).mean()
            yield Target(
                name=f"{measure.title}, int8 less float",
                target=f"within {most:g}",
                ours=measure.show(float(change), sign=True),
                passed=bool(abs(change) <= most),
            )
    for field, least in (("clean_pesq", LEAST_CLEAN_PESQ), ("noise_reduction_db", LEAST_NOISE_REDUCTION_DB)):
        measure = _MEASURES[field]
        mean = summary.mean(ours, measure)
        if mean is not None:
            yield Target(
                name=measure.title,
                target=f"at least {least:g}",
                ours=measure.show(mean.value),
                passed=mean.value >= least,
            )
