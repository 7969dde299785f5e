"""Overlapping windowed frames of a signal, as the columns that the FFT takes."""

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from acoustic.frontend.tables import F32


def check_pcm(pcm: NDArray[np.int16]) -> None:
    """Raise ParameterError unless the samples are int16 of one dimension."""
    if pcm.dtype != np.int16 or pcm.ndim != 1:
        raise ParameterError(f"PCM must be int16 of one dimension, not {pcm.dtype} of shape {pcm.shape}")


class Overlap:
    """Keeps what the next frame of a stream has in common with those before: any blocks give the same frames.

    Parameters
    ----------
    frame_samples, hop_samples : int
    after_silence : bool
        Whether silence lies before the first sample, so that its hop completes a frame.
    """

    def __init__(self, frame_samples: int, hop_samples: int, *, after_silence: bool = False) -> None:
        self._frame, self._hop = frame_samples, hop_samples
        self._tail = np.zeros(frame_samples - hop_samples if after_silence else 0, np.int16)

    def push(self, pcm: NDArray[np.int16]) -> tuple[NDArray[np.int16], int]:
        """Take samples; return them behind those that were kept, and how many frames begin at their first hops.

        Raises
        ------
        ParameterError
            When the samples are not one-dimensional int16.
        """
        check_pcm(pcm)
        pcm = np.concatenate([self._tail, pcm]) if len(self._tail) else pcm
        n_frames = max(0, 1 + (len(pcm) - self._frame) // self._hop)
        self._tail = pcm[n_frames * self._hop :].copy()
        return pcm, n_frames


class Framer:
    """Cuts frames, multiplies them by a window and packs them for :class:`~acoustic.frontend.fft.RealFft`.

    Parameters
    ----------
    window : float32 array, shape (frame_samples,)
        Even length, at most ``n_fft``; the frame is padded with zeros at its end.
    hop_samples : int
        Samples from one frame to the next.
    n_fft : int
    """

    def __init__(self, window: F32, *, hop_samples: int, n_fft: int) -> None:
        self._half_window = np.float32(0.5) * window[:, None]  # RealFft takes halves
        self._hop, self._n_fft = hop_samples, n_fft
        self._turned = self._packed = np.empty(0, np.float32)

    def __call__(self, pcm: NDArray[np.int16], count: int) -> F32:
        """Return the first ``count`` frames of ``pcm``: float32 (2, n_fft / 2, count).

        The result lies in a buffer that the next call reuses.
        """
        frame, hop = len(self._half_window), self._hop
        hops = -(-frame // hop)
        rows = count - 1 + hops
        # One row a hop, turned: then the same sample of all frames lies in one run. Rows of an uneven pitch
        # keep the turning from hitting the same cache lines again and again.
        spread = np.empty((rows, hop + 17), np.float32)[:, :hop]
        samples = pcm[: (count - 1) * hop + frame]
        whole = len(samples) // hop
        spread[:whole] = samples[: whole * hop].reshape(whole, hop)
        spread[whole:] = 0.0
        if whole < rows:
            spread[whole, : len(samples) - whole * hop] = samples[whole * hop :]
        turned = np.ascontiguousarray(spread.T)
        if self._packed.size != self._n_fft * count:
            self._packed = np.zeros(self._n_fft * count, np.float32)
        packed = self._packed.reshape(2, self._n_fft // 2, count)
        packed[:, frame // 2 :] = 0.0
        for k in range(hops):
            for parity in (0, 1):
                start = k * hop + (parity - k * hop) % 2
                stop = min(frame, (k + 1) * hop)
                np.multiply(
                    turned[start - k * hop : stop - k * hop : 2, k : k + count],
                    self._half_window[start:stop:2],
                    out=packed[parity, start // 2 : (stop - parity + 1) // 2],
                )
        return packed
