"""The one front end: framing, window, FFT, mel, logarithm and spectral gate, in one fixed arithmetic."""

from acoustic.frontend.definition import FrontEnd
from acoustic.frontend.enhancement import EnhancementFrontEnd
from acoustic.frontend.logmel import LogMelStream, log_mel

__all__ = ["EnhancementFrontEnd", "FrontEnd", "LogMelStream", "log_mel"]
