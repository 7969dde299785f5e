"""Sound on which the firmware shows that it judges as Python does: all that the gate knows but speech, simulated."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from .simulate import Fault, Turbine, at_rate, simulate_clip, simulated_rate

SEED = 3
PART_S = 16.0
#: A healthy rotor, nuisances one after the other, and a split blade.
NUISANCES = (None, "rain", "gust", "birds", "voice", "clipping")
SPLIT_DB = 10.0
#: A dropout near the end: most of a clip.
SILENCE_S = 8.0


@cache
def example_pcm(rate_hz: int) -> NDArray[np.int16]:
    """Return two minutes of a simulated turbine, int16 at a rate."""
    simulated_hz = simulated_rate(rate_hz)
    turbine = Turbine.draw(SEED)
    parts = [
        simulate_clip(turbine, number, duration_s=PART_S, nuisances=(kind,) if kind else None, rate_hz=simulated_hz).pcm
        for number, kind in enumerate(NUISANCES)
    ]
    split = simulate_clip(
        turbine, len(NUISANCES), duration_s=PART_S, fault=Fault("split", SPLIT_DB), rate_hz=simulated_hz
    )
    silence = np.zeros(round(SILENCE_S * simulated_hz), np.int16)
    return at_rate(np.concatenate([*parts, silence, split.pcm]), simulated_hz, rate_hz)
