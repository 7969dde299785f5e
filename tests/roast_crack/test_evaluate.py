from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from acoustic_apps.roast_crack import evaluate
from acoustic_apps.roast_crack.decision_settings import DecisionSettings
from acoustic_apps.roast_crack.evaluate import RATE_HZ, ROAST_A_ONSET_S, ROAST_B_ONSET_S, Measure
from acoustic_apps.roast_crack.fit_decision import Outcome
from acoustic_apps.roast_crack.sessions import decide, recorded_session, run_peaks
from acoustic_apps.roast_crack.simulate import NoiseLibrary
from made_roasts import PLAIN, excerpt, make_data_root, plain_bundle

from acoustic.audio import Recording
from acoustic.datasets import data_root
from acoustic.model.bundle import Bundle
from acoustic.score import processes


def coffee(name: str) -> np.ndarray:
    root = data_root()
    path = root / "coffee" / name if root else None
    if path is None or not path.exists():
        pytest.skip(f"coffee/{name} is missing: set ACOUSTIC_DATA to the folder of the recordings")
    return Recording(path).read(RATE_HZ)


def shipped() -> tuple[bytes, DecisionSettings]:
    bundle = Bundle.load("roast")
    return bundle.network, DecisionSettings.from_dict(bundle.decision)


def test_the_shipped_network_is_small_enough() -> None:
    measures = list(evaluate.network_measures(Bundle.load("roast")))
    assert [measure.passed for measure in measures] == [True] * 3
    assert all(measure.name.startswith("network: ") and measure.ours for measure in measures)
    assert f"{len(Bundle.load('roast').network) / 1024:.1f} kB" == measures[0].ours


def test_the_shipped_bundle_on_the_real_roast() -> None:
    pcm = coffee("roast_a.flac")
    network, settings = shipped()
    measure = evaluate.roast_a(network, settings, pcm)
    found, _ = decide(recorded_session(network, [pcm]), settings)
    assert found is not None
    assert found.decided_s > 520
    assert measure.passed is (abs(found.onset_s - ROAST_A_ONSET_S) <= 5 and found.decided_s <= ROAST_A_ONSET_S + 15)
    assert f"onset {found.onset_s:.1f}" in measure.ours
    assert "onset" in measure.plain
    # Up to the zone that nobody labelled, nothing comes near a declaration.
    calm = recorded_session(network, [pcm[: 520 * RATE_HZ]])
    assert not any(peak >= settings.threshold for peak in run_peaks(calm, settings))


def test_the_shipped_bundle_on_the_real_clip() -> None:
    pcm = coffee("roast_b_20s.wav")
    measure = evaluate.roast_b(*shipped(), pcm)
    found, _ = decide(recorded_session(shipped()[0], [pcm]), shipped()[1])
    assert measure.passed is (found is not None and found.onset_s >= ROAST_B_ONSET_S - 0.03)
    assert found is None or found.decided_s > ROAST_B_ONSET_S


def test_a_miss_and_an_early_alarm_are_told() -> None:
    silence = np.zeros(20 * RATE_HZ, np.int16)
    for judge in (evaluate.roast_a, evaluate.roast_b):
        measure = judge(plain_bundle().network, PLAIN, silence)
        assert (measure.ours, measure.plain, measure.passed) == ("missed", "missed", False)
    early = evaluate.roast_a(plain_bundle().network, PLAIN, excerpt().pcm)
    assert early.passed is False
    assert "onset" in early.ours


