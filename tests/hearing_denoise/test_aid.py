"""The whole hearing aid of a real bundle, through the commands."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from acoustic_apps.hearing_denoise.aid import AidPlan, AidSettings
from acoustic_apps.hearing_denoise.chain import HearingChain
from acoustic_apps.hearing_denoise.cli import app
from acoustic_apps.hearing_denoise.fitting import Audiogram, Fitting
from made_hearing import RATE_HZ, drawn_bundle, noisy_pcm
from typer.testing import CliRunner

from acoustic.audio import Aligned, write_wav
from acoustic.errors import BundleError, ParameterError

pytestmark = pytest.mark.filterwarnings("default")

LOSS = "30,35,40,50,60,65"
PCM = noisy_pcm(4, 0.6)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("bundle") / "drawn.bundle"
    drawn_bundle().save(path)
    return str(path)


def through(processor: Any, pcm: np.ndarray = PCM) -> np.ndarray:
    aligned = Aligned(processor)
    return np.concatenate([aligned.push(pcm[:777]), aligned.push(pcm[777:]), aligned.flush()])


def test_without_a_loss_it_is_the_chain(bundle: str) -> None:
    aid = AidPlan.load(AidSettings(bundle=bundle, strength=0.7, floor_db=-6.0)).make()
    chain = HearingChain(drawn_bundle(), strength=0.7, floor_db=-6.0)
    assert (aid.rate_hz, aid.delay_samples, aid.latency_ms) == (RATE_HZ, 64, 8.0)
    np.testing.assert_array_equal(through(aid), through(chain))
    assert not np.array_equal(through(AidPlan.load(AidSettings(bundle=bundle)).make()), through(chain))


def test_fitting_comes_after_the_chain(bundle: str) -> None:
    aid = AidPlan.load(AidSettings(bundle=bundle, audiogram=LOSS)).make()
    fitting = Fitting(Audiogram.from_text(LOSS), RATE_HZ)
    chain = HearingChain(drawn_bundle())
    denoised = np.concatenate([chain.push(PCM), chain.flush()])
    np.testing.assert_array_equal(through(aid), fitting.push(denoised)[64:])


def test_bypass_from_the_start_is_the_sound_itself(bundle: str) -> None:
    aid = AidPlan.load(AidSettings(bundle=bundle, bypass=True)).make()
    assert aid.bypass
    np.testing.assert_array_equal(through(aid), PCM)


def test_knobs_are_the_chains(bundle: str) -> None:
    aid = AidPlan.load(AidSettings(bundle=bundle)).make()
    aid.strength = 0.0
    silent_knob = through(aid)
    # The knob is turned over some frames; afterwards the sound is as it came.
    np.testing.assert_array_equal(silent_knob[1000:], PCM[1000:])
    assert not np.array_equal(silent_knob[:1000], PCM[:1000])


def test_commands_agree(bundle: str, tmp_path: Path) -> None:
    write_wav(tmp_path / "in.wav", PCM, RATE_HZ)
    for command in (
        ["enhance", "in.wav", "-o", "enhanced.wav", "--bundle", bundle, "--floor", "-12"],
        ["listen", "--input", "in.wav", "--output", "heard.wav", "--bundle", bundle, "--floor", "-12"],
    ):
        words = [str(tmp_path / word) if word.endswith(".wav") else word for word in command]
        assert CliRunner().invoke(app, words).exit_code == 0
    assert (tmp_path / "heard.wav").read_bytes() == (tmp_path / "enhanced.wav").read_bytes()
    chain = HearingChain(drawn_bundle(), floor_db=-12.0)
    np.testing.assert_array_equal(soundfile.read(tmp_path / "heard.wav", dtype="int16")[0], through(chain))


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        (lambda bundle: AidSettings(bundle="roast"), BundleError, "not for 'hearing'"),
        (lambda bundle: AidSettings(bundle=bundle, audiogram="1,2,3"), ParameterError, "audiogram"),
    ],
)
def test_what_cannot_be_used_is_refused(
    bundle: str, settings: Callable[[str], AidSettings], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        AidPlan.load(settings(bundle))
