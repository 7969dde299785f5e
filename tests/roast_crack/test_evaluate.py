from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from acoustic_apps.roast_crack import evaluate
from acoustic_apps.roast_crack.contrast import FRONT_END
from acoustic_apps.roast_crack.evaluate import ROAST_A_ONSET_S
from acoustic_apps.roast_crack.fit_decision import DecisionFigures
from acoustic_apps.roast_crack.sessions import decide, recorded_session, run_peaks
from acoustic_apps.roast_crack.simulate import NoiseLibrary
from made_roasts import PLAIN, excerpt, make_data_root, plain_model, shipped_model

from acoustic.application import Claim
from acoustic.audio import Recording
from acoustic.datasets import data_root
from acoustic.model.bundle import Bundle
from acoustic.score import processes

RATE_HZ = FRONT_END.rate_hz


def coffee(name: str) -> np.ndarray:
    root = data_root()
    path = root / "coffee" / name if root else None
    if path is None or not path.exists():
        pytest.skip(f"coffee/{name} is missing: set ACOUSTIC_DATA to the folder of the recordings")
    return Recording(path).read(RATE_HZ)


def test_the_shipped_network_is_small_enough() -> None:
    claims = list(evaluate.network_claims(shipped_model()))
    assert [claim.passed for claim in claims] == [True] * 3
    assert all(claim.name.startswith("network: ") and claim.value for claim in claims)
    assert f"{len(Bundle.load('roast').network) / 1024:.1f} kB" == claims[0].value


def test_the_shipped_bundle_on_the_real_roast() -> None:
    pcm, model = coffee("roast_a.flac"), shipped_model()
    claim = evaluate.roast_a(model, pcm)
    assert claim.passed is True
    found, _ = decide(recorded_session(FRONT_END, model.network, [pcm]), model.settings)
    assert found is not None
    assert found.onset_s == pytest.approx(ROAST_A_ONSET_S, abs=1.0)
    assert 0 < found.decided_s - ROAST_A_ONSET_S < 10
    assert f"onset {found.onset_s:.1f}" in claim.value
    assert "onset" in claim.rival
    # Up to the zone that nobody labelled, nothing comes near a declaration.
    calm = recorded_session(FRONT_END, model.network, [pcm[: 520 * RATE_HZ]])
    assert not any(peak >= model.settings.threshold for peak in run_peaks(calm, model.settings))


def test_the_shipped_bundle_on_the_real_clip() -> None:
    claim = evaluate.roast_b(shipped_model(), coffee("roast_b_20s.wav"))
    assert claim.passed is True
    assert claim.value == "onset 4.7 (+0.8), decided 18.4"


def test_a_model_that_never_fires_fails() -> None:
    deaf = replace(shipped_model(), settings=replace(shipped_model().settings, threshold=1e6))
    for judge, name in ((evaluate.roast_a, "roast_a.flac"), (evaluate.roast_b, "roast_b_20s.wav")):
        claim = judge(deaf, coffee(name))
        assert (claim.value, claim.passed) == ("missed", False)


def test_a_miss_and_an_early_alarm_are_told() -> None:
    silence = np.zeros(20 * RATE_HZ, np.int16)
    for judge in (evaluate.roast_a, evaluate.roast_b):
        claim = judge(plain_model(), silence)
        assert (claim.value, claim.rival, claim.passed) == ("missed", "missed", False)
    early = evaluate.roast_a(plain_model(), excerpt().pcm)
    assert early.passed is False
    assert "onset" in early.value


def test_variants_are_forty_five_other_recordings(tmp_path: Path) -> None:
    pcm = excerpt().pcm[: 4 * RATE_HZ]
    made = list(evaluate.variants(pcm, RATE_HZ, make_data_root(tmp_path)))
    again = evaluate.variants(pcm, RATE_HZ, tmp_path)
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


def test_variants_at_a_low_rate(tmp_path: Path) -> None:
    kinds = [kind for kind, _ in evaluate.variants(excerpt(16_000).pcm[:32_000], 16_000, make_data_root(tmp_path))]
    # Nothing above 8 kHz is there to be filtered away.
    assert (len(kinds), kinds.count("low-pass")) == (44, 2)


def test_the_noise_repeats_and_depends_on_the_seed(tmp_path: Path) -> None:
    library = NoiseLibrary.load(make_data_root(tmp_path), "held_out")
    one = evaluate.noise_stream(library, RATE_HZ, 1, 30 * RATE_HZ)
    assert len(one) == 30 * RATE_HZ
    assert one.tobytes() == evaluate.noise_stream(library, RATE_HZ, 1, 30 * RATE_HZ).tobytes()
    assert one.tobytes() != evaluate.noise_stream(library, RATE_HZ, 2, 30 * RATE_HZ).tobytes()


def test_background_counts_hours_and_alarms(tmp_path: Path) -> None:
    deaf = replace(plain_model(), settings=replace(PLAIN, threshold=1e6))
    claim = evaluate.background(deaf, make_data_root(tmp_path))
    assert (claim.value, claim.passed) == ("0 declared", True)
    assert claim.data == "0.0 h of real noise (fold 3) and speech"


def outcome(errors_s: list[float], misses: int, false_alarms: int) -> DecisionFigures:
    found = len(errors_s)
    return DecisionFigures(
        found + misses + false_alarms,
        found + misses,
        misses,
        false_alarms,
        tuple(errors_s),
        tuple(error + 9.0 for error in errors_s),
    )


def test_simulated_figures_are_those_of_the_outcome() -> None:
    error, misses, false = evaluate.simulated_claims(", blind", outcome([-2.0, 0.0, 1.0, 3.0, 4.0], 1, 0))
    assert error.value.startswith("2.0 s [")
    assert "decided 10.0 s after" in error.value
    assert misses.value.startswith("1/6 = 16.7% [")
    assert false.value.startswith("0/6 = 0.0% [0.0%, ")
    assert [error.passed, misses.passed, false.passed] == [True, False, True]
    assert all(claim.name.endswith(", blind") and "simulated" in claim.data for claim in (error, misses, false))


def test_a_model_that_finds_nothing_is_told_as_such() -> None:
    claims = list(evaluate.simulated_claims(", blind", outcome([], 6, 2)))
    assert [claim.passed for claim in claims] == [False, False, False]


@pytest.mark.slow
def test_simulated_sessions_are_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "workers", lambda: ThreadPoolExecutor(1))
    claims = list(evaluate.simulated(shipped_model(), make_data_root(tmp_path), tmp_path / "work", 4))
    assert all(isinstance(claim, Claim) and claim.data.startswith("4 ") for claim in claims)
    misses = next(claim for claim in claims if claim.name == "misses")
    assert "/3 = " in misses.value
    assert all(type(claim.passed) is bool for claim in claims)


@pytest.mark.slow
def test_everything_is_measured_on_the_real_recordings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    coffee("roast_a.flac")
    root = data_root()
    assert root is not None
    monkeypatch.setattr(evaluate, "simulated", lambda *_: iter([]))
    claims = list(evaluate.evaluate(shipped_model(), root, tmp_path, 8))
    assert {claim.name: claim.passed for claim in claims} == {
        "network: int8 .tflite": True,
        "network: working memory": True,
        "network: MAC per second": True,
        "roast_a as recorded": True,
        "roast_a, 45 variants": True,
        "roast_b, 20 s clip": True,
        "false alarms in noise and speech": True,
    }
    assert "/45 = " in claims[4].value
    assert "before 520 s: 0" in claims[4].value
