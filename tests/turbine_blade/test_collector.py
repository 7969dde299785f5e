from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from acoustic_apps.turbine_blade import scoring
from acoustic_apps.turbine_blade.chain import Judged
from acoustic_apps.turbine_blade.clips import HOP_S, Clip
from acoustic_apps.turbine_blade.conditions import Conditions
from acoustic_apps.turbine_blade.gate import Stretch
from acoustic_apps.turbine_blade.report import Moment, Score
from acoustic_apps.turbine_blade.scorer.calibration import Surprise
from acoustic_apps.turbine_blade.scorer.features import STRETCH_FRAMES
from acoustic_apps.turbine_blade.scorer.model import Judgement, TurbineModel
from acoustic_apps.turbine_blade.scoring import MOST_MOMENTS, Task, load_model, score_recording
from acoustic_apps.turbine_blade.simulate import Fault
from made_models import Pcm, turbine_sound

from acoustic.audio import write_wav
from acoustic.errors import AudioFileError, BundleError, ParameterError
from acoustic.statistics import combined_p_value

STRETCH_S = STRETCH_FRAMES * HOP_S


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.wav"


def scored(model: TurbineModel, path: Path, pcm: Pcm, machine: str | None = "turbine_01", rate: float = 0.01) -> Score:
    write_wav(path, pcm, 16_000)
    tasks = {path: Task(conditions=Conditions(machine=machine, start="2026-01-02T03:04:05"))}
    return score_recording(model, rate, model.usual, tasks, path)


def test_a_healthy_recording(small_model: TurbineModel, path: Path) -> None:
    score = scored(small_model, path, turbine_sound("turbine_01", 1000, 20.5))
    assert (score.file, score.machine, score.start) == (str(path), "turbine_01", "2026-01-02T03:04:05")
    assert (score.duration_s, score.clips, score.known) == (20.5, 5, 60)
    assert score.anomalous is False
    assert (score.rotor, score.no_rotor, score.rotor_p_value, score.error) == (None, None, None, None)
    assert (score.set_aside, score.warnings) == ((), ())
    assert score.level_z is not None
    assert abs(score.level_z) < 4


def test_a_sick_recording_says_what_and_when(small_model: TurbineModel, path: Path) -> None:
    pcm, sick = (turbine_sound("turbine_01", 1000, 20.5, fault=fault) for fault in (None, Fault("whistle", 20.0)))
    pcm[8 * 16_384 : 12 * 16_384] = sick[8 * 16_384 : 12 * 16_384]
    score = scored(small_model, path, pcm)
    assert score.anomalous
    assert score.score is not None
    assert score.score > 2
    assert score.bands
    assert max(score.clip_scores, key=lambda clip: clip[2])[:2] == pytest.approx((8 * STRETCH_S, 12 * STRETCH_S))
    most = max(score.when, key=lambda moment: moment.z)
    # The end of the whistle is heard in the second after it.
    assert 7 * STRETCH_S <= most.start_s < most.end_s <= 13 * STRETCH_S


def test_score_and_p_value_are_one_number(small_model: TurbineModel, path: Path) -> None:
    score = scored(small_model, path, turbine_sound("turbine_01", 1001))
    assert score.p_value == pytest.approx(combined_p_value([10.0**-clip for *_, clip in score.clip_scores]))
    assert score.score is not None
    assert score.p_value == pytest.approx(10.0**-score.score)
    for rate in (0.5, 0.1, 1e-3, 1e-9):
        other = scored(small_model, path, turbine_sound("turbine_01", 1001), rate=rate)
        assert other.threshold == pytest.approx(-np.log10(rate))
        assert other.anomalous is bool(score.p_value <= rate)
        assert other.p_value == score.p_value


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, float("nan")])
def test_impossible_rates_are_refused(small_model: TurbineModel, path: Path, rate: float) -> None:
    with pytest.raises(ParameterError, match="between 0 and 1"):
        scored(small_model, path, turbine_sound("turbine_01", 1001), rate=rate)


@pytest.mark.parametrize("block_s", [0.011, 1.0, 7.3])
def test_blocks_of_any_size_give_the_same_score(
    small_model: TurbineModel, path: Path, monkeypatch: pytest.MonkeyPatch, block_s: float
) -> None:
    pcm = turbine_sound("turbine_01", 1002)
    pcm[50_000:70_000] = 0
    whole = scored(small_model, path, pcm)
    monkeypatch.setattr(scoring, "BLOCK_S", block_s)
    assert scored(small_model, path, pcm) == whole


def test_silence_is_set_aside_and_told(small_model: TurbineModel, path: Path) -> None:
    pcm = turbine_sound("turbine_01", 1000, 20.5)
    pcm[5 * 16_384 : 7 * 16_384] = 0
    score = scored(small_model, path, pcm)
    (aside,) = score.set_aside
    assert aside.reason == "silence"
    assert aside.start_s <= 5 * STRETCH_S
    assert aside.end_s >= 7 * STRETCH_S
    # Two of four seconds of the second clip are left: too little.
    assert score.clips == 4
    assert score.anomalous is False


