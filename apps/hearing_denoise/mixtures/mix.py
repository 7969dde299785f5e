"""One stretch to train on: what the microphone hears, and what the listener should."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acoustic.audio.resample import to_pcm16
from acoustic.signals import FloatArray, fft_filter

from .channel import draw_equaliser, draw_microphone, spoil
from .noise import MixtureLibrary, babble, draw_clip
from .rooms import Room, draw_room, reverberate
from .speech import active_level, draw
from .synthetic import coloured, draw_synthetic, slow_random

#: Shares of stretches without speech and without noise.
NOISE_ONLY, SPEECH_ONLY = 0.08, 0.10
#: Share of stretches in a simulated room.
IN_ROOM = 0.5
SNR_DB = (-8.0, 22.0)
LEVEL_DBFS = (-50.0, -12.0)
#: Fewer talkers than this are somebody to listen to, not babble.
FEWEST_TALKERS, MOST_TALKERS = 3, 10


class Mixture(NamedTuple):
    """A mixture and the speech in it, sample for sample, at the rate of the library."""

    noisy: NDArray[np.int16]
    target: NDArray[np.int16]


def draw_stretch(rng: np.random.Generator, library: MixtureLibrary, n_samples: int) -> Mixture:
    """Draw a stretch to train on."""
    kind, rate_hz = rng.random(), library.rate_hz
    room = draw_room(rng, rate_hz) if rng.random() < IN_ROOM else None
    speech = _talk(rng, library, n_samples)
    heard, target = (speech, speech) if room is None else reverberate(speech, room)
    level = active_level(heard, rate_hz)
    if kind < NOISE_ONLY:
        heard, target = np.zeros_like(heard), np.zeros_like(target)
    floor = coloured(rng, n_samples, rate_hz, slope_db=float(rng.uniform(-4, 1)))
    mixed = heard + floor * np.float32(level * 10 ** (-rng.uniform(45, 70) / 20))
    if not NOISE_ONLY <= kind < NOISE_ONLY + SPEECH_ONLY:
        noise = _surroundings(rng, library, n_samples, room)
        power = float(np.mean(noise.astype(np.float64) ** 2)) or 1.0
        mixed += noise * np.float32(level / np.sqrt(power) * 10 ** (-rng.uniform(*SNR_DB) / 20))
    microphone = draw_microphone(rng, rate_hz)
    mixed, target = fft_filter(mixed, microphone), fft_filter(target, microphone)
    gain = min(10 ** (rng.uniform(*LEVEL_DBFS) / 20) / level, 0.98 / float(np.abs(mixed).max()))
    mixed, target = mixed * np.float32(gain), target * np.float32(gain)
    return Mixture(to_pcm16(spoil(rng, mixed, rate_hz)), to_pcm16(target))


def _talk(rng: np.random.Generator, library: MixtureLibrary, n_samples: int) -> FloatArray:
    """Sentences with pauses, each by a talker of another size and with another distance to the microphone."""
    x, rate_hz = np.zeros(n_samples, np.float32), library.rate_hz
    at = 0 if rng.random() < 0.3 else min(int(rng.uniform(0, 1.5) * rate_hz), n_samples * 3 // 4)
    while at < n_samples:
        said = at_speed(draw(rng, library.speech.talkers, rate_hz), float(np.exp(rng.uniform(-0.18, 0.18))), rate_hz)
        said = fft_filter(said, draw_equaliser(rng, rate_hz, most_db=4.0))
        said *= np.float32(10 ** (rng.uniform(-5, 5) / 20) / active_level(said, rate_hz))
        room = min(len(said), n_samples - at)
        x[at : at + room] = said[:room]
        at += room + int(rng.exponential(0.5) * rate_hz)
    return x


def _surroundings(rng: np.random.Generator, library: MixtureLibrary, n_samples: int, room: Room | None) -> FloatArray:
    """One noise or two, heard through their own way to the microphone, which may change as they go."""
    total, rate_hz = np.zeros(n_samples, np.float32), library.rate_hz
    for source in range(2 if rng.random() < 0.3 else 1):
        noise = _one_noise(rng, library, n_samples)
        if rng.random() < 0.7:
            noise = fft_filter(noise, draw_equaliser(rng, rate_hz))
        if room is not None and rng.random() < 0.5:
            noise = fft_filter(noise, draw_room(rng, rate_hz).whole)
        if rng.random() < 0.35:
            noise = noise * _change(rng, n_samples, rate_hz)
        power = float(np.mean(noise.astype(np.float64) ** 2)) or 1.0
        total += noise * np.float32(10 ** (-rng.uniform(0, 10) * source / 20) / np.sqrt(power))
    return total


def _one_noise(rng: np.random.Generator, library: MixtureLibrary, n_samples: int) -> FloatArray:
    kind = rng.random()
    if kind < 0.2:
        return babble(rng, library, n_samples, int(rng.integers(FEWEST_TALKERS, MOST_TALKERS + 1)))
    if kind < 0.4:
        return draw_synthetic(rng, n_samples, library.rate_hz)
    speed = float(np.exp(rng.uniform(-0.4, 0.4)))
    _, clip = draw_clip(rng, library, int(n_samples * speed) + 1)
    noise = at_speed(clip, speed, library.rate_hz)
    return np.resize(noise[::-1] if rng.random() < 0.3 else noise, n_samples)


def _change(rng: np.random.Generator, n_samples: int, rate_hz: int) -> FloatArray:
    """Gain of a noise that comes and goes: switched, stepped, faded or wandering."""
    kind = int(rng.integers(3))
    if kind == 0:
        return slow_random(rng, n_samples, rate_hz, per_s=float(rng.uniform(0.3, 3)), spread_db=7.0)
    gain = np.ones(n_samples, np.float32)
    for _ in range(int(rng.integers(1, 4))):
        factor_db = rng.uniform(-60, -20) if kind == 1 else rng.uniform(-18, 18)
        start, length = int(rng.integers(n_samples)), int(rng.uniform(0.3, 4) * rate_hz)
        gain[start : start + length] *= np.float32(10 ** (factor_db / 20))
    fade = int(np.exp(rng.uniform(np.log(0.002), np.log(0.5))) * rate_hz)
    smooth: FloatArray = np.cumsum(np.pad(gain, (fade, 0), mode="edge"), dtype=np.float64)
    return np.asarray((smooth[fade:] - smooth[:-fade]) / fade, np.float32)


def at_speed(x: FloatArray, speed: float, rate_hz: int) -> FloatArray:
    """Play faster (above one) or slower: pitch and formants move along, as if somebody else spoke."""
    import soxr

    y: FloatArray = soxr.resample(x, rate_hz * speed, rate_hz, quality="MQ")
    return y
