"""Labelled impulses to train on: from simulated roasts, and from real sounds that are no cracks."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acoustic.audio.resample import to_pcm16
from acoustic.frontend import FrontEnd

from .contrast import ContrastStream
from .impulses import ImpulseFinder, Impulses
from .simulate import NoiseLibrary, Ranges, SimulatedRoast, simulate_roast
from .simulation.noise import draw_clip
from .simulation.signals import RATE_HZ, resampled

#: An impulse whose frame lies so close to a crack is that crack.
MATCH_S = 0.012
#: One that is farther, but still so close, may be its echo: neither crack nor not.
DOUBT_S = 0.06
#: Cracks weaker than this contrast can hardly be told from clatter by anyone; they teach nothing.
WEAK_DB = 7.0

CRACK, OTHER, DOUBTFUL = 1, 0, -1


@dataclass(frozen=True)
class Examples:
    """Impulses with labels.

    Attributes
    ----------
    patches : int8 array, shape (n, 32, n_mels)
    labels : int8 array, shape (n,)
        ``CRACK``, ``OTHER`` or ``DOUBTFUL``.
    """

    patches: NDArray[np.int8]
    labels: NDArray[np.int8]

    @classmethod
    def join(cls, parts: list["Examples"]) -> "Examples":
        """All examples of several parts, in order."""
        return cls(np.concatenate([p.patches for p in parts]), np.concatenate([p.labels for p in parts]))


def find_impulses(front_end: FrontEnd, blocks: Iterable[NDArray[np.int16]]) -> Impulses:
    """Find the impulses of a recording that comes in blocks, int16 at the front end's rate."""
    contrast, finder = ContrastStream(front_end), ImpulseFinder(front_end.n_mels)
    parts = [finder.push(*contrast.push(block)) for block in blocks]
    return Impulses.join([*parts, finder.flush()])


def label_impulses(front_end: FrontEnd, impulses: Impulses, roast: SimulatedRoast) -> NDArray[np.int8]:
    """Label each impulse as one of the simulated cracks, or not."""
    cracks = roast.labels.cracks
    labels = np.full(len(impulses.frame), OTHER, np.int8)
    if not len(cracks):
        return labels
    t_s = np.array([front_end.frame_centre_s(int(frame)) for frame in impulses.frame])
    order = np.argsort(cracks["t_s"])
    crack_s, contrast_db = cracks["t_s"][order].astype(float), cracks["contrast_db"][order]
    right = np.clip(np.searchsorted(crack_s, t_s), 1, max(1, len(crack_s) - 1))
    if len(crack_s) == 1:
        nearest = np.zeros(len(t_s), int)
    else:
        nearest = np.where(t_s - crack_s[right - 1] <= crack_s[right] - t_s, right - 1, right)
    distance = np.abs(t_s - crack_s[nearest])
    labels[distance <= DOUBT_S] = DOUBTFUL
    labels[(distance <= MATCH_S) & (contrast_db[nearest] >= WEAK_DB)] = CRACK
    return labels


def roast_examples(
    front_end: FrontEnd, seed: int, ranges: Ranges, noise: NoiseLibrary | None, duration_s: float
) -> Examples:
    """Examples of one stretch of a simulated roast."""
    roast = simulate_roast(seed, ranges, duration_s=duration_s, noise=noise, rate_hz=front_end.rate_hz)
    impulses = find_impulses(front_end, [roast.pcm])
    return Examples(impulses.patches, label_impulses(front_end, impulses, roast))


def noise_and_voices(rate_hz: int, seed: int, noise: NoiseLibrary, duration_s: float) -> NDArray[np.int16]:
    """Real noises and voices one after the other at random levels, int16 at ``rate_hz``."""
    rng = np.random.default_rng([seed, 20])
    noises = tuple([*noise.impulsive, *noise.impulsive, *noise.beds, *noise.rooms])
    pieces, length = [], 0
    while length < duration_s * RATE_HZ:
        clip = draw_clip(rng, noise.talkers if rng.random() < 0.4 else noises)
        pieces.append(clip * np.float32(10 ** rng.uniform(-1.5, 0)))
        length += len(clip)
    return to_pcm16(resampled(np.concatenate(pieces), rate_hz))


def real_examples(front_end: FrontEnd, seed: int, noise: NoiseLibrary, duration_s: float) -> Examples:
    """Impulses of real sounds without any coffee: none of them is a crack."""
    impulses = find_impulses(front_end, [noise_and_voices(front_end.rate_hz, seed, noise, duration_s)])
    return Examples(impulses.patches, np.full(len(impulses.frame), OTHER, np.int8))
