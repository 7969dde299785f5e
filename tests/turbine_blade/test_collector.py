"""Events to the score of a recording, and to what a live stream tells."""

import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from acoustic_apps.turbine_blade.application import application
from acoustic_apps.turbine_blade.chain import Alarm, Judged, RotorRead, Skipped
from acoustic_apps.turbine_blade.clips import Clip
from acoustic_apps.turbine_blade.collector import MOST_MOMENTS, TurbineCollector
from acoustic_apps.turbine_blade.gate import Stretch
from acoustic_apps.turbine_blade.options import TurbineOptions
from acoustic_apps.turbine_blade.result import Moment, Score
from acoustic_apps.turbine_blade.scorer.calibration import Surprise
from acoustic_apps.turbine_blade.scorer.features import STRETCH_FRAMES
from acoustic_apps.turbine_blade.scorer.model import Judgement, TurbineModel
from acoustic_apps.turbine_blade.simulate import Fault
from made_models import Pcm, turbine_sound

from acoustic.application import Facts
from acoustic.errors import AudioFileError, ParameterError
from acoustic.records import plain
from acoustic.statistics import combined_p_value

HOP_S = 512 / 16_000
STRETCH_S = STRETCH_FRAMES * HOP_S
FILE = "x.wav"


def collector_of(model: TurbineModel, options: TurbineOptions) -> TurbineCollector:
    return TurbineCollector(model, options, application.chain(model, options))


def facts(pcm: Pcm) -> Facts:
    return Facts(file=FILE, duration_s=len(pcm) / 16_000, rate_hz=16_000)


def scored(
    model: TurbineModel, pcm: Pcm, machine: str | None = "turbine_01", rate: float = 0.01, block_samples: int = 480_000
) -> Score:
    options = TurbineOptions(machine=machine, start="2026-01-02T03:04:05", false_alarm_rate=rate)
    chain = application.chain(model, options)
    collector = TurbineCollector(model, options, chain)
    events = [
        event for start in range(0, len(pcm), block_samples) for event in chain.push(pcm[start : start + block_samples])
    ]
    for event in [*events, *chain.flush()]:
        collector.hear(event)
    return collector.result(facts(pcm))


def test_a_healthy_recording(small_model: TurbineModel) -> None:
    score = scored(small_model, turbine_sound("turbine_01", 1000, 20.5))
    assert (score.file, score.machine, score.start) == (FILE, "turbine_01", "2026-01-02T03:04:05")
    assert (score.duration_s, score.clips, score.skipped, score.alarms, score.known_clips) == (20.5, 5, 0, 0, 60)
    assert score.anomalous is False
    assert (score.rotor, score.no_rotor, score.error) == (None, None, None)
    assert (score.set_aside, score.warnings, score.alarm_spans) == ((), (), ())
    assert score.level is not None
    assert score.level.z is not None
    assert abs(score.level.z) < 4


def test_a_sick_recording_says_what_and_when(small_model: TurbineModel) -> None:
    pcm, sick = (turbine_sound("turbine_01", 1000, 20.5, fault=fault) for fault in (None, Fault("whistle", 20.0)))
    pcm[8 * 16_384 : 12 * 16_384] = sick[8 * 16_384 : 12 * 16_384]
    score = scored(small_model, pcm)
    assert score.anomalous
    assert score.score is not None
    assert score.score > 2
    assert score.bands
    worst = max(score.clip_scores, key=lambda clip: clip.score)
    assert (worst.start_s, worst.end_s) == pytest.approx((8 * STRETCH_S, 12 * STRETCH_S))
    most = max(score.when, key=lambda moment: moment.z)
    # The end of the whistle is heard in the second after it.
    assert 7 * STRETCH_S <= most.start_s < most.end_s <= 13 * STRETCH_S


