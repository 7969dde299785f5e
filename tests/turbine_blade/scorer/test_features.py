import numpy as np
import pytest
from acoustic_apps.turbine_blade.gate import measures as gate_measures
from acoustic_apps.turbine_blade.scorer.features import (
    SPREAD_FLOOR_DB,
    STRETCH_FRAMES,
    Layout,
    StretchSums,
    Sums,
    half_bands,
)
from acoustic_apps.turbine_blade.scorer.network import CONTEXT_FRAMES
from hypothesis import given, settings
from hypothesis import strategies as st
from made_models import residual_network
from numpy.typing import NDArray

from acoustic.errors import ParameterError

COMPACT, FULL = Layout(n_bands=128), Layout(n_bands=128, size="full")
LAYOUTS = pytest.mark.parametrize("layout", [COMPACT, FULL], ids=["compact", "full"])
FLOOR = round(20 * np.log10(SPREAD_FLOOR_DB) * 256)
Steps = NDArray[np.int16]


def frames(seed: int, n: int, spread_db: float = 4.0) -> Steps:
    rng = np.random.default_rng(seed)
    shape = rng.normal(-40, 10, 128)
    return np.rint(256 * (shape + rng.normal(0, spread_db, (n, 128)))).astype(np.int16)


def sums_of(steps: Steps, layout: Layout = COMPACT) -> Sums:
    sums = StretchSums(layout, residual_network())
    return np.concatenate([sums.push(steps), sums.flush()])


def parts_of(sums: Sums, layout: Layout = COMPACT) -> dict[str, NDArray[np.int64]]:
    return {name: sums[..., where] for name, where in layout.columns.items()}


def groups_of(steps: Steps, layout: Layout = COMPACT) -> dict[str, Steps]:
    features = layout.features(sums_of(steps, layout).sum(axis=0))
    assert features.dtype == np.int16
    return {name: features[where] for name, where in layout.groups.items()}


@settings(max_examples=60)
@given(cuts=st.lists(st.integers(0, 150), max_size=12), n=st.integers(0, 150), layout=st.sampled_from([COMPACT, FULL]))
def test_blocks_of_any_size_give_the_same_sums(cuts: list[int], n: int, layout: Layout) -> None:
    steps = frames(1, n)
    sums = StretchSums(layout, residual_network())
    found = [sums.push(block) for block in np.split(steps, sorted(min(cut, n) for cut in cuts))]
    assert np.concatenate([*found, sums.flush()]).tobytes() == sums_of(steps, layout).tobytes()


def test_frames_may_come_one_by_one() -> None:
    steps, sums = frames(2, 70), StretchSums(COMPACT, residual_network())
    found = [sums.push(frame[None]) for frame in steps]
    assert [len(rows) for rows in found] == [number % STRETCH_FRAMES == STRETCH_FRAMES - 1 for number in range(70)]
    assert np.concatenate([*found, sums.flush()]).tobytes() == sums_of(steps).tobytes()


