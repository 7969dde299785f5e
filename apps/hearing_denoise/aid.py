"""The whole hearing aid: the denoiser, and behind it the fitting to a listener's ear."""

from dataclasses import dataclass
from typing import Annotated, Never

import numpy as np

from acoustic.audio.source import Pcm16
from acoustic.records import About

from .chain import Denoiser
from .fitting import Audiogram, Fitting
from .model import LOWEST_FLOOR_DB, HearingModel


@dataclass(frozen=True, kw_only=True)
class AidOptions:
    """What a person chooses before the sound starts."""

    strength: Annotated[
        float,
        About("How much of the cleaned sound: 0 is the sound as it came, 1 all.", low=0.0, high=1.0),
    ] = 1.0
    floor_db: Annotated[
        float | None,
        About(
            "How far noise is turned down at most, such as -12; default: the bundle's.",
            low=LOWEST_FLOOR_DB,
            high=0.0,
            flag="--floor",
            metavar="DB",
        ),
    ] = None
    bypass: Annotated[bool, About("Start with the sound as it comes.", live=True)] = False
    audiogram: Annotated[
        str | None,
        About(
            "Thresholds of the ear to fit the sound to: a CSV file, or six numbers in dB HL at 250, 500, 1000, 2000, "
            "4000 and 6000 Hz. Assistive software, not a medical device.",
            metavar="FILE|DB,DB,...",
        ),
    ] = None


class HearingAid:
    """A `acoustic.application.SoundChain`: sound in line with what came in, and no events.

    Parameters
    ----------
    model : HearingModel
    options : AidOptions

    Raises
    ------
    ParameterError
        When an option is out of range, or the audiogram cannot be read.
    """

    def __init__(self, model: HearingModel, options: AidOptions) -> None:
        self.latency_ms = model.front_end.latency_ms
        self._denoiser = Denoiser(model, strength=options.strength, floor_db=options.floor_db, bypass=options.bypass)
        self._fitting = None
        if options.audiogram is not None:
            self._fitting = Fitting(Audiogram.from_file_or_text(options.audiogram), model.front_end.rate_hz)
        self._n_early = self._denoiser.delay_samples
        self._ready: list[Pcm16] = [np.empty(0, np.int16)]

    @property
    def strength(self) -> float:
        """Share of the cleaned sound, 0 to 1; may be set at any time."""
        return self._denoiser.strength

    @strength.setter
    def strength(self, strength: float) -> None:
        self._denoiser.strength = strength

    @property
    def bypass(self) -> bool:
        """Whether noise stays; the fitting goes on. May be set at any time."""
        return self._denoiser.bypass

    @bypass.setter
    def bypass(self, bypass: bool) -> None:
        self._denoiser.bypass = bypass

    def push(self, pcm: Pcm16) -> tuple[Never, ...]:
        """Process a block, int16 (n,)."""
        self._fit(self._denoiser.push(pcm))
        return ()

    def flush(self) -> tuple[Never, ...]:
        """End the stream: all sound is as long as all that came in."""
        self._fit(self._denoiser.flush())
        return ()

    def sound(self) -> Pcm16:
        """Return the sound made since the last call, int16 (n,): its first sample belongs to the first that came."""
        sound = np.concatenate(self._ready)
        self._ready = [sound[:0]]
        return sound

    def _fit(self, pcm: Pcm16) -> None:
        # The fitting hears everything: what comes before the first sample is silence to it.
        fitted = pcm if self._fitting is None else self._fitting.push(pcm)
        n_early = min(self._n_early, len(fitted))
        self._n_early -= n_early
        self._ready.append(fitted[n_early:])
