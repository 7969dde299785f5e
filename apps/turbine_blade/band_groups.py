"""Levels of groups of mel bands, eight a second: what modulation is looked for in."""

import numpy as np
from numpy.typing import NDArray

from acoustic.frontend.definition import FrontEnd
from acoustic.frontend.noise_floor import STEPS_PER_DB
from acoustic.frontend.tables import hz_to_mel, mel_to_hz

#: Below it the wind on the microphone drowns the blades.
LOWEST_HZ = 125.0
GROUPS_PER_OCTAVE = 2


class BandGroups:
    """Half octaves of mel bands, from 125 Hz up, and the running means of their levels.

    A group's level is the mean of its bands' levels in dB over a block of frames of about an eighth of a
    second (the amplitude-modulation method of the Institute of Acoustics, 2016, takes 100 ms): a mean of dB
    forgives short clicks. Integer sums throughout, so a device gets the same bytes: one int32 a group.

    Parameters
    ----------
    fe : FrontEnd
        Whose bands are pushed.

    Attributes
    ----------
    edges_hz : list of (low, high)
        One pair a group; a half octave without a band's centre makes no group.
    rate_hz : float
        Blocks a second.
    """

    def __init__(self, fe: FrontEnd) -> None:
        lowest, highest = hz_to_mel(np.array([fe.fmin_hz, fe.fmax_hz]), fe.mel_scale)
        centres = mel_to_hz(np.linspace(lowest, highest, fe.n_mels + 2), fe.mel_scale)[1:-1]
        n_octaves = np.log2(fe.fmax_hz / LOWEST_HZ)
        edges = LOWEST_HZ * 2.0 ** (np.arange(np.ceil(n_octaves * GROUPS_PER_OCTAVE) + 1) / GROUPS_PER_OCTAVE)
        self._bounds: list[tuple[int, int]] = []
        self.edges_hz: list[tuple[float, float]] = []
        for low, high in zip(edges[:-1], edges[1:], strict=True):
            first, end = (int(place) for place in np.searchsorted(centres, [low, high]))
            if end > first:
                self._bounds.append((first, end))
                self.edges_hz.append((round(float(low), 1), round(float(min(high, fe.fmax_hz)), 1)))
        self.block_frames = max(1, round(fe.frames_per_second / 8))
        self.rate_hz = fe.frames_per_second / self.block_frames
        self._tail = np.empty((0, fe.n_mels), np.int16)

    def push(self, steps: NDArray[np.int16]) -> NDArray[np.int16]:
        """Take frames, return the levels of the blocks that they complete.

        Parameters
        ----------
        steps : int16 array, shape (n_frames, n_mels)
            In steps of 1/256 dB.

        Returns
        -------
        int16 array, shape (n_blocks, n_groups), in the same steps, rounded down.
        """
        frames = np.concatenate([self._tail, steps])
        n_blocks = len(frames) // self.block_frames
        used = n_blocks * self.block_frames
        self._tail = frames[used:].copy()
        blocks = frames[:used].reshape(n_blocks, self.block_frames, frames.shape[1])
        levels = np.empty((n_blocks, len(self._bounds)), np.int16)
        for group, (first, end) in enumerate(self._bounds):
            sums = blocks[:, :, first:end].sum(axis=(1, 2), dtype=np.int32)
            levels[:, group] = sums // (self.block_frames * (end - first))
        return levels


def to_db(levels: NDArray[np.int16]) -> NDArray[np.float64]:
    """Steps of 1/256 dB as dB."""
    return levels / STEPS_PER_DB
