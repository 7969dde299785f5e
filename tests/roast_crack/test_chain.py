from dataclasses import replace

import numpy as np
import pytest
from acoustic_apps.roast_crack.chain import Crack, Event, RoastChain, frame_ms, known_ms
from acoustic_apps.roast_crack.contrast import FRONT_END
from acoustic_apps.roast_crack.decision import FirstCrack, FirstCrackEnd
from acoustic_apps.roast_crack.impulses import AFTER_FRAMES
from acoustic_apps.roast_crack.sessions import decide, recorded_session
from hypothesis import given, settings
from hypothesis import strategies as st
from made_roasts import PLAIN, excerpt, plain_bundle

from acoustic.errors import BundleError, ParameterError
from acoustic.model.bundle import Bundle


def events_of(bundle: Bundle, blocks: list[np.ndarray]) -> list[Event]:
    chain = RoastChain(bundle)
    return [event for block in blocks for event in chain.push(block)] + chain.flush()


def test_a_simulated_roast_holds_every_kind_of_event() -> None:
    events = events_of(plain_bundle(), [excerpt().pcm])
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
    assert events_of(plain_bundle(), blocks) == events_of(plain_bundle(), [pcm])


@pytest.mark.parametrize("size", [128, 129, 8192])
def test_blocks_of_one_size_give_the_same_events(size: int) -> None:
    pcm = excerpt().pcm[: 10 * FRONT_END.rate_hz]
    blocks = np.split(pcm, range(size, len(pcm), size))
    assert events_of(plain_bundle(), blocks) == events_of(plain_bundle(), [pcm])


def test_the_start_may_come_sample_by_sample() -> None:
    pcm = excerpt().pcm[5 * FRONT_END.rate_hz : 7 * FRONT_END.rate_hz]
    blocks = [*pcm[:500].reshape(500, 1), pcm[500:]]
    assert events_of(plain_bundle(), blocks) == events_of(plain_bundle(), [pcm])


def test_nothing_is_told_before_it_can_be_known() -> None:
    chain, heard_samples = RoastChain(plain_bundle()), 0
    for block in np.split(excerpt().pcm, range(320, len(excerpt().pcm), 320)):
        heard_samples += len(block)
        for event in chain.push(block):
            known = event.decided_s if isinstance(event, FirstCrack) else event.t_s if isinstance(event, Crack) else 0.0
            # A block of 10 ms is the only delay on top.
            assert known <= heard_samples / FRONT_END.rate_hz
            assert not isinstance(event, FirstCrack) or known > heard_samples / FRONT_END.rate_hz - 0.0101


def test_files_and_sessions_decide_alike() -> None:
    pcm = excerpt().pcm
    first_crack, end = decide(recorded_session(plain_bundle().network, [pcm]), PLAIN)
    decided = [event for event in events_of(plain_bundle(), [pcm]) if not isinstance(event, Crack)]
    assert decided == [first_crack, end]


@pytest.mark.parametrize("samples", [0, 1, 255, 256, 3000])
def test_recordings_shorter_than_a_patch(samples: int) -> None:
    chain = RoastChain(plain_bundle())
    pcm = np.random.default_rng(0).integers(-900, 900, samples).astype(np.int16)
    assert chain.push(pcm) + chain.flush() == []
    assert chain.heard_s <= max(samples, FRONT_END.frame_samples) / FRONT_END.rate_hz


def test_digital_silence_and_full_scale_noise_are_not_first_crack() -> None:
    seconds = 20 * FRONT_END.rate_hz
    assert events_of(plain_bundle(), [np.zeros(seconds, np.int16)]) == []
    square = np.where(np.random.default_rng(1).random(seconds) < 0.5, -32768, 32767).astype(np.int16)
    strict = plain_bundle().replace(decision=replace(PLAIN, max_clipped_frames=25).to_dict())
    assert not any(isinstance(event, FirstCrack) for event in events_of(strict, [square]))


@pytest.mark.parametrize("pcm", [np.zeros(1000), np.zeros(1000, np.float32), np.zeros((1000, 2), np.int16)])
def test_only_int16_mono_is_taken(pcm: np.ndarray) -> None:
    with pytest.raises(ParameterError, match="int16"):
        RoastChain(plain_bundle()).push(pcm)


def test_a_broken_decision_is_refused_at_the_start() -> None:
    with pytest.raises((ParameterError, BundleError), match="decision"):
        RoastChain(plain_bundle().replace(decision={"threshold": 3.0}))


def test_times_are_those_of_the_front_end() -> None:
    assert FRONT_END.frame_samples == 2 * FRONT_END.hop_samples
    for frame in (0, 7, 123_456):
        assert frame_ms(frame) / 1000 == pytest.approx(FRONT_END.frame_centre_s(frame))
        last_sample = (frame + AFTER_FRAMES - 1) * FRONT_END.hop_samples + FRONT_END.frame_samples
        assert known_ms(frame) / 1000 == pytest.approx(last_sample / FRONT_END.rate_hz)
