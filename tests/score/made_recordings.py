"""Recordings of a tone, loud in some seconds, and what scores them."""

from pathlib import Path
from typing import Any

import level_meter.application as meter
import numpy as np

from acoustic.application import Loaded
from acoustic.audio import write_wav
from acoustic.model.bundle import Bundle

RATE_HZ = meter.RATE_HZ
BUNDLES = Path(meter.__file__).parent


def loaded(application: Any = meter.application) -> Loaded[Any, Any, Any, Any]:
    bundle = Bundle.load(BUNDLES / f"{application.name}.bundle")
    return Loaded(application=application, bundle=bundle, typed=application.read(bundle))


def record(path: Path, loud: str = "#.#", rate_hz: int = RATE_HZ) -> Path:
    """Write a recording with a loud second for each ``#``, and a quiet one for each dot."""
    level = np.repeat([{"#": 16000.0, ".": 100.0}[one] for one in loud], rate_hz)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_wav(path, np.rint(level * np.sin(np.arange(len(level)) * 0.3)).astype(np.int16), rate_hz)
    return path
