"""Commands of ``acoustic roast`` that make, judge and adapt a model."""

from pathlib import Path
from typing import Annotated

import typer

from acoustic.options import BundleName, Json

Work = Annotated[Path, typer.Option(help="Folder for what an interrupted run need not do again.")]


def train(
    output: Annotated[Path, typer.Option("--output", "-o", help="Bundle to write.")] = Path("roast.bundle"),
    work: Work = Path("roast-training"),
    seed: Annotated[int, typer.Option(min=0, help="Decides every random number.")] = 1,
) -> None:
    """Train a model from simulated roasts and real noises; an interrupted training goes on where it stopped.

    Example: acoustic roast train -o roast.bundle
    """
    from acoustic.datasets import require_root
    from acoustic.terminal import note

    from .train import train as run

    bundle = run(work, require_root(), seed)
    bundle.save(output)
    note(f"Wrote {output}: {bundle.calibration}")


def evaluate(
    bundle: BundleName = "roast",
    sessions: Annotated[int, typer.Option(min=8, help="Simulated roasts to judge.")] = 200,
    work: Work = Path("roast-evaluation"),
    as_json: Json = False,
) -> None:
    """Judge a model on real and simulated roasts, beside a plain contrast detector.

    Example: acoustic roast evaluate --sessions 40
    """
    from dataclasses import asdict

    from acoustic.datasets import require_root
    from acoustic.terminal import emit, show_table

    from .evaluate import evaluate as run
    from .scoring import load_bundle

    rows = []
    for measure in run(load_bundle(bundle), require_root(), work, sessions):
        if as_json:
            emit(asdict(measure))
        else:
            verdict = {True: "ok", False: "MISSED", None: ""}[measure.passed]
            rows.append((measure.name, measure.target, measure.ours, measure.plain, verdict))
    if not as_json:
        show_table(("measure", "target", "this model", "plain contrast", ""), rows)


def simulate(
    folder: Annotated[Path, typer.Argument(help="Where to write WAV, Audacity labels and JSON.")],
    count: Annotated[int, typer.Option(min=1, help="How many roasts.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="First seed; each roast takes the next.")] = 1,
    duration_s: Annotated[
        float | None, typer.Option("--duration", min=1, help="Seconds; a whole roast if left out.")
    ] = None,
    first_crack: Annotated[
        bool | None, typer.Option("--first-crack/--no-first-crack", help="Left to chance if not said.")
    ] = None,
) -> None:
    """Write simulated roasts with a label for every crack. They are sounds made by a program, not recordings.

    Example: acoustic roast simulate demo --count 2 --duration 120 --first-crack
    """
    from acoustic.datasets import data_root
    from acoustic.terminal import track

    from .simulate import NoiseLibrary, save_roast, simulate_roast

    root = data_root()
    noise = NoiseLibrary.load(root, "train") if root else None
    for one in track(range(seed, seed + count), "simulating", count):
        roast = simulate_roast(one, duration_s=duration_s, first_crack=first_crack, noise=noise)
        wav, _, _ = save_roast(roast, folder, f"simulated_roast_{one}")
        typer.echo(wav)


def calibrate(
    background: Annotated[list[Path], typer.Argument(help="Recordings, or folders of them, without first crack.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Bundle to write.")],
    false_alarms_per_hour: Annotated[float, typer.Option(min=0, help="What you can live with.")] = 0.1,
    bundle: BundleName = "roast",
    as_json: Json = False,
) -> None:
    """Fit the operating point to your own room and machine, from recordings that hold no first crack.

    Example: acoustic roast calibrate kitchen/ empty_drum.wav --false-alarms-per-hour 0.2 -o mine.bundle
    """
    from acoustic.audio import Recording, find_recordings
    from acoustic.errors import AcousticError, AudioFileError
    from acoustic.terminal import emit, note, show_error, track

    from .contrast import FRONT_END
    from .decision_settings import DecisionSettings
    from .fit_decision import calibrate as run
    from .scoring import load_bundle
    from .sessions import decide, recorded_session
    from .vectors import with_decision

    model = load_bundle(bundle)
    settings = DecisionSettings.from_dict(model.decision)
    sessions, failed = [], 0
    paths = find_recordings(background)
    for path in track(paths, "listening", len(paths)):
        try:
            session = recorded_session(model.network, Recording(path).blocks(FRONT_END.rate_hz))
        except AudioFileError as error:
            show_error(str(error))
            failed += 1
            continue
        sessions.append(session)
        found, _ = decide(session, settings)
        if found is not None:
            note(f"{path}: the model hears first crack at {found.onset_s:.0f} s. If there was one, leave the file out.")
    if not sessions:
        raise AudioFileError("None of the background recordings could be read, so there is nothing to calibrate on.")
    point = run(sessions, settings, false_alarms_per_hour)
    low, high = point.interval_per_hour
    report = {
        "recordings": len(sessions),
        "failed": failed,
        "hours": round(point.hours, 4),
        "asked_per_hour": false_alarms_per_hour,
        "threshold": point.settings.threshold,
        "threshold_before": model.decision["threshold"],
        "false_alarms_counted": point.counted,
        "interval_per_hour": [round(low, 4), round(high, 4)],
        "supported": point.supported,
    }
    calibration = {**model.calibration, "own_background": report}
    with_decision(model, point.settings).replace(calibration=calibration).save(output)
    if as_json:
        emit({**report, "bundle": str(output)})
    note(
        f"{point.hours:.2f} h of background, {point.counted} false alarms at threshold {point.settings.threshold:g} "
        f"(was {model.decision['threshold']:g}): between {low:.2g} and {high:.2g} an hour (95 %). Wrote {output}."
    )
    if not point.supported:
        note(
            f"So little background cannot promise {false_alarms_per_hour:g} an hour: even with none counted it takes "
            f"{3.7 / false_alarms_per_hour:.0f} h. The threshold is not lowered on so little."
        )
    if failed:
        raise AcousticError(f"{failed} of {len(paths)} recordings could not be read; the others were used.")
