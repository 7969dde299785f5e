import numpy as np
import pytest
from acoustic_apps.roast_crack.impulses import (
    AFTER_FRAMES,
    BEFORE_FRAMES,
    BUSY_FRAMES,
    EXCESS_DB,
    FLICKER_DB,
    NEIGHBOURHOOD_FRAMES,
    PATCH_FRAMES,
    PATCH_STEPS,
    ImpulseFinder,
    Impulses,
)
from hypothesis import given, settings
from hypothesis import strategies as st

DB = 256
BANDS = 3


def found_in(contrast: np.ndarray, clipped: np.ndarray, cuts: list[int] | None = None) -> Impulses:
    """All impulses, the stream cut into blocks at ``cuts``."""
    finder = ImpulseFinder(contrast.shape[1])
    parts = [
        finder.push(c, k) for c, k in zip(np.split(contrast, cuts or []), np.split(clipped, cuts or []), strict=True)
    ]
    parts.append(finder.flush())
    return Impulses(*(np.concatenate(column) for column in zip(*(vars(part).values() for part in parts), strict=True)))


def naive(contrast: np.ndarray, clipped: np.ndarray) -> list[tuple[int, int, int, int, bytes]]:
    """What :class:`ImpulseFinder` promises, frame by frame, with everything outside at the floor."""
    count, rows = len(contrast), contrast.astype(int).tolist()

    def row(frame: int) -> list[int]:
        return rows[frame] if 0 <= frame < count else [0] * contrast.shape[1]

    def excess(frame: int) -> int:
        return sum(max(0, value - FLICKER_DB * DB) for value in row(frame))

    impulses = []
    for frame in range(count):
        here = excess(frame)
        if here < EXCESS_DB * DB:
            continue
        if any(excess(frame - k) >= here or excess(frame + k) > here for k in range(1, NEIGHBOURHOOD_FRAMES + 1)):
            continue
        start = frame - BEFORE_FRAMES
        second = [f for f in range(start - BUSY_FRAMES, start) if f >= 0]
        patch = [[max(-128, min(127, v // PATCH_STEPS)) for v in row(start + k)] for k in range(PATCH_FRAMES)]
        busy = sum(excess(f) >= EXCESS_DB * DB for f in second)
        clips = sum(bool(clipped[f]) for f in second)
        impulses.append((frame, here, busy, clips, np.array(patch, np.int8).tobytes()))
    return impulses


def as_tuples(found: Impulses) -> list[tuple[int, int, int, int, bytes]]:
    patches = [patch.tobytes() for patch in found.patches]
    rows = (found.frame, found.excess, found.busy, found.clipped)
    return list(zip(*(column.tolist() for column in rows), patches, strict=True))


def sound(seed: int, frames: int, loud_share: float) -> tuple[np.ndarray, np.ndarray]:
    """Flicker, and a share of loud frames at few levels, so that ties are common."""
    rng = np.random.default_rng(seed)
    contrast = rng.integers(-6 * DB, 6 * DB, (frames, BANDS)).astype(np.int16)
    loud = rng.random(frames) < loud_share
    contrast[loud] = rng.choice([8, 12, 16, 40, 127], (np.count_nonzero(loud), 1)) * DB
    return contrast, rng.random(frames) < 0.1


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**31),
    frames=st.integers(0, 700),
    loud_share=st.sampled_from([0.005, 0.05, 0.4]),
    cuts=st.lists(st.integers(0, 700), max_size=8),
)
def test_blocks_of_any_size_give_what_the_naive_loop_gives(
    seed: int, frames: int, loud_share: float, cuts: list[int]
) -> None:
    contrast, clipped = sound(seed, frames, loud_share)
    expected = naive(contrast, clipped)
    assert as_tuples(found_in(contrast, clipped)) == expected
    assert as_tuples(found_in(contrast, clipped, sorted(min(cut, frames) for cut in cuts))) == expected


def test_frames_one_by_one() -> None:
    contrast, clipped = sound(1, 600, 0.1)
    expected = naive(contrast, clipped)
    assert len(expected) > 10
    assert as_tuples(found_in(contrast, clipped, list(range(1, 600)))) == expected


@given(seed=st.integers(0, 2**31))
def test_no_two_impulses_within_the_neighbourhood(seed: int) -> None:
    found = found_in(*sound(seed, 500, 0.6))
    assert (np.diff(found.frame) > NEIGHBOURHOOD_FRAMES).all()


@pytest.mark.parametrize("at", [0, 1, 299])
def test_impulses_at_the_edges_of_the_stream(at: int) -> None:
    contrast, clipped = np.zeros((300, BANDS), np.int16), np.zeros(300, np.bool_)
    contrast[at] = 20 * DB
    found = found_in(contrast, clipped)
    assert found.frame.tolist() == [at]
    assert found.excess.tolist() == [BANDS * (20 - FLICKER_DB) * DB]
    patch = np.zeros((PATCH_FRAMES, BANDS), np.int8)
    patch[BEFORE_FRAMES] = 80
    np.testing.assert_array_equal(found.patches, patch[None])


def test_an_impulse_is_told_as_soon_as_its_patch_is_complete() -> None:
    finder = ImpulseFinder(BANDS)
    contrast = np.zeros((100, BANDS), np.int16)
    contrast[50] = 20 * DB
    told = [len(finder.push(frame[None], np.zeros(1, np.bool_)).frame) for frame in contrast]
    assert np.flatnonzero(told).tolist() == [50 + AFTER_FRAMES - 1]
    assert finder.judged_frames == 100 - (AFTER_FRAMES - 1)
    finder.flush()
    assert finder.judged_frames == 100


def test_busy_and_clipped_frames_of_the_second_before_are_counted() -> None:
    contrast, clipped = np.zeros((600, BANDS), np.int16), np.zeros(600, np.bool_)
    start = 500 - BEFORE_FRAMES
    contrast[500] = 60 * DB
    contrast[[start - 1, start - BUSY_FRAMES, start - BUSY_FRAMES - 1, start]] = 20 * DB
    clipped[[start - 2, start - BUSY_FRAMES, start - BUSY_FRAMES - 1, start, 500]] = True
    found = found_in(contrast, clipped)
    (last,) = np.flatnonzero(found.frame == 500)
    assert (found.busy[last], found.clipped[last]) == (2, 2)
