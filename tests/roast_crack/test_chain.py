import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acoustic_apps.roast_crack.chain import Crack, Event, RoastChain, frame_ms, known_ms
from acoustic_apps.roast_crack.contrast import FRONT_END
from acoustic_apps.roast_crack.decision import FirstCrack, FirstCrackEnd
from acoustic_apps.roast_crack.impulses import AFTER_FRAMES
from acoustic_apps.roast_crack.model import RoastModel, check_front_end, read
from acoustic_apps.roast_crack.sessions import decide, recorded_session
from hypothesis import given, settings
from hypothesis import strategies as st
from made_roasts import PLAIN, excerpt, plain_bundle, plain_model

from acoustic.errors import BundleError, ParameterError
from acoustic.frontend import EnhancementFrontEnd


def events_of(model: RoastModel, blocks: list[np.ndarray]) -> list[Event]:
    chain = RoastChain(model)
    return [event for block in blocks for event in chain.push(block)] + chain.flush()


def test_a_simulated_roast_holds_every_kind_of_event() -> None:
    events = events_of(plain_model(), [excerpt().pcm])
    assert {type(event) for event in events} == {Crack, FirstCrack, FirstCrackEnd}
    cracks = [event for event in events if isinstance(event, Crack)]
    assert [crack.t_s for crack in cracks] == sorted({crack.t_s for crack in cracks})
    assert all(0.0 <= crack.score <= 1.0 for crack in cracks)
    (found,) = (event for event in events if isinstance(event, FirstCrack))
    assert found.onset_s in {crack.t_s for crack in cracks}
    assert found.onset_s < found.decided_s < len(excerpt().pcm) / FRONT_END.rate_hz


SIZES = [1, 63, 64, 127, 128, 129, 255, 256, 257, 1600, 8191, 8192, 100_000]


@settings(max_examples=15)
@given(sizes=st.lists(st.sampled_from(SIZES), min_size=1, max_size=60), repeat=st.booleans())
def test_blocks_of_any_size_give_the_same_events(sizes: list[int], repeat: bool) -> None:
    pcm = excerpt().pcm
    if repeat and min(sizes) > 1000:
        sizes = sizes * 40
    blocks = np.split(pcm, [cut for cut in np.cumsum(sizes).tolist() if cut < len(pcm)])
    assert events_of(plain_model(), blocks) == events_of(plain_model(), [pcm])


@pytest.mark.parametrize("size", [128, 129, 8192])
def test_blocks_of_one_size_give_the_same_events(size: int) -> None:
    pcm = excerpt().pcm[: 10 * FRONT_END.rate_hz]
    blocks = np.split(pcm, range(size, len(pcm), size))
    assert events_of(plain_model(), blocks) == events_of(plain_model(), [pcm])


def test_the_start_may_come_sample_by_sample() -> None:
    pcm = excerpt().pcm[5 * FRONT_END.rate_hz : 7 * FRONT_END.rate_hz]
    blocks = [*pcm[:500].reshape(500, 1), pcm[500:]]
    assert events_of(plain_model(), blocks) == events_of(plain_model(), [pcm])


def test_nothing_is_told_before_it_can_be_known() -> None:
    chain, heard_samples = RoastChain(plain_model()), 0
    for block in np.split(excerpt().pcm, range(320, len(excerpt().pcm), 320)):
        heard_samples += len(block)
        for event in chain.push(block):
            known = event.decided_s if isinstance(event, FirstCrack) else event.t_s if isinstance(event, Crack) else 0.0
            # A block of 10 ms is the only delay on top.
            assert known <= heard_samples / FRONT_END.rate_hz
            assert not isinstance(event, FirstCrack) or known > heard_samples / FRONT_END.rate_hz - 0.0101


def test_files_and_sessions_decide_alike() -> None:
    pcm = excerpt().pcm
    first_crack, end = decide(recorded_session(FRONT_END, plain_model().network, [pcm]), PLAIN)
    decided = [event for event in events_of(plain_model(), [pcm]) if not isinstance(event, Crack)]
    assert decided == [first_crack, end]


