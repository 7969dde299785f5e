"""The definition of a front end for enhancement: a stream of spectra, and the way back to sound."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from acoustic.frontend.definition import Definition
from acoustic.frontend.windows import WindowPair
from acoustic.records import About


@dataclass(frozen=True, kw_only=True)
class EnhancementFrontEnd(Definition):
    """Settings of a short-time Fourier transform with an asymmetric pair of windows, and of its synthesis.

    Raises
    ------
    ParameterError
        When a value is out of range, or no signal would come back from such windows.
    """

    analysis_samples: Annotated[
        int, About("Length of the analysis window and of the transform, a power of two.", low=16, high=8192)
    ]
    synthesis_samples: Annotated[
        int, About("Length of the synthesis window at the end of the frame.", low=2, high=8192)
    ]

    def __post_init__(self) -> None:
        """Check the fields one by one, and then whether a signal comes back."""
        super().__post_init__()
        self.windows  # noqa: B018 - making them is the check

    @cached_property
    def windows(self) -> WindowPair:
        """The pair of windows, for :class:`~acoustic.frontend.stft.Stft` and its synthesis."""
        return WindowPair.asymmetric(self.analysis_samples, self.synthesis_samples, self.hop_samples)

    @property
    def delay_samples(self) -> int:
        """By how much the output of the synthesis lags behind the input."""
        return self.windows.delay_samples

    @property
    def latency_ms(self) -> float:
        """Algorithmic delay: the lag and one hop, until a frame is complete."""
        return 1000.0 * (self.delay_samples + self.hop_samples) / self.rate_hz