def test_score_and_p_value_are_one_number(small_model: TurbineModel) -> None:
    score = scored(small_model, turbine_sound("turbine_01", 1001))
    assert score.p_value == pytest.approx(combined_p_value([10.0**-clip.score for clip in score.clip_scores]))
    assert score.score is not None
    assert score.p_value == pytest.approx(10.0**-score.score)
    for rate in (0.5, 0.1, 1e-3, 1e-9):
        other = scored(small_model, turbine_sound("turbine_01", 1001), rate=rate)
        assert other.threshold == pytest.approx(-np.log10(rate))
        assert other.anomalous is bool(score.p_value <= rate)
        assert other.p_value == score.p_value


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, float("nan")])
def test_impossible_rates_are_refused(small_model: TurbineModel, rate: float) -> None:
    with pytest.raises(ParameterError, match="between 0 and 1"):
        scored(small_model, turbine_sound("turbine_01", 1001), rate=rate)


@pytest.mark.parametrize("block_samples", [176, 16_000, 116_800])
def test_blocks_of_any_size_give_the_same_score(small_model: TurbineModel, block_samples: int) -> None:
    pcm = turbine_sound("turbine_01", 1002)
    pcm[50_000:70_000] = 0
    assert scored(small_model, pcm, block_samples=block_samples) == scored(small_model, pcm)


def test_silence_is_set_aside_and_told(small_model: TurbineModel) -> None:
    pcm = turbine_sound("turbine_01", 1000, 20.5)
    pcm[5 * 16_384 : 7 * 16_384] = 0
    score = scored(small_model, pcm)
    (aside,) = score.set_aside
    assert aside.reason == "silence"
    assert aside.start_s <= 5 * STRETCH_S
    assert aside.end_s >= 7 * STRETCH_S
    # Two of four seconds of the second clip are left: too little.
    assert score.clips == 4
    assert score.anomalous is False


def test_where_nothing_is_left_there_is_no_score(small_model: TurbineModel) -> None:
    score = scored(small_model, np.zeros(20 * 16_000, np.int16))
    assert (score.score, score.p_value, score.anomalous, score.level, score.clips) == (None, None, None, None, 0)
    assert [aside.reason for aside in score.set_aside] == ["silence"]
    assert score.set_aside[0].end_s == pytest.approx(20.0, abs=0.1)


@pytest.mark.parametrize("duration_s", [0.0, 0.5, 2.0])
def test_too_short_a_recording_is_told(small_model: TurbineModel, duration_s: float) -> None:
    pcm = turbine_sound("turbine_01", 1000, 5.0)[: round(duration_s * 16_000)]
    with pytest.raises(AudioFileError, match=rf"x\.wav: too short to judge: {duration_s} s.* clips of 4 s"):
        scored(small_model, pcm)


def test_a_machine_that_is_not_known_is_told(small_model: TurbineModel) -> None:
    score = scored(small_model, turbine_sound("turbine_01", 1000), "turbine_99")
    assert "knows only 2" in score.warnings[-1]
    assert score.known_clips == 0
    assert score.level is not None
    assert score.level.z is None
    many = replace(small_model, clips=replace(small_model.clips, first_surprise=Surprise.fit(np.arange(900, 2000))))
    assert "on the whole" in scored(many, turbine_sound("turbine_01", 1000), None).warnings[-1]


def test_conditions_that_are_not_known_are_told(small_model: TurbineModel) -> None:
    with pytest.raises(ParameterError, match="under wind_m_s"):
        scored(replace(small_model, conditions=("wind_m_s",)), turbine_sound("turbine_01", 1000))


class TestRotor:
    def test_its_p_value_is_combined_with_that_of_the_clips(self, rotor_model: TurbineModel) -> None:
        score = scored(rotor_model, turbine_sound("turbine_01", 1000, 32.0))
        assert score.rotor is not None
        assert score.rotor.p_value_for_machine is not None
        clips = combined_p_value([10.0**-clip.score for clip in score.clip_scores])
        assert score.p_value == pytest.approx(combined_p_value([clips, score.rotor.p_value_for_machine]))
        assert score.no_rotor is None

    def test_one_blade_that_whistles_is_unlike_the_others(self, rotor_model: TurbineModel) -> None:
        healthy, sick = (
            scored(rotor_model, turbine_sound("turbine_01", 1000, 32.0, fault=fault)).rotor
            for fault in (None, Fault("whistle", 10.0))
        )
        assert healthy is not None
        assert sick is not None
        assert healthy.p_value_for_machine is not None
        assert sick.p_value_for_machine is not None
        assert sick.p_value_for_machine < 0.01 < healthy.p_value_for_machine

    def test_without_a_reading_it_says_why(self, rotor_model: TurbineModel) -> None:
        score = scored(rotor_model, turbine_sound("turbine_01", 1000, 12.4))
        assert score.rotor is None
        assert score.no_rotor == "needs 30 s or more, has 12.4 s"
        assert score.score is not None