@LAYOUTS
@pytest.mark.parametrize("n", [1, 4, 5, 32, 33, 100])
def test_stretches_add_up_to_the_clip(layout: Layout, n: int) -> None:
    """Against sums over the whole clip at once."""
    steps = frames(3, n)
    rows = sums_of(steps, layout)
    assert len(rows) == -(-n // STRETCH_FRAMES)
    found = parts_of(rows.sum(axis=0), layout)
    fine = (steps if layout is FULL else half_bands(steps)).astype(np.int64)
    residual = np.zeros((0, 64), np.int64)
    if n >= CONTEXT_FRAMES:
        residual = residual_network().residual(half_bands(steps)).astype(np.int64)
    assert [found[name].item() for name in ("frames", "changes", "residuals")] == [n, n - 1, max(0, n - 4)]
    assert found["level"].tolist() == steps.sum(axis=0, dtype=np.int64).tolist()
    assert found["spread_level"].tolist() == (fine >> 4).sum(axis=0).tolist()
    assert found["spread_square"].tolist() == ((fine >> 4) ** 2).sum(axis=0).tolist()
    assert found["change"].tolist() == np.abs(np.diff(fine, axis=0)).sum(axis=0).tolist()
    assert found["residual_square"].tolist() == ((residual >> 4) ** 2).sum(axis=0).tolist()


def test_leaving_stretches_out_leaves_only_their_frames_out() -> None:
    """Levels are those of the kept frames alone; a change still counts from the last frame that is left out."""
    steps = frames(4, 6 * STRETCH_FRAMES)
    kept = [1, 2, 5]
    by_frame = steps.reshape(6, STRETCH_FRAMES, -1)
    found = parts_of(sums_of(steps)[kept].sum(axis=0))
    alone = parts_of(sums_of(by_frame[kept].reshape(-1, 128)).sum(axis=0))
    for name in ("frames", "level", "spread_level", "spread_square"):
        assert found[name].tolist() == alone[name].tolist()
    assert found["changes"].item() == 3 * STRETCH_FRAMES
    half = half_bands(steps).astype(np.int64)
    expected = sum(np.abs(np.diff(half[32 * k - 1 : 32 * k + 32], axis=0)).sum(axis=0) for k in kept)
    assert found["change"].tolist() == expected.tolist()


def test_a_recording_does_not_know_the_one_before() -> None:
    one, two, sums = frames(5, 45), frames(6, 45), StretchSums(COMPACT, residual_network())
    sums.push(one)
    sums.flush()
    assert np.concatenate([sums.push(two), sums.flush()]).tobytes() == sums_of(two).tobytes()
    sums.push(one)
    sums.reset()
    assert np.concatenate([sums.push(two), sums.flush()]).tobytes() == sums_of(two).tobytes()
    assert len(sums.flush()) == 0


@LAYOUTS
@given(gain=st.integers(-600, 600))
def test_a_gain_changes_nothing(layout: Layout, gain: int) -> None:
    """Exactly, in the sixteenths of a dB that squares are summed in; in finer steps spread is within a quarter dB."""
    steps = frames(7, 96)
    plain, louder = groups_of(steps, layout), groups_of(steps + np.int16(16 * gain), layout)
    assert {name: group.tolist() for name, group in plain.items()} == {n: g.tolist() for n, g in louder.items()}
    odd = groups_of(steps + np.int16(gain), layout)
    for name in ("shape", "change", "residual"):
        assert odd[name].tolist() == plain[name].tolist()
    assert np.abs(odd["spread"].astype(int) - plain["spread"]).max() <= 16


@LAYOUTS
def test_a_steady_level_does_not_spread(layout: Layout) -> None:
    groups = groups_of(np.repeat(frames(8, 1), 64, axis=0), layout)
    assert set(groups["spread"].tolist()) == set(groups["change"].tolist()) == {FLOOR}


@LAYOUTS
def test_an_alternating_level_has_the_spread_and_change_of_its_swing(layout: Layout) -> None:
    steps = np.full((65, 128), -10 * 256, np.int16)
    steps[::2, :64] += 6 * 256  # 3 dB either way
    steps[::2, 64:] += 1 * 256
    found = groups_of(steps[:64], layout)
    half = len(found["spread"]) // 2
    for group, factor in (("spread", 0.5), ("change", 1.0)):
        for band, swing_db in ((slice(0, half), 6.0), (slice(half, None), 1.0)):
            expected = 10 * np.log10((factor * swing_db) ** 2 + SPREAD_FLOOR_DB**2)
            assert found[group][band] / 256 == pytest.approx(expected, abs=0.005)


def test_shape_is_the_mean_level_against_all_bands() -> None:
    tilt_db = np.linspace(-20, -52, 128)
    steps = np.rint(256 * tilt_db).astype(np.int16) + np.zeros((40, 1), np.int16)
    steps[::2] += 512
    sums = sums_of(steps).sum(axis=0)
    shape = COMPACT.features(sums)[COMPACT.groups["shape"]]
    assert shape / 256 == pytest.approx(tilt_db - tilt_db.mean(), abs=0.01)
    assert COMPACT.level_db(sums) == pytest.approx(tilt_db.mean() + 1, abs=0.01)


def test_residual_is_the_error_of_the_network() -> None:
    steps = frames(9, 200)
    error_db = residual_network().residual(half_bands(steps)) / 256
    expected = 10 * np.log10((error_db**2).mean(axis=0) + SPREAD_FLOOR_DB**2)
    assert groups_of(steps)["residual"] / 256 == pytest.approx(expected, abs=0.15)


@LAYOUTS
def test_a_stretch_fits_32_bits_whatever_is_heard(layout: Layout) -> None:
    rng = np.random.default_rng(10)
    loudest = np.where(rng.random((STRETCH_FRAMES, 128)) < 0.5, -32512, 32512).astype(np.int16)
    blinking = np.full((STRETCH_FRAMES, 128), 32512, np.int16)
    blinking[::2] = -32512
    for steps in (loudest, blinking, np.full_like(loudest, -32512)):
        (row,) = sums_of(steps, layout)
        assert np.abs(row).max() < 2**31
        # A clip of ten seconds too, so that a device adds stretches without care.
        assert 10 * np.abs(row).max() < 2**31
        assert np.abs(layout.features(row).astype(int)).max() <= 32767


def test_pairs_of_bands_are_rounded_down() -> None:
    steps = np.array([[1, 2, -1, -2, 32767, 32767, -32768, -32768]], np.int16)
    assert half_bands(steps).tolist() == [[1, -2, 32767, -32768]]


@pytest.mark.parametrize("n_bands", [8, 64, 128, 256])
@pytest.mark.parametrize("size", ["compact", "full"])
def test_groups_and_columns_tile_their_rows(n_bands: int, size: str) -> None:
    layout = Layout(n_bands=n_bands, size=size)  # type: ignore[arg-type]
    for slices, length in ((layout.groups, layout.n_features), (layout.columns, layout.n_columns)):
        assert [i for where in slices.values() for i in range(where.start, where.stop)] == list(range(length))
    assert layout.n_features == n_bands * (3.5 if size == "full" else 2.5)


@pytest.mark.parametrize(("n_bands", "size"), [(127, "compact"), (6, "compact"), (258, "full"), (128, "tiny")])
def test_other_layouts_are_refused(n_bands: int, size: str) -> None:
    with pytest.raises(ParameterError, match="bands|size"):
        Layout(n_bands=n_bands, size=size)  # type: ignore[arg-type]


def test_gate_and_features_mean_the_same_stretches() -> None:
    assert gate_measures.STRETCH_FRAMES == STRETCH_FRAMES
