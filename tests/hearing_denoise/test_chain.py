import numpy as np
import pytest
from acoustic_apps.hearing_denoise.chain import FADE_FRAMES, Denoiser
from acoustic_apps.hearing_denoise.features import FRONT_END
from made_hearing import RATE_HZ, WIDE, drawn_bundle, drawn_model, noisy_pcm
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from acoustic.frontend.enhancement import EnhancementFrontEnd

pytestmark = pytest.mark.filterwarnings("default")


def through(denoiser: Denoiser, pcm: NDArray[np.int16], sizes: tuple[int, ...] = (10**9,)) -> NDArray[np.int16]:
    parts, start, number = [], 0, 0
    while start < len(pcm):
        stop = start + sizes[number % len(sizes)]
        parts.append(denoiser.push(pcm[start:stop]))
        start, number = stop, number + 1
    return np.concatenate([*parts, denoiser.flush()])


@pytest.mark.parametrize("front_end", [FRONT_END, WIDE])
@pytest.mark.parametrize("sizes", [(1,), (63, 64, 65), (160,), (1000, 7)])
def test_blocks_of_any_size_give_the_same_bytes(sizes: tuple[int, ...], front_end: EnhancementFrontEnd) -> None:
    pcm, model = noisy_pcm(1, 0.25), drawn_model(front_end)
    whole = through(Denoiser(model), pcm)
    assert len(whole) == len(pcm) + front_end.delay_samples
    assert through(Denoiser(model), pcm, sizes).tobytes() == whole.tobytes()


def test_it_does_something() -> None:
    pcm = noisy_pcm(1, 0.25)
    out = through(Denoiser(drawn_model()), pcm)[64:]
    assert 0.05 < np.std(out) / np.std(pcm) < 0.95


def test_it_is_what_the_test_vectors_say() -> None:
    vectors = drawn_bundle().vectors
    assert np.array_equal(Denoiser(drawn_model()).push(vectors["pcm"]), vectors["enhanced"])


def test_without_strength_or_in_bypass_only_the_delay_is_left() -> None:
    pcm = noisy_pcm(2, 0.25)
    for denoiser in (Denoiser(drawn_model(), strength=0.0), Denoiser(drawn_model(), bypass=True)):
        assert np.array_equal(through(denoiser, pcm)[denoiser.delay_samples :], pcm)


def test_strength_goes_from_the_one_to_the_other() -> None:
    pcm = noisy_pcm(2, 0.25)
    levels = [np.std(through(Denoiser(drawn_model(), strength=s), pcm)) for s in (0.0, 0.5, 1.0)]
    assert levels == sorted(levels, reverse=True)


def test_bypass_is_faded_in() -> None:
    tone = np.rint(8000 * np.sin(2 * np.pi * 500 * np.arange(RATE_HZ) / RATE_HZ)).astype(np.int16)
    denoiser = Denoiser(drawn_model())
    before = denoiser.push(tone[: RATE_HZ // 2])
    denoiser.bypass = True
    after = denoiser.push(tone[RATE_HZ // 2 :])
    out = np.concatenate([before, after]).astype(float)
    # A click would be a step from sample to sample that the tone itself never makes.
    assert np.abs(np.diff(out)).max() <= 1.1 * np.abs(np.diff(tone.astype(float))).max()
    settled = RATE_HZ // 2 + (FADE_FRAMES + 2) * 64
    assert np.array_equal(out[settled + 64 :], tone[settled : len(out) - 64])


def test_a_reset_chain_is_a_new_one() -> None:
    denoiser, pcm = Denoiser(drawn_model()), noisy_pcm(3, 0.2)
    first = through(denoiser, pcm)
    denoiser.reset()
    assert np.array_equal(through(denoiser, pcm), first)


def test_a_higher_floor_leaves_more() -> None:
    pcm = noisy_pcm(4, 0.2)
    low, high = (np.std(through(Denoiser(drawn_model(), floor_db=db), pcm)) for db in (-60.0, -3.0))
    assert low < high <= np.std(pcm)
    unchanged = through(Denoiser(drawn_model(), floor_db=0.0), pcm)[64:]
    assert np.array_equal(unchanged, pcm)


def test_silence_stays_silent() -> None:
    assert not through(Denoiser(drawn_model()), np.zeros(RATE_HZ // 4, np.int16)).any()


def test_no_samples_are_no_samples() -> None:
    denoiser = Denoiser(drawn_model())
    assert len(denoiser.push(np.empty(0, np.int16))) == 0
    assert len(denoiser.flush()) == denoiser.delay_samples == 64


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_a_strength_out_of_range_is_refused(strength: float) -> None:
    denoiser = Denoiser(drawn_model())
    with pytest.raises(ParameterError, match="strength"):
        denoiser.strength = strength


def test_a_floor_out_of_range_is_refused() -> None:
    with pytest.raises(ParameterError, match="floor_db"):
        Denoiser(drawn_model(), floor_db=3.0)
