from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from acoustic_apps.turbine_blade.scorer.features import FRONT_END, Layout
from acoustic_apps.turbine_blade.scorer.model import Judgement, TurbineModel, p_value
from acoustic_apps.turbine_blade.simulate import Fault
from made_models import LAYOUT, TURBINES, Pcm, bundle_of, clips_of, steps_of, turbine_sound

from acoustic.application import from_bundle
from acoustic.errors import BundleError, ParameterError
from acoustic.frontend.enhancement import EnhancementFrontEnd
from acoustic.model.bundle import Bundle
from acoustic.records import plain

NO_CONDITIONS = np.empty(0, np.int16)


def judged(model: TurbineModel, pcm: Pcm, machine: str = "turbine_01") -> list[Judgement]:
    return [model.judge(clip, model.usual(machine), NO_CONDITIONS) for clip in clips_of(pcm)]


class TestJudge:
    def test_a_fault_is_more_surprising_than_health(self, small_model: TurbineModel) -> None:
        for machine in TURBINES:
            healthy, sick = (
                [
                    judgement.surprise
                    for seed in range(1000, 1006)
                    for judgement in judged(small_model, turbine_sound(machine, seed, fault=fault), machine)
                ]
                for fault in (None, Fault("whistle", 12.0))
            )
            assert len(healthy) == len(sick) == 18
            assert np.median(healthy) < 256
            assert np.median(sick) > 2 * 256

    def test_the_tone_of_a_whistle_is_named(self, small_model: TurbineModel) -> None:
        """The simulated tone lies in a band that stands out in every clip."""
        clean, sick = turbine_sound("turbine_01", 1000), turbine_sound("turbine_01", 1000, fault=Fault("whistle", 12.0))
        rise = (steps_of(sick).astype(int) - steps_of(clean)).mean(axis=0)
        edges = small_model.sections.edges_hz
        low, high = edges[int(rise.argmax()) // 8]
        for judgement in judged(small_model, sick):
            assert any((band.low_hz, band.high_hz) == (low, high) and band.sign == "+" for band in judgement.bands)

    @pytest.mark.parametrize("gain", [-4096, 4096])
    def test_a_gain_changes_the_level_alone(self, small_model: TurbineModel, gain: int) -> None:
        (clip, *_) = clips_of(turbine_sound("turbine_01", 1000))
        columns, frames = LAYOUT.columns, clip[:, :1]
        louder = clip.copy()
        louder[:, columns["level"]] += gain * frames
        # In sixteenths of a dB: the sum of (x + g)^2 is that of x^2 + 2 g x + g^2.
        g = gain >> 4
        louder[:, columns["spread_square"]] += 2 * g * clip[:, columns["spread_level"]] + g * g * frames
        louder[:, columns["spread_level"]] += g * frames
        one, two = (small_model.judge(sums, small_model.usual("turbine_01"), NO_CONDITIONS) for sums in (clip, louder))
        assert (one.distance, one.surprise, one.bands) == (two.distance, two.surprise, two.bands)
        assert (one.stretch_z, one.vector.tobytes()) == (two.stretch_z, two.vector.tobytes())
        assert two.level_db - one.level_db == pytest.approx(gain / 256)

    def test_a_second_that_stands_out_is_found(self, small_model: TurbineModel) -> None:
        pcm = turbine_sound("turbine_01", 1000)
        sick = turbine_sound("turbine_01", 1000, fault=Fault("whistle", 25.0))
        second = slice(17_000, 33_000)
        pcm[second] = sick[second]
        (first, *_) = judged(small_model, pcm)
        assert int(np.argmax(first.stretch_z)) == 1
        assert first.stretch_z[1] > 3 > first.stretch_z[3]

    def test_a_stretch_cut_short_is_not_compared(self, small_model: TurbineModel) -> None:
        (clip, *_) = clips_of(turbine_sound("turbine_01", 1000))
        short = clip.copy()
        short[3, 0] = 15
        assert small_model.judge(short, small_model.usual("turbine_01"), NO_CONDITIONS).stretch_z[3] == 0.0
        assert small_model.judge(clip, small_model.usual("turbine_01"), NO_CONDITIONS).stretch_z[3] != 0.0

    def test_p_values_are_powers_of_ten(self) -> None:
        assert [p_value(steps) for steps in (0, 256, 512)] == pytest.approx([1.0, 0.1, 0.01])


class TestUsual:
    def test_machines_of_the_bundle_and_others(self, small_model: TurbineModel) -> None:
        known, other = small_model.usual("turbine_02"), small_model.usual("turbine_99")
        assert known.clips.own_clips == 60
        assert (known.level_db, known.level_sd_db) == small_model.levels["turbine_02"]
        assert (other.clips.own_clips, other.level_db, other.rotor) == (0, None, None)
        assert small_model.usual(None).clips.own_clips == 0

    def test_the_only_machine_needs_no_name(self, small_model: TurbineModel) -> None:
        name = "turbine_01"
        alone = replace(
            small_model,
            clips=replace(small_model.clips, machines={name: small_model.clips.machines[name]}),
            levels={name: small_model.levels[name]},
        )
        assert alone.usual(None).clips is alone.usual(name).clips
        assert alone.usual(None).level_db == small_model.levels[name][0]
        assert alone.usual("turbine_02").clips.own_clips == 0

    def test_rotors_are_known_by_machine(self, rotor_model: TurbineModel) -> None:
        usual = rotor_model.usual("turbine_01")
        assert usual.rotor is not None
        assert usual.rotor.own_clips == 16


class TestIdentity:
    def test_what_decides_the_features_decides_the_fingerprint(self, small_model: TurbineModel) -> None:
        same = replace(small_model, false_alarm_rate=0.2, clip_stretches=9, rotor=None, levels={})
        assert same.fingerprint == small_model.fingerprint
        others = [
            replace(small_model, usual_shape=small_model.usual_shape + np.int16(1)),
            replace(small_model, conditions=("rpm",)),
            replace(small_model, layout=Layout(n_bands=128, size="full")),
            replace(small_model, network_file=small_model.network_file + b"\0"),
        ]
        assert len({model.fingerprint for model in (small_model, *others)}) == 5

    def test_it_fits_a_microcontroller(self, small_model: TurbineModel) -> None:
        assert small_model.model_bytes < 80_000
        assert small_model.ram_bytes < 20_000
        assert small_model.clip_s == pytest.approx(4.096)
        assert small_model.threshold == pytest.approx(2.0)

    @pytest.mark.parametrize(
        "change",
        [
            {"clip_stretches": 0},
            {"clip_frames": 0},
            {"false_alarm_rate": 0.0},
            {"false_alarm_rate": 1.0},
            {"false_alarm_rate": float("nan")},
            {"alarms_per_day": 0.0},
            {"stretch_octaves": (9.0, 0.0)},
            {"levels": {"a": (-20.0, 0.0)}},
            {"section_sd": np.zeros((4, 16), np.int16)},
        ],
        ids=str,
    )
    def test_impossible_settings_are_refused(self, small_model: TurbineModel, change: dict[str, Any]) -> None:
        with pytest.raises(ParameterError, match="clip|rate|above 0"):
            replace(small_model, **change)


class TestBundle:
    @pytest.mark.parametrize("which", ["small_model", "rotor_model"])
    def test_there_and_back(self, which: str, request: pytest.FixtureRequest) -> None:
        model: TurbineModel = request.getfixturevalue(which)
        again = TurbineModel.read(Bundle.from_bytes(bundle_of(model).to_bytes(), "a copy"))
        assert plain(again.decision()) == plain(model.decision())
        assert again.fingerprint == model.fingerprint
        assert {name: a.tobytes() for name, a in again.arrays().items()} == {
            name: a.tobytes() for name, a in model.arrays().items()
        }
        pcm = turbine_sound("turbine_01", 1000)
        assert [j.surprise for j in judged(again, pcm)] == [j.surprise for j in judged(model, pcm)]

    def test_a_missing_part_is_told(self, rotor_model: TurbineModel) -> None:
        bundle = bundle_of(rotor_model)
        optional = {"clips_first_knots", "clips_first_values", "rotor_first_knots", "rotor_first_values"}
        for name in set(bundle.vectors) - optional:
            less = {other: array for other, array in bundle.vectors.items() if other != name}
            with pytest.raises(BundleError, match=f"{name} is missing"):
                TurbineModel.read(bundle.replace(vectors=less))
        for name in bundle.decision:
            decision = {other: value for other, value in bundle.decision.items() if other != name}
            with pytest.raises(ParameterError, match=f"decision: lacks {name}"):
                TurbineModel.read(bundle.replace(decision=decision))

    @pytest.mark.parametrize(
        "change",
        [
            {"size": "full"},
            {"size": 7},
            {"conditions": ["rpm"]},
            {"conditions": ["mood"]},
            {"machines": ["a"]},
            {"machines": []},
            {"machines": ["turbine_01", "turbine_01"]},
            {"machines": "ab"},
            {"levels_db": {"a": [1.0]}},
            {"levels_db": {"a": [1.0, 1e9]}},
            {"levels_db": {"a": [1.0, 0.0]}},
            {"levels_db": [1]},
            {"clip_stretches": 0},
            {"clip_stretches": 10**9},
            {"clip_stretches": 2.5},
            {"clip_stretches": "many"},
            {"clip_frames": -1},
            {"clip_frames": 10**9},
            {"nuisances": 1},
            {"stretch_octaves": [1.0]},
            {"stretch_octaves": [1e300, 1.0]},
            {"false_alarm_rate": 3},
            {"false_alarm_rate": 0},
            {"alarms_per_day": 1e9},
            {"rotor_machines": ["a"]},
            {"more": 1},
        ],
        ids=str,
    )
    def test_a_setting_that_does_not_fit_is_told(self, small_model: TurbineModel, change: dict[str, Any]) -> None:
        bundle = bundle_of(small_model)
        with pytest.raises((BundleError, ParameterError)) as error:
            TurbineModel.read(bundle.replace(decision={**bundle.decision, **change}))
        assert len(str(error.value)) <= 300

    def test_other_shapes_are_told(self, small_model: TurbineModel) -> None:
        bundle = bundle_of(small_model)
        for name, array in bundle.vectors.items():
            with pytest.raises((BundleError, ParameterError)):
                TurbineModel.read(bundle.replace(vectors={**bundle.vectors, name: array[:-1]}))
            with pytest.raises(BundleError, match=f"{name} must be"):
                TurbineModel.read(bundle.replace(vectors={**bundle.vectors, name: array.astype(np.float32)}))

    def test_bundles_of_others_are_refused(self, small_model: TurbineModel) -> None:
        bundle = bundle_of(small_model)
        with pytest.raises(BundleError, match="made for 'roast'"):
            from_bundle(bundle.replace(application="roast"), "x", "turbine")

    @pytest.mark.parametrize(
        ("front_end", "words"),
        [
            (replace(FRONT_END, n_mels=64), "must be"),
            (replace(FRONT_END, hop_samples=1), "frames per second"),
            (replace(FRONT_END, fmax_hz=300.0), "no FFT bin"),
            (
                EnhancementFrontEnd(rate_hz=16_000, hop_samples=128, analysis_samples=512, synthesis_samples=256),
                "log-mel",
            ),
        ],
    )
    def test_front_ends_that_do_not_fit_are_refused(
        self, small_model: TurbineModel, front_end: Any, words: str
    ) -> None:
        with pytest.raises((BundleError, ParameterError), match=words):
            TurbineModel.read(bundle_of(small_model).replace(frontend=front_end))

    def test_weather_needs_the_frame_rate_that_it_was_learnt_at(self, small_model: TurbineModel) -> None:
        bundle = bundle_of(replace(small_model, front_end=replace(FRONT_END, hop_samples=400)))
        assert TurbineModel.read(bundle).clip_s == pytest.approx(3.2)
        with pytest.raises(ParameterError, match="31.25 frames per second"):
            TurbineModel.read(bundle.replace(decision={**bundle.decision, "nuisances": True}))
