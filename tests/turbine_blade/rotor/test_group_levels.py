import numpy as np
import pytest
from acoustic_apps.turbine_blade.rotor.group_levels import GroupLevels
from made_rotors import FRONT_END, centres_hz, rotor_steps


def test_twelve_half_octaves() -> None:
    groups = GroupLevels(FRONT_END)
    assert len(groups.edges_hz) == 12
    assert groups.edges_hz[0][0] == 125.0
    assert groups.edges_hz[-1][1] == 8000.0
    assert all(high == next_low for (_, high), (next_low, _) in zip(groups.edges_hz, groups.edges_hz[1:], strict=False))


def test_the_level_is_the_mean_of_bands_and_frames() -> None:
    groups = GroupLevels(FRONT_END)
    steps = np.random.default_rng(1).integers(-20000, -10000, (8, 128)).astype(np.int16)
    blocks = groups.push(steps)
    low, high = groups.edges_hz[7]
    inside = (centres_hz() >= low) & (centres_hz() < high)
    assert blocks[1, 7] == pytest.approx(steps[4:8, inside].mean(), abs=1.0)


def test_a_tone_is_heard_in_its_group_alone() -> None:
    groups = GroupLevels(FRONT_END)
    steps = np.full((4, 128), -15000, np.int16)
    steps[:, 80] += 2560
    tones = groups.push(steps)[0, 12:]
    (place,) = np.flatnonzero(tones)
    low, high = groups.edges_hz[place]
    assert low <= centres_hz()[80] < high
    assert tones[place] == 2560


def test_levels_do_not_depend_on_the_blocks() -> None:
    steps = rotor_steps(1, duration_s=3.0)
    whole = GroupLevels(FRONT_END).push(steps)
    parts = GroupLevels(FRONT_END)
    pieces = np.concatenate([parts.push(steps[start : start + 7]) for start in range(0, len(steps), 7)])
    assert whole.tobytes() == pieces.tobytes()
    assert len(whole) == len(steps) // 4
