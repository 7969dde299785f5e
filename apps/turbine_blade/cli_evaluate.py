"""``acoustic turbine evaluate``."""

from pathlib import Path
from typing import Annotated, Any

import typer
from acoustic.options import BundleName, Json

from .options import Size, SizeName


def evaluate(
    features: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="FIT.npz EVALUATE.npz", help="Fit on one file of log-mel features, judge on another."),
    ] = None,
    size: SizeName = Size.COMPACT,
    unseen: Annotated[
        bool, typer.Option("--unseen-machines", help="With --features: also leave out each machine in turn.")
    ] = False,
    epochs: Annotated[
        int, typer.Option("--reference-epochs", min=1, help="Epochs of the plain autoencoder, the rival.")
    ] = 20,
    bundle: BundleName = "turbine",
    days: Annotated[int, typer.Option(min=1, help="Simulated days with weather.")] = 20,
    clips: Annotated[int, typer.Option(min=10, help="Simulated clips of each fault, and of healthy turbines.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Decides every random number.")] = 1,
    as_json: Json = False,
) -> None:
    """Judge: with --features on recorded machines' features, beside a plain autoencoder; else on simulated turbines.

    Example: acoustic turbine evaluate --features fit.npz evaluate.npz --json
    """
    from acoustic.terminal import emit, show_table

    if features is None:
        from .evaluation.simulated import evaluate_simulated
        from .scoring import load_model

        rows = []
        for measure in evaluate_simulated(load_model(bundle), days=days, clips=clips):
            if as_json:
                emit(measure.to_dict())
            rows.append((measure.name, measure.target, measure.ours, {True: "ok", False: "MISSED"}[measure.passed]))
        if not as_json:
            show_table(("measure (all simulated)", "target", "this model", ""), rows)
        return
    from acoustic.datasets import dataset_path
    from acoustic.errors import DataError

    from .evaluation.feature_files import FeatureSet
    from .evaluation.features import evaluate_features, unseen_machines

    fit, judged = map(FeatureSet.load, features)
    try:
        published = (dataset_path("ad01_reference") / "ad01_int8.tflite").read_bytes()
    except DataError:
        published = None
    report = evaluate_features(fit, judged, size=size.value, seed=seed, reference_epochs=epochs, published=published)
    if unseen:
        report["unseen_machines"] = list(unseen_machines(fit, judged, size=size.value, seed=seed))
    if as_json:
        emit(report)
    else:
        _show(report)


def _show(report: dict[str, Any]) -> None:
    from acoustic.terminal import show_table

    rows = [("all machines", "this model, int8", *_figures(report))]
    rows.append(("all machines", "this model, float", *_figures(report["float"])))
    rows.append(("all machines", "plain autoencoder, same clips", *_figures(report["reference"])))
    if "published_int8" in report:
        rows.append(("all machines", "MLPerf Tiny ad01_int8", *_figures(report["published_int8"])))
    for name, both in report["machines"].items():
        rows.append((name, "this model, int8", *_figures(both["ours"])))
        rows.append((name, "plain autoencoder, same clips", *_figures(both["reference"])))
    show_table(("machine", "scorer", "AUC", "95 %", "pAUC (0.1)", "found at 5 %"), rows)
    typer.echo(
        f"\nfitted on {report['fit_clips']} normal clips; judged on {report['normal_clips']} normal and "
        f"{report['anomalous_clips']} anomalous; model {report['model_bytes']} bytes, {report['ram_bytes']} bytes RAM\n"
    )
    alarms = [("as recorded", rate) for rate in report["false_alarms"]]
    for step in report["gain_steps"]:
        alarms += [(f"{step['gain_db']:+g} dB (AUC {step['auc_change']:+.4f})", rate) for rate in step["false_alarms"]]
    show_table(
        ("microphone", "asked", "achieved", "95 %"),
        ((gain, f"{r['asked']:.0%}", f"{r['achieved']:.1%}", _interval(r["interval"], "{:.1%}")) for gain, r in alarms),
    )
    if "unseen_machines" in report:
        typer.echo()
        show_table(
            ("own clips of a machine never heard", "AUC, mean", "AUC, worst"),
            ((row["own_clips"], row["auc_mean"], row["auc_worst"]) for row in report["unseen_machines"]),
        )


def _figures(figures: dict[str, Any]) -> tuple[str, str, str, str]:
    return (
        f"{figures['auc']:.4f}",
        _interval(figures["auc_interval"], "{:.3f}"),
        f"{figures['pauc']:.4f}",
        f"{figures['detection_at_5pct']:.1%}",
    )


def _interval(edges: list[float], form: str) -> str:
    return f"{form.format(edges[0])} to {form.format(edges[1])}"
