"""Is this computer fit for listening? What is found, and what is advised."""

import json
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import level_meter.application as meter
import numpy as np
import pytest

from acoustic import application, doctor
from acoustic.audio import LevelMeter, SourceHealth, write_wav

RATE_HZ = 48000


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "acoustic", *arguments], capture_output=True, text=True)


def judge(pcm: np.ndarray) -> dict[str, doctor.Finding]:
    meter = LevelMeter()
    meter.push(pcm)
    return {finding.name: finding for finding in doctor.judge(pcm, RATE_HZ, meter, SourceHealth())}


def noise(upper_hz: float, level: float = 300.0) -> np.ndarray:
    """Gaussian noise with nothing above ``upper_hz`` but its own rounding to int16."""
    n_samples = 2 * RATE_HZ
    spectrum = np.fft.rfft(np.random.default_rng(1).standard_normal(n_samples) * level)
    spectrum[np.fft.rfftfreq(n_samples, 1 / RATE_HZ) > upper_hz] = 0
    return np.rint(np.fft.irfft(spectrum)).astype(np.int16)


@pytest.mark.parametrize("upper_hz", [4000, 8000, 16000, 24000])
def test_bandwidth_of_band_limited_noise(upper_hz: int) -> None:
    assert doctor.effective_bandwidth(noise(upper_hz), RATE_HZ) == pytest.approx(upper_hz, abs=500)


def test_bandwidth_of_nothing() -> None:
    assert doctor.effective_bandwidth(np.zeros(48000, np.int16), RATE_HZ) == 0
    assert doctor.effective_bandwidth(np.ones(10, np.int16), RATE_HZ) == 0


def test_good_microphone() -> None:
    findings = judge(noise(20000))
    assert set(findings) == {"level", "clipping", "offset", "bandwidth", "losses"}
    assert all(finding.status == "ok" for finding in findings.values()), findings


@pytest.mark.parametrize("value", [0, -1, 500])
def test_dead_microphone(value: int) -> None:
    assert {n: f.status for n, f in judge(np.full(48000, value, np.int16)).items()} == {"level": "fail"}


def test_headset_profile() -> None:
    assert judge(noise(4000))["bandwidth"].status == "warn"


def test_clipping_offset_and_quiet() -> None:
    loud = np.clip(noise(20000).astype(np.int32) * 200, -32768, 32767).astype(np.int16)
    assert judge(loud)["clipping"].status == "warn"
    assert judge(noise(20000) + np.int16(3000))["offset"].status == "warn"
    assert judge(noise(20000, level=2.0))["level"].status == "warn"


# In processes of their own: this one must not load PortAudio before a virtual sound card is there.
@pytest.mark.usefixtures("level_meter")
def test_without_listening_judges_the_installation() -> None:
    result = run("doctor", "--seconds", "0", "--json")
    names = [json.loads(line)["name"] for line in result.stdout.splitlines()]
    assert names[:2] == ["python", "packages"]
    assert {"front end", "bundle meter", "bundle gain"} <= set(names)
    assert names[-1] == "microphone"


def test_missing_microphone_by_name_fails() -> None:
    result = run("doctor", "--device", "no such microphone", "--json")
    findings = {record["name"]: record for record in map(json.loads, result.stdout.splitlines())}
    assert findings["microphone"]["status"] == "fail"
    assert result.returncode == 1


@pytest.mark.live
def test_hears_a_microphone(virtual_audio: Any, tmp_path: Path) -> None:
    names = {json.loads(line)["name"] for line in run("devices", "--json").stdout.splitlines()}
    assert "virtmic" in names
    path = tmp_path / "noise.wav"
    write_wav(path, np.tile(noise(20000, level=3000.0), 5), RATE_HZ)
    with virtual_audio.playing(path):
        result = run("doctor", "--device", "virtmic", "--seconds", "3", "--json")
    findings = {record["name"]: record for record in map(json.loads, result.stdout.splitlines())}
    assert findings["microphone"]["detail"].startswith("virtmic")
    assert findings["level"]["status"] == "ok"
    assert findings["losses"]["status"] == "ok"


@pytest.mark.usefixtures("level_meter")
def test_vectors_of_every_bundle_are_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    def doctored(*_: Any) -> Any:
        raise ZeroDivisionError("bug")

    findings = {finding.name: finding for finding in doctor._bundles()}
    assert findings["bundle meter"].detail == "loads; its 1 test vectors give the same bytes here"
    wrong = replace(meter.application, stages=lambda model, inputs: {"doubled": inputs["pcm"].astype(np.int32) * 3})
    monkeypatch.setattr(meter, "application", wrong)
    findings = {finding.name: finding for finding in doctor._bundles()}
    assert (findings["bundle meter"].status, findings["bundle gain"].status) == ("fail", "ok")
    assert "another doubled than" in findings["bundle meter"].detail
    # Whatever is wrong with one, the others are checked.
    monkeypatch.setattr(meter, "application", replace(meter.application, read=doctored))
    findings = {finding.name: finding for finding in doctor._bundles()}
    assert findings["bundle meter"].detail == "ZeroDivisionError: bug"
    assert findings["bundle gain"].status == "ok"


def test_what_is_missing_is_advised_by_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite itself may be in no registry."""
    monkeypatch.setattr(doctor, "_version", lambda name: None if name in ("matplotlib", "pyarrow") else "1.0")
    findings = {finding.name: finding for finding in doctor._packages()}
    assert findings["extra plot"].detail == "not installed: matplotlib"
    assert findings["extra plot"].remedy == f"{sys.executable} -m pip install matplotlib"
    assert findings["packages"].status == "ok"


def test_an_application_without_a_package_is_no_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    absent = EntryPoint("absent", "absent.application:application", application.GROUP)
    monkeypatch.setattr("acoustic.native.entry_points", lambda group: [absent])
    assert list(doctor._applications()) == []
