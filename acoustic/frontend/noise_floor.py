"""Running noise floor per band, from the past alone."""

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from acoustic.frontend.tables import F32

#: Levels are kept in 1/256 dB as integers from here on: sums of integers do not depend on their order.
STEPS_PER_DB = 256


def to_steps(level_db: F32) -> NDArray[np.int16]:
    """Levels in dB as int16 steps of 1/256 dB, halves rounded to even, limited to +-127 dB."""
    steps: F32 = np.clip(level_db, -127.0, 127.0) * np.float32(STEPS_PER_DB)
    return np.rint(steps).astype(np.int16)


class NoiseFloor:
    """Median of the mean levels of the last few blocks of frames, band by band.

    A short impulse hardly moves the mean level (in dB) of its block, a long one spoils a single block, and
    the median passes over it; a lasting change of level is followed after half the blocks. Only complete
    blocks of the past count, so a frame is never compared with itself. Integer arithmetic throughout.

    Parameters
    ----------
    n_bands : int
    block_frames : int
        Frames a block, a power of two.
    n_blocks : int
        Blocks remembered.
    silence : int
        Level (in steps) at or below which a frame is digital silence: a dropout or a muted microphone.
        Nothing is learnt from it, or the first sound after it would seem enormous.
    """

    def __init__(self, n_bands: int, *, block_frames: int = 64, n_blocks: int = 8, silence: int = -32768) -> None:
        if block_frames < 1 or block_frames & (block_frames - 1) or n_blocks < 1:
            raise ParameterError("noise floor: block_frames must be a power of two and n_blocks at least 1")
        self.block_frames, self.n_blocks, self.silence = block_frames, n_blocks, silence
        self._sum = np.zeros(n_bands, np.int32)
        self._in_block = 0
        self.means = np.empty((0, n_bands), np.int16)
        """Mean levels of the remembered blocks, oldest first: int16 (up to n_blocks, n_bands)."""

    def push(self, levels: NDArray[np.int16]) -> NDArray[np.int16]:
        """Return the floor under each frame.

        Parameters
        ----------
        levels : int16 array, shape (n_frames, n_bands)
            In steps of 1/256 dB.

        Returns
        -------
        int16 array of the same shape. Where nothing is known, before the first block is complete and in
        digital silence, the floor is the frame's own level.
        """
        floor = levels.copy()
        audible = levels.max(axis=1, initial=-32768) > self.silence
        floor[audible] = self._learn(levels[audible])
        return floor

    def _learn(self, levels: NDArray[np.int16]) -> NDArray[np.int16]:
        """Return the floor under each audible frame, and take the frames into the running blocks."""
        floor = np.empty_like(levels)
        start = 0
        while start < len(levels):
            stop = min(len(levels), start + self.block_frames - self._in_block)
            block = levels[start:stop]
            floor[start:stop] = self._floor() if len(self.means) else block
            self._sum += block.sum(axis=0, dtype=np.int32)
            self._in_block += stop - start
            if self._in_block == self.block_frames:
                mean = (self._sum // self.block_frames).astype(np.int16)
                self.means = np.concatenate([self.means, mean[None]])[-self.n_blocks :]
                self._sum[:] = 0
                self._in_block = 0
            start = stop
        return floor

    def _floor(self) -> NDArray[np.int16]:
        """Lower median of the remembered means."""
        middle = (len(self.means) - 1) // 2
        return np.asarray(np.partition(self.means, middle, axis=0)[middle])
