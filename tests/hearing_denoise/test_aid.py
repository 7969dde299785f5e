"""The whole hearing aid: what it makes of sound, in line with what came in."""

from typing import Any

import numpy as np
import pytest
from acoustic_apps.hearing_denoise.aid import AidOptions, HearingAid
from acoustic_apps.hearing_denoise.chain import Denoiser
from acoustic_apps.hearing_denoise.fitting import Audiogram, Fitting
from made_hearing import RATE_HZ, drawn_model, enhanced, noisy_pcm

from acoustic.errors import ParameterError

LOSS = "30,35,40,50,60,65"
PCM = noisy_pcm(4, 0.6)


def denoised(**settings: Any) -> np.ndarray:
    """All that the denoiser gives, its delay included."""
    denoiser = Denoiser(drawn_model(), **settings)
    return np.concatenate([denoiser.push(PCM), denoiser.flush()])


def test_without_a_loss_it_is_the_denoiser_in_line() -> None:
    made = enhanced(PCM, AidOptions(strength=0.7, floor_db=-6.0))
    np.testing.assert_array_equal(made, denoised(strength=0.7, floor_db=-6.0)[64:])
    assert len(made) == len(PCM)
    assert not np.array_equal(made, enhanced(PCM))


@pytest.mark.parametrize("block", [1, 160, 777])
def test_sound_comes_as_blocks_complete_it(block: int) -> None:
    aid = HearingAid(drawn_model(), AidOptions(audiogram=LOSS))
    sound = []
    for start in range(0, len(PCM), block):
        assert list(aid.push(PCM[start : start + block])) == []
        sound.append(aid.sound())
    assert sum(map(len, sound)) == len(PCM) // 64 * 64 - 64
    assert list(aid.flush()) == []
    np.testing.assert_array_equal(np.concatenate([*sound, aid.sound()]), enhanced(PCM, AidOptions(audiogram=LOSS)))
    assert len(aid.sound()) == 0


def test_fitting_comes_after_the_denoiser() -> None:
    fitting = Fitting(Audiogram.from_text(LOSS), RATE_HZ)
    np.testing.assert_array_equal(enhanced(PCM, AidOptions(audiogram=LOSS)), fitting.push(denoised())[64:])


def test_bypass_from_the_start_is_the_sound_itself() -> None:
    assert HearingAid(drawn_model(), AidOptions(bypass=True)).bypass
    np.testing.assert_array_equal(enhanced(PCM, AidOptions(bypass=True)), PCM)


def test_knobs_are_the_denoisers() -> None:
    aid = HearingAid(drawn_model(), AidOptions())
    aid.strength = 0.0
    aid.push(PCM)
    # The knob is turned over some frames; afterwards the sound is as it came.
    sound = aid.sound()
    np.testing.assert_array_equal(sound[1000:], PCM[1000 : len(sound)])
    assert not np.array_equal(sound[:1000], PCM[:1000])


@pytest.mark.parametrize("options", [{"audiogram": "1,2,3"}, {"strength": 1.1}, {"floor_db": -61.0}])
def test_what_cannot_be_used_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match=next(iter(options))):
        HearingAid(drawn_model(), AidOptions(**options))
