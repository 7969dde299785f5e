"""Tells what beats time, as a machine does, from what comes at random, as cracks do. Whole numbers throughout."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from acoustic.frontend.tables import fft_tables

#: Impulses of so many milliseconds are searched for a beat.
BEAT_WINDOW_MS = 30_000
#: Beats of 0.30 to 2.60 Hz: whole multiples of 1000 / 2^17 Hz, of which a turn is 2^17 parts.
TURN_BITS = 17
FIRST_BEAT, LAST_BEAT = 39, 341
#: Power of chance is one on average; so much of it, in halves, is a beat.
BEAT_HALF_POWER = 17
#: Cosines of 256 angles as int8, and their first quarter again: sines begin at three quarters.
COSINE_SCALE = 127
COSINES = np.rint(COSINE_SCALE * np.resize(fft_tables(256).cosine, 320)).astype(np.int8)


def evenly_spaced(times_ms: Sequence[int]) -> bool:
    """Whether the last six impulses, or fewer, keep a beat: every interval a small multiple of the shortest."""
    intervals = [b - a for a, b in pairwise(times_ms[-6:])]
    if len(intervals) < 3:
        return False
    shortest = min(intervals)
    if shortest < 200:
        return False
    for interval in intervals:
        beats = (2 * interval + shortest) // (2 * shortest)
        # Off by more than 8 % of that many beats.
        if beats > 4 or 25 * abs(interval - beats * shortest) > 2 * beats * shortest:
            return False
    return True


def beats_time(times_ms: Sequence[int]) -> bool:
    """Whether impulses follow a beat of 0.3 to 2.6 Hz: a stuck bean or a warped baffle, once a turn of the drum.

    Rayleigh's test over a comb of frequencies: among impulses that come at random, as cracks do, its power exceeds
    the limit at any of them in about one case of seventy.
    """
    since_ms = np.array(times_ms, np.int64) - times_ms[0]
    parts = np.arange(FIRST_BEAT, LAST_BEAT + 1)[:, None] * since_ms
    angles = (parts >> (TURN_BITS - 8)) & 255
    along = COSINES[angles].sum(axis=1, dtype=np.int64)
    across = COSINES[angles + 64].sum(axis=1, dtype=np.int64)
    power = along * along + across * across
    return bool((2 * power > BEAT_HALF_POWER * COSINE_SCALE**2 * len(times_ms)).any())
