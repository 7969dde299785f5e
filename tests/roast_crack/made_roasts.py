"""What several tests of the roast chain start from; everything is made, nothing recorded."""

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from acoustic_apps.roast_crack.contrast import FRONT_END
from acoustic_apps.roast_crack.decision_settings import DecisionSettings
from acoustic_apps.roast_crack.examples import CRACK
from acoustic_apps.roast_crack.model import RoastModel, read
from acoustic_apps.roast_crack.sessions import ReducedSession
from acoustic_apps.roast_crack.simulate import EVENT, TRAIN, SimulatedRoast, plan_roast, render_roast
from typer.testing import CliRunner

from acoustic.cli import app
from acoustic.errors import AcousticError
from acoustic.model.bundle import Bundle
from acoustic.records import plain

#: A decision of one level that takes every impulse for a crack, whatever a network says.
PLAIN = DecisionSettings(
    level_edges=(-128,),
    crack_share=(1.0,),
    background_rate=(0.05,),
    threshold=3.0,
    dead_time_s=0.1,
    min_cracks=3,
    min_span_s=1.0,
    lull_s=12.0,
    max_busy_frames=250,
    max_clipped_frames=250,
    charge_prior=((0.0, 0.0),),
    end_window_s=2.0,
)

CRACKS_S = (4.01, 5.32, 6.11, 6.53, 7.42, 7.94, 8.85, 9.13, 10.34, 10.92, 12.26)


@cache
def excerpt(rate_hz: int = FRONT_END.rate_hz) -> SimulatedRoast:
    """Twenty seconds of a simulated roast, with its labels: loud cracks from the fifth second to the twelfth."""
    plan = plan_roast(3, TRAIN, first_crack=True)
    assert plan.onset_s is not None
    cracks = np.zeros(len(CRACKS_S), EVENT)
    cracks["t_s"], cracks["contrast_db"], cracks["kind"] = plan.onset_s - 5.0 + np.array(CRACKS_S), 25.0, "first"
    stretch_s = (plan.onset_s - 5.0, plan.onset_s + 15.0)
    return render_roast(replace(plan, cracks=cracks), rate_hz=rate_hz, excerpt_s=stretch_s)


@cache
def plain_bundle() -> Bundle:
    """The shipped network under the plain decision."""
    return Bundle.load("roast").replace(decision=plain(PLAIN))


@cache
def shipped_model() -> RoastModel:
    """The shipped bundle as it is."""
    return read(Bundle.load("roast"))


@cache
def plain_model() -> RoastModel:
    """The shipped network under the plain decision."""
    return replace(shipped_model(), settings=PLAIN)


@dataclass(frozen=True)
class Answer:
    """What a command gave."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """The lines of stdout, as JSON."""
        return [json.loads(line) for line in self.stdout.splitlines()]


def acoustic(*arguments: object, stdin: bytes | None = None) -> Answer:
    """Run the command line in this process."""
    result = CliRunner().invoke(app, list(map(str, arguments)), input=stdin)
    if isinstance(result.exception, AcousticError):
        return Answer(result.exception.exit_code, result.stdout, f"{result.stderr}{result.exception}\n")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Answer(result.exit_code, result.stdout, result.stderr)


def make_session(
    times_s: np.ndarray,
    duration_s: float,
    onset_s: float | None = None,
    logit: int | np.ndarray = 100,
    label: int | np.ndarray = CRACK,
) -> ReducedSession:
    """A session whose impulses are these, with calm surroundings; times to the nearest frame."""
    frame = np.round((np.asarray(times_s) - FRONT_END.frame_centre_s(0)) / 0.004).astype(np.int64)
    order = np.argsort(frame)
    calm = np.zeros(len(frame), np.int32)
    return ReducedSession(
        front_end=FRONT_END,
        duration_s=duration_s,
        charge_s=None,
        drop_s=None,
        onset_s=onset_s,
        first_pop_s=onset_s,
        end_s=None,
        frame=frame[order],
        logit=np.broadcast_to(np.asarray(logit, np.int8), len(frame))[order],
        busy=calm,
        clipped=calm,
        label=np.broadcast_to(np.asarray(label, np.int8), len(frame))[order],
    )


def make_data_root(root: Path) -> Path:
    """Fill a folder with short noises and voices, laid out as the real recordings are."""
    (root / "noise" / "clips").mkdir(parents=True)
    (root / "speech" / "phrases").mkdir(parents=True)
    rng = np.random.default_rng(0)
    rows = ["file,class,esc50_fold"]
    for fold in (1, 2, 3):
        for number, name in enumerate(("clock_tick", "rain", "coughing")):
            rows.append(f"clips/{fold}-{100 + number}-A-{number}.flac,{name},{fold}")
            soundfile.write(root / "noise" / rows[-1].split(",")[0], 0.1 * rng.standard_normal(80_000), 16_000)
    (root / "noise" / "clips.csv").write_text("\n".join(rows) + "\n")
    for number in range(20):
        soundfile.write(root / "speech" / "phrases" / f"{number}.flac", 0.1 * rng.standard_normal(32_000), 16_000)
    return root