def test_where_nothing_is_left_there_is_no_score(small_model: TurbineModel, path: Path) -> None:
    score = scored(small_model, path, np.zeros(20 * 16_000, np.int16))
    assert (score.score, score.p_value, score.anomalous, score.level_db, score.clips) == (None, None, None, None, 0)
    assert [aside.reason for aside in score.set_aside] == ["silence"]
    assert score.set_aside[0].end_s == pytest.approx(20.0, abs=0.1)


@pytest.mark.parametrize("duration_s", [0.5, 2.0])
def test_too_short_a_recording_is_told(small_model: TurbineModel, path: Path, duration_s: float) -> None:
    with pytest.raises(AudioFileError, match=rf"x\.wav: too short to judge: {duration_s} s.* clips of 4 s"):
        scored(small_model, path, turbine_sound("turbine_01", 1000, 5.0)[: round(duration_s * 16_000)])


def test_a_machine_that_is_not_known_is_told(small_model: TurbineModel, path: Path) -> None:
    score = scored(small_model, path, turbine_sound("turbine_01", 1000), "turbine_99")
    assert "knows only 2" in score.warnings[-1]
    assert (score.known, score.level_z) == (0, None)
    many = replace(small_model, clips=replace(small_model.clips, first_surprise=Surprise.fit(np.arange(900, 2000))))
    assert "on the whole" in scored(many, path, turbine_sound("turbine_01", 1000), None).warnings[-1]


def test_conditions_that_are_not_known_are_told(small_model: TurbineModel, path: Path) -> None:
    with pytest.raises(ParameterError, match="under wind_m_s"):
        scored(replace(small_model, conditions=("wind_m_s",)), path, turbine_sound("turbine_01", 1000))


class TestRotor:
    def test_its_p_value_is_combined_with_that_of_the_clips(self, rotor_model: TurbineModel, path: Path) -> None:
        score = scored(rotor_model, path, turbine_sound("turbine_01", 1000, 32.0))
        assert score.rotor is not None
        assert score.rotor_p_value is not None
        clips = combined_p_value([10.0**-clip for *_, clip in score.clip_scores])
        assert score.p_value == pytest.approx(combined_p_value([clips, score.rotor_p_value]))
        assert score.no_rotor is None

    def test_one_blade_that_whistles_is_unlike_the_others(self, rotor_model: TurbineModel, path: Path) -> None:
        healthy, sick = (
            scored(rotor_model, path, turbine_sound("turbine_01", 1000, 32.0, fault=fault))
            for fault in (None, Fault("whistle", 10.0))
        )
        assert healthy.rotor_p_value is not None
        assert sick.rotor_p_value is not None
        assert sick.rotor_p_value < 0.01 < healthy.rotor_p_value

    def test_without_a_reading_it_says_why(self, rotor_model: TurbineModel, path: Path) -> None:
        score = scored(rotor_model, path, turbine_sound("turbine_01", 1000, 12.4))
        assert (score.rotor, score.rotor_p_value) == (None, None)
        assert score.no_rotor
        assert score.score is not None


def judged(first_frame: int, z: tuple[float, ...]) -> Judged:
    frames = range(first_frame, first_frame + len(z) * 32, 32)
    stretches = tuple(Stretch(start_frame=frame, stop_frame=frame + 32, reason=None) for frame in frames)
    judgement = Judgement(distance=0, surprise=0, bands=(), stretch_z=z, level_db=0.0, vector=np.empty(0, np.int16))
    return Judged(clip=Clip(stretches=stretches, sums=np.zeros((len(z), 1), np.int64)), judgement=judgement)


class TestMoments:
    def test_seconds_in_a_row_are_one_moment(self) -> None:
        """Across clips too, and with the z of the most outstanding one."""
        found = scoring._moments([judged(0, (0.0, 2.99, 3.0, 5.0)), judged(128, (4.0, 1.0, 3.5, 0.0))])
        assert found == (
            Moment(start_s=64 * HOP_S, end_s=160 * HOP_S, z=5.0),
            Moment(start_s=192 * HOP_S, end_s=224 * HOP_S, z=3.5),
        )

    def test_what_was_set_aside_parts_them(self) -> None:
        event = judged(0, (4.0, 4.0))
        aside = Stretch(start_frame=32, stop_frame=64, reason="rain")
        later = Stretch(start_frame=64, stop_frame=96, reason=None)
        clip = replace(event.clip, stretches=(event.clip.stretches[0], aside, later))
        assert [moment.start_s for moment in scoring._moments([replace(event, clip=clip)])] == [0.0, 64 * HOP_S]

    def test_only_the_most_outstanding_are_told_in_order_of_time(self) -> None:
        z = [value for number in range(40) for value in (3.0 + number % 31, 0.0)]
        found = scoring._moments([judged(0, tuple(z))])
        assert len(found) == MOST_MOMENTS
        assert [moment.start_s for moment in found] == sorted(moment.start_s for moment in found)
        assert min(moment.z for moment in found) == sorted(z, reverse=True)[MOST_MOMENTS - 1]

    def test_nothing_stands_out(self) -> None:
        assert scoring._moments([judged(0, (0.0, 2.9))]) == ()


def test_bundles_that_are_none_are_told(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no such file"):
        load_model(str(tmp_path / "missing.bundle"))
    with pytest.raises(BundleError, match="made for 'roast'"):
        load_model("roast")
