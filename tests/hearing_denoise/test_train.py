from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from acoustic_apps.hearing_denoise import learning, train
from acoustic_apps.hearing_denoise.firmware import STAGES
from acoustic_apps.hearing_denoise.mixtures import pool
from made_hearing import make_data_root, noisy_pcm

from acoustic.application import from_bundle, load
from acoustic.audio import write_wav
from acoustic.export.compilers import host_compiler
from acoustic.export.content import load_content
from acoustic.export.exporting import ExportSettings, export
from acoustic.model.bundle import Bundle
from acoustic.score import processes

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

FRAMES = 400
MEASURED: dict[str, Any] = {
    "mixtures": 1,
    "by_snr": {"0": {name: [1.5, 0.8, 3.0] for name in ("noisy", "float", "int8")}},
    "means": {name: [1.5, 0.8, 3.0] for name in ("noisy", "float", "int8")},
    "clean_pesq": 4.2,
    "noise_down_db": 18.0,
}


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Little of everything, in this process; returns the data root."""
    for module in (pool, learning, train):
        for name, value in {"PER_FILE": 4, "STRETCH_FRAMES": FRAMES}.items():
            monkeypatch.setattr(module, name, value, raising=False)
    monkeypatch.setattr(train, "Schedule", lambda **named: learning.Schedule(**named, batch=2))
    monkeypatch.setattr(train, "measure", lambda *args, **named: MEASURED)
    monkeypatch.setattr(processes, "workers", lambda: ThreadPoolExecutor(1))
    return make_data_root(tmp_path / "data")


def test_from_seed_to_bundle(tiny: Path, tmp_path: Path) -> None:
    bundle = train.train(tmp_path / "work", tiny, 1, files=2, steps=12)
    assert from_bundle(bundle, "mine").check() == from_bundle(Bundle.from_bytes(bundle.to_bytes(), "a"), "a").check()
    assert bundle.calibration["clean_pesq"] == 4.2
    for text in (
        "16 kHz. Algorithmic delay 8 ms",
        "not a medical device",
        "ESC-50",
        "| 0 | 1.50 / 0.800 / 3.0 |",
        "10, 11, 12, 20, 21, 22.",
    ):
        assert text in bundle.card
    assert train.train(tmp_path / "work", tiny, 1, files=2, steps=12).to_bytes() == bundle.to_bytes()


def test_a_model_of_another_rate_works_to_the_end(
    hearing: Any, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trained by the command, it scores, listens, and leaves as firmware without a byte that differs."""
    monkeypatch.setenv("ACOUSTIC_DATA", str(tiny))
    bundle, sound = tmp_path / "mine.bundle", tmp_path / "in.wav"
    words = ["-o", bundle, "--work", tmp_path / "work", "--files", 2, "--steps", 12, "--rate", 44_100]
    ran = hearing("train", *words)
    assert ran.code == 0, ran.error
    assert "held-out mixtures" in ran.err
    loaded = load(bundle, "hearing")
    assert (loaded.rate_hz, loaded.bundle.calibration["steps"]) == (44_100, 12)
    write_wav(sound, noisy_pcm(1, 2.0), 44_100)
    [row] = hearing("enhance", sound, "-o", tmp_path / "out.wav", "--json", "--bundle", bundle).rows
    assert (row["latency_ms"], row["error"]) == (round(256 / 44.1, 3), None)
    assert hearing("listen", "--input", sound, "--output", tmp_path / "live.wav", "--bundle", bundle).code == 0
    assert (tmp_path / "live.wav").read_bytes() == (tmp_path / "out.wav").read_bytes()
    if host_compiler() is not None:
        content = load_content(str(bundle))
        assert content.firmware is not None
        few = content.firmware.example_pcm[20 * 44_100 : 24 * 44_100]
        short = replace(content, firmware=replace(content.firmware, example_pcm=few))
        report = export(short, tmp_path / "firmware", ExportSettings(boards=[]))
        chain = {one.stage: one for one in report.comparisons if one.target == "host-c" and one.stage in STAGES}
        assert chain.keys() == set(STAGES)
        assert not any(one.differing_bytes for one in report.comparisons)
        assert min(one.bytes for one in chain.values()) > 100_000