@pytest.mark.parametrize("samples", [0, 1, 255, 256, 3000])
def test_recordings_shorter_than_a_patch(samples: int) -> None:
    chain = RoastChain(plain_model())
    pcm = np.random.default_rng(0).integers(-900, 900, samples).astype(np.int16)
    assert chain.push(pcm) + chain.flush() == []
    assert chain.heard_s <= max(samples, FRONT_END.frame_samples) / FRONT_END.rate_hz


def test_digital_silence_and_full_scale_noise_are_not_first_crack() -> None:
    seconds = 20 * FRONT_END.rate_hz
    assert events_of(plain_model(), [np.zeros(seconds, np.int16)]) == []
    square = np.where(np.random.default_rng(1).random(seconds) < 0.5, -32768, 32767).astype(np.int16)
    strict = replace(plain_model(), settings=replace(PLAIN, max_clipped_frames=25))
    assert not any(isinstance(event, FirstCrack) for event in events_of(strict, [square]))


@pytest.mark.parametrize("pcm", [np.zeros(1000), np.zeros(1000, np.float32), np.zeros((1000, 2), np.int16)])
def test_only_int16_mono_is_taken(pcm: np.ndarray) -> None:
    with pytest.raises(ParameterError, match="int16"):
        RoastChain(plain_model()).push(pcm)


ENHANCEMENT = EnhancementFrontEnd(rate_hz=16_000, analysis_samples=256, synthesis_samples=128, hop_samples=64)
OTHERS: dict[str, dict[str, Any]] = {
    "shipped": {},
    "half the rate": {"rate_hz": 16_000, "frame_samples": 128, "hop_samples": 64, "n_fft": 128, "fmax_hz": 8_000.0},
    "no whole milliseconds": {"rate_hz": 44_100},
    "a frame of two hops and a half": {"hop_samples": 100},
    "a frame of many hops": {"rate_hz": 48_000, "frame_samples": 512, "hop_samples": 100, "n_fft": 512},
}


@pytest.mark.parametrize("name", OTHERS)
def test_times_are_those_of_the_front_end(name: str) -> None:
    front_end = replace(FRONT_END, **OTHERS[name])
    for frame in (0, 7, 123_456):
        last_sample = (frame + AFTER_FRAMES - 1) * front_end.hop_samples + front_end.frame_samples
        # Cut to whole milliseconds.
        assert frame_ms(front_end, frame) == math.floor(1000 * front_end.frame_centre_s(frame) + 1e-6)
        assert known_ms(front_end, frame) == math.floor(1000 * last_sample / front_end.rate_hz + 1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate_hz": 4000, "fmax_hz": 2000.0, "hop_samples": 16}, "rate_hz must be at least 8000"),
        ({"hop_samples": 256}, "less than frame_samples"),
        ({"fmax_hz": 600.0}, "hold no FFT bin"),
        ({"hop_samples": 16}, "1 to 20 ms"),
        ({"n_fft": 8192, "frame_samples": 8192, "hop_samples": 8000}, "1 to 20 ms"),
    ],
)
def test_a_front_end_that_hears_no_cracks_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        check_front_end(replace(FRONT_END, **change))
    with pytest.raises((ParameterError, BundleError), match=message):
        read(plain_bundle().replace(frontend=replace(FRONT_END, **change)))


def test_a_bundle_that_contradicts_itself_is_refused() -> None:
    for change, message in (
        ({"decision": {"threshold": 3.0}}, "decision settings"),
        ({"frontend": replace(FRONT_END, n_mels=21)}, "does not take patches"),
        ({"frontend": ENHANCEMENT}, "log-mel"),
        ({"network": Path(__file__).parent.joinpath("../model/models/dense.tflite").read_bytes()}, "does not take"),
    ):
        with pytest.raises((ParameterError, BundleError), match=message):
            read(plain_bundle().replace(**change))
