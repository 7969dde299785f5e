"""``acoustic turbine evaluate``: claims about simulated turbines, or figures of recorded machines' features."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from acoustic.application import Action, Line, Output, Record, Table, load
from acoustic.errors import DataError
from acoustic.records import About

from ..scorer.model import APPLICATION
from ..train import Seed, SizeName


@dataclass(frozen=True, kw_only=True)
class TurbineEvaluateOptions:
    """What to judge, and on what."""

    features: Annotated[
        tuple[Path, Path] | None,
        About("Fit on one file of log-mel features, judge on another.", metavar="FIT.npz EVALUATE.npz"),
    ] = None
    size: SizeName = "compact"
    unseen: Annotated[
        bool, About("With --features: also leave out each machine in turn.", flag="--unseen-machines")
    ] = False
    epochs: Annotated[int, About("Epochs of the plain autoencoder, the rival.", low=1, flag="--reference-epochs")] = 20
    bundle: Annotated[str, About("A bundle file, or the name of a shipped bundle.")] = APPLICATION
    days: Annotated[int, About("Simulated days with weather.", low=1)] = 20
    clips: Annotated[int, About("Simulated clips of each fault, and of healthy turbines.", low=10)] = 100
    seed: Seed = 1


def run(options: TurbineEvaluateOptions) -> Iterator[Output]:
    """Evaluate a model on simulated turbines, or the method on features."""
    if options.features is None:
        from .simulated import evaluate_simulated

        model = load(options.bundle, APPLICATION).typed
        yield from evaluate_simulated(model, days=options.days, clips=options.clips)
        return
    from acoustic.datasets import dataset_path

    from .feature_files import FeatureSet
    from .features import evaluate_features, unseen_machines

    fit, judged = map(FeatureSet.load, options.features)
    try:
        published = (dataset_path("ad01_reference") / "ad01_int8.tflite").read_bytes()
    except DataError:
        published = None
    figures = evaluate_features(
        fit, judged, size=options.size, seed=options.seed, reference_epochs=options.epochs, published=published
    )
    if options.unseen:
        figures["unseen_machines"] = list(unseen_machines(fit, judged, size=options.size, seed=options.seed))
    yield Record(figures)
    yield from tables(figures)


def tables(figures: dict[str, Any]) -> Iterator[Output]:
    """Show the figures of features to people."""
    scorers = [("this model, int8", figures), ("this model, float", figures["float"])]
    scorers.append(("plain autoencoder, same clips", figures["reference"]))
    if "published_int8" in figures:
        scorers.append(("MLPerf Tiny ad01_int8", figures["published_int8"]))
    rows = [("all machines", scorer, *_cells(one)) for scorer, one in scorers]
    for name, both in figures["machines"].items():
        rows.append((name, "this model, int8", *_cells(both["ours"])))
        rows.append((name, "plain autoencoder, same clips", *_cells(both["reference"])))
    yield Table(("machine", "scorer", "AUC", "95 %", "pAUC (0.1)", "found at 5 %"), rows)
    yield Line(
        f"\nfitted on {figures['fit_clips']} normal clips; judged on {figures['normal_clips']} normal and "
        f"{figures['anomalous_clips']} anomalous; model {figures['model_bytes']} bytes, {figures['ram_bytes']} bytes "
        "RAM\n"
    )
    alarms = [("as recorded", rate) for rate in figures["false_alarms"]]
    for step in figures["gain_steps"]:
        alarms += [(f"{step['gain_db']:+g} dB (AUC {step['auc_change']:+.4f})", rate) for rate in step["false_alarms"]]
    yield Table(
        ("microphone", "asked", "achieved", "95 %"),
        [(gain, f"{r['asked']:.0%}", f"{r['achieved']:.1%}", _interval(r["interval"], "{:.1%}")) for gain, r in alarms],
    )
    if "unseen_machines" in figures:
        yield Line("")
        yield Table(
            ("own clips of a machine never heard", "AUC, mean", "AUC, worst"),
            [(row["own_clips"], row["auc_mean"], row["auc_worst"]) for row in figures["unseen_machines"]],
        )


def _cells(figures: dict[str, Any]) -> tuple[str, str, str, str]:
    return (
        f"{figures['auc']:.4f}",
        _interval(figures["auc_interval"], "{:.3f}"),
        f"{figures['pauc']:.4f}",
        f"{figures['detection_at_5pct']:.1%}",
    )


def _interval(edges: list[float], form: str) -> str:
    return f"{form.format(edges[0])} to {form.format(edges[1])}"


EVALUATE = Action(
    help="Evaluate a bundle on simulated turbines; with --features the method on recorded machines, beside a plain "
    "autoencoder.\n\nExample: acoustic turbine evaluate --features fit.npz evaluate.npz --json",
    options=TurbineEvaluateOptions,
    run=run,
)
