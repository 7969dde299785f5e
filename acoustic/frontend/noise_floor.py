"""Running noise floor per band, from the past alone."""

import numpy as np
from numpy.typing import NDArray

from acoustic import native
from acoustic.errors import ParameterError
from acoustic.frontend.compiled import NoiseFloorFrames
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
        if block_frames not in (1 << k for k in range(16)) or not 1 <= n_blocks <= 32768:
            raise ParameterError("noise floor: block_frames must be a power of two up to 32768, n_blocks 1 to 32768")
        self.n_bands, self.silence = n_bands, silence
        self.block_frames, self.n_blocks = block_frames, n_blocks
        sizes, core = (n_bands, block_frames, n_blocks, silence), native.core()
        self._fill = NoiseFloorFrames(core, *sizes) if core else _NumpyNoiseFloor(*sizes)

    def push(self, levels: NDArray[np.int16]) -> NDArray[np.int16]:
        """Return the floor under each frame.

        Parameters
        ----------
        levels : int16 array, shape (n_frames, n_bands), in steps of 1/256 dB

        Returns
        -------
        int16 array of the same shape. Where nothing is known, before the first block is complete and in
        digital silence, the floor is the frame's own level.

        Raises
        ------
        ParameterError
            When the levels are not int16 of that shape.
        """
        if levels.dtype != np.int16 or levels.ndim != 2 or levels.shape[1] != self.n_bands:
            raise ParameterError(
                f"levels must be int16 (n_frames, {self.n_bands}), not {levels.dtype} of shape {levels.shape}"
            )
        floor = np.empty(levels.shape, np.int16)
        self._fill(levels, floor)
        return floor


class _NumpyNoiseFloor:
    """The arithmetic of :class:`NoiseFloor`."""

    def __init__(self, n_bands: int, block_frames: int, n_blocks: int, silence: int) -> None:
        self._block_frames, self._n_blocks, self._silence = block_frames, n_blocks, silence
        self._sum = np.zeros(n_bands, np.int32)
        self._in_block = 0
        # Mean levels of the remembered blocks, oldest first.
        self._means = np.empty((0, n_bands), np.int16)

    def __call__(self, levels: NDArray[np.int16], out: NDArray[np.int16]) -> None:
        """Fill ``out`` with the floor under ``levels``, both (n_frames, n_bands)."""
        out[:] = levels
        audible = levels.max(axis=1, initial=-32768) > self._silence
        out[audible] = self._learn(levels[audible])

    def _learn(self, levels: NDArray[np.int16]) -> NDArray[np.int16]:
        """Return the floor under each audible frame, and take the frames into the running blocks."""
        floor = np.empty_like(levels)
        start = 0
        while start < len(levels):
            stop = min(len(levels), start + self._block_frames - self._in_block)
            block = levels[start:stop]
            floor[start:stop] = self._floor() if len(self._means) else block
            self._sum += block.sum(axis=0, dtype=np.int32)
            self._in_block += stop - start
            if self._in_block == self._block_frames:
                mean = (self._sum // self._block_frames).astype(np.int16)
                self._means = np.concatenate([self._means, mean[None]])[-self._n_blocks :]
                self._sum[:] = 0
                self._in_block = 0
            start = stop
        return floor

    def _floor(self) -> NDArray[np.int16]:
        """Lower median of the remembered means."""
        middle = (len(self._means) - 1) // 2
        return np.asarray(np.partition(self._means, middle, axis=0)[middle])
