"""Sound on which the firmware shows that it decides as Python does: a first crack from beginning to end, simulated."""

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .simulate import EVENT, TRAIN, plan_roast, render_roast

SEED = 3
#: The stretch of the simulated roast, and its cracks: at random, about one a second, all of them clear.
STRETCH_S = 85.0
FIRST_S, LAST_S, CRACKS = 12.0, 42.0, 30
CONTRAST_DB = 25.0


@cache
def example_pcm(rate_hz: int) -> NDArray[np.int16]:
    """Background, cracks from ``FIRST_S`` to ``LAST_S``, and background again, int16 at ``rate_hz``."""
    plan = plan_roast(SEED, TRAIN, first_crack=True)
    start_s = plan.onset_s or 0.0
    cracks = np.zeros(CRACKS, EVENT)
    cracks["t_s"] = start_s + np.sort(np.random.default_rng(SEED).uniform(FIRST_S, LAST_S, CRACKS))
    cracks["contrast_db"], cracks["kind"] = CONTRAST_DB, "first"
    return render_roast(replace(plan, cracks=cracks), rate_hz=rate_hz, excerpt_s=(start_s, start_s + STRETCH_S)).pcm
