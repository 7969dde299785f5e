import numpy as np
import pytest
from acoustic_apps.hearing_denoise.fitting.audiogram import FREQUENCIES_HZ
from acoustic_apps.hearing_denoise.fitting.decay import PeakDecay
from acoustic_apps.hearing_denoise.fitting.levels import STEPS_PER_DB, BandLevels
from hypothesis import given, settings
from hypothesis import strategies as st

from acoustic.errors import ParameterError

HOP = 32


def band_levels(**change):
    return BandLevels(16000, HOP, **{"full_scale_db_spl": 100.0, "release_s": 0.08} | change)


@settings(max_examples=50)
@given(
    levels=st.lists(st.integers(-1000, 1000), max_size=40),
    cuts=st.lists(st.integers(0, 40), max_size=5),
    fall=st.integers(0, 300),
)
def test_peak_decay_is_the_recursion(levels, cuts, fall):
    held, expected = -500, []
    for level in levels:
        held = max(level, held - fall)
        expected.append(held)
    peaks = PeakDecay(fall, np.array([-500]))
    parts = [peaks.push(part[:, None]) for part in np.split(np.array(levels, np.int64), sorted(cuts))]
    np.testing.assert_array_equal(np.concatenate(parts)[:, 0], expected)


@pytest.mark.parametrize("band", range(6))
@pytest.mark.parametrize("level_db_spl", [30.0, 65.0, 95.0])
def test_tone_has_its_level_in_its_band_and_less_elsewhere(tone, band, level_db_spl):
    pcm = tone(FREQUENCIES_HZ[band], level_db_spl)
    found = band_levels().push(pcm)[100:] / STEPS_PER_DB
    np.testing.assert_allclose(found[:, band], level_db_spl, atol=0.7)
    assert (np.delete(found, band, axis=1) < level_db_spl - 6).all()


def test_full_scale_has_the_level_that_calibrates_it(tone):
    pcm = tone(1000, 80.0)
    louder = band_levels(full_scale_db_spl=120.0).push(pcm)
    np.testing.assert_array_equal(louder, band_levels().push(pcm) + 20 * STEPS_PER_DB)


def test_offset_of_the_microphone_is_not_heard():
    levels = band_levels().push(np.full(16000, 1000, np.int16))
    assert levels[8000 // HOP :].max() < 20 * STEPS_PER_DB


def test_level_falls_by_27_db_in_the_release_time(tone):
    pcm = tone(2000, 90.0)
    pcm[8000:] = 0
    levels = band_levels(release_s=0.1).push(pcm)[:, 3] / STEPS_PER_DB
    last_loud = 8000 // HOP
    fallen = levels[last_loud + 50] - levels[last_loud + 50 + round(0.1 * 16000 / HOP)]
    assert fallen == pytest.approx(27.0, abs=0.3)


def test_silence_is_the_lowest_level():
    assert (band_levels().push(np.zeros(640, np.int16)) == -20 * STEPS_PER_DB).all()


@settings(max_examples=20)
@given(cuts=st.lists(st.integers(0, 6000), max_size=10))
def test_any_cuts_do_not_change_a_byte(eventful, cuts):
    parts = band_levels()
    found = np.concatenate([parts.push(part) for part in np.split(eventful, sorted(cuts))])
    assert found.tobytes() == band_levels().push(eventful).tobytes()


def test_anything_but_pcm_is_refused():
    with pytest.raises(ParameterError, match="int16"):
        band_levels().push(np.zeros(10, np.float32))
