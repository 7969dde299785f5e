"""Denoisers by others, each in its own streaming form at its own rate, as its users run it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from acoustic.audio import StreamResampler, to_pcm16
from acoustic.audio.resample import from_pcm16

from .alignment import lag_samples, without_lag
from .metrics import RATE_HZ, Pcm

Sample = TypeVar("Sample", np.int16, np.float32)

RNNOISE_RATE_HZ, RNNOISE_FRAME_SAMPLES = 48_000, 480
WEBRTC_FRAME_SAMPLES = 160
SPEEX_FRAME_SAMPLES = 160


@dataclass(frozen=True, kw_only=True)
class Rival:
    """A denoiser by others."""

    denoise: Callable[[Pcm], Pcm]
    """Takes a recording at ``RATE_HZ``; what it returns lags by a constant number of samples."""
    name: str
    package: str
    """What pip calls it."""
    module: str
    """What Python calls it."""

    @property
    def installed(self) -> bool:
        """Whether it can be run."""
        return find_spec(self.module) is not None

    def process(self, pcm: Pcm) -> Pcm:
        """Enhance a recording; return as many samples, aligned with it."""
        return without_lag(self.denoise, lag_of(self), pcm)


@cache
def lag_of(rival: Rival) -> int:
    """Lag of a rival in samples, measured once in each process."""
    return lag_samples(rival.denoise)


def rnnoise(pcm: Pcm) -> Pcm:
    """RNNoise (Valin 2018): 10 ms frames at 48 kHz."""
    from ctypes import POINTER, c_float

    from pyrnnoise.rnnoise import create, destroy, lib

    up, down = StreamResampler(RATE_HZ, RNNOISE_RATE_HZ), StreamResampler(RNNOISE_RATE_HZ, RATE_HZ)
    wide = np.concatenate([up.push(from_pcm16(pcm)), up.flush()]) * np.float32(32768)
    state = create()
    try:
        frames = framed(wide, RNNOISE_FRAME_SAMPLES)
        for frame in frames:
            samples = frame.ctypes.data_as(POINTER(c_float))
            # The library itself, not the package's wrapper, which wraps around what exceeds int16.
            lib.rnnoise_process_frame(state, samples, samples)
    finally:
        destroy(state)
    return to_pcm16(np.concatenate([down.push(frames.ravel() / np.float32(32768)), down.flush()]))


def webrtc(level: int, pcm: Pcm) -> Pcm:
    """Noise suppression of WebRTC at one of its levels, 1 to 4: 10 ms frames, no gain control."""
    from webrtc_noise_gain import AudioProcessor

    processor = AudioProcessor(0, level)
    frames = framed(pcm, WEBRTC_FRAME_SAMPLES)
    return _joined(processor.Process10ms(frame.tobytes()).audio for frame in frames)


def speex(pcm: Pcm) -> Pcm:
    """Speex's preprocessor (Valin 2007): 10 ms frames, which suit it better than its package's 16 ms."""
    from speexdsp_ns import NoiseSuppression

    suppression = NoiseSuppression.create(SPEEX_FRAME_SAMPLES, RATE_HZ)
    return _joined(suppression.process(frame.tobytes()) for frame in framed(pcm, SPEEX_FRAME_SAMPLES))


def noise_reduce(stationary: bool, pcm: Pcm) -> Pcm:
    """Spectral gating of whole recordings, which looks ahead (Sainburg et al. 2020)."""
    from noisereduce import reduce_noise

    return to_pcm16(reduce_noise(from_pcm16(pcm), RATE_HZ, stationary=stationary).astype(np.float32))


RIVALS = (
    Rival(name="RNNoise", package="pyrnnoise", module="pyrnnoise", denoise=rnnoise),
    Rival(name="WebRTC, level 2", package="webrtc-noise-gain", module="webrtc_noise_gain", denoise=partial(webrtc, 2)),
    Rival(name="WebRTC, level 4", package="webrtc-noise-gain", module="webrtc_noise_gain", denoise=partial(webrtc, 4)),
    Rival(name="speexdsp", package="speexdsp-ns", module="speexdsp_ns", denoise=speex),
    *(
        Rival(
            name=f"noisereduce, {'' if stationary else 'not '}stationary",
            package="noisereduce",
            module="noisereduce",
            denoise=partial(noise_reduce, stationary),
        )
        for stationary in (True, False)
    ),
)


def framed(samples: NDArray[Sample], n: int) -> NDArray[Sample]:
    """Cut into whole frames of ``n`` samples, (n_frames, n), the last one filled up with zeros."""
    return np.concatenate([samples, np.zeros(-len(samples) % n, samples.dtype)]).reshape(-1, n)


def _joined(frames: Iterator[bytes]) -> Pcm:
    return np.frombuffer(b"".join(frames), np.int16)
