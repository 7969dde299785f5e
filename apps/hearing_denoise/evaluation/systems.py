"""What is compared: anything that takes noisy speech and returns it enhanced, in place and from a fresh start."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from acoustic.frontend.gate import GateDenoiser
from acoustic.model.bundle import Bundle

from ..chain import HearingChain
from .alignment import without_lag
from .floating import Floating
from .metrics import RATE_HZ, Pcm

#: The network as it ships, and the same in floating point.
INT8, FLOAT = "hearing, int8", "hearing, float"


class Enhancer(Protocol):
    """A denoiser of a stream, such as `acoustic.frontend.gate.GateDenoiser`."""

    @property
    def delay_samples(self) -> int:
        """By how much the output lags behind the input."""

    def push(self, pcm: Pcm) -> Pcm:
        """Take samples, return those that are ready."""

    def flush(self) -> Pcm:
        """End the stream and return the rest."""


class System(Protocol):
    """One competitor."""

    @property
    def name(self) -> str:
        """What it is called in tables."""

    def process(self, pcm: Pcm) -> Pcm:
        """Enhance a recording at ``RATE_HZ``, int16 (n_samples,); return as many samples, aligned with it."""


@dataclass(frozen=True)
class Untouched:
    """The noisy input: what everything is compared with."""

    name: str = "noisy"

    def process(self, pcm: Pcm) -> Pcm:
        """Return the recording itself."""
        return pcm


@dataclass(frozen=True)
class Streaming:
    """One of our own enhancers, made afresh for every recording."""

    name: str
    make: Callable[[], Enhancer]

    def process(self, pcm: Pcm) -> Pcm:
        """Stream the recording through a new enhancer."""
        enhancer = self.make()

        def denoise(padded: Pcm) -> Pcm:
            return np.concatenate([enhancer.push(padded), enhancer.flush()])

        return without_lag(denoise, enhancer.delay_samples, pcm)


def spectral_gate() -> Streaming:
    """Return the plain baseline, which needs no network."""
    return Streaming("spectral gate", lambda: GateDenoiser(RATE_HZ))


def networks(bundle: str | None) -> list[System]:
    """Return the network of a bundle as it ships, and in floating point; nothing without a bundle.

    Raises
    ------
    BundleError
        When the bundle cannot be used.
    """
    if bundle is None:
        return []
    loaded = Bundle.load(bundle)
    HearingChain(loaded)  # says what is wrong with the bundle before any work starts
    return [Streaming(INT8, lambda: HearingChain(loaded)), Floating(FLOAT, loaded)]
