"""What the network is meant to reach, and whether it does."""

from collections.abc import Iterator

from acoustic.application import Claim

from .rivals import RIVALS
from .summary import BEATEN, MEASURES, EvaluationSummary, Measure
from .systems import FLOAT

LEAST_CLEAN_PESQ = 4.0
LEAST_NOISE_REDUCTION_DB = 15.0
#: By how much int8 may differ from float.
QUANTISATION = {"pesq": 0.05, "si_sdr_db": 0.3}

_MEASURES = {measure.field: measure for measure in MEASURES}


def targets(summary: EvaluationSummary) -> Iterator[Claim]:
    """Compare the judged system with what it is meant to reach, as far as that was run."""
    ours, data = summary.ours, f"{summary.clips} clips: {summary.source}"
    rivals = [rival.name for rival in RIVALS if rival.name in summary.systems]
    for measure in BEATEN:
        means = {name: summary.values(name, measure).mean() for name in (ours, *rivals)}
        best = max(rivals, key=lambda name: means[name], default=None)
        yield Claim(
            name=measure.title,
            value=_with_interval(summary, measure),
            target="above every rival" if best else "",
            rival=f"{measure.show(means[best])} ({best})" if best else "",
            data=data,
            passed=bool(means[ours] > means[best]) if best else None,
        )
    stoi = _MEASURES["stoi"]
    noisy, enhanced = (summary.by_ratio(name, stoi) for name in (summary.systems[0], ours))
    worst = min(noisy, key=lambda ratio: enhanced[ratio] - noisy[ratio])
    least = enhanced[worst] - noisy[worst]
    yield Claim(
        name="STOI at each ratio",
        value=f"{stoi.show(least, sign=True)} at {worst:g} dB",
        target="not below the noisy input's",
        data=data,
        passed=least >= 0,
    )
    if FLOAT in summary.systems:
        for field, most in QUANTISATION.items():
            measure = _MEASURES[field]
            change = (summary.values(ours, measure) - summary.values(FLOAT, measure)).mean()
            yield Claim(
                name=f"{measure.title}, int8 less float",
                value=measure.show(float(change), sign=True),
                target=f"within {most:g}",
                data=data,
                passed=bool(abs(change) <= most),
            )
    for field, least in (("clean_pesq", LEAST_CLEAN_PESQ), ("noise_reduction_db", LEAST_NOISE_REDUCTION_DB)):
        measure = _MEASURES[field]
        mean = summary.mean(ours, measure)
        if mean is not None:
            yield Claim(
                name=measure.title,
                value=_with_interval(summary, measure),
                target=f"at least {least:g}",
                data=data,
                passed=mean.value >= least,
            )


def _with_interval(summary: EvaluationSummary, measure: Measure) -> str:
    return measure.with_interval(summary.mean(summary.ours, measure))
