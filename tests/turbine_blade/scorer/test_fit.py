"""What a model is fitted to, on made-up clips; the network's fit is tested with the network."""

import numpy as np
import pytest
from acoustic_apps.turbine_blade.scorer.features import FRONT_END, Sums
from acoustic_apps.turbine_blade.scorer.fit import STRETCH_SAMPLE, Normals, fit_model
from acoustic_apps.turbine_blade.scorer.model import TurbineModel
from made_models import LAYOUT, NETWORK_FILE, TURBINES, clips_of, residual_network, turbine_sound

from acoustic.errors import ParameterError

NO_CONDITIONS = np.empty(0, np.int16)


def unseen(machine: str, n: int = 8) -> list[Sums]:
    return [clip for seed in range(1000, 1000 + n) for clip in clips_of(turbine_sound(machine, seed))]


def refitted(clips: list[Sums], **settings: object) -> TurbineModel:
    normals = Normals.of(LAYOUT, clips, [NO_CONDITIONS] * len(clips))
    usual = residual_network().usual
    return fit_model(FRONT_END, LAYOUT, NETWORK_FILE.read_bytes(), usual, {"a": normals}, clip_stretches=4, **settings)  # type: ignore[arg-type]


def test_normals_are_features_levels_and_some_single_stretches() -> None:
    clips = unseen("turbine_01", 3)
    conditions = [np.array([number, 7], np.int16) for number in range(len(clips))]
    normals = Normals.of(LAYOUT, clips, conditions)
    assert normals.vectors.shape == (9, LAYOUT.n_features + 2)
    assert normals.vectors[:, LAYOUT.n_features :].tolist() == [[number, 7] for number in range(9)]
    assert normals.vectors[4, :-2].tolist() == LAYOUT.features(clips[4].sum(axis=0)).tolist()
    assert normals.frames.tolist() == [128] * 9
    assert set(normals.stretches) == set(range(9))
    many = Normals.of(LAYOUT, clips * 70, conditions * 70)
    assert STRETCH_SAMPLE <= len(many.stretches) < 2 * STRETCH_SAMPLE
    assert all(many.stretches[number] is (clips * 70)[number] for number in many.stretches)


def test_single_stretches_of_unseen_clips_are_as_usual_as_promised(small_model: TurbineModel) -> None:
    """What was fitted to looks more usual than it is: a second of healthy sound must not stand out for being new."""
    z = np.array(
        [
            small_model.judge(clip, small_model.usual(machine), NO_CONDITIONS).stretch_z
            for machine in TURBINES
            for clip in unseen(machine)
        ]
    )
    assert z.size == 192
    assert z.mean() == pytest.approx(0.0, abs=0.3)
    assert z.std() == pytest.approx(1.0, abs=0.25)
    assert np.mean(z >= 3) < 0.02


def test_a_part_of_a_clip_is_as_usual_as_the_whole(small_model: TurbineModel) -> None:
    surprise = {
        kept: [
            small_model.judge(clip[:kept], small_model.usual(machine), NO_CONDITIONS).surprise
            for machine in TURBINES
            for clip in unseen(machine, 16)
        ]
        for kept in (4, 3)
    }
    assert len(surprise[3]) == 96
    assert np.median(surprise[3]) == pytest.approx(np.median(surprise[4]), abs=40)
    assert np.mean(np.array(surprise[3]) >= 256) < 0.25


def test_clips_of_other_lengths_set_what_counts_as_whole() -> None:
    clips = [clip[:3] for clip in unseen("turbine_01", 4)]
    assert refitted(clips).clip_frames == 96
    assert refitted(clips).clip_stretches == 4


def test_the_settings_are_kept() -> None:
    model = refitted(unseen("turbine_01", 4), false_alarm_rate=0.02, alarms_per_day=0.5, nuisances=True)
    assert (model.false_alarm_rate, model.alarms_per_day, model.nuisances) == (0.02, 0.5, True)
    assert model.threshold == pytest.approx(1.69897)
    assert model.conditions == ()
    level, spread = model.levels["a"]
    assert -40 < level < 0
    assert 0.5 <= spread < 6


def test_a_rotor_is_judged_only_when_readings_tell_how_it_varies() -> None:
    clips = unseen("turbine_01", 4)
    readings = np.random.default_rng(0).integers(0, 200, (30, 12)).astype(np.int16)
    assert refitted(clips, rotor={"a": readings}).rotor is not None
    assert refitted(clips, rotor={"a": readings[:29]}).rotor is None
    assert refitted(clips, rotor={}).rotor is None


def test_too_few_clips_are_refused() -> None:
    with pytest.raises(ParameterError, match="at least 8 clips of normal sound, and these give 7"):
        refitted(unseen("turbine_01", 3)[:7])


def test_the_same_clips_give_the_same_numbers() -> None:
    clips = unseen("turbine_02", 4)
    one, two = refitted(clips), refitted(clips)
    assert one.decision() == two.decision()
    assert {name: a.tobytes() for name, a in one.arrays().items()} == {
        name: a.tobytes() for name, a in two.arrays().items()
    }
