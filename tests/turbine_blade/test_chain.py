"""The whole chain, and the clips it cuts a stream into."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from acoustic_apps.turbine_blade import chain as chain_module
from acoustic_apps.turbine_blade.chain import (
    ROTOR_EVERY_S,
    Alarm,
    Event,
    Judged,
    RotorRead,
    Skipped,
    TurbineChain,
    least_frames,
)
from acoustic_apps.turbine_blade.clips import Clip, ClipStream, Frames
from acoustic_apps.turbine_blade.conditions import Conditions
from acoustic_apps.turbine_blade.scorer.features import FRONT_END, STRETCH_FRAMES, StretchSums
from acoustic_apps.turbine_blade.scorer.model import TurbineModel
from acoustic_apps.turbine_blade.scorer.persistence import Persistence
from acoustic_apps.turbine_blade.simulate import Fault
from hypothesis import given, settings
from hypothesis import strategies as st
from made_models import CLIP_STRETCHES, LAYOUT, Pcm, residual_network, steps_of, turbine_sound
from numpy.typing import NDArray

from acoustic.errors import ParameterError

STRETCH_SAMPLES = STRETCH_FRAMES * FRONT_END.hop_samples
CLIP_SAMPLES = CLIP_STRETCHES * STRETCH_SAMPLES
CLIP_S = CLIP_SAMPLES / FRONT_END.rate_hz


def sound(seed: int = 1001, duration_s: float = 20.5) -> Pcm:
    return turbine_sound("turbine_01", seed, duration_s)


def events_of(
    model: TurbineModel, pcm: Pcm, *cuts: int, persistence: Persistence | None = None, rotor: bool = False
) -> list[Event]:
    chain = TurbineChain(model, model.usual("turbine_01"), Conditions(), persistence, rotor=rotor)
    events = [event for block in np.split(pcm, cuts) for event in chain.push(block)]
    return events + chain.flush()


def said(events: list[Event]) -> list[object]:
    """Everything about events that can be compared."""
    return [
        (
            event.clip.stretches,
            event.clip.sums.tobytes(),
            event.judgement.distance,
            event.judgement.surprise,
            event.judgement.bands,
            event.judgement.stretch_z,
            event.judgement.level_db,
            event.judgement.vector.tobytes(),
        )
        if isinstance(event, Judged)
        else event
        for event in events
    ]


def clips_of_steps(steps: NDArray[np.int16], clipped: NDArray[np.int64], nuisances: bool = True) -> list[Clip]:
    stream = ClipStream(FRONT_END, LAYOUT, residual_network(), CLIP_STRETCHES, nuisances=nuisances)
    return [*stream.push(steps, clipped), *stream.flush()]


@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(0, 200_000), max_size=8))
def test_blocks_of_any_size_give_the_same_events(small_model: TurbineModel, cuts: list[int]) -> None:
    pcm = sound(duration_s=12.5)
    pcm[90_000:100_000] = 0
    persistence = Persistence(k=1, n=2, surprise=0.1)
    whole = events_of(small_model, pcm, persistence=persistence)
    assert {type(event) for event in whole} >= {Judged, Alarm}
    assert said(events_of(small_model, pcm, *sorted(cuts), persistence=persistence)) == said(whole)


def test_events_come_as_early_as_the_gate_allows(small_model: TurbineModel) -> None:
    """The gate listens on for four stretches where it minds nuisances; nothing waits for the end."""
    pcm = sound(duration_s=20.5)
    for nuisances, stretches in ((True, range(7, 10)), (False, range(3, 6))):
        model = replace(small_model, nuisances=nuisances)
        chain = TurbineChain(model, model.usual("turbine_01"), Conditions())
        first = next(number for number in range(20) if chain.push(pcm[number * STRETCH_SAMPLES :][:STRETCH_SAMPLES]))
        assert first in stretches


def test_clips_lie_end_to_end(small_model: TurbineModel) -> None:
    events = events_of(small_model, sound(duration_s=20.48))
    assert [type(event) for event in events] == [Judged] * 5
    clips = [event.clip for event in events if isinstance(event, Judged)]
    assert [clip.start_s for clip in clips] == pytest.approx([number * CLIP_S for number in range(5)])
    for one, two in pairwise(clips):
        assert one.end_s == two.start_s
    # A frame reaches beyond its hop, so the last one does not fill the recording.
    assert clips[-1].end_s == pytest.approx(20.48, abs=2 * small_model.hop_s)
    assert [len(clip.kept) for clip in clips] == [CLIP_STRETCHES] * 5


def test_sums_are_those_of_the_stretches(small_model: TurbineModel) -> None:
    pcm = sound(duration_s=9.0)
    steps = steps_of(pcm)
    sums = StretchSums(LAYOUT, residual_network())
    expected = np.concatenate([sums.push(steps), sums.flush()])
    clips = clips_of_steps(steps, np.zeros(len(steps), np.int64), nuisances=False)
    assert np.concatenate([clip.sums for clip in clips]).tobytes() == expected.tobytes()
    assert sum(clip.kept_frames for clip in clips) == len(steps) == expected[:, 0].sum()
    judged = [event for event in events_of(small_model, pcm) if isinstance(event, Judged)]
    usual = small_model.usual("turbine_01")
    for event in judged:
        again = small_model.judge(event.clip.sums, usual, np.empty(0, np.int16))
        assert (again.distance, again.surprise) == (event.judgement.distance, event.judgement.surprise)
    assert len(judged) == 2


def test_silence_is_set_aside_and_the_rest_is_judged(small_model: TurbineModel) -> None:
    pcm = sound(duration_s=8.2)
    pcm[2 * STRETCH_SAMPLES + 3000 : 2 * STRETCH_SAMPLES + 9000] = 0
    one, two = events_of(small_model, pcm)
    assert isinstance(one, Judged)
    assert isinstance(two, Judged)
    assert [stretch.reason for stretch in one.clip.stretches] == [None, None, "silence", None]
    assert len(one.clip.sums) == len(one.clip.kept) == len(one.judgement.stretch_z) == 3
    assert one.clip.kept_frames == 3 * STRETCH_FRAMES
    # A dropout that is left out does not make a clip unusual: as heard, it would be.
    assert one.judgement.surprise < 2 * 256
    steps = steps_of(pcm)[: 4 * STRETCH_FRAMES]
    sums = StretchSums(LAYOUT, residual_network()).push(steps)
    assert small_model.judge(sums, small_model.usual("turbine_01"), np.empty(0, np.int16)).surprise > 3 * 256


def test_clipping_is_set_aside(small_model: TurbineModel) -> None:
    pcm = sound(duration_s=4.2)
    pcm[STRETCH_SAMPLES : STRETCH_SAMPLES + 200 : 10] = 32767
    (event, *_) = events_of(small_model, pcm)
    assert isinstance(event, Judged)
    assert [stretch.reason for stretch in event.clip.stretches] == [None, "clipping", None, None]


@pytest.mark.parametrize("n", [2, 3, 4])
def test_a_clip_of_which_too_little_is_left_is_skipped(small_model: TurbineModel, n: int) -> None:
    pcm = sound(duration_s=4 * CLIP_S)
    pcm[CLIP_SAMPLES : CLIP_SAMPLES + n * STRETCH_SAMPLES] = 0
    events = events_of(small_model, pcm)
    assert [type(event) for event in events] == [Judged, Skipped, Judged, Judged]
    skipped = events[1]
    assert isinstance(skipped, Skipped)
    assert (skipped.start_s, skipped.end_s) == pytest.approx((CLIP_S, 2 * CLIP_S))
    assert [stretch.reason for stretch in skipped.stretches].count("silence") >= n


def test_all_silence_is_skipped(small_model: TurbineModel) -> None:
    events = events_of(small_model, np.zeros(2 * CLIP_SAMPLES + FRONT_END.frame_samples, np.int16))
    assert {type(event) for event in events} == {Skipped}
    assert sum(len(event.stretches) for event in events if isinstance(event, Skipped)) == 9


@pytest.mark.parametrize("duration_s", [0.0, 0.05, 0.5, 2.3])
def test_shorter_than_most_of_a_clip_is_never_judged(small_model: TurbineModel, duration_s: float) -> None:
    pcm = sound()[: round(duration_s * FRONT_END.rate_hz)]
    assert all(isinstance(event, Skipped) for event in events_of(small_model, pcm))
    assert FRONT_END.n_frames(len(pcm)) < least_frames(CLIP_STRETCHES)


def test_most_of_a_clip_is_judged(small_model: TurbineModel) -> None:
    pcm = sound()[: round(2.7 * FRONT_END.rate_hz)]
    (event,) = events_of(small_model, pcm)
    assert isinstance(event, Judged)
    assert FRONT_END.n_frames(len(pcm)) >= least_frames(CLIP_STRETCHES) == 76.8


def test_a_recording_does_not_know_the_one_before(small_model: TurbineModel) -> None:
    stream = ClipStream(FRONT_END, LAYOUT, residual_network(), CLIP_STRETCHES, nuisances=False)
    steps = steps_of(sound(duration_s=6.0))
    none = np.zeros(len(steps), np.int64)
    one, two = ([*stream.push(steps, none), *stream.flush()] for _ in range(2))
    assert [clip.sums.tobytes() for clip in one] == [clip.sums.tobytes() for clip in two]
    assert [clip.start_s for clip in one] == [clip.start_s for clip in two]


def test_nuisances_are_set_aside_where_they_are_minded() -> None:
    """Speech-like bursts: bands that rise together for a moment."""
    rng = np.random.default_rng(0)
    pcm = sound(duration_s=8.2)
    noise = rng.standard_normal(len(pcm)) * 10 ** (-12 / 20) * 32767
    pcm = np.clip(pcm + noise * (rng.random(len(pcm) // 800 + 1).repeat(800)[: len(pcm)] > 0.93), -32000, 32000)
    steps, clipped = Frames(FRONT_END).push(pcm.astype(np.int16))
    minded, unminded = (clips_of_steps(steps, clipped, nuisances) for nuisances in (True, False))
    assert {stretch.reason for clip in unminded for stretch in clip.stretches} == {None}
    assert {stretch.reason for clip in minded for stretch in clip.stretches} != {None}
    assert sum(map(len, (clip.sums for clip in minded))) < sum(map(len, (clip.sums for clip in unminded)))


def test_an_alarm_comes_with_its_clip_and_is_over_later(small_model: TurbineModel) -> None:
    sick = turbine_sound("turbine_01", 1000, 33.0, Fault("whistle", 15.0))
    pcm = np.concatenate([sound(duration_s=16.4), sick[: 8 * CLIP_SAMPLES], sound(1002, 33.0)])
    events = events_of(small_model, pcm, persistence=Persistence(k=3, n=4, surprise=2.0))
    alarms = [event for event in events if isinstance(event, Alarm)]
    assert [alarm.over for alarm in alarms] == [False, True]
    on, off = alarms
    assert 16 < on.t_s < 16.4 + 8 * CLIP_S < off.t_s
    assert (on.unusual, on.of) == (3, 4)
    before = events[events.index(on) - 1]
    assert isinstance(before, Judged)
    assert before.clip.end_s == on.t_s


def test_without_persistence_there_is_no_alarm(small_model: TurbineModel) -> None:
    assert TurbineChain(small_model, small_model.usual(None), Conditions()).alarm is None


def readings(events: list[Event]) -> list[RotorRead]:
    return [event for event in events if isinstance(event, RotorRead)]


def test_the_rotor_is_read_at_the_end_where_asked_for(rotor_model: TurbineModel) -> None:
    pcm = sound(duration_s=32.0)
    [whole] = readings(events_of(rotor_model, pcm, rotor=True))
    [parts] = readings(events_of(rotor_model, pcm, 7, 100_000, 300_001, rotor=True))
    assert whole.reading == parts.reading is not None
    assert (whole.t_s, whole.reason) == (32.0, "")
    assert whole.vector is not None
    assert not readings(events_of(rotor_model, pcm))
    [short] = readings(events_of(rotor_model, pcm[:160_000], rotor=True))
    assert (short.reading, short.vector, short.t_s) == (None, None, 10.0)
    assert short.reason == "needs 30 s or more, has 10.0 s"


@pytest.mark.parametrize("block", [7_777, 480_000, 12_000_000])
def test_the_rotor_is_read_every_ten_minutes_to_the_sample(
    rotor_model: TurbineModel, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    """Whatever the blocks; shortened, since what is read then is the rotor's own business."""
    assert ROTOR_EVERY_S == 600
    monkeypatch.setattr(chain_module, "ROTOR_EVERY_S", 31)
    pcm = np.concatenate([sound(1001, 32.0), sound(1002, 33.0)])
    expected = events_of(rotor_model, pcm, rotor=True)
    events = events_of(rotor_model, pcm, *range(block, len(pcm), block), rotor=True)
    assert [event.t_s for event in readings(events)] == [31.0, 62.0, 65.0]
    assert [event.reading for event in readings(events)] == [event.reading for event in readings(expected)]
    first = readings(events)[0].reading
    [alone] = readings(events_of(rotor_model, pcm[: 31 * 16_000], rotor=True))[-1:]
    assert first == alone.reading is not None
    # In line with the clips: those that are known by then come first.
    kinds = [type(event).__name__ for event in events]
    assert kinds == [type(event).__name__ for event in expected]


def test_the_next_recording_is_read_by_itself(rotor_model: TurbineModel) -> None:
    chain = TurbineChain(rotor_model, rotor_model.usual("turbine_01"), Conditions(), rotor=True)
    pcm = sound(duration_s=32.0)
    [one], [two] = (readings([*chain.push(pcm), *chain.flush()]) for _ in range(2))
    assert one.reading == two.reading
    assert one.t_s == two.t_s


def test_conditions_that_are_not_known_are_told_before_anything_is_heard(small_model: TurbineModel) -> None:
    model = replace(small_model, conditions=("rpm",))
    with pytest.raises(ParameterError, match="under rpm"):
        TurbineChain(model, model.usual("turbine_01"), Conditions())