def test_variants_are_forty_five_other_recordings(tmp_path: Path) -> None:
    pcm = excerpt().pcm[: 4 * RATE_HZ]
    made = list(evaluate.variants(pcm, make_data_root(tmp_path)))
    again = evaluate.variants(pcm, tmp_path)
    assert len(made) == 45
    assert {kind for kind, _ in made} >= {"gain", "rate", "low-pass", "microphone", "noise 5 dB"}
    for (kind, variant), (kind_again, variant_again) in zip(made, again, strict=True):
        assert variant.dtype == np.int16
        assert abs(len(variant) - len(pcm)) <= 64
        assert kind == kind_again
        assert variant.tobytes() == variant_again.tobytes()
    assert len({variant.tobytes() for kind, variant in made if "noise" not in kind}) == 21
    # Nothing is moved in time: onsets of all variants are compared with one label.
    x = pcm.astype(float)
    for kind, variant in made:
        y = variant[: len(x)].astype(float)
        y = np.pad(y, (0, len(x) - len(y)))
        correlation = np.fft.irfft(np.fft.rfft(x, 1 << 18).conj() * np.fft.rfft(y, 1 << 18))
        lag = int(np.abs(correlation).argmax())
        assert min(lag, (1 << 18) - lag) < 0.01 * RATE_HZ, kind


def test_the_noise_repeats_and_depends_on_the_seed(tmp_path: Path) -> None:
    library = NoiseLibrary.load(make_data_root(tmp_path), "held_out")
    one = evaluate.noise_stream(library, 1, 30 * RATE_HZ)
    assert len(one) == 30 * RATE_HZ
    assert one.tobytes() == evaluate.noise_stream(library, 1, 30 * RATE_HZ).tobytes()
    assert one.tobytes() != evaluate.noise_stream(library, 2, 30 * RATE_HZ).tobytes()


def test_background_counts_hours_and_alarms(tmp_path: Path) -> None:
    measure = evaluate.background(plain_bundle().network, replace(PLAIN, threshold=1e6), make_data_root(tmp_path))
    assert (measure.ours, measure.passed) == ("0 declared", True)


def outcome(errors_s: list[float], misses: int, false_alarms: int) -> Outcome:
    found = len(errors_s)
    return Outcome(
        found + misses + false_alarms,
        found + misses,
        misses,
        false_alarms,
        tuple(errors_s),
        tuple(error + 9.0 for error in errors_s),
    )


def test_simulated_figures_are_those_of_the_outcome() -> None:
    error, misses, false = evaluate._simulated_measures(", blind", outcome([-2.0, 0.0, 1.0, 3.0, 4.0], 1, 0))
    assert error.ours.startswith("2.0 s [")
    assert "decided 10.0 s after" in error.ours
    assert misses.ours.startswith("1/6 = 16.7% [")
    assert false.ours.startswith("0/6 = 0.0% [0.0%, ")
    assert [error.passed, misses.passed, false.passed] == [True, False, True]
    assert all("simulated" in measure.name and ", blind:" in measure.name for measure in (error, misses, false))


def test_a_model_that_finds_nothing_is_told_as_such() -> None:
    measures = list(evaluate._simulated_measures(", blind", outcome([], 6, 2)))
    assert [measure.passed for measure in measures] == [False, False, False]


@pytest.mark.slow
def test_simulated_sessions_are_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "workers", lambda: ThreadPoolExecutor(1))
    network, settings = shipped()
    measures = list(evaluate.simulated(network, settings, make_data_root(tmp_path), tmp_path / "work", 4))
    assert all(isinstance(measure, Measure) and "4" in measure.name for measure in measures)
    misses = next(measure for measure in measures if measure.name.endswith("misses"))
    assert "/3 = " in misses.ours
    assert all(type(measure.passed) is bool for measure in measures)


@pytest.mark.slow
def test_everything_is_measured_on_the_real_recordings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    coffee("roast_a.flac")
    root = data_root()
    assert root is not None
    monkeypatch.setattr(evaluate, "simulated", lambda *_: iter([]))
    measures = list(evaluate.evaluate(Bundle.load("roast"), root, tmp_path, 8))
    names = [measure.name for measure in measures]
    assert [name.split(":")[0].split(",")[0].split(" (")[0] for name in names] == [
        *["network"] * 3,
        "roast_a as recorded",
        "roast_a",
        "roast_b",
        "real noise",
    ]
    assert all(set(asdict(measure)) == {"name", "target", "ours", "plain", "passed"} for measure in measures)
    variants = measures[4]
    assert "/45 = " in variants.ours
    assert "before 520 s: " in variants.ours
