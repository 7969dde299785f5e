"""Labelled impulses to train on: from simulated roasts, and from real sounds that are no cracks."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acoustic.audio.resample import to_pcm16

from .contrast import FRONT_END, ContrastStream
from .impulses import ImpulseFinder, Impulses
from .simulate import NoiseLibrary, Ranges, SimulatedRoast, simulate_roast
from .simulation.noise import draw_clip

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
    patches : int8 array, shape (n, 32, 20)
    labels : int8 array, shape (n,)
        ``CRACK``, ``OTHER`` or ``DOUBTFUL``.
    """

    patches: NDArray[np.int8]
    labels: NDArray[np.int8]

    @classmethod
    def join(cls, parts: list["Examples"]) -> "Examples":
        """All examples of several parts, in order."""
        return cls(np.concatenate([p.patches for p in parts]), np.concatenate([p.labels for p in parts]))


def find_impulses(blocks: Iterable[NDArray[np.int16]]) -> Impulses:
    """Find the impulses of a recording that comes in blocks, int16 at the front end's rate."""
    contrast, finder = ContrastStream(), ImpulseFinder(FRONT_END.n_mels)
    parts = [finder.push(*contrast.push(block)) for block in blocks]
    parts.append(finder.flush())
    columns = zip(*(vars(part).values() for part in parts), strict=True)
    return Impulses(*(np.concatenate(column) for column in columns))


def label_impulses(impulses: Impulses, roast: SimulatedRoast) -> NDArray[np.int8]:
    """Say of each impulse whether it is one of the simulated cracks."""
    cracks = roast.labels.cracks
    labels = np.full(len(impulses.frame), OTHER, np.int8)
    if not len(cracks):
        return labels
    t_s = np.array([FRONT_END.frame_centre_s(int(frame)) for frame in impulses.frame])
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


def roast_examples(seed: int, ranges: Ranges, noise: NoiseLibrary | None, duration_s: float) -> Examples:
    """Examples of one stretch of a simulated roast."""
    roast = simulate_roast(seed, ranges, duration_s=duration_s, noise=noise)
    impulses = find_impulses([roast.pcm])
    return Examples(impulses.patches, label_impulses(impulses, roast))


def noise_and_voices(seed: int, noise: NoiseLibrary, duration_s: float) -> NDArray[np.int16]:
    """Real noises and voices one after the other at random levels, int16 at the front end's rate."""
    rng = np.random.default_rng([seed, 20])
    noises = tuple([*noise.impulsive, *noise.impulsive, *noise.beds, *noise.rooms])
    pieces, length = [], 0
    while length < duration_s * FRONT_END.rate_hz:
        clip = draw_clip(rng, noise.talkers if rng.random() < 0.4 else noises)
        pieces.append(clip * np.float32(10 ** rng.uniform(-1.5, 0)))
        length += len(clip)
    return to_pcm16(np.concatenate(pieces))


def real_examples(seed: int, noise: NoiseLibrary, duration_s: float) -> Examples:
    """Impulses of real sounds without any coffee: none of them is a crack."""
    impulses = find_impulses([noise_and_voices(seed, noise, duration_s)])
    return Examples(impulses.patches, np.full(len(impulses.frame), OTHER, np.int8))
