"""The denoiser: PCM to spectra to features to gains and back to PCM. Files, microphones and devices run this one."""

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from acoustic.frontend.stft import Stft, Synthesis
from acoustic.frontend.tables import F32

from .compiled import CompiledStream
from .features import FeatureStream
from .model import LOWEST_FLOOR_DB, HearingModel
from .network import MaskNetwork, as_gain, blended, floor_of

#: Frames over which a change of strength, or a bypass, is faded.
FADE_FRAMES = 8


class Denoiser:
    """Takes the noise out of speech in a stream of int16 PCM at ``rate_hz``; an `acoustic.audio.Processor`.

    Blocks of any size give the same bytes.

    Parameters
    ----------
    model : HearingModel
    strength : float
        From 0, which changes nothing but the delay, to 1.
    floor_db : float, optional
        Gain that no bin falls below; the model's own if not given. A lower one leaves less noise, and more of
        what the network does wrong.
    bypass : bool
        Whether it begins with the sound as it comes.

    Raises
    ------
    ParameterError
        When the strength or the floor is out of range.
    """

    def __init__(
        self, model: HearingModel, *, strength: float = 1.0, floor_db: float | None = None, bypass: bool = False
    ) -> None:
        floor_db = model.decision.floor_db if floor_db is None else floor_db
        if not LOWEST_FLOOR_DB <= floor_db <= 0.0:
            raise ParameterError(f"floor_db must be {LOWEST_FLOOR_DB:g} to 0, not {floor_db}")
        self.rate_hz = model.front_end.rate_hz
        self.delay_samples = model.front_end.delay_samples
        """By how much the output lags behind the input; a live stream waits for up to one more hop."""
        self._model, self._floor = model, floor_of(floor_db)
        self.bypass = bypass
        """Whether all is passed on as it is; may be set at any time."""
        self.strength = strength
        self.reset()

    @property
    def strength(self) -> float:
        """Share of the denoised sound, 0 to 1; may be set at any time."""
        return self._strength

    @strength.setter
    def strength(self, value: float) -> None:
        if not 0.0 <= value <= 1.0:
            raise ParameterError(f"strength must be 0 to 1, not {value}")
        self._strength = value

    def reset(self) -> None:
        """Start a new stream, at the present strength."""
        share = self._share()
        # In C where it is compiled, else by NumPy: the same bytes.
        compiled = CompiledStream.begin(self._model, self._floor, share)
        self._stream = compiled or _NumpyStream(self._model, self._floor, share)
        self._samples_in = self._samples_out = 0

    def push(self, pcm: NDArray[np.int16]) -> NDArray[np.int16]:
        """Take samples, return those that are ready: int16 of one dimension, a multiple of the hop.

        Raises
        ------
        ParameterError
            When the samples are not one-dimensional int16.
        """
        out = self._stream.push(pcm, self._share())
        self._samples_in += len(pcm)
        self._samples_out += len(out)
        return out

    def flush(self) -> NDArray[np.int16]:
        """End the stream and return the rest: all output is ``delay_samples`` longer than all input."""
        missing = self._samples_in + self.delay_samples - self._samples_out
        return self.push(np.zeros(missing + self._model.front_end.hop_samples, np.int16))[:missing]

    def _share(self) -> np.float32:
        """Share of the denoised sound to go to."""
        return np.float32(0.0 if self.bypass else self._strength)


class _NumpyStream:
    """The arithmetic of the denoiser: a stream of PCM, with its memory."""

    def __init__(self, model: HearingModel, floor: np.float32, share: np.float32) -> None:
        windows = model.front_end.windows
        self._stft, self._synthesis = Stft(windows), Synthesis(windows)
        self._features, self._network = FeatureStream(model.layout), MaskNetwork(model.network)
        self._floor, self._wet = floor, share

    def push(self, pcm: NDArray[np.int16], share: np.float32) -> NDArray[np.int16]:
        """Take samples and return those that are ready; the share of the denoised sound fades to the one given."""
        re, im = self._stft.push(pcm)
        gains = self._gains(self._features.push(re, im), share)
        return self._synthesis.push(re * gains, im * gains)

    def _gains(self, features: NDArray[np.int8], share: np.float32) -> F32:
        """Gains of the bins, after floor, strength and bypass."""
        gains = np.maximum(as_gain(self._network.push(features[:, None])[:, 0]), self._floor)
        step = np.float32(1.0 / FADE_FRAMES)
        wet = np.empty((len(gains), 1), np.float32)
        for frame in wet:
            self._wet += np.clip(share - self._wet, -step, step)
            frame[0] = self._wet
        return blended(gains, wet)
