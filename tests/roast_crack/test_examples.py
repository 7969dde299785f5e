from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from acoustic_apps.roast_crack.contrast import FRONT_END
from acoustic_apps.roast_crack.examples import (
    CRACK,
    DOUBT_S,
    DOUBTFUL,
    MATCH_S,
    OTHER,
    WEAK_DB,
    Examples,
    find_impulses,
    label_impulses,
    noise_and_voices,
    real_examples,
    roast_examples,
)
from acoustic_apps.roast_crack.impulses import PATCH_FRAMES, Impulses
from acoustic_apps.roast_crack.simulate import (
    EVENT,
    HELD_OUT,
    TRAIN,
    NoiseLibrary,
    SimulatedRoast,
    plan_roast,
    render_roast,
)
from made_roasts import excerpt, make_data_root

from acoustic.datasets import data_root


def at(times_s: list[float]) -> Impulses:
    """Impulses at these times, to the nearest frame."""
    frame = np.round((np.array(times_s) - FRONT_END.frame_centre_s(0)) / 0.004).astype(np.int64)
    zeros = np.zeros(len(frame), np.int32)
    return Impulses(frame, zeros, zeros, zeros, np.zeros((len(frame), PATCH_FRAMES, FRONT_END.n_mels), np.int8))


def roast_with(times_s: list[float], contrast_db: list[float]) -> SimulatedRoast:
    cracks = np.zeros(len(times_s), EVENT)
    cracks["t_s"], cracks["contrast_db"] = times_s, contrast_db
    return replace(excerpt(), labels=replace(excerpt().labels, cracks=cracks))


def test_labels_by_distance_and_strength() -> None:
    roast = roast_with([5.0, 2.0, 8.0], [20.0, WEAK_DB - 1, WEAK_DB])
    hits = {
        5.0: CRACK,
        5.0 - MATCH_S + 0.004: CRACK,
        5.0 + MATCH_S + 0.008: DOUBTFUL,
        5.0 + DOUBT_S - 0.008: DOUBTFUL,
        5.0 - DOUBT_S - 0.008: OTHER,
        2.0: DOUBTFUL,
        8.0: CRACK,
        12.0: OTHER,
        0.1: OTHER,
    }
    times_s = sorted(hits)
    assert label_impulses(FRONT_END, at(times_s), roast).tolist() == [hits[t_s] for t_s in times_s]


@pytest.mark.parametrize(("cracks_s", "expected"), [([], [OTHER, OTHER]), ([3.0], [CRACK, OTHER])])
def test_none_and_one_crack(cracks_s: list[float], expected: list[int]) -> None:
    assert label_impulses(FRONT_END, at([3.0, 6.0]), roast_with(cracks_s, [20.0] * len(cracks_s))).tolist() == expected
    assert label_impulses(FRONT_END, at([]), roast_with(cracks_s, [20.0] * len(cracks_s))).tolist() == []


@pytest.mark.parametrize("ranges", [TRAIN, HELD_OUT], ids=lambda ranges: ranges.name)
def test_simulated_cracks_are_found_and_labelled(ranges) -> None:  # type: ignore[no-untyped-def]
    strong = found = 0
    for seed in range(8):
        plan = plan_roast(seed, ranges, first_crack=True)
        assert plan.onset_s is not None
        roast = render_roast(plan, excerpt_s=(plan.onset_s, plan.onset_s + 20))
        impulses = find_impulses(FRONT_END, [roast.pcm])
        labels = label_impulses(FRONT_END, impulses, roast)
        crack_s = FRONT_END.frame_centre_s(0) + impulses.frame[labels == CRACK] * 0.004
        cracks = roast.labels.cracks[roast.labels.cracks["contrast_db"] > 12]
        strong += len(cracks)
        found += sum(bool((np.abs(crack_s - t_s) <= MATCH_S).any()) for t_s in cracks["t_s"])
        # The label is given to few impulses that are no crack: at most one each.
        assert np.count_nonzero(labels == CRACK) <= len(roast.labels.cracks)
    assert strong > 30
    assert found / strong > 0.7


def test_examples_repeat_and_join() -> None:
    one, two, other = (roast_examples(FRONT_END, seed, TRAIN, None, 8.0) for seed in (4, 4, 5))
    assert one.patches.tobytes() == two.patches.tobytes()
    assert one.labels.tobytes() == two.labels.tobytes()
    joined = Examples.join([one, other])
    assert len(joined.labels) == len(joined.patches) == len(one.labels) + len(other.labels)
    np.testing.assert_array_equal(joined.patches[len(one.labels) :], other.patches)
    assert joined.patches.shape[1:] == (PATCH_FRAMES, FRONT_END.n_mels)


def test_find_impulses_hears_the_last_frames() -> None:
    pcm = np.random.default_rng(0).normal(0, 50, 3 * FRONT_END.rate_hz)
    pcm[-200:-136] += 8000
    found = find_impulses(FRONT_END, [pcm.astype(np.int16)])
    assert found.frame[-1] >= FRONT_END.n_frames(len(pcm)) - 2


def test_noise_and_voices_are_none_of_them_cracks(tmp_path: Path) -> None:
    noise = NoiseLibrary.load(make_data_root(tmp_path))
    pcm = noise_and_voices(FRONT_END.rate_hz, 7, noise, 12.0)
    assert pcm.dtype == np.int16
    assert len(pcm) >= 12 * FRONT_END.rate_hz
    assert pcm.tobytes() == noise_and_voices(FRONT_END.rate_hz, 7, noise, 12.0).tobytes()
    assert pcm.tobytes() != noise_and_voices(FRONT_END.rate_hz, 8, noise, 12.0).tobytes()
    assert (real_examples(FRONT_END, 7, noise, 12.0).labels == OTHER).all()


def test_real_examples() -> None:
    root = data_root()
    if root is None:
        pytest.skip("the recordings are missing: set ACOUSTIC_DATA to their folder")
    examples = real_examples(FRONT_END, 1, NoiseLibrary.load(root, "train"), 60.0)
    assert len(examples.labels) > 20
    assert (examples.labels == OTHER).all()
    assert np.ptp(examples.patches.astype(int)) > 100
