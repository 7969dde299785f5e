"""What is compared: anything that takes noisy speech and returns it enhanced, in place and from a fresh start."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from acoustic.application import load
from acoustic.audio import Processor
from acoustic.frontend.gate import GateDenoiser

from ..chain import Denoiser
from .alignment import at_rate, without_lag
from .floating import Floating
from .metrics import RATE_HZ, Pcm

#: The network as it ships, and the same in floating point.
INT8, FLOAT = "hearing, int8", "hearing, float"


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
    make: Callable[[], Processor]

    def process(self, pcm: Pcm) -> Pcm:
        """Stream the recording through a new enhancer."""
        enhancer = self.make()

        def denoise(padded: Pcm) -> Pcm:
            return np.concatenate([enhancer.push(padded), enhancer.flush()])

        return at_rate(enhancer.rate_hz, partial(without_lag, denoise, enhancer.delay_samples), pcm)


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
    model = load(bundle, "hearing").typed
    return [Streaming(INT8, partial(Denoiser, model)), Floating(FLOAT, model)]
