"""The plain rival: band contrast over the background, a fixed threshold, a Poisson CUSUM; nothing is learnt."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from acoustic.frontend import FrontEnd, log_mel
from acoustic.frontend.noise_floor import STEPS_PER_DB, NoiseFloor, to_steps
from acoustic.frontend.tables import mel_edges_hz

from .chain import frame_ms, known_ms
from .contrast import FLOOR_BLOCK_FRAMES, FLOOR_BLOCKS
from .decision import FirstCrack

LOW_HZ, HIGH_HZ = 2500.0, 11_500.0
CONTRAST_DB = 12.0
NEIGHBOURHOOD_FRAMES = 15
BEFORE_HZ, DURING_HZ = 0.02, 0.3
THRESHOLD = 5.0
MIN_CRACKS = 3


def first_crack(front_end: FrontEnd, pcm: NDArray[np.int16]) -> FirstCrack | None:
    """Decide on a whole recording, int16 at the front end's rate."""
    run: list[float] = []
    sum_of_logs = 0.0
    last_s = 0.0
    for frame in _impulses(front_end, pcm):
        t_s = frame_ms(front_end, frame) / 1000
        sum_of_logs -= (DURING_HZ - BEFORE_HZ) * (t_s - last_s)
        last_s = t_s
        if sum_of_logs <= 0:
            sum_of_logs, run = 0.0, []
        sum_of_logs += math.log(DURING_HZ / BEFORE_HZ)
        run.append(t_s)
        if sum_of_logs >= THRESHOLD and len(run) >= MIN_CRACKS:
            decided_s = known_ms(front_end, frame) / 1000
            return FirstCrack(onset_s=run[0], decided_s=decided_s, first_pop_s=run[0], cracks=len(run), confidence=1.0)
    return None


def _impulses(front_end: FrontEnd, pcm: NDArray[np.int16]) -> list[int]:
    """Frames in which the band stands ``CONTRAST_DB`` above its running floor, peaks only."""
    centres_hz = mel_edges_hz(front_end)[1:-1]
    inside = (centres_hz >= LOW_HZ) & (centres_hz <= HIGH_HZ)
    if not inside.any():
        return []
    band_db = 10 * np.log10((10 ** (log_mel(pcm, front_end)[:, inside].astype(np.float64) / 10)).sum(axis=1))
    levels = to_steps(band_db.astype(np.float32)[:, None])
    if not len(levels):
        return []
    # Zeros at the start of a recording are no background to be loud against.
    zeros_db = 10 * math.log10(front_end.floor * np.count_nonzero(inside))
    floor = NoiseFloor(
        1, block_frames=FLOOR_BLOCK_FRAMES, n_blocks=FLOOR_BLOCKS, silence=round((zeros_db + 1) * STEPS_PER_DB)
    ).push(levels)
    contrast = (levels.astype(np.int32) - floor)[:, 0]
    padded = np.pad(contrast, NEIGHBOURHOOD_FRAMES, constant_values=-32768)
    largest = sliding_window_view(padded, 2 * NEIGHBOURHOOD_FRAMES + 1).max(axis=1)
    return np.flatnonzero((contrast >= CONTRAST_DB * STEPS_PER_DB) & (contrast == largest)).tolist()
