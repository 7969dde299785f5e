import numpy as np
import pytest
from acoustic_apps.roast_crack import baseline
from acoustic_apps.roast_crack.contrast import FRONT_END

from acoustic.datasets import data_root

RATE_HZ = FRONT_END.rate_hz


def with_clicks(times_s: list[float], seconds: float = 60.0, gain: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(0)
    x = rng.normal(0, 100, round(seconds * RATE_HZ))
    for t_s in times_s:
        at = round(t_s * RATE_HZ)
        x[at : at + 96] += rng.normal(0, 2500, 96)
    return np.rint(gain * x).astype(np.int16)


def test_a_run_of_clicks_is_declared_at_its_first() -> None:
    times_s = [30.0, 31.3, 33.9, 35.2, 37.7, 38.4]
    found = baseline.first_crack(FRONT_END, with_clicks([8.0, *times_s]))
    assert found is not None
    assert found.onset_s == pytest.approx(30.0, abs=0.01)
    assert found.cracks >= baseline.MIN_CRACKS
    assert times_s[found.cracks - 1] < found.decided_s < times_s[found.cracks - 1] + 0.2


def test_its_time_does_not_depend_on_gain() -> None:
    times_s = [30.0, 31.3, 33.9, 35.2, 37.7]
    onsets = {baseline.first_crack(FRONT_END, with_clicks(times_s, gain=gain)).onset_s for gain in (0.3, 1.0, 3.0)}  # type: ignore[union-attr]
    assert len(onsets) == 1


@pytest.mark.parametrize(
    "pcm", [with_clicks([]), with_clicks([10.0, 35.0]), np.zeros(RATE_HZ, np.int16), np.zeros(100, np.int16)]
)
def test_noise_single_clicks_and_silence_are_none(pcm: np.ndarray) -> None:
    assert baseline.first_crack(FRONT_END, pcm) is None


def test_a_muted_start_is_no_background() -> None:
    muted = np.concatenate([np.zeros(3 * RATE_HZ, np.int16), with_clicks([30.0, 31.3, 33.9, 35.2, 37.7])])
    found = baseline.first_crack(FRONT_END, muted)
    assert found is not None
    assert found.onset_s == pytest.approx(33.0, abs=0.01)


def test_it_hears_the_real_roast() -> None:
    root = data_root()
    if root is None or not (root / "coffee" / "roast_a.flac").exists():
        pytest.skip("coffee/roast_a.flac is missing: set ACOUSTIC_DATA to the folder of the recordings")
    from acoustic.audio import Recording

    found = baseline.first_crack(FRONT_END, Recording(root / "coffee" / "roast_a.flac").read(RATE_HZ))
    assert found is not None
    assert 520 < found.onset_s < 600
