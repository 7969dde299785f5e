from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acoustic_apps.hearing_denoise import learning, train
from acoustic_apps.hearing_denoise.chain import HearingChain
from acoustic_apps.hearing_denoise.mixtures import pool
from acoustic_apps.hearing_denoise.vectors import check_vectors
from made_hearing import make_data_root
from typer.testing import CliRunner

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
        for name, value in {"PER_FILE": 4, "STRETCH_FRAMES": FRAMES, "STRETCH_SAMPLES": FRAMES * 64}.items():
            monkeypatch.setattr(module, name, value, raising=False)
    monkeypatch.setattr(train, "Schedule", lambda **named: learning.Schedule(**named, batch=2))
    monkeypatch.setattr(train, "measure", lambda *args, **named: MEASURED)
    monkeypatch.setattr(processes, "workers", lambda: ThreadPoolExecutor(1))
    return make_data_root(tmp_path / "data")


def test_from_seed_to_bundle(tiny: Path, tmp_path: Path) -> None:
    bundle = train.train(tmp_path / "work", tiny, 1, files=2, steps=12)
    check_vectors(bundle)
    check_vectors(Bundle.from_bytes(bundle.to_bytes(), "a copy"))
    assert bundle.calibration["clean_pesq"] == 4.2
    for text in ("not a medical device", "ESC-50", "| 0 | 1.50 / 0.800 / 3.0 |", "10, 11, 12, 20, 21, 22."):
        assert text in bundle.card
    assert len(HearingChain(bundle).push(np.zeros(640, np.int16))) == 640
    assert train.train(tmp_path / "work", tiny, 1, files=2, steps=12).to_bytes() == bundle.to_bytes()


def test_the_command_writes_the_bundle(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import typer
    from acoustic_apps.hearing_denoise.cli_train import train as command

    app = typer.Typer()
    app.command()(command)
    monkeypatch.setenv("ACOUSTIC_DATA", str(tiny))
    output = tmp_path / "mine.bundle"
    words = ["-o", str(output), "--work", str(tmp_path / "work"), "--files", "2", "--steps", "12"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "held-out mixtures" in result.stderr
    assert Bundle.load(output).calibration["steps"] == 12
