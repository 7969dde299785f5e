"""The whole hearing aid, made in one place: the chain that takes out noise, and the fitting to a listener's ears."""

from dataclasses import dataclass
from typing import Protocol, Self

from acoustic.audio import Processor
from acoustic.audio.source import Pcm16
from acoustic.errors import BundleError
from acoustic.model.bundle import Bundle

from .chain import HearingChain
from .features import FRONT_END
from .fitting import Audiogram, Fitting

APPLICATION = "hearing"


class Enhancer(Processor, Protocol):
    """A processor that makes speech clearer, with what a person can change while it runs."""

    strength: float
    """Share of the cleaned sound, 0 to 1; the rest is the sound as it came."""
    bypass: bool
    """The sound as it came, with the same delay."""

    @property
    def latency_ms(self) -> float:
        """Algorithmic delay: what a live listener waits for however fast the computer is."""
        ...


@dataclass(frozen=True, kw_only=True)
class AidSettings:
    """What a person chooses before the sound starts."""

    bundle: str = APPLICATION
    """A bundle file, or the name of a shipped one."""
    strength: float = 1.0
    bypass: bool = False
    """Whether it starts with the sound as it comes."""
    floor_db: float | None = None
    """Gain that no noise falls below; None: the bundle's."""
    audiogram: str | None = None
    """Six thresholds in dB HL, or a file of them; None: a listener without a loss."""


def load_bundle(name: str) -> Bundle:
    """Load a bundle, a shipped one by name or a file, and check that it is made for hearing.

    Raises
    ------
    BundleError
        If it is damaged, for another application, or for another front end.
    """
    bundle = Bundle.load(name)
    if bundle.application != APPLICATION:
        raise BundleError(f"{name}: made for {bundle.application!r}, not for {APPLICATION!r}. Choose another bundle.")
    if bundle.frontend != FRONT_END:
        raise BundleError(f"{name}: made for another front end than this version's. Train the bundle again.")
    return bundle


@dataclass(frozen=True)
class AidPlan:
    """Everything read and checked that hearing aids are made of."""

    bundle: Bundle
    settings: AidSettings
    audiogram: Audiogram | None

    @classmethod
    def load(cls, settings: AidSettings) -> Self:
        """Read what the settings name.

        Raises
        ------
        BundleError
            If the bundle cannot be used.
        ParameterError
            If the audiogram cannot.
        """
        bundle, given = load_bundle(settings.bundle), settings.audiogram
        return cls(bundle, settings, None if given is None else Audiogram.from_file_or_text(given))

    def make(self) -> Enhancer:
        """Make a new hearing aid, one for each stream of sound."""
        chain = HearingChain(self.bundle, strength=self.settings.strength, floor_db=self.settings.floor_db)
        chain.bypass = self.settings.bypass
        chain.reset()  # it starts so, instead of fading there
        return HearingAid(chain, FRONT_END.latency_ms, fit(self.audiogram, chain.rate_hz))


def fit(audiogram: Audiogram | None, rate_hz: int) -> Fitting | None:
    """Make the stage behind the chain; None for a listener without a loss."""
    return None if audiogram is None else Fitting(audiogram, rate_hz)


class HearingAid:
    """An `Enhancer`: the chain, and behind it the fitting of a listener with a hearing loss.

    Parameters
    ----------
    chain : HearingChain
    latency_ms : float
        Algorithmic delay of the chain; the fitting adds none.
    fitting : Fitting, optional
    """

    def __init__(self, chain: HearingChain, latency_ms: float, fitting: Fitting | None) -> None:
        self.rate_hz, self.latency_ms = chain.rate_hz, latency_ms
        self._chain, self._fitting = chain, fitting

    @property
    def delay_samples(self) -> int:
        """By how much the output lags behind the input."""
        return self._chain.delay_samples

    @property
    def strength(self) -> float:
        """Share of the cleaned sound, 0 to 1."""
        return self._chain.strength

    @strength.setter
    def strength(self, strength: float) -> None:
        self._chain.strength = strength

    @property
    def bypass(self) -> bool:
        """Whether noise stays; the fitting goes on."""
        return self._chain.bypass

    @bypass.setter
    def bypass(self, bypass: bool) -> None:
        self._chain.bypass = bypass

    def push(self, pcm: Pcm16) -> Pcm16:
        """Take samples, return those that are ready, int16 of one dimension."""
        return self._fit(self._chain.push(pcm))

    def flush(self) -> Pcm16:
        """End the stream and return the rest: all output is ``delay_samples`` longer than all input."""
        return self._fit(self._chain.flush())

    def _fit(self, pcm: Pcm16) -> Pcm16:
        return pcm if self._fitting is None else self._fitting.push(pcm)
