"""Write the bundles of this package: python tests/applications/level_meter/make_bundles.py."""

from pathlib import Path

import numpy as np

from acoustic.model.bundle import Bundle

HERE = Path(__file__).parent
NETWORK = HERE.parent.parent / "model" / "models" / "dense.tflite"


def make(application: str) -> Bundle:
    """Make the bundle of one application, whose network nobody runs."""
    from level_meter.application import FRONT_END

    pcm = np.arange(-5, 5, dtype=np.int16)
    return Bundle(
        application=application,
        name=application,
        version="1.0",
        frontend=FRONT_END,
        network=NETWORK.read_bytes(),
        decision={},
        calibration={},
        vectors={"pcm": pcm, "doubled": pcm.astype(np.int32) * 2},
        card=f"# {application}\n",
    )


if __name__ == "__main__":
    for name in ("meter", "gain"):
        make(name).save(HERE / f"{name}.bundle")
