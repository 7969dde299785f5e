"""Levels of groups of mel bands, eight a second: what modulation is looked for in."""

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from acoustic.frontend.definition import FrontEnd
from acoustic.frontend.tables import hz_to_mel, mel_to_hz

#: Below it the wind on the microphone drowns the blades.
LOWEST_HZ = 125.0
GROUPS_PER_OCTAVE = 2
BLOCKS_PER_SECOND = 8
#: A tone is compared with the bands so far to both sides: the window and the Doppler shift within a block, which
#: smear it over the bands between, leave these alone.
TONE_BANDS = 5
#: The third harmonic of the fastest blade pass, 3.75 Hz, needs at least twice as many levels per second.
LEAST_FRAMES_PER_SECOND = 16


class GroupLevels:
    """Level and strongest tone of each half octave from 125 Hz up, block of frames by block of frames.

    A block takes about an eighth of a second (the amplitude-modulation method of the Institute of Acoustics, 2016,
    takes 100 ms). The level is the mean of the group's bands in dB, which forgives short clicks. The tone is the
    highest rise of a band over the mean of the bands five to both sides of it. Integer sums throughout, so a
    device gets the same bytes: one int32 a band.

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
    block_frames : int
        Frames a block.

    Raises
    ------
    ParameterError
        When the bands or frames are too few to tell blades apart.
    """

    def __init__(self, fe: FrontEnd) -> None:
        if fe.fmax_hz < 2 * LOWEST_HZ or fe.n_mels <= 2 * TONE_BANDS or fe.frames_per_second < LEAST_FRAMES_PER_SECOND:
            raise ParameterError(
                f"rotor: needs bands up to {2 * LOWEST_HZ:g} Hz or higher, more than {2 * TONE_BANDS} of them, and "
                f"{LEAST_FRAMES_PER_SECOND} frames per second or more"
            )
        lowest, highest = hz_to_mel(np.array([fe.fmin_hz, fe.fmax_hz]), fe.mel_scale)
        centres = mel_to_hz(np.linspace(lowest, highest, fe.n_mels + 2), fe.mel_scale)[1:-1]
        n_edges = 1 + int(np.ceil(np.log2(fe.fmax_hz / LOWEST_HZ) * GROUPS_PER_OCTAVE))
        edges = LOWEST_HZ * 2.0 ** (np.arange(n_edges) / GROUPS_PER_OCTAVE)
        bounds = np.searchsorted(centres, edges)
        used = np.diff(bounds) > 0
        self._first, self._n_bands = bounds[:-1][used], np.diff(bounds)[used]
        low, high = edges[:-1][used], np.minimum(edges[1:], fe.fmax_hz)[used]
        self.edges_hz: list[tuple[float, float]] = list(zip(low.round(1).tolist(), high.round(1).tolist(), strict=True))
        self.block_frames = max(1, round(fe.frames_per_second / BLOCKS_PER_SECOND))
        self.rate_hz = fe.frames_per_second / self.block_frames
        self._tail = np.empty((0, fe.n_mels), np.int16)

    def push(self, steps: NDArray[np.int16]) -> NDArray[np.int16]:
        """Take frames, return the blocks that they complete.

        Parameters
        ----------
        steps : int16 array, shape (n_frames, n_mels)
            In steps of 1/256 dB.

        Returns
        -------
        int16 array, shape (n_blocks, 2 * n_groups), in the same steps, rounded down: the levels of all groups,
        then their tones.
        """
        frames = np.concatenate([self._tail, steps])
        n_blocks = len(frames) // self.block_frames
        used = n_blocks * self.block_frames
        self._tail = frames[used:].copy()
        blocks = frames[:used].reshape(n_blocks, self.block_frames, frames.shape[1])
        sums = blocks.sum(axis=1, dtype=np.int32)
        rise = np.zeros_like(sums)
        middle = slice(TONE_BANDS, -TONE_BANDS)
        rise[:, middle] = sums[:, middle] - (sums[:, : -2 * TONE_BANDS] + sums[:, 2 * TONE_BANDS :]) // 2
        # The groups follow one another without gaps, and the last one ends with the bands.
        levels = np.add.reduceat(sums, self._first, axis=1) // (self.block_frames * self._n_bands)
        tones = np.maximum.reduceat(rise, self._first, axis=1) // self.block_frames
        return np.concatenate([levels, tones.clip(-32768, 32767)], axis=1, dtype=np.int16, casting="unsafe")
