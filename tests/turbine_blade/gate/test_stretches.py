from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from acoustic_apps.turbine_blade.gate import FaultGate, Gate, SetAside, Stretch, add_set_aside, gate_for
from acoustic_apps.turbine_blade.gate.measures import STRETCH_FRAMES
from acoustic_apps.turbine_blade.simulate import Fault, Turbine, simulate_clip
from hypothesis import given, settings
from hypothesis import strategies as st
from made_nuisances import RATE_HZ, Sound, chirps, drops, gust, over, shaped, voice

from acoustic.errors import ParameterError
from acoustic.frontend.definition import FrontEnd
from acoustic.frontend.logmel import log_mel
from acoustic.frontend.noise_floor import to_steps

FRONT_END = FrontEnd(
    rate_hz=16_000, frame_samples=1024, hop_samples=512, n_fft=1024, n_mels=128, fmin_hz=0.0, fmax_hz=8_000.0
)


def turbine(seed: int, duration_s: float = 10.0, fault: Fault | None = None) -> Sound:
    clip = simulate_clip(Turbine.draw(seed), seed, duration_s=duration_s, fault=fault)
    return clip.pcm.astype(np.float64)


def judged(sound: Sound, gate: FaultGate | None = None) -> list[Stretch]:
    """All stretches of a recording; samples beyond full scale clip."""
    gate = gate or Gate(FRONT_END)
    pcm = np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
    steps = to_steps(log_mel(pcm, FRONT_END))
    full = (pcm == 32767) | (pcm == -32768)
    hop = FRONT_END.hop_samples
    clipped = full[: len(steps) * hop].reshape(-1, hop).sum(axis=1)
    return gate.push(steps, clipped) + gate.flush()


def reasons(sound: Sound) -> list[str | None]:
    return [stretch.reason for stretch in judged(sound)]


NUISANCES = [("rain", drops, 0), ("birds", chirps, -6), ("wind on the microphone", gust, 9), ("speech", voice, 3)]


@pytest.mark.parametrize(("reason", "made", "snr_db"), NUISANCES)
def test_a_nuisance_is_set_aside_by_name_where_it_is(reason: str, made: Callable[..., Sound], snr_db: float) -> None:
    for seed in range(2):
        nuisance = made(np.random.default_rng(seed), 4 * RATE_HZ)
        found = reasons(over(turbine(seed), nuisance, snr_db))
        assert found[4:6] == [reason] * 2
        assert found[0] is None
        assert found[9] is None


def test_a_downpour_without_single_drops_is_set_aside() -> None:
    hiss = shaped(np.random.default_rng(1), 4 * RATE_HZ, lambda hz: np.minimum(hz / 1000, 1.0))
    found = reasons(over(turbine(1), hiss, 3))
    assert found[4:6] == ["rain"] * 2
    assert found[0] is None
    assert found[9] is None


FAULTS = [("whistle", 6.0), ("whistle", -10.0), ("erosion", 8.0), ("split", 10.0), ("tick", 25.0), ("bearing", 0.0)]


@pytest.mark.parametrize(("kind", "severity_db"), FAULTS)
def test_a_fault_passes(kind: str, severity_db: float) -> None:
    for seed in range(2):
        assert set(reasons(turbine(seed, fault=Fault(kind, severity_db)))) == {None}


def test_a_healthy_turbine_passes() -> None:
    assert [reason for seed in range(6) for reason in reasons(turbine(seed))] == [None] * 60


def test_tones_fans_and_a_machine_that_changes_its_load_pass() -> None:
    rng = np.random.default_rng(0)
    t_s = np.arange(10 * RATE_HZ) / RATE_HZ
    hum = sum(np.sin(2 * np.pi * hz * t_s + hz) / hz**0.5 for hz in (50.0, 100.0, 290.0, 870.0, 3100.0))
    fan = shaped(rng, len(t_s), lambda hz: 1 / (1 + hz / 800))
    for load in (1.0, np.where(t_s < 5, 1.0, 2.5)):
        assert set(reasons(1000 * load * (fan + hum))) == {None}