def judged(first_frame: int, z: tuple[float, ...], surprise: int = 0) -> Judged:
    frames = range(first_frame, first_frame + len(z) * 32, 32)
    stretches = tuple(Stretch(start_frame=frame, stop_frame=frame + 32, reason=None) for frame in frames)
    nothing = np.empty(0, np.int16)
    judgement = Judgement(distance=0, surprise=surprise, bands=(), stretch_z=z, level_db=-20.0, vector=nothing)
    return Judged(
        clip=Clip(stretches=stretches, sums=np.zeros((len(z), 1), np.int64), hop_s=HOP_S), judgement=judgement
    )


class TestMoments:
    def moments(self, model: TurbineModel, *events: Judged) -> tuple[Moment, ...]:
        collector = collector_of(model, TurbineOptions())
        for event in events:
            collector.hear(event)
        return collector.result(Facts(file=FILE, duration_s=9.0, rate_hz=16_000)).when

    def test_seconds_in_a_row_are_one_moment(self, small_model: TurbineModel) -> None:
        """Across clips too, and with the z of the most outstanding one."""
        events = judged(0, (0.0, 2.99, 3.0, 5.0)), judged(128, (4.0, 1.0, 3.5, 0.0))
        assert self.moments(small_model, *events) == (
            Moment(start_s=64 * HOP_S, end_s=160 * HOP_S, z=5.0),
            Moment(start_s=192 * HOP_S, end_s=224 * HOP_S, z=3.5),
        )

    def test_what_was_set_aside_parts_them(self, small_model: TurbineModel) -> None:
        event = judged(0, (4.0, 4.0))
        aside = Stretch(start_frame=32, stop_frame=64, reason="rain")
        later = Stretch(start_frame=64, stop_frame=96, reason=None)
        clip = replace(event.clip, stretches=(event.clip.stretches[0], aside, later))
        moments = self.moments(small_model, replace(event, clip=clip))
        assert [moment.start_s for moment in moments] == [0.0, 64 * HOP_S]

    def test_only_the_most_outstanding_are_told_in_order_of_time(self, small_model: TurbineModel) -> None:
        z = [value for number in range(40) for value in (3.0 + number % 31, 0.0)]
        moments = self.moments(small_model, judged(0, tuple(z)))
        assert len(moments) == MOST_MOMENTS
        assert [moment.start_s for moment in moments] == sorted(moment.start_s for moment in moments)
        assert min(moment.z for moment in moments) == sorted(z, reverse=True)[MOST_MOMENTS - 1]

    def test_nothing_stands_out(self, small_model: TurbineModel) -> None:
        assert self.moments(small_model, judged(0, (0.0, 2.9, 0.0))) == ()


def test_sums_of_clips_are_not_kept(small_model: TurbineModel) -> None:
    """However long the recording, a few numbers per clip stay."""
    collector = collector_of(small_model, TurbineOptions())
    event = judged(0, (0.0, 4.0))
    collector.hear(event)
    sums = weakref.ref(event.clip.sums)
    del event
    assert sums() is None


