"""The outcome as tables for people, and as records for programs."""

from collections.abc import Iterator, Sequence
from typing import Any

from .summary import MAIN, MEASURES, OTHER, EvaluationSummary, Mean, Measure

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]


def overall(summary: EvaluationSummary) -> Table:
    """All clips: a line a system."""
    other = summary.measured(OTHER)
    header = ("system", *(measure.title for measure in (*MAIN, *other)))
    rows = []
    for system in summary.systems:
        main = (measure.with_interval(summary.mean(system, measure)) for measure in MAIN)
        rest = (_plain(summary.mean(system, measure), measure) for measure in other)
        rows.append((system, *main, *rest))
    return header, rows


def differences(summary: EvaluationSummary) -> Table:
    """Say what the judged system has more than each other one on the same clips."""
    ours = summary.ours
    header = (f"{ours} less", *(measure.title for measure in MAIN))
    rows = []
    for system in summary.systems:
        if system != ours:
            means = ((summary.difference(ours, system, measure), measure) for measure in MAIN)
            rows.append((system, *(measure.with_interval(mean, sign=True) for mean, measure in means)))
    return header, rows


def by_ratio(summary: EvaluationSummary) -> Table:
    """Each main measure at each signal-to-noise ratio: a line a system."""
    ratios = sorted({*summary.ratios_db})
    rows = []
    for measure in MAIN:
        for system in summary.systems:
            means = summary.by_ratio(system, measure)
            rows.append((measure.title, system, *(measure.show(means[ratio]) for ratio in ratios)))
    return ("", "system", *(f"{ratio:g} dB" for ratio in ratios)), rows


def by_noise(summary: EvaluationSummary, measure: Measure) -> Table:
    """One measure in each kind of noise, a line a kind."""
    means = [summary.by_noise(system, measure) for system in summary.systems]
    rows = [
        (noise or "unknown", str(clips), *(measure.show(mean[noise]) for mean in means))
        for noise, clips in summary.clips_by_noise().items()
    ]
    return (f"{measure.title} in", "clips", *summary.systems), rows


def records(summary: EvaluationSummary) -> Iterator[dict[str, Any]]:
    """Everything of these tables as plain JSON: a record a system, then one for each difference."""
    ours = summary.ours
    for system in summary.systems:
        yield {
            "system": system,
            "source": summary.source,
            "clips": summary.clips,
            **_means({measure: summary.mean(system, measure) for measure in MEASURES}),
            "by_snr_db": _grouped({measure: summary.by_ratio(system, measure) for measure in MAIN}, "snr_db"),
            "by_noise": _grouped({measure: summary.by_noise(system, measure) for measure in MAIN}, "noise"),
        }
    for system in summary.systems:
        if system != ours:
            means = {measure: summary.difference(ours, system, measure) for measure in MEASURES}
            yield {"system": ours, "less": system, **_means(means)}


def _means(means: dict[Measure, Mean | None]) -> dict[str, Any]:
    return {m.field: mean.to_dict(m.digits + 1) for m, mean in means.items() if mean is not None}


def _grouped(means: dict[Measure, dict[Any, float]], name: str) -> list[dict[str, Any]]:
    groups: Sequence[Any] = list(next(iter(means.values())))
    return [{name: group, **{m.field: round(by[group], m.digits + 1) for m, by in means.items()}} for group in groups]


def _plain(mean: Mean | None, measure: Measure) -> str:
    return measure.show(None if mean is None else mean.value)
