"""A simulated roast, and a bundle that decides on little, so that half a minute of sound holds every kind of event."""

from pathlib import Path

import pytest
from acoustic_apps.roast_crack.decision_settings import DecisionSettings
from acoustic_apps.roast_crack.simulate import HELD_OUT, plan_roast, render_roast

from acoustic.audio import write_wav
from acoustic.model.bundle import Bundle
from acoustic.records import plain

EXCERPT_S = 30.0


@pytest.fixture(scope="session")
def simulated_roast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The beginning of first crack of a simulated roast, 32 kHz."""
    plan = plan_roast(6, HELD_OUT, first_crack=True)
    assert plan.onset_s is not None
    roast = render_roast(plan, excerpt_s=(plan.onset_s - 5.0, plan.onset_s - 5.0 + EXCERPT_S))
    path = tmp_path_factory.mktemp("simulated") / "roast.wav"
    write_wav(path, roast.pcm, roast.rate_hz)
    return path


@pytest.fixture(scope="session")
def eager_bundle(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The shipped network with a decision that takes two cracks for first crack, and a lull for its end."""
    shipped = Bundle.load("roast")
    eager = DecisionSettings(
        **{name: tuple(shipped.decision[name]) for name in ("level_edges", "crack_share", "background_rate")},
        threshold=0.1,
        min_cracks=2,
        min_span_s=0.2,
        lull_s=60.0,
        charge_prior=((0.0, 0.0),),
        end_window_s=3.0,
    )
    path = tmp_path_factory.mktemp("bundle") / "eager.bundle"
    shipped.replace(decision=plain(eager)).save(path)
    return str(path)