class TestLive:
    def test_what_is_told_at_the_start(self, small_model: TurbineModel) -> None:
        collector = collector_of(small_model, TurbineOptions(machine="turbine_01", false_alarms_per_day=3000.0))
        [report] = collector.start()
        told = report.to_dict()
        assert told is not None
        assert told["event"] == "model"
        assert (told["machine"], told["known_clips"], told["clip_s"]) == ("turbine_01", 60, 4.096)
        assert set(told["persistence"]) == {"k", "n", "surprise"}
        assert told["promise_kept"] is True
        assert report.line.startswith("alarm when ")

    def test_what_cannot_be_promised_and_who_is_not_known_is_told(self, small_model: TurbineModel) -> None:
        strange = replace(small_model.clips, normal_runs=(np.full(300, 600, np.int32),))
        collector = collector_of(replace(small_model, clips=strange), TurbineOptions())
        lines = [report.line for report in collector.start()]
        assert any("expect more of them" in line for line in lines)
        assert any("not known yet" in line for line in lines)
        # Told once: the summary does not tell it again, and has a row even of no sound at all.
        score = collector.result(Facts(file="mic", duration_s=0.0, rate_hz=48_000))
        assert (score.warnings, score.clips, score.score) == ((), 0, None)

    def test_a_baseline_needs_a_machine(self, small_model: TurbineModel, tmp_path: Path) -> None:
        with pytest.raises(ParameterError, match="--machine"):
            collector_of(small_model, TurbineOptions(baselines=tmp_path)).start()

    def test_each_event_is_told_as_a_record(self, small_model: TurbineModel) -> None:
        collector = collector_of(small_model, TurbineOptions(machine="turbine_01"))
        rain = Stretch(start_frame=64, stop_frame=96, reason="rain")
        reports = [
            *collector.hear(judged(0, (0.0, 0.0), surprise=640)),
            *collector.hear(Skipped(start_s=2.048, end_s=3.072, stretches=(rain,))),
            *collector.hear(Alarm(t_s=3.0, over=False, unusual=3, of=4)),
            *collector.hear(Alarm(t_s=9.00004, over=True, unusual=1, of=4)),
            *collector.hear(RotorRead(t_s=9.1, reading=None, vector=None, reason="no blade-pass modulation found")),
        ]
        for report in reports:
            assert isinstance(report.record, application.events[report.event])
        clip, skipped, alarm, over, rotor = (report.to_dict() for report in reports)
        assert clip is not None
        assert (clip["event"], clip["score"], clip["p_value"], clip["end_s"]) == ("clip", 2.5, 0.003162, 2.048)
        assert clip["level_z"] is not None
        assert skipped == {"event": "skipped", "start_s": 2.048, "end_s": 3.072, "reasons": "rain"}
        assert alarm == {"event": "alarm", "t_s": 3.0, "machine": "turbine_01", "unusual": 3, "of": 4}
        assert reports[2].alert
        assert reports[2].line == "0:03 ALARM: 3 of the last 4 clips are unusual"
        assert over is not None
        assert (over["event"], over["t_s"]) == ("alarm_over", 9.0)
        assert rotor is not None
        assert (rotor["reading"], rotor["reason"]) == (None, "no blade-pass modulation found")
        score = collector.result(Facts(file="mic", duration_s=9.1, rate_hz=48_000))
        assert (score.clips, score.skipped, score.alarms) == (1, 1, 1)
        assert plain(score.alarm_spans) == [{"start_s": 3.0, "end_s": 9.0}]
        assert collector.conclusion(facts(np.empty(0, np.int16))) == "1 clips judged, 1 set aside, 1 alarms"
        panel = collector.panel(9.1)
        assert panel["machine"] == ["turbine_01"]
        assert panel["score"] == ["2.50   "]
        assert panel["clips"] == ["1 judged   1 set aside (rain)"]
        assert plain(collector.health(9.1)) == {"clips": 1, "skipped": 1, "alarm": False}

    def test_a_reading_is_told_in_numbers(self, rotor_model: TurbineModel) -> None:
        options = TurbineOptions(machine="turbine_01")
        chain = application.chain(rotor_model, options)
        collector = TurbineCollector(rotor_model, options, chain)
        chain.push(turbine_sound("turbine_01", 1000, 32.0))
        told = [report.to_dict() for event in chain.flush() for report in collector.hear(event)][-1]
        assert told is not None
        assert (told["event"], told["reading"], told["t_s"]) == ("rotor", True, 32.0)
        assert 4 < told["rpm"] < 25
        assert told["p_value"] is not None

    def test_a_panel_waits_for_the_first_clip(self, small_model: TurbineModel) -> None:
        collector = collector_of(small_model, TurbineOptions())
        assert collector.panel(0.0)["score"] == [("waiting for the first clip", "dim")]
        assert collector.alarmed is False