@pytest.mark.parametrize("gain_db", [-6.0, 6.0])
@pytest.mark.parametrize(("reason", "made", "snr_db"), NUISANCES)
def test_the_gain_of_the_microphone_does_not_matter(
    reason: str, made: Callable[..., Sound], snr_db: float, gain_db: float
) -> None:
    sound = 0.2 * over(turbine(1), made(np.random.default_rng(1), 4 * RATE_HZ), snr_db)
    assert reason in reasons(sound)
    assert reasons(sound * 10 ** (gain_db / 20)) == reasons(sound)


def test_a_step_of_the_gain_passes() -> None:
    sound = 0.3 * turbine(3)
    sound[5 * RATE_HZ :] *= 2
    assert set(reasons(sound)) == {None}


def test_clipping_is_set_aside() -> None:
    sound = turbine(2)
    sound[4 * RATE_HZ : 5 * RATE_HZ] *= 32767 / np.quantile(np.abs(sound[4 * RATE_HZ : 5 * RATE_HZ]), 0.99)
    found = reasons(sound)
    assert found[4] == "clipping"
    assert found[1] is None


def test_a_dropout_is_set_aside() -> None:
    sound = turbine(2)
    sound[round(5.3 * RATE_HZ) : round(5.5 * RATE_HZ)] = 0
    assert reasons(sound) == [None] * 5 + ["silence"] + [None] * 4
    assert set(reasons(np.zeros(4 * RATE_HZ))) == {"silence"}


def flyover(seed: int, swell_db: float) -> Sound:
    """Two minutes beside a turbine, and half a minute of an aircraft from 80 s on."""
    sound = turbine(seed, 120.0)
    t_s = np.arange(len(sound)) / RATE_HZ
    level = 10 ** (swell_db / 20) * np.exp(-(((t_s - 95) / 10) ** 2))
    jet = shaped(np.random.default_rng(seed), len(sound), lambda hz: 1 / (1 + (np.maximum(hz, 60) / 400) ** 2))
    return 0.2 * (sound + level * jet * sound.std())


def test_an_aircraft_is_set_aside_while_it_drowns_the_blades() -> None:
    found = reasons(flyover(0, 12.0))
    assert found[92:94] == ["aircraft"] * 2
    assert set(found[:70] + found[112:]) == {None}


def test_a_change_that_stays_is_scored_after_some_minutes() -> None:
    frames = 900 * 31
    t_s = np.arange(frames) / 31.25
    changed = t_s > 90
    level_db = np.where(changed, -22.0, -30 + 3 * np.sin(2 * np.pi * 0.7 * t_s))
    steps = np.repeat(to_steps(level_db.astype(np.float32))[:, None], 128, axis=1)
    gate = Gate(FRONT_END)
    found = [stretch.reason for stretch in gate.push(steps, np.zeros(frames, np.int64)) + gate.flush()]
    assert set(found[:80]) == {None}
    assert set(found[100:200]) == {"aircraft"}
    assert set(found[-120:]) == {None}


def test_a_turbine_that_becomes_louder_passes() -> None:
    sound = 0.1 * turbine(4, 120.0)
    t_s = np.arange(len(sound)) / RATE_HZ
    assert set(reasons(sound * 10 ** (0.5 * np.clip((t_s - 70) / 20, 0, 1)))) == {None}


def test_one_gate_judges_many_clips_and_knows_the_place_better_with_each() -> None:
    gate = Gate(FRONT_END)
    for _ in range(8):
        assert judged(0.1 * turbine(6), gate) == judged(0.1 * turbine(6))
    # A roar all through a clip: whoever hears only the clip has nothing to compare it with.
    roar = shaped(np.random.default_rng(6), 10 * RATE_HZ, lambda hz: 1 / (1 + (np.maximum(hz, 60) / 400) ** 2))
    loud = 0.1 * over(turbine(6), roar, 12, start_s=0)
    assert "aircraft" not in reasons(loud)
    assert {stretch.reason for stretch in judged(loud, gate)} == {"aircraft"}


