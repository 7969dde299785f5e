"""Many recordings enhanced side by side, whatever gives the gains: a float network or an int8 one."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from acoustic.audio import StreamResampler, to_pcm16
from acoustic.audio.resample import from_pcm16
from acoustic.audio.source import Pcm16
from acoustic.frontend.enhancement import EnhancementFrontEnd
from acoustic.frontend.stft import Stft, Synthesis
from acoustic.model.runtime import Network

from .features import FeatureStream, layout_of
from .network import MaskNetwork, as_gain, floor_of

Gains = Callable[[NDArray[np.int8]], NDArray[np.float32]]
"""From features (n_frames, streams, n_features) to gains (n_frames, streams, n_bins)."""


def int8_gains(network: bytes) -> Gains:
    """Gains of an int8 network."""
    runtime = Network.from_bytes(network)
    return lambda features: as_gain(MaskNetwork(runtime, features.shape[1]).push(features))


def enhance_all(
    gains: Gains, recordings: Sequence[Pcm16], front_end: EnhancementFrontEnd, floor_db: float
) -> list[Pcm16]:
    """Enhance recordings side by side, each from a fresh start; results are aligned with them and as long."""
    after, windows = front_end.delay_samples + front_end.hop_samples, front_end.windows
    longest = max(map(len, recordings)) + after
    spectra = [Stft(windows).push(np.pad(pcm, (0, longest - len(pcm)))) for pcm in recordings]
    re, im = (np.stack(column, axis=1) for column in zip(*spectra, strict=True))
    features = FeatureStream(layout_of(front_end), (len(recordings),)).push(re, im)
    factors = np.maximum(gains(features), floor_of(floor_db))
    enhanced = []
    for number, pcm in enumerate(recordings):
        one = [np.ascontiguousarray(part[:, number] * factors[:, number]) for part in (re, im)]
        sound = Synthesis(windows).push(*one)
        enhanced.append(sound[front_end.delay_samples :][: len(pcm)])
    return enhanced


def resampled(pcm: Pcm16, rate_hz: int, to_rate_hz: int) -> Pcm16:
    """Return a recording at another rate, int16 (n,), each moment at its place."""
    if rate_hz == to_rate_hz:
        return pcm
    resampler = StreamResampler(rate_hz, to_rate_hz)
    return to_pcm16(np.concatenate([resampler.push(from_pcm16(pcm)), resampler.flush()]))


def as_long(pcm: Pcm16, n_samples: int) -> Pcm16:
    """Return a recording cut, or filled up with zeros, to a length."""
    return np.pad(pcm[:n_samples], (0, max(0, n_samples - len(pcm))))
