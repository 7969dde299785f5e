"""Tells what beats time, as a machine does, from what comes at random, as cracks do."""

from collections.abc import Sequence
from itertools import pairwise

from acoustic.frontend.tables import twiddles

#: Impulses of so many seconds are searched for a beat, in steps of 0.008 Hz.
BEAT_WINDOW_S = 30.0
BEAT_STEPS = 288
BEAT_POWER = 8.5
_COSINE, _SINE = (table.astype(float).tolist() for table in twiddles(256))


def evenly_spaced(times_s: Sequence[float]) -> bool:
    """Whether the last six impulses, or fewer, keep a beat: every interval a small multiple of the shortest."""
    intervals = [b - a for a, b in pairwise(times_s[-6:])]
    shortest = min(intervals)
    if len(intervals) < 3 or shortest < 0.2:
        return False
    for interval in intervals:
        beats = int(interval / shortest + 0.5)
        if beats > 4 or abs(interval / shortest - beats) > 0.08 * beats:
            return False
    return True


def beats_time(times_s: Sequence[float]) -> bool:
    """Whether impulses follow a beat of 0.3 to 2.6 Hz: a stuck bean or a warped baffle, once a turn of the drum.

    Rayleigh's test over a comb of frequencies: among impulses that come at random, as cracks do, n R^2 exceeds
    ``BEAT_POWER`` at any of them in about one case of seventy.
    """
    n = len(times_s)
    for step in range(BEAT_STEPS):
        turns = [(0.3 + step * 0.008) * (t_s - times_s[0]) for t_s in times_s]
        angles = [int((turn - int(turn)) * 256) for turn in turns]
        along = across = 0.0
        for angle in angles:  # one by one: sum() compensates its rounding in newer Pythons
            along += _COSINE[angle]
            across += _SINE[angle]
        if along * along + across * across > BEAT_POWER * n:
            return True
    return False
