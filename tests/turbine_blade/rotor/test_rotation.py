import numpy as np
import pytest
from acoustic_apps.turbine_blade.rotor.group_levels import GroupLevels
from acoustic_apps.turbine_blade.rotor.rotation import F64, Rotation, detrended, find_rotation
from made_rotors import FRONT_END, rotor_steps

from acoustic.datasets import data_root
from acoustic.frontend.definition import FrontEnd
from acoustic.frontend.logmel import log_mel
from acoustic.frontend.noise_floor import STEPS_PER_DB, to_steps

RATE_HZ = 7.8125


def levels_db(seed: int, **kwargs: object) -> F64:
    groups = GroupLevels(FRONT_END)
    assert groups.rate_hz == RATE_HZ
    blocks = groups.push(rotor_steps(seed, **kwargs))  # type: ignore[arg-type]
    return blocks[:, : len(groups.edges_hz)] / STEPS_PER_DB


@pytest.mark.parametrize("rpm", [6.0, 9.5, 13.0, 17.5, 23.0])
def test_the_rate_is_right_to_one_percent(rpm: float) -> None:
    rotation = find_rotation(levels_db(1, rpm=rpm), RATE_HZ)
    assert rotation is not None
    assert rotation.rpm == pytest.approx(rpm, rel=0.01)
    assert rotation.confidence > 0.5


@pytest.mark.parametrize("drift", [-0.05, 0.05])
def test_a_drifting_rate_is_followed(drift: float) -> None:
    drifts = []
    for seed in range(6):
        rotation = find_rotation(levels_db(seed, rpm=14.0, drift=drift), RATE_HZ)
        assert rotation is not None
        assert rotation.rpm == pytest.approx(14.0, rel=0.01)
        drifts.append(rotation.drift)
    assert np.mean(drifts) == pytest.approx(drift, abs=0.015)


@pytest.mark.parametrize("rpm", [13.0, 16.0, 20.0])
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_the_order_of_a_damaged_blade_is_not_taken_for_the_blade_pass(seed: int, rpm: float) -> None:
    rotation = find_rotation(levels_db(seed, rpm=rpm, fault_db=6.0, fault_hz=(100.0, 8000.0)), RATE_HZ)
    assert rotation is not None
    assert rotation.rpm == pytest.approx(rpm, rel=0.015)


@pytest.mark.parametrize("gust_db", [0.0, 1.0, 3.0])
def test_nothing_turns_in_noise_and_gusts(gust_db: float) -> None:
    for seed in range(10):
        assert find_rotation(levels_db(seed, swish_db=0.0, gust_db=gust_db), RATE_HZ) is None


def test_nothing_turns_in_silence() -> None:
    assert find_rotation(np.full((250, 12), -100.0), RATE_HZ) is None


def test_a_named_rate_is_refined() -> None:
    rotation = find_rotation(levels_db(6, rpm=13.0), RATE_HZ, rpm=12.2)
    assert rotation is not None
    assert rotation.rpm == pytest.approx(13.0, rel=0.01)


def test_a_named_rate_stands_where_nothing_is_heard() -> None:
    rotation = find_rotation(levels_db(7, swish_db=0.0), RATE_HZ, rpm=12.2)
    assert rotation is not None
    assert (rotation.rpm, rotation.drift) == (12.2, 0.0)
    assert rotation.confidence < 0.5


def test_turns_follow_rate_and_drift() -> None:
    turns = Rotation(rpm=12.0, drift=0.05, comb=5.0).turns(251, 7.8125)
    per_block = np.diff(turns)
    assert turns[-1] - turns[0] == pytest.approx(12.0 / 60 * 250 / 7.8125)
    assert per_block[-1] / per_block[0] == pytest.approx(1.05, abs=0.001)


def test_a_cubic_trend_leaves_nothing() -> None:
    t = np.linspace(-1.0, 1.0, 250)
    trend = np.stack([3 * t**3 - t, 5 + t**2], axis=1)
    assert np.abs(detrended(trend)).max() < 1e-9


def far_field(name: str) -> tuple[F64, float]:
    """Levels of ten seconds recorded more than a kilometre away."""
    root = data_root()
    if root is None or not (root / "machines" / "wind_farm" / name).exists():
        pytest.skip(f"machines/wind_farm/{name} is missing: set ACOUSTIC_DATA to the folder of the recordings")
    from acoustic.audio import Recording

    fe = FrontEnd(rate_hz=8192, frame_samples=512, hop_samples=256, n_fft=512, n_mels=64, fmin_hz=0.0, fmax_hz=4096.0)
    pcm = Recording(root / "machines" / "wind_farm" / name).read(fe.rate_hz)
    groups = GroupLevels(fe)
    return groups.push(to_steps(log_mel(pcm, fe)))[:, : len(groups.edges_hz)] / STEPS_PER_DB, groups.rate_hz


def test_ten_seconds_from_afar_are_claimed_to_be_nothing() -> None:
    for name in ("AM.wav", "NoAM.wav"):
        assert find_rotation(*far_field(name)) is None


def test_the_known_blade_pass_from_afar_is_higher_than_chance() -> None:
    swishing = find_rotation(*far_field("AM.wav"), rpm=14.0)
    steady = find_rotation(*far_field("NoAM.wav"), rpm=14.0)
    assert swishing is not None
    assert steady is not None
    assert swishing.comb > steady.comb + 0.3
