from dataclasses import replace

import numpy as np
import pytest
from acoustic_apps.turbine_blade.scorer.explain import LEAST_Z, MOST_BANDS, SECTIONS, Sections
from acoustic_apps.turbine_blade.scorer.features import FRONT_END, Layout
from acoustic_apps.turbine_blade.scorer.moments import Moments
from made_models import steps_of
from numpy.typing import NDArray

from acoustic.records import plain

COMPACT, FULL = Layout(n_bands=128), Layout(n_bands=128, size="full")
LAYOUTS = pytest.mark.parametrize("layout", [COMPACT, FULL], ids=["compact", "full"])
SD = np.full((4, SECTIONS), 50, np.int16)
Features = NDArray[np.int64]


def section_of(layout: Layout, group: str, section: int) -> slice:
    where = layout.groups[group]
    size = (where.stop - where.start) // SECTIONS
    return slice(where.start + section * size, where.start + (section + 1) * size)


def deviating(layout: Layout, *parts: tuple[str, int, int]) -> Features:
    deviation = np.zeros(layout.n_features, np.int64)
    for group, section, steps in parts:
        deviation[section_of(layout, group, section)] = steps
    return deviation


@LAYOUTS
@pytest.mark.parametrize("group", ["shape", "spread", "change", "residual"])
@pytest.mark.parametrize(("section", "steps"), [(0, 200), (7, -500), (15, 1000)])
def test_what_deviates_is_named(layout: Layout, group: str, section: int, steps: int) -> None:
    sections = Sections(layout, FRONT_END, SD)
    (band,) = sections.bands(deviating(layout, (group, section, steps)))
    assert (band.what, band.sign, band.z) == (group, "+" if steps > 0 else "-", pytest.approx(abs(steps) / 50))
    assert (band.low_hz, band.high_hz) == sections.edges_hz[section]
    assert plain(band)["z"] == round(abs(steps) / 50, 2)


def test_sections_cover_the_spectrum() -> None:
    edges = Sections(COMPACT, FRONT_END, SD).edges_hz
    assert edges[0][0] == 0.0
    assert edges[-1][1] == pytest.approx(8000.0)
    for (low, high), (next_low, next_high) in zip(edges[:-1], edges[1:], strict=True):
        # Triangles overlap, and so do the sections.
        assert low < next_low < high < next_high


def test_a_tone_lies_in_the_section_of_its_band() -> None:
    """Against the front end itself: where a tone raises the level most, there its frequency is."""
    edges = Sections(COMPACT, FRONT_END, SD).edges_hz
    for hz in (100.0, 440.0, 1500.0, 3300.0, 7000.0):
        tone = np.rint(8000 * np.sin(2 * np.pi * hz * np.arange(16_000) / 16_000)).astype(np.int16)
        band = int(steps_of(tone).astype(int).sum(axis=0).argmax())
        low, high = edges[band // (128 // SECTIONS)]
        assert low <= hz <= high


def test_the_most_outstanding_comes_first_and_the_rest_is_not_told() -> None:
    parts = [("shape", section, 160 + 10 * section) for section in range(SECTIONS)]
    bands = Sections(COMPACT, FRONT_END, SD).bands(deviating(COMPACT, *parts))
    assert len(bands) == MOST_BANDS
    assert [band.z for band in bands] == sorted((band.z for band in bands), reverse=True)
    assert bands[0].z == pytest.approx(310 / 50)


def test_of_one_section_only_the_clearest_respect_is_told() -> None:
    (band,) = Sections(COMPACT, FRONT_END, SD).bands(
        deviating(COMPACT, ("shape", 4, 200), ("change", 4, -300), ("residual", 4, 250))
    )
    assert (band.what, band.sign) == ("change", "-")


@pytest.mark.parametrize("steps", [0, 149, -149])
def test_what_is_usual_is_not_told(steps: int) -> None:
    assert abs(steps) / 50 < LEAST_Z
    assert Sections(COMPACT, FRONT_END, SD).bands(deviating(COMPACT, ("shape", 3, steps))) == ()


@LAYOUTS
def test_deviations_are_those_of_sections_within_machines(layout: Layout) -> None:
    """Machines far apart, conditions at the end: neither widens what is usual."""
    rng = np.random.default_rng(0)
    trend = np.repeat(rng.normal(0, 100, (300, 4 * SECTIONS)), layout.n_features // (4 * SECTIONS), axis=1)
    trend = np.pad(trend, ((0, 0), (0, layout.n_features - trend.shape[1])))
    rows = np.rint(trend + rng.normal(0, 300, (300, layout.n_features)))
    machines = [np.column_stack([part, rng.integers(0, 9000, 100)]) for part in np.split(rows, 3)]
    moments = [Moments.of((part + 3000 * n).astype(np.int16)) for n, part in enumerate(machines)]
    found = Sections.learn(layout, moments, 1)
    assert found.dtype == np.int16
    for group, name in enumerate(layout.groups):
        for section in range(SECTIONS):
            means = [part[:, section_of(layout, name, section)].mean(axis=1) for part in machines]
            expected = np.sqrt(np.mean([mean.var(ddof=1) for mean in means]))
            assert found[group, section] == pytest.approx(expected, abs=0.51)


def test_sections_that_never_changed_have_the_least_deviation() -> None:
    same = Moments.of(np.full((20, COMPACT.n_features), 77, np.int16))
    assert set(Sections.learn(COMPACT, [same], 0).ravel().tolist()) == {1}
    assert set(Sections.learn(COMPACT, [Moments.none(COMPACT.n_features)], 0).ravel().tolist()) == {1}


@pytest.mark.parametrize("n_bands", [8, 10, 30])
def test_fewer_bands_than_sections_are_shared(n_bands: int) -> None:
    layout = Layout(n_bands=n_bands)
    front_end = replace(FRONT_END, n_mels=n_bands)
    for group, where in layout.groups.items():
        deviation = np.zeros(layout.n_features, np.int64)
        deviation[where.stop - 1] = 1000
        bands = Sections(layout, front_end, SD).bands(deviation)
        assert bands
        assert {band.what for band in bands} == {group}
