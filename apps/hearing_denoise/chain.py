"""The whole chain: PCM to spectra to features to gains and back to PCM. Files, microphones and devices run this one."""

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import BundleError, ParameterError
from acoustic.frontend.stft import Stft, Synthesis
from acoustic.frontend.tables import F32
from acoustic.model.bundle import Bundle
from acoustic.model.runtime import Network

from .compiled import NativeStream
from .features import FRONT_END, FeatureStream
from .network import MaskNetwork, as_gain, blended, floor_of

#: Frames over which a change of strength, or a bypass, is faded.
FADE_FRAMES = 8


class HearingChain:
    """Takes the noise out of speech in a stream of int16 PCM at ``rate_hz``.

    >>> chain = HearingChain(Bundle.load("hearing"))  # doctest: +SKIP
    >>> clear = np.concatenate([chain.push(pcm), chain.flush()])[chain.delay_samples:]  # doctest: +SKIP

    Blocks of any size give the same bytes.

    Parameters
    ----------
    bundle : Bundle
    strength : float
        From 0, which changes nothing but the delay, to 1.
    floor_db : float, optional
        Gain that no bin falls below; the bundle's own if not given. A lower one leaves less noise, and more of
        what the network does wrong.

    Raises
    ------
    BundleError
        When the bundle is for another application or front end.
    ParameterError
        When the strength or the floor is out of range.
    """

    rate_hz = FRONT_END.rate_hz
    delay_samples = FRONT_END.delay_samples
    """By how much the output lags behind the input; a live stream waits for up to one more hop."""
    latency_ms = FRONT_END.latency_ms

    def __init__(self, bundle: Bundle, *, strength: float = 1.0, floor_db: float | None = None) -> None:
        if bundle.application != "hearing" or bundle.frontend != FRONT_END:
            raise BundleError(f"bundle {bundle.name}: it is made for {bundle.application}, or for another front end")
        floor_db = bundle.decision["floor_db"] if floor_db is None else floor_db
        if not -60.0 <= floor_db <= 0.0:
            raise ParameterError(f"floor_db must be -60 to 0, not {floor_db}")
        self._floor = floor_of(floor_db)
        self._network = bundle.runtime
        self.bypass = False
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
        """Start a new stream."""
        wanted = self._wanted()
        # In C where it is compiled, else by NumPy: the same bytes.
        native = NativeStream.begin(self._network, self._floor, wanted)
        self._stream = native or _NumpyStream(self._network, self._floor, wanted)
        self._samples_in = self._samples_out = 0

    def push(self, pcm: NDArray[np.int16]) -> NDArray[np.int16]:
        """Take samples, return those that are ready: int16 of one dimension, a multiple of the hop.

        Raises
        ------
        ParameterError
            When the samples are not one-dimensional int16.
        """
        out = self._stream.push(pcm, self._wanted())
        self._samples_in += len(pcm)
        self._samples_out += len(out)
        return out

    def flush(self) -> NDArray[np.int16]:
        """End the stream and return the rest: all output is ``delay_samples`` longer than all input."""
        missing = self._samples_in + self.delay_samples - self._samples_out
        return self.push(np.zeros(missing + FRONT_END.hop_samples, np.int16))[:missing]

    def _wanted(self) -> np.float32:
        return np.float32(0.0 if self.bypass else self._strength)


class _NumpyStream:
    """The arithmetic of the chain: a stream of PCM, with its memory."""

    def __init__(self, network: Network, floor: np.float32, wet: np.float32) -> None:
        self._stft, self._synthesis = Stft(FRONT_END.windows), Synthesis(FRONT_END.windows)
        self._features, self._network = FeatureStream(), MaskNetwork(network)
        self._floor, self._wet = floor, wet

    def push(self, pcm: NDArray[np.int16], wanted: np.float32) -> NDArray[np.int16]:
        """Take samples and return those that are ready; the share of the denoised sound goes on to what is wanted."""
        re, im = self._stft.push(pcm)
        gains = self._gains(self._features.push(re, im), wanted)
        return self._synthesis.push(re * gains, im * gains)

    def _gains(self, features: NDArray[np.int8], wanted: np.float32) -> F32:
        """Gains of the bins, after floor, strength and bypass."""
        gains = np.maximum(as_gain(self._network.push(features[:, None])[:, 0]), self._floor)
        step = np.float32(1.0 / FADE_FRAMES)
        wet = np.empty((len(gains), 1), np.float32)
        for frame in wet:
            self._wet += np.clip(wanted - self._wet, -step, step)
            frame[0] = self._wet
        return blended(gains, wet)
