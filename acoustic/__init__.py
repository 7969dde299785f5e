"""Teach small computers to listen: one front end, one int8 arithmetic, one chain from recording to firmware.

A model is loaded by its name or from a bundle file, and takes recordings, arrays and streams of any rate:

>>> import numpy as np
>>> import acoustic
>>> model = acoustic.load("roast")
>>> model
<roast model 'roast', version 1.0.0, 32000 Hz>
>>> sound = 0.001 * np.random.default_rng(1).standard_normal(20 * 48000)
>>> model.score(sound, rate_hz=48000).first_crack is None
True
>>> model.features(sound, rate_hz=48000)
Features(4999 frames to 19.996 s, 20 bands of 646 to 12047 Hz)

The same for a file is ``model.score("roast.wav")``, for many ``model.score_many("recordings/")``, and for sound that
comes block by block ``model.stream(rate_hz=48000)``. `docs/python.md` shows the whole of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from acoustic.api import Event, Model, Result, Stream, list_models, load
    from acoustic.errors import AcousticError, ParameterError
    from acoustic.frontend import EnhancementFrontEnd, FrontEnd
    from acoustic.frontend.features import Features
    from acoustic.model.bundle import Bundle

__version__ = "0.1.0"

__all__ = [
    "AcousticError",
    "Bundle",
    "EnhancementFrontEnd",
    "Event",
    "Features",
    "FrontEnd",
    "Model",
    "ParameterError",
    "Result",
    "Stream",
    "__version__",
    "list_models",
    "load",
]

# Imported when they are first used, so that `import acoustic` costs nothing.
_HOMES = {
    **dict.fromkeys(("Event", "Model", "Result", "Stream", "list_models", "load"), "acoustic.api"),
    **dict.fromkeys(("AcousticError", "ParameterError"), "acoustic.errors"),
    **dict.fromkeys(("EnhancementFrontEnd", "FrontEnd"), "acoustic.frontend"),
    "Features": "acoustic.frontend.features",
    "Bundle": "acoustic.model.bundle",
}


def __getattr__(name: str) -> Any:
    """Return a public name."""
    if name not in _HOMES:
        raise AttributeError(f"module 'acoustic' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
