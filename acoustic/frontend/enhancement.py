"""The definition of a front end for enhancement: a stream of spectra, and the way back to sound."""

from dataclasses import dataclass
from functools import cached_property

from acoustic.errors import ParameterError
from acoustic.frontend.definition import ARITHMETIC_VERSION, Definition
from acoustic.frontend.windows import WindowPair


@dataclass(frozen=True, kw_only=True)
class EnhancementFrontEnd(Definition):
    """Settings of a short-time Fourier transform with an asymmetric pair of windows, and of its synthesis.

    Raises
    ------
    ParameterError
        When a value is out of range, or no signal would come back from such windows.
    """

    rate_hz: int
    """Sampling rate of the PCM."""
    analysis_samples: int
    """Length of the analysis window and of the transform, a power of two."""
    synthesis_samples: int
    """Length of the synthesis window at the end of the frame."""
    hop_samples: int
    """Samples from one frame to the next."""
    version: int = ARITHMETIC_VERSION
    """Version of the arithmetic that the definition was made for."""

    def __post_init__(self) -> None:
        """Check every range once, here, so that no later code has to."""
        if not 1000 <= self.rate_hz <= 384_000:
            raise ParameterError(f"front end: rate_hz must be 1000 to 384000; this one is {self}")
        if self.analysis_samples > 8192:
            raise ParameterError(f"front end: analysis_samples must be at most 8192; this one is {self}")
        self.windows  # noqa: B018 - making them is the check

    @cached_property
    def windows(self) -> WindowPair:
        """The pair of windows, for :class:`~acoustic.frontend.stft.Stft` and its synthesis."""
        return WindowPair.asymmetric(self.analysis_samples, self.synthesis_samples, self.hop_samples)

    @property
    def frames_per_second(self) -> float:
        """Frames a second."""
        return self.rate_hz / self.hop_samples

    @property
    def delay_samples(self) -> int:
        """By how much the output of the synthesis lags behind the input."""
        return self.windows.delay_samples

    @property
    def latency_ms(self) -> float:
        """Algorithmic delay: the lag and one hop, until a frame is complete."""
        return 1000.0 * (self.delay_samples + self.hop_samples) / self.rate_hz
