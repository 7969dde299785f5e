"""A hearing aid without a network: the spectral gate stands for the chain."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Self

import numpy as np
from acoustic_apps.hearing_denoise.aid import AidPlan, AidSettings, Enhancer, HearingAid, fit
from acoustic_apps.hearing_denoise.fitting import Audiogram

from acoustic.audio.source import Pcm16
from acoustic.frontend.gate import GateDenoiser
from acoustic.frontend.windows import WindowPair

RATE_HZ = 16000
LATENCY_MS = 8.0


class GateChain:
    """The gate, with the knobs that the chain has."""

    rate_hz = RATE_HZ

    def __init__(self, strength: float = 1.0) -> None:
        self.strength, self.bypass = strength, False
        self._gate = GateDenoiser(RATE_HZ, windows=WindowPair.asymmetric(256, 128, 64))
        self.delay_samples = self._gate.delay_samples
        self._dry = np.zeros(self.delay_samples, np.int16)

    def push(self, pcm: Pcm16) -> Pcm16:
        return self._mix(pcm, self._gate.push(pcm))

    def flush(self) -> Pcm16:
        return self._mix(np.zeros(self.delay_samples, np.int16), self._gate.flush())

    def _mix(self, pcm: Pcm16, wet: Pcm16) -> Pcm16:
        self._dry = np.concatenate([self._dry, pcm])
        dry, self._dry = self._dry[: len(wet)], self._dry[len(wet) :]
        share = 0.0 if self.bypass else self.strength
        return np.rint(share * wet.astype(np.float64) + (1.0 - share) * dry).astype(np.int16)


@dataclass(frozen=True)
class GatePlan(AidPlan):
    """What stands for a bundle."""

    @classmethod
    def load(cls, settings: AidSettings) -> Self:
        bundle: Any = SimpleNamespace(application="hearing", name="gate", version="1")
        given = settings.audiogram
        return cls(bundle, settings, None if given is None else Audiogram.from_file_or_text(given))

    def make(self) -> Enhancer:
        chain: Any = GateChain(self.settings.strength)
        chain.bypass = self.settings.bypass
        return HearingAid(chain, LATENCY_MS, fit(self.audiogram, RATE_HZ))


def make_aid() -> Enhancer:
    return GatePlan.load(AidSettings()).make()


def speech_like(n_samples: int, seed: int = 1) -> Pcm16:
    """Syllables of a harmonic sound in steady noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(n_samples) / RATE_HZ
    voice = sum(np.sin(2 * np.pi * 140 * k * t) / k for k in range(1, 20))
    syllables = np.clip(np.sin(2 * np.pi * 2.1 * t), 0.0, None)
    return np.rint(4000 * voice * syllables + rng.normal(0, 400, n_samples)).clip(-32768, 32767).astype(np.int16)
