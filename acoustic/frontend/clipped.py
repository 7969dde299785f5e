"""Samples at the limit of int16, counted hop by hop beside the frames of a front end."""

import numpy as np
from numpy.typing import NDArray


class ClippedSamples:
    """Counts the full-scale samples of a stream in the first hop of each frame.

    Blocks of any size give the same counts.
    """

    def __init__(self, hop_samples: int) -> None:
        self._hop = hop_samples
        self._waiting = np.empty(0, np.bool_)

    def push(self, pcm: NDArray[np.int16], n_frames: int) -> NDArray[np.int64]:
        """Take samples and return the counts of the frames that they complete.

        Parameters
        ----------
        pcm : int16 array, shape (n_samples,)
        n_frames : int
            As many as the front end returned for the same samples.

        Returns
        -------
        int64 array, shape (n_frames,)
        """
        at_limit = np.logical_or(pcm == 32767, pcm == -32768)
        waiting = np.concatenate([self._waiting, at_limit])
        used = n_frames * self._hop
        self._waiting = waiting[used:]
        return np.asarray(waiting[:used].reshape(n_frames, self._hop).sum(axis=1))
