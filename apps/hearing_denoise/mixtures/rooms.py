"""Simulated rooms: image sources of a shoebox for the early sound, decaying noise for the rest.

The image method is that of Allen and Berkley, "Image method for efficiently simulating small-room acoustics",
J. Acoust. Soc. Am. 65 (1979).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from acoustic.signals import FloatArray, fft_filter

SPEED_OF_SOUND_M_S = 343.0
#: Sound that arrives within this time of the direct sound helps a listener, and is not to be removed.
EARLY_S = 0.05
#: Reflections per axis that are placed one by one.
ORDER = 3


class Room(NamedTuple):
    """Impulse responses from a talker to the microphone, float32; the direct sound has the height 1."""

    whole: FloatArray
    early: FloatArray


def draw_room(rng: np.random.Generator, rate_hz: int, *, rt60_s: float | None = None) -> Room:
    """Draw a shoebox with a talker and a microphone in it.

    Parameters
    ----------
    rng : numpy.random.Generator
    rate_hz : int
    rt60_s : float, optional
        Time in which the sound decays by 60 dB; between 0.15 s and 0.9 s if not given.
    """
    size_m = rng.uniform([2.5, 2.5, 2.2], [9.0, 7.0, 4.0])
    if rt60_s is None:
        rt60_s = float(np.exp(rng.uniform(np.log(0.15), np.log(0.9))))
    microphone_m = rng.uniform(0.25, 0.75, 3) * size_m
    direction = rng.standard_normal(3) * [1.0, 1.0, 0.3]
    distance_m = float(np.exp(rng.uniform(np.log(0.3), np.log(3.0))))
    talker_m = microphone_m + distance_m * direction / np.linalg.norm(direction)
    talker_m = np.clip(talker_m, 0.2, size_m - 0.2)
    reflection = _reflection(size_m, rt60_s)

    arrival_s, height = _images(size_m, talker_m, microphone_m, reflection)
    direct_s = arrival_s.min()
    height /= height[np.argmin(arrival_s)]
    n = round((EARLY_S + min(rt60_s, 1.0)) * rate_hz)
    whole = np.zeros(n)
    # Between two samples an arrival is shared out: a fractional delay is all that a simulation needs.
    position = (arrival_s - direct_s) * rate_hz
    inside = position < n - 1
    index, part = position[inside].astype(int), position[inside] % 1.0
    np.add.at(whole, index, height[inside] * (1 - part))
    np.add.at(whole, index + 1, height[inside] * part)
    _add_tail(rng, whole, rate_hz, rt60_s, size_m)
    early = whole.copy()
    cut, fade = round(EARLY_S * rate_hz), rate_hz // 100
    early[cut : cut + fade] *= np.linspace(1, 0, fade)
    early[cut + fade :] = 0.0
    return Room(whole.astype(np.float32), early[: cut + fade].astype(np.float32))


def reverberate(x: FloatArray, room: Room) -> tuple[FloatArray, FloatArray]:
    """Return what the microphone hears of ``x``, and the early part of it, aligned with ``x``."""
    return fft_filter(x, room.whole), fft_filter(x, room.early)


def _reflection(size_m: np.ndarray[tuple[int], np.dtype[np.float64]], rt60_s: float) -> float:
    """Reflection coefficient of pressure that gives a decay time (Eyring 1930)."""
    volume = float(np.prod(size_m))
    surface = 2 * float(size_m[0] * size_m[1] + size_m[1] * size_m[2] + size_m[2] * size_m[0])
    absorbed = 1 - np.exp(-0.161 * volume / (surface * rt60_s))
    return float(np.sqrt(1 - min(absorbed, 0.95)))


def _images(
    size_m: np.ndarray[tuple[int], np.dtype[np.float64]],
    talker_m: np.ndarray[tuple[int], np.dtype[np.float64]],
    microphone_m: np.ndarray[tuple[int], np.dtype[np.float64]],
    reflection: float,
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Arrival time and height of the direct sound and its mirror images."""
    orders = np.arange(-ORDER, ORDER + 1)
    grid = np.stack(np.meshgrid(orders, orders, orders, indexing="ij"), -1).reshape(-1, 3)
    # The image of order k lies at k L + x for even k and at (k + 1) L - x for odd k.
    odd = grid % 2 == 1
    position_m = np.where(odd, (grid + 1) * size_m - talker_m, grid * size_m + talker_m)
    distance_m = np.maximum(np.linalg.norm(position_m - microphone_m, axis=1), 0.05)
    return distance_m / SPEED_OF_SOUND_M_S, reflection ** np.abs(grid).sum(axis=1) / distance_m


def _add_tail(
    rng: np.random.Generator,
    response: np.ndarray[tuple[int], np.dtype[np.float64]],
    rate_hz: int,
    rt60_s: float,
    size_m: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> None:
    """Fade from the images, which thin out, to noise that decays as the room does."""
    start = round(2 * float(size_m.min()) / SPEED_OF_SOUND_M_S * rate_hz)
    t_s = np.arange(len(response)) / rate_hz
    decay = 10 ** (-3 * t_s / rt60_s)
    window = slice(start, start + rate_hz // 100)
    level = np.sqrt(np.mean(response[window] ** 2) / np.mean(decay[window] ** 2))
    tail = rng.standard_normal(len(response)) * decay * level
    share = np.clip((t_s * rate_hz - start) / (rate_hz / 50), 0, 1)
    response *= np.sqrt(1 - share)
    response += tail * np.sqrt(share)
