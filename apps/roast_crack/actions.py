"""What the roast application does beside listening and scoring: train, evaluate, simulate, calibrate."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from acoustic.application import Action, Note, Output, Record, Written, load
from acoustic.audio import Recording, find_recordings
from acoustic.datasets import data_root, require_root
from acoustic.errors import AudioFileError, ParameterError
from acoustic.frontend import FrontEnd
from acoustic.progress import track
from acoustic.records import About

from .contrast import FRONT_END

BundleName = Annotated[str, About("A bundle file, or the name of a shipped bundle.")]
Work = Annotated[Path, About("Folder for what an interrupted run need not do again.")]


@dataclass(frozen=True, kw_only=True)
class RoastTrainOptions:
    """How to train."""

    output: Annotated[Path, About("Bundle to write.", flag="--output -o")] = Path("roast.bundle")
    work: Work = Path("roast-training")
    seed: Annotated[int, About("Decides every random number.", low=0)] = 1
    front_end: Annotated[
        Path | None, About("JSON file with the fields of the front end that are not to be the shipped model's.")
    ] = None


def train(options: RoastTrainOptions) -> Iterator[Output]:
    """Train a bundle and write it."""
    from .train import train as run

    front_end = FRONT_END if options.front_end is None else read_front_end(options.front_end)
    bundle = run(options.work, require_root(), options.seed, front_end)
    bundle.save(options.output)
    yield Written(options.output)
    yield Record(bundle.calibration)
    yield Note(f"{bundle.calibration}")


def read_front_end(path: Path) -> FrontEnd:
    """Read a front end from a JSON file; fields that it does not have are those of the shipped model.

    Raises
    ------
    ParameterError
        When the file cannot be read, or what it holds is no front end.
    """
    try:
        values = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ParameterError(f"{path}: cannot be read as JSON ({error}).") from error
    if not isinstance(values, dict):
        raise ParameterError(f"{path}: holds no JSON object.")
    return FrontEnd.from_dict({**FRONT_END.to_dict(), **values})


@dataclass(frozen=True, kw_only=True)
class RoastEvaluateOptions:
    """What to judge, and on how much."""

    bundle: BundleName = "roast"
    sessions: Annotated[int, About("Simulated roasts to judge.", low=8)] = 200
    work: Work = Path("roast-evaluation")


def evaluate(options: RoastEvaluateOptions) -> Iterator[Output]:
    """Measure a bundle."""
    from .evaluate import evaluate as run

    model = load(options.bundle, "roast").typed
    yield from run(model, require_root(), options.work, options.sessions)


@dataclass(frozen=True, kw_only=True)
class RoastSimulateOptions:
    """What to simulate."""

    folder: Annotated[Path, About("Where to write WAV, Audacity labels and JSON.", argument=True)]
    count: Annotated[int, About("Number of roasts.", low=1)] = 1
    seed: Annotated[int, About("First seed; each roast takes the next.", low=0)] = 1
    duration: Annotated[float | None, About("Length; default: a whole roast.", unit="s", low=1, metavar="SECONDS")] = (
        None
    )
    first_crack: Annotated[
        bool | None, About("Whether there is a first crack; default: random.", flag="--first-crack/--no-first-crack")
    ] = None


def simulate(options: RoastSimulateOptions) -> Iterator[Output]:
    """Write simulated roasts."""
    from .simulate import NoiseLibrary, save_roast, simulate_roast

    root = data_root()
    noise = NoiseLibrary.load(root, "train") if root else None
    for seed in track(range(options.seed, options.seed + options.count), "simulating", options.count):
        roast = simulate_roast(seed, duration_s=options.duration, first_crack=options.first_crack, noise=noise)
        wav, _, _ = save_roast(roast, options.folder, f"simulated_roast_{seed}")
        yield Written(wav)


@dataclass(frozen=True, kw_only=True)
class RoastCalibrateOptions:
    """What to calibrate on."""

    background: Annotated[
        tuple[Path, ...],
        About("Recordings, or folders of them, without first crack.", argument=True, metavar="BACKGROUND..."),
    ]
    output: Annotated[Path, About("Bundle to write.", flag="--output -o")]
    false_alarms_per_hour: Annotated[float, About("Acceptable false alarms per hour.", low=0)] = 0.1
    bundle: BundleName = "roast"


def calibrate(options: RoastCalibrateOptions) -> Iterator[Output]:
    """Write a bundle with the operating point of a room and machine."""
    from .fit_decision import calibrate as run
    from .sessions import decide, recorded_session
    from .stages import with_decision

    loaded = load(options.bundle, "roast")
    model, bundle = loaded.typed, loaded.bundle
    sessions, failed = [], 0
    paths = find_recordings(options.background)
    for path in track(paths, "listening", len(paths)):
        try:
            blocks = Recording(path).blocks(model.front_end.rate_hz)
            sessions.append(recorded_session(model.front_end, model.network, blocks))
        except AudioFileError as error:
            yield Note(str(error), trouble=True)
            failed += 1
            continue
        found, _ = decide(sessions[-1], model.settings)
        if found is not None:
            yield Note(f"{path}: first crack at {found.onset_s:.0f} s. If there was one, leave the file out.")
    if not sessions:
        raise AudioFileError("None of the background recordings could be read, so there is nothing to calibrate on.")
    point = run(sessions, model.settings, options.false_alarms_per_hour)
    low, high = point.interval_per_hour
    before, after = model.settings.threshold, point.settings.threshold
    report = {
        "recordings": len(sessions),
        "failed": failed,
        "hours": round(point.hours, 4),
        "asked_per_hour": options.false_alarms_per_hour,
        "threshold": after,
        "threshold_before": before,
        "false_alarms_counted": point.counted,
        "interval_per_hour": [round(low, 4), round(high, 4)],
        "supported": point.supported,
    }
    calibration = {**bundle.calibration, "own_background": report}
    with_decision(bundle, point.settings).replace(calibration=calibration).save(options.output)
    yield Record({**report, "bundle": str(options.output)})
    yield Note(
        f"{point.hours:.2f} h of background, {point.counted} false alarms at threshold {after:g} (was {before:g}): "
        f"between {low:.2g} and {high:.2g} per hour (95 %). Wrote {options.output}."
    )
    if not point.supported:
        yield Note(
            f"So little background cannot promise {options.false_alarms_per_hour:g} per hour: even with none counted "
            f"it takes {3.7 / options.false_alarms_per_hour:.0f} h. The threshold is not lowered on so little."
        )
    if failed:
        yield Note(f"{failed} of {len(paths)} recordings could not be read; the others were used.", trouble=True)


TRAIN = Action(
    help=(
        "Train a model from simulated roasts and real noises; an interrupted training goes on where it stopped.\n\n"
        "Example: acoustic roast train -o roast.bundle"
    ),
    options=RoastTrainOptions,
    run=train,
    needs=("tensorflow",),
)
EVALUATE = Action(
    help=(
        "Judge a model on real and simulated roasts, beside a plain contrast detector.\n\n"
        "Example: acoustic roast evaluate --sessions 40"
    ),
    options=RoastEvaluateOptions,
    run=evaluate,
)
SIMULATE = Action(
    help=(
        "Write simulated roasts with a label for every crack. They are sounds made by a program, not recordings.\n\n"
        "Example: acoustic roast simulate demo --count 2 --duration 120 --first-crack"
    ),
    options=RoastSimulateOptions,
    run=simulate,
)
CALIBRATE = Action(
    help=(
        "Fit the operating point to your own room and machine, from recordings that hold no first crack.\n\n"
        "Example: acoustic roast calibrate kitchen/ empty_drum.wav --false-alarms-per-hour 0.2 -o mine.bundle"
    ),
    options=RoastCalibrateOptions,
    run=calibrate,
)
