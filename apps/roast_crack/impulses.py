"""Finds impulses that could be cracks, and cuts out the patch of sound that the network looks at."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from acoustic.frontend.noise_floor import STEPS_PER_DB

#: Contrast below this is the ordinary flicker of noise.
FLICKER_DB = 4
#: Sum over the bands of the contrast above the flicker, in dB, from which a peak is worth a look.
EXCESS_DB = 20
#: A peak is the largest within this many frames on both sides: at hops of 4 ms, cracks are told apart from 52 ms on.
NEIGHBOURHOOD_FRAMES = 12
#: The network sees this many frames before the peak and, counting the peak itself, from it on.
BEFORE_FRAMES = 12
AFTER_FRAMES = 20
PATCH_FRAMES = BEFORE_FRAMES + AFTER_FRAMES
#: One int8 step of the patch is 1/4 dB, so that it spans -32 to +31.75 dB.
PATCH_STEPS = STEPS_PER_DB // 4
#: Busy frames are counted over this many frames before an impulse (1 s with hops of 4 ms).
BUSY_FRAMES = 250


@dataclass(frozen=True)
class Impulses:
    """Impulses in a stretch of sound, in order of time.

    Attributes
    ----------
    frame : int64 array, shape (n,)
        Number of the frame of the peak, from the start of the stream.
    excess : int32 array, shape (n,)
        Sum over the bands of the contrast above the flicker, in dB / 256.
    busy : int32 array, shape (n,)
        How many of the ``BUSY_FRAMES`` frames before the patch were themselves loud: steady machinery has
        next to none, speech, music and applause have many.
    clipped : int32 array, shape (n,)
        How many of the same frames hold clipped samples.
    patches : int8 array, shape (n, PATCH_FRAMES, n_mels)
        Contrast around the peak in steps of 1/4 dB.
    """

    frame: NDArray[np.int64]
    excess: NDArray[np.int32]
    busy: NDArray[np.int32]
    clipped: NDArray[np.int32]
    patches: NDArray[np.int8]

    @classmethod
    def join(cls, parts: Sequence["Impulses"]) -> "Impulses":
        """All impulses of several stretches, in order; at least one stretch."""
        columns = zip(*(vars(part).values() for part in parts), strict=True)
        return cls(*(np.concatenate(column) for column in columns))


class ImpulseFinder:
    """Peaks of the excess contrast of a stream, the same for any block sizes."""

    def __init__(self, n_bands: int) -> None:
        # Frames kept from before: what the busy count of the next frame to be judged looks back on.
        self._history = BUSY_FRAMES + BEFORE_FRAMES
        self._contrast = np.zeros((self._history, n_bands), np.int16)
        self._clipped = np.zeros(self._history, np.bool_)
        self.judged_frames = 0
        """Frames from the start of the stream about which everything has been said."""

    def push(self, contrast: NDArray[np.int16], clipped: NDArray[np.bool_]) -> Impulses:
        """Take frames, return the impulses that can now be judged, ``AFTER_FRAMES - 1`` frames after their peak.

        Parameters
        ----------
        contrast : int16 array, shape (n, n_bands)
            In dB / 256.
        clipped : bool array, shape (n,)
            Frames that hold clipped samples.
        """
        frames = np.concatenate([self._contrast, contrast])
        clipping = np.concatenate([self._clipped, clipped])
        count = max(0, len(frames) - self._history - (AFTER_FRAMES - 1))
        self._contrast, self._clipped = frames[count:], clipping[count:]
        first, self.judged_frames = self.judged_frames, self.judged_frames + count
        excess = np.maximum(frames.astype(np.int32) - FLICKER_DB * STEPS_PER_DB, 0).sum(axis=1, dtype=np.int32)
        if count == 0:
            return _cut(first, self._history, np.empty(0, np.int64), frames, excess, clipping)
        near = sliding_window_view(excess[self._history - NEIGHBOURHOOD_FRAMES :], NEIGHBOURHOOD_FRAMES)
        earlier = near[:count].max(axis=1)
        later = near[NEIGHBOURHOOD_FRAMES + 1 :][:count].max(axis=1)
        now = excess[self._history : self._history + count]
        peaks = np.flatnonzero((now >= EXCESS_DB * STEPS_PER_DB) & (now > earlier) & (now >= later))
        return _cut(first, self._history, peaks, frames, excess, clipping)

    def flush(self) -> Impulses:
        """Judge the last frames, as if silence at the floor followed."""
        return self.push(
            np.zeros((AFTER_FRAMES - 1, self._contrast.shape[1]), np.int16), np.zeros(AFTER_FRAMES - 1, np.bool_)
        )


def _cut(
    first: int,
    history: int,
    peaks: NDArray[np.int64],
    frames: NDArray[np.int16],
    excess: NDArray[np.int32],
    clipping: NDArray[np.bool_],
) -> Impulses:
    """Describe the impulses at ``peaks``; row ``history`` of the buffers is frame ``first`` of the stream."""
    start = peaks + history - BEFORE_FRAMES
    patches = np.clip(frames[start[:, None] + np.arange(PATCH_FRAMES)] // PATCH_STEPS, -128, 127).astype(np.int8)
    busy, clipped = (_count_before(start, flags) for flags in (excess >= EXCESS_DB * STEPS_PER_DB, clipping))
    return Impulses(first + peaks, excess[peaks + history], busy, clipped, patches)


def _count_before(start: NDArray[np.int64], flags: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Count the set flags among the ``BUSY_FRAMES`` frames before each start."""
    total = np.concatenate([[0], np.cumsum(flags, dtype=np.int32)]).astype(np.int32)
    return np.asarray(total[start] - total[start - BUSY_FRAMES])
