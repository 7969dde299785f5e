"""What the roast models hear: each band's level above its own running noise floor."""

import math

import numpy as np
from numpy.typing import NDArray

from acoustic.frontend import FrontEnd, LogMelStream
from acoustic.frontend.clipped import ClippedSamples
from acoustic.frontend.noise_floor import STEPS_PER_DB, NoiseFloor, to_steps

#: What training takes unless told otherwise. Cracks are a few milliseconds long and stand out most at high frequencies:
#: 4 ms hops, up to 14 kHz.
FRONT_END = FrontEnd(
    rate_hz=32_000, frame_samples=256, hop_samples=128, n_fft=256, n_mels=20, fmin_hz=500.0, fmax_hz=14_000.0
)
#: The noise floor is the median of the last eight blocks of 64 frames (256 ms at hops of 4 ms).
FLOOR_BLOCK_FRAMES = 64
FLOOR_BLOCKS = 8


def silence_steps(front_end: FrontEnd) -> int:
    """Return the level (in 1/256 dB) at or below which all bands of a frame that holds zeros only lie."""
    floor_db = 10 * (3 - front_end.power) * math.log10(front_end.floor)
    return (max(-127, round(floor_db)) + 1) * STEPS_PER_DB


class ContrastStream:
    """Contrast of each band and frame over the band's running floor.

    Contrast does not depend on gain, on the microphone's curve, or on a steady background, and a band in
    which a recording holds nothing stays near zero.
    """

    def __init__(self, front_end: FrontEnd) -> None:
        self._log_mel = LogMelStream(front_end)
        self._floor = NoiseFloor(
            front_end.n_mels,
            block_frames=FLOOR_BLOCK_FRAMES,
            n_blocks=FLOOR_BLOCKS,
            silence=silence_steps(front_end),
        )
        self._clipped = ClippedSamples(front_end.hop_samples)

    def push(self, pcm: NDArray[np.int16]) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
        """Take samples, return the frames that they complete.

        Parameters
        ----------
        pcm : int16 array, shape (n_samples,)

        Returns
        -------
        contrast : int16 array, shape (n_frames, n_mels)
            In steps of 1/256 dB, within +-127 dB.
        clipped : bool array, shape (n_frames,)
            Whether a frame's first hop holds samples at the limit of int16.
        """
        levels = to_steps(self._log_mel.push(pcm))
        contrast = levels.astype(np.int32) - self._floor.push(levels)
        limit = 127 * STEPS_PER_DB
        clipped = self._clipped.push(pcm, len(levels)) > 0
        return np.clip(contrast, -limit, limit).astype(np.int16), clipped
