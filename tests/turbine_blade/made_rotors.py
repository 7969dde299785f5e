"""Log-mel frames of a made-up rotor: three blades that pass the tower, a gusty wind, a microphone."""

import numpy as np
from numpy.typing import NDArray

from acoustic.frontend.definition import FrontEnd
from acoustic.frontend.noise_floor import to_steps
from acoustic.frontend.tables import hz_to_mel, mel_to_hz

FRONT_END = FrontEnd(
    rate_hz=16_000, frame_samples=1024, hop_samples=512, n_fft=1024, n_mels=128, fmin_hz=0.0, fmax_hz=8_000.0
)


def centres_hz(fe: FrontEnd = FRONT_END) -> NDArray[np.float64]:
    lowest, highest = hz_to_mel(np.array([fe.fmin_hz, fe.fmax_hz]), fe.mel_scale)
    return mel_to_hz(np.linspace(lowest, highest, fe.n_mels + 2), fe.mel_scale)[1:-1]


def process(rng: np.random.Generator, n: int, time_s: float, rate_hz: float) -> NDArray[np.float64]:
    """Gaussian process of unit variance with a correlation time."""
    from scipy.signal import lfilter

    decay = np.exp(-1.0 / (time_s * rate_hz))
    noise = rng.standard_normal(n + int(10 * time_s * rate_hz)) * np.sqrt(1.0 - decay**2)
    return np.asarray(lfilter([1.0], [1.0, -decay], noise))[-n:]


def rotor_steps(
    seed: int,
    *,
    duration_s: float = 32.0,
    rpm: float = 13.0,
    drift: float = 0.0,
    swish_db: float = 8.0,
    fault_db: float = 0.0,
    fault_hz: tuple[float, float] = (1500.0, 8000.0),
    offsets_db: tuple[float, float, float] = (0.0, 0.0, 0.0),
    gust_db: float = 1.0,
) -> NDArray[np.int16]:
    """Steps (n_frames, 128) of a rotor; ``drift`` is the relative change of its rate from start to end."""
    rng = np.random.default_rng(seed)
    rate_hz = FRONT_END.frames_per_second
    n = int(duration_s * rate_hz)
    t = np.arange(n) / n
    turns = np.cumsum(rpm / 60 / rate_hz * (1 + drift * (t - 0.5))) + rng.uniform()
    hz = centres_hz()
    gust = 0.5 * gust_db * (process(rng, n, 3.0, rate_hz) + 2 * (t - 0.5) * rng.standard_normal())
    power = np.full((n, len(hz)), 10 ** (-0.3 * swish_db / 10))
    for blade in range(3):
        angle = 2 * np.pi * (turns - blade / 3)
        swish = swish_db * (np.exp(2 * (np.cos(angle) - 1)) - 1)
        level = swish + gust + 0.5 * process(rng, n, 0.7, rate_hz) + offsets_db[blade]
        hurt = fault_db * ((hz >= fault_hz[0]) & (hz < fault_hz[1])) * (blade == 0)
        power += 10 ** ((level[:, None] + hurt) / 10)
    # A band of the front end averages a few bins of a periodogram: a gamma distribution.
    shape = np.clip(np.gradient(hz) / FRONT_END.rate_hz * FRONT_END.n_fft, 1.5, None)
    power *= rng.gamma(shape, 1 / shape, power.shape)
    return to_steps((10 * np.log10(power) - 60 - 4 * np.log2(1 + hz / 500)).astype(np.float32))