@settings(max_examples=10)
@given(cuts=st.lists(st.integers(0, 311), max_size=8))
def test_blocks_of_any_size_are_judged_alike(cuts: list[int]) -> None:
    mixed = over(turbine(5), chirps(np.random.default_rng(5), 4 * RATE_HZ), 0)
    steps = to_steps(log_mel(mixed.astype(np.int16), FRONT_END))
    whole, blocks = Gate(FRONT_END), Gate(FRONT_END)
    expected = whole.push(steps, np.zeros(len(steps), np.int64)) + whole.flush()
    told: list[Stretch] = []
    for part in np.split(steps, sorted(cuts)):
        told += blocks.push(part, np.zeros(len(part), np.int64))
    assert told + blocks.flush() == expected
    assert "birds" in {stretch.reason for stretch in expected}


@given(frames=st.integers(0, 200))
def test_stretches_tile_the_stream(frames: int) -> None:
    gate = Gate(FRONT_END)
    stretches = gate.push(np.zeros((frames, 128), np.int16), np.zeros(frames, np.int64)) + gate.flush()
    edges = [0, *(stretch.stop_frame for stretch in stretches)]
    assert [stretch.start_frame for stretch in stretches] == edges[:-1]
    assert edges[-1] == frames
    assert all(stretch.stop_frame - stretch.start_frame == STRETCH_FRAMES for stretch in stretches[:-1])


def test_neighbouring_stretches_are_merged_for_reports() -> None:
    found = ["rain", "rain", "birds", None, "birds"]
    stretches = [Stretch(start_frame=32 * k, stop_frame=32 * k + 32, reason=why) for k, why in enumerate(found)]
    expected = [
        SetAside(start_s=0.0, end_s=2.048, reason="rain"),
        SetAside(start_s=2.048, end_s=3.072, reason="birds"),
        SetAside(start_s=4.096, end_s=5.12, reason="birds"),
    ]
    for cut in range(len(stretches) + 1):
        merged: list[SetAside] = []
        for part in (stretches[:cut], stretches[cut:]):
            add_set_aside(merged, part, FRONT_END.hop_samples / FRONT_END.rate_hz)
        assert merged == expected


@pytest.mark.parametrize(("reason", "made", "snr_db"), NUISANCES)
def test_without_nuisances_only_what_is_wrong_with_the_recording_is_set_aside(
    reason: str, made: Callable[..., Sound], snr_db: float
) -> None:
    """And at once: a stretch waits for nothing."""
    sound = over(turbine(1), made(np.random.default_rng(1), 4 * RATE_HZ), snr_db)
    sound[round(1.3 * RATE_HZ) : round(1.5 * RATE_HZ)] = 0
    sound[8 * RATE_HZ : 8 * RATE_HZ + 50] = 40_000
    all_reasons = reasons(sound)
    assert reason in all_reasons
    expected = [why if why in ("silence", "clipping") else None for why in all_reasons]
    assert set(expected) == {None, "silence", "clipping"}
    assert [stretch.reason for stretch in judged(sound, gate_for(FRONT_END, nuisances=False))] == expected
    at_once = FaultGate(FRONT_END).push(np.zeros((64, 128), np.int16), np.zeros(64, np.int64))
    assert [stretch.stop_frame for stretch in at_once] == [32, 64]


def test_clipping_is_one_sample_in_a_thousand_at_any_rate() -> None:
    fe = replace(FRONT_END, rate_hz=48_000, frame_samples=2048, hop_samples=1536, n_fft=2048)
    for samples, reason in ((47, None), (48, "clipping")):
        counts = np.zeros(32, np.int64)
        counts[5] = samples
        for gate in (FaultGate(fe), Gate(fe)):
            [stretch, *_] = [*gate.push(np.zeros((32, 128), np.int16), counts), *gate.flush()]
            assert stretch.reason == reason


def test_wrong_frames_are_refused() -> None:
    gate = Gate(FRONT_END)
    with pytest.raises(ParameterError, match="128 bands"):
        gate.push(np.zeros((4, 64), np.int16), np.zeros(4, np.int64))
    with pytest.raises(ParameterError, match=r"31\.25"):
        Gate(FrontEnd.from_dict(FRONT_END.to_dict() | {"hop_samples": 256}))
