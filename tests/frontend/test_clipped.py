import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from acoustic.frontend import FrontEnd, LogMelStream
from acoustic.frontend.clipped import ClippedSamples

FE = FrontEnd(rate_hz=16_000, frame_samples=1024, hop_samples=512, n_fft=1024, n_mels=32, fmin_hz=0.0, fmax_hz=8_000.0)


def counts(blocks: list[NDArray[np.int16]]) -> tuple[list[int], int]:
    """What the stream counts, and how many frames there were."""
    frames, clipped = LogMelStream(FE), ClippedSamples(FE.hop_samples)
    found = []
    for block in blocks:
        n = len(frames.push(block))
        part = clipped.push(block, n)
        assert part.shape == (n,)
        assert part.dtype == np.int64
        found.append(part)
    together = np.concatenate(found).tolist()
    return together, len(together)


def test_full_scale_of_either_sign_counts_in_its_hop() -> None:
    pcm = np.zeros(512 * 5, np.int16)
    pcm[[0, 511]] = 32767
    pcm[[512, 513, 514]] = -32768
    pcm[[600, 601]] = -32767, 32766
    pcm[512 * 3] = -32768
    assert counts([pcm]) == ([2, 3, 0, 1], 4)


@given(cuts=st.lists(st.integers(0, 6000), max_size=10), size=st.integers(0, 6000))
def test_blocks_of_any_size_give_the_same_counts(cuts: list[int], size: int) -> None:
    pcm = np.random.default_rng(0).choice([32767, -32768, 0, 5], size).astype(np.int16)
    whole, n = counts([pcm])
    assert n == FE.n_frames(size)
    assert counts(np.split(pcm, sorted(min(cut, size) for cut in cuts)))[0] == whole
    hops = np.isin(pcm[: n * 512], [32767, -32768]).reshape(n, 512)
    assert whole == hops.sum(axis=1).tolist()


def test_one_count_at_most_waits_for_its_frame() -> None:
    """An endless stream keeps no more than the samples whose frames are not complete."""
    clipped, frames = ClippedSamples(FE.hop_samples), LogMelStream(FE)
    block = np.full(700, 32767, np.int16)
    for _ in range(200):
        clipped.push(block, len(frames.push(block)))
        assert len(clipped._waiting) < FE.frame_samples
