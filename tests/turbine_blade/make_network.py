"""Write the small network that the turbine's tests run on (needs TensorFlow; run once, by hand).

    python tests/turbine_blade/make_network.py

It is fitted to simulated sound alone, with a fixed seed.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from acoustic_apps.turbine_blade.scorer.fit import fit_network
from made_models import NETWORK_FILE, USUAL_SHAPE_FILE, simulated_sound, steps_of

if __name__ == "__main__":
    _, network, usual_shape = fit_network([steps_of(pcm) for sounds in simulated_sound().values() for pcm in sounds], 1)
    NETWORK_FILE.parent.mkdir(exist_ok=True)
    NETWORK_FILE.write_bytes(network)
    np.save(USUAL_SHAPE_FILE, usual_shape)
    print(f"{NETWORK_FILE}: {len(network)} bytes")
