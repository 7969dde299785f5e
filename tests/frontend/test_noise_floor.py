import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acoustic.errors import ParameterError
from acoustic.frontend.noise_floor import NoiseFloor, to_steps


def levels(n_frames: int, n_bands: int = 3) -> np.ndarray:
    return np.random.default_rng(n_frames).integers(-20000, 0, (n_frames, n_bands)).astype(np.int16)


def test_steps_round_halves_to_even_and_are_limited():
    level_db = np.array([0.5 / 256, 1.5 / 256, -0.5 / 256, 300.0, -300.0], np.float32)
    assert to_steps(level_db).tolist() == [0, 2, 0, 127 * 256, -127 * 256]


@given(cuts=st.lists(st.integers(0, 300), max_size=10))
def test_any_cuts_do_not_change_a_byte(cuts):
    x = levels(300)
    x[100:105] = -32000
    whole = NoiseFloor(3, block_frames=16, n_blocks=5, silence=-31000).push(x)
    floor = NoiseFloor(3, block_frames=16, n_blocks=5, silence=-31000)
    assert np.array_equal(np.concatenate([floor.push(block) for block in np.split(x, sorted(cuts))]), whole)


def test_floor_is_the_lower_median_of_the_last_block_means():
    x = levels(200)
    floor = NoiseFloor(3, block_frames=8, n_blocks=4).push(x)
    np.testing.assert_array_equal(floor[:8], x[:8])
    for frame in range(8, 200):
        last = frame // 8
        means = [x[8 * k : 8 * k + 8].astype(int).sum(axis=0) // 8 for k in range(max(0, last - 4), last)]
        expected = np.sort(means, axis=0)[(len(means) - 1) // 2]
        np.testing.assert_array_equal(floor[frame], expected)


def test_impulse_hardly_moves_the_floor_and_a_lasting_change_does():
    quiet = np.full((400, 1), -60 * 256, np.int16)
    quiet[150:153] = 0
    quiet[300:] = -40 * 256
    floor = NoiseFloor(1, block_frames=16, n_blocks=4).push(quiet)
    assert set(floor[:300].ravel()) == {-60 * 256}
    assert floor[-1, 0] == -40 * 256


def test_nothing_is_learnt_from_digital_silence():
    x = np.full((200, 2), -50 * 256, np.int16)
    x[64:128] = -32000
    floor = NoiseFloor(2, block_frames=16, n_blocks=2, silence=-31000).push(x)
    np.testing.assert_array_equal(floor, x)


@pytest.mark.parametrize("sizes", [{"block_frames": 12}, {"block_frames": 0}, {"n_blocks": 0}])
def test_sizes_out_of_range_are_refused(sizes):
    with pytest.raises(ParameterError):
        NoiseFloor(3, **sizes)
