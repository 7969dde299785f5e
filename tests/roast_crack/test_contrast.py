import numpy as np
import pytest
from acoustic_apps.roast_crack.contrast import FLOOR_BLOCK_FRAMES, FLOOR_BLOCKS, FRONT_END, ContrastStream
from acoustic_apps.roast_crack.examples import find_impulses
from hypothesis import given, settings
from hypothesis import strategies as st
from made_roasts import excerpt

from acoustic.errors import ParameterError

DB = 256
SECOND = FRONT_END.rate_hz


def noise(seconds: float, sd: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, sd, round(seconds * SECOND)).astype(np.int16)


def contrast_of(pcm: np.ndarray) -> np.ndarray:
    return ContrastStream(FRONT_END).push(pcm)[0].astype(int)


def test_doubling_the_gain_changes_nothing() -> None:
    quiet = noise(4, 1500)
    np.testing.assert_allclose(contrast_of(2 * quiet), contrast_of(quiet), atol=3)


@settings(max_examples=10)
@given(gain=st.floats(0.25, 4.0), seed=st.integers(0, 99))
def test_any_gain_changes_hardly_anything(gain: float, seed: int) -> None:
    x = noise(3, 2000, seed)
    x[2 * SECOND : 2 * SECOND + 64] *= 3
    scaled = np.rint(gain * x).astype(np.int16)
    assert np.abs(scaled).max() < 32767
    difference = np.abs(contrast_of(scaled) - contrast_of(x))
    # What is left is rounding: large only in bands of a frame that happen to be nearly empty.
    assert np.percentile(difference, 99) < 0.3 * DB
    assert difference.sum(axis=1).mean() < FRONT_END.n_mels * 0.05 * DB


def test_a_steady_hum_and_a_tilted_spectrum_have_no_contrast() -> None:
    t = np.arange(5 * SECOND) / SECOND
    tilted = np.cumsum(np.random.default_rng(1).normal(0, 300, len(t))) % 4000 + 3000 * np.sin(2 * np.pi * 700 * t)
    settled = contrast_of(tilted.astype(np.int16))[FLOOR_BLOCKS * FLOOR_BLOCK_FRAMES :]
    assert np.abs(settled.mean(axis=0)).max() < 1 * DB


def test_a_click_stands_out_where_it_is() -> None:
    x = noise(4, 100).astype(float)
    at = 3 * SECOND + 1000
    x[at : at + 32] += np.random.default_rng(2).normal(0, 3000, 32)
    contrast = contrast_of(x.astype(np.int16))
    loudest = int(contrast.sum(axis=1).argmax())
    assert abs(FRONT_END.frame_centre_s(loudest) - (at + 16) / SECOND) <= 0.004
    assert contrast[loudest].min() > 6 * DB
    assert np.median(contrast[loudest]) > 15 * DB
    far = np.abs(np.arange(len(contrast)) - loudest) > 2
    assert contrast[far].sum(axis=1).max() < 0.5 * contrast[loudest].sum()


def test_a_lasting_change_of_level_is_followed() -> None:
    step = contrast_of(np.concatenate([noise(4, 100), noise(4, 1000, 1)]))
    start = 4 * SECOND // FRONT_END.hop_samples
    memory = FLOOR_BLOCKS * FLOOR_BLOCK_FRAMES
    assert step[start + 2 : start + FLOOR_BLOCK_FRAMES].mean() == pytest.approx(20 * DB, abs=1.5 * DB)
    assert abs(step[start + memory :].mean()) < 1 * DB


@pytest.mark.parametrize("silent_s", [0.003, 0.05, 0.7, 6.0])
def test_a_dropout_leaves_no_impulses_behind(silent_s: float) -> None:
    x = noise(12, 500)
    x[4 * SECOND : 4 * SECOND + round(silent_s * SECOND)] = 0
    contrast, _ = ContrastStream(FRONT_END).push(x)
    first = 4 * SECOND // FRONT_END.hop_samples
    last = int((4 + silent_s) * SECOND) // FRONT_END.hop_samples - 2
    assert (contrast[first:last] <= 0).all()
    near_s = find_impulses(FRONT_END, [x]).frame * FRONT_END.hop_samples / SECOND
    assert not ((near_s > 3.5) & (near_s < 4 + silent_s + 3)).any()


def test_sound_after_a_muted_start_is_no_impulse() -> None:
    x = np.concatenate([np.zeros(2 * SECOND, np.int16), noise(4, 500)])
    assert len(find_impulses(FRONT_END, [x]).frame) == 0
    assert not contrast_of(np.zeros(SECOND, np.int16)).any()


def test_clipped_samples_are_flagged_in_their_hop() -> None:
    x = noise(1, 500)
    x[[1000, 1001, 5000]] = 32767
    x[20_000] = -32768
    x[[9000, 9001]] = 32766, -32767
    _, clipped = ContrastStream(FRONT_END).push(x)
    assert np.flatnonzero(clipped).tolist() == sorted({1000 // 128, 1001 // 128, 5000 // 128, 20_000 // 128})


@settings(max_examples=25)
@given(blocks=st.lists(st.sampled_from([1, 64, 127, 128, 129, 255, 256, 257, 4096, 8192]), min_size=1))
def test_any_blocks_give_the_same_bytes(blocks: list[int]) -> None:
    pcm = excerpt().pcm[4 * SECOND : 6 * SECOND].copy()
    pcm[::5000] = 32767
    whole, whole_clipped = ContrastStream(FRONT_END).push(pcm)
    cuts = [cut for cut in np.cumsum(blocks).tolist() if cut < len(pcm)]
    stream = ContrastStream(FRONT_END)
    parts = [stream.push(block) for block in np.split(pcm, cuts)]
    assert np.concatenate([contrast for contrast, _ in parts]).tobytes() == whole.tobytes()
    assert np.concatenate([clipped for _, clipped in parts]).tobytes() == whole_clipped.tobytes()


def test_only_int16_is_taken() -> None:
    with pytest.raises(ParameterError, match="int16"):
        ContrastStream(FRONT_END).push(np.zeros(1000, np.float32))  # type: ignore[arg-type]
