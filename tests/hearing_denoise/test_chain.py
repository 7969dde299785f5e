from dataclasses import replace

import numpy as np
import pytest
from acoustic_apps.hearing_denoise.chain import FADE_FRAMES, HearingChain
from acoustic_apps.hearing_denoise.features import FRONT_END
from made_hearing import RATE_HZ, drawn_bundle, noisy_pcm
from numpy.typing import NDArray

from acoustic.errors import BundleError, ParameterError

pytestmark = pytest.mark.filterwarnings("default")


def through(chain: HearingChain, pcm: NDArray[np.int16], sizes: tuple[int, ...] = (10**9,)) -> NDArray[np.int16]:
    parts, start, number = [], 0, 0
    while start < len(pcm):
        stop = start + sizes[number % len(sizes)]
        parts.append(chain.push(pcm[start:stop]))
        start, number = stop, number + 1
    return np.concatenate([*parts, chain.flush()])


@pytest.mark.parametrize("sizes", [(1,), (63, 64, 65), (160,), (1000, 7)])
def test_blocks_of_any_size_give_the_same_bytes(sizes: tuple[int, ...]) -> None:
    pcm = noisy_pcm(1, 0.25)
    whole = through(HearingChain(drawn_bundle()), pcm)
    assert len(whole) == len(pcm) + 64
    assert through(HearingChain(drawn_bundle()), pcm, sizes).tobytes() == whole.tobytes()


def test_it_does_something() -> None:
    pcm = noisy_pcm(1, 0.25)
    out = through(HearingChain(drawn_bundle()), pcm)[64:]
    assert 0.05 < np.std(out) / np.std(pcm) < 0.95


def test_it_is_what_the_test_vectors_say() -> None:
    vectors = drawn_bundle().vectors
    assert np.array_equal(HearingChain(drawn_bundle()).push(vectors["pcm"]), vectors["enhanced"])


def test_without_strength_or_in_bypass_only_the_delay_is_left() -> None:
    pcm = noisy_pcm(2, 0.25)
    bypassed = HearingChain(drawn_bundle())
    bypassed.bypass = True
    bypassed.reset()
    for chain in (HearingChain(drawn_bundle(), strength=0.0), bypassed):
        assert np.array_equal(through(chain, pcm)[chain.delay_samples :], pcm)


def test_strength_goes_from_the_one_to_the_other() -> None:
    pcm = noisy_pcm(2, 0.25)
    levels = [np.std(through(HearingChain(drawn_bundle(), strength=s), pcm)) for s in (0.0, 0.5, 1.0)]
    assert levels == sorted(levels, reverse=True)


def test_bypass_is_faded_in() -> None:
    tone = np.rint(8000 * np.sin(2 * np.pi * 500 * np.arange(RATE_HZ) / RATE_HZ)).astype(np.int16)
    chain = HearingChain(drawn_bundle())
    before = chain.push(tone[: RATE_HZ // 2])
    chain.bypass = True
    after = chain.push(tone[RATE_HZ // 2 :])
    out = np.concatenate([before, after]).astype(float)
    # A click would be a step from sample to sample that the tone itself never makes.
    assert np.abs(np.diff(out)).max() <= 1.1 * np.abs(np.diff(tone.astype(float))).max()
    settled = RATE_HZ // 2 + (FADE_FRAMES + 2) * 64
    assert np.array_equal(out[settled + 64 :], tone[settled : len(out) - 64])


def test_a_reset_chain_is_a_new_one() -> None:
    chain, pcm = HearingChain(drawn_bundle()), noisy_pcm(3, 0.2)
    first = through(chain, pcm)
    chain.reset()
    assert np.array_equal(through(chain, pcm), first)


def test_a_higher_floor_leaves_more() -> None:
    pcm = noisy_pcm(4, 0.2)
    low, high = (np.std(through(HearingChain(drawn_bundle(), floor_db=db), pcm)) for db in (-60.0, -3.0))
    assert low < high <= np.std(pcm)
    unchanged = through(HearingChain(drawn_bundle(), floor_db=0.0), pcm)[64:]
    assert np.array_equal(unchanged, pcm)


def test_silence_stays_silent() -> None:
    assert not through(HearingChain(drawn_bundle()), np.zeros(RATE_HZ // 4, np.int16)).any()


def test_no_samples_are_no_samples() -> None:
    chain = HearingChain(drawn_bundle())
    assert len(chain.push(np.empty(0, np.int16))) == 0
    assert len(chain.flush()) == chain.delay_samples == 64


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_a_strength_out_of_range_is_refused(strength: float) -> None:
    chain = HearingChain(drawn_bundle())
    with pytest.raises(ParameterError, match="strength"):
        chain.strength = strength


def test_a_floor_out_of_range_is_refused() -> None:
    with pytest.raises(ParameterError, match="floor_db"):
        HearingChain(drawn_bundle(), floor_db=3.0)


def test_another_front_end_or_application_is_refused() -> None:
    for changes in ({"application": "roast"}, {"frontend": replace(FRONT_END, analysis_samples=512)}):
        with pytest.raises(BundleError, match="drawn"):
            HearingChain(drawn_bundle().replace(**changes))
