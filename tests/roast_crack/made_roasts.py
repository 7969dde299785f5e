"""What several tests of the roast chain start from; everything is made, nothing recorded."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
from acoustic_apps.roast_crack.contrast import FRONT_END
from acoustic_apps.roast_crack.decision_settings import DecisionSettings
from acoustic_apps.roast_crack.examples import CRACK
from acoustic_apps.roast_crack.sessions import Session
from acoustic_apps.roast_crack.simulate import EVENT, TRAIN, SimulatedRoast, plan_roast, render_roast

from acoustic.model.bundle import Bundle

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
def excerpt() -> SimulatedRoast:
    """Twenty seconds of a simulated roast, with its labels: loud cracks from the fifth second to the twelfth."""
    plan = plan_roast(3, TRAIN, first_crack=True)
    assert plan.onset_s is not None
    cracks = np.zeros(len(CRACKS_S), EVENT)
    cracks["t_s"], cracks["contrast_db"], cracks["kind"] = plan.onset_s - 5.0 + np.array(CRACKS_S), 25.0, "first"
    return render_roast(replace(plan, cracks=cracks), excerpt_s=(plan.onset_s - 5.0, plan.onset_s + 15.0))


@cache
def plain_bundle() -> Bundle:
    """The shipped network under the plain decision."""
    return Bundle.load("roast").replace(decision=PLAIN.to_dict())


def make_session(
    times_s: np.ndarray,
    duration_s: float,
    onset_s: float | None = None,
    logit: int | np.ndarray = 100,
    label: int | np.ndarray = CRACK,
) -> Session:
    """A session whose impulses are these, with calm surroundings; times to the nearest frame."""
    frame = np.round((np.asarray(times_s) - FRONT_END.frame_centre_s(0)) / 0.004).astype(np.int64)
    order = np.argsort(frame)
    calm = np.zeros(len(frame), np.int32)
    return Session(
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
