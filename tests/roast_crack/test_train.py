import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from acoustic_apps.roast_crack import sessions, train
from acoustic_apps.roast_crack.contrast import FRONT_END
from acoustic_apps.roast_crack.examples import CRACK, DOUBTFUL, OTHER
from acoustic_apps.roast_crack.simulate import simulate_roast
from acoustic_apps.roast_crack.stages import STORED, TRACED
from fuzzing import write_content
from made_roasts import PLAIN, acoustic, excerpt, make_data_root

from acoustic.application import from_bundle, load
from acoustic.audio import write_wav
from acoustic.errors import ParameterError
from acoustic.export.content import load_content
from acoustic.export.parity import prove
from acoustic.model.bundle import Bundle
from acoustic.score import processes

# TensorFlow's own warnings are not ours.
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Little of everything, in this process; returns the data root."""
    for name, value in {
        "STRETCHES": 8,
        "PER_FILE": 2,
        "STRETCH_S": 20.0,
        "VALIDATION_FILES": 2,
        "SESSIONS": 2,
        "REAL_SESSIONS": 1,
        "REAL_SESSION_S": 20.0,
    }.items():
        monkeypatch.setattr(train, name, value)
    monkeypatch.setattr(processes, "workers", lambda: ThreadPoolExecutor(1))
    return make_data_root(tmp_path / "data")


def test_the_float_network_sees_units_of_sixteen_db() -> None:
    x = train.to_input(np.full((2, 32, 20), 64, np.int8))
    assert (x.dtype, x.shape) == (np.float32, (2, 32, 20, 1))
    assert (x == 1.0).all()


def test_doubtful_examples_are_left_out(tmp_path: Path) -> None:
    patches = np.arange(6 * 640, dtype=np.int64).reshape(6, 32, 20).astype(np.int8)
    labels = np.array([CRACK, DOUBTFUL, OTHER, OTHER, DOUBTFUL, CRACK], np.int8)
    for name, part in (("a", slice(0, 3)), ("b", slice(3, 6))):
        np.savez(tmp_path / f"{name}.npz", patches=patches[part], labels=labels[part])
    examples = train.load_examples([tmp_path / "a.npz", tmp_path / "b.npz"])
    assert examples.labels.tolist() == [CRACK, OTHER, OTHER, CRACK]
    np.testing.assert_array_equal(examples.patches, patches[labels != DOUBTFUL])


def test_rendering_goes_on_where_it_stopped(tiny: Path, tmp_path: Path) -> None:
    whole = train.render_examples(FRONT_END, tmp_path / "whole", tiny, seed=3)
    assert [path.name for path in whole] == [f"examples_3_{index:03d}.npz" for index in range(4)]
    bytes_of = {path.name: path.read_bytes() for path in whole}
    whole[2].unlink()
    stamps = {path.name: path.stat().st_mtime_ns for path in whole if path.exists()}
    assert train.render_examples(FRONT_END, tmp_path / "whole", tiny, seed=3) == whole
    assert {name: (tmp_path / "whole" / name).stat().st_mtime_ns for name in stamps} == stamps
    again, old = (np.load(source) for source in (whole[2], write(tmp_path / "old.npz", bytes_of[whole[2].name])))
    assert all(again[name].tobytes() == old[name].tobytes() for name in ("patches", "labels"))
    other = train.render_examples(FRONT_END, tmp_path / "whole", tiny, seed=4)
    assert not set(other) & set(whole)


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.slow
def test_the_same_seed_gives_the_same_network(tiny: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    paths = train.render_examples(FRONT_END, tmp_path / "work", tiny, seed=2)
    one, two, other = (train.fit(paths, seed, epochs=3) for seed in (2, 2, 5))
    assert one.network.tflite == two.network.tflite != other.network.tflite
    assert (one.auc_float, one.auc_int8) == (two.auc_float, two.auc_int8)
    assert 0.0 <= one.auc_int8 <= 1.0
    assert abs(one.auc_float - one.auc_int8) < 0.1
    (spec,) = one.network.runtime.inputs
    assert (spec.scale, spec.zero_point) == (pytest.approx(1 / 64), 0)


@pytest.mark.slow
def test_from_seed_to_bundle_and_on_after_an_interruption(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tensorflow")
    # So little training makes no network that a threshold could be found for.
    monkeypatch.setattr(train, "fit_threshold", lambda sessions, real, settings: settings)
    work = tmp_path / "work"

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sessions, "_simulate_file", interrupt)
        with pytest.raises(KeyboardInterrupt):
            train.train(work, tiny, seed=2)
    before = {path: path.stat().st_mtime_ns for path in work.rglob("*.npz")}
    assert {path.name.split("_")[0] for path in before} == {"examples", "network"}
    bundle = train.train(work, tiny, seed=2)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(list(work.rglob("session*"))) == 2
    loaded = from_bundle(Bundle.from_bytes(bundle.to_bytes(), "a copy"), "a copy", "roast")
    assert loaded.check() == len(STORED)
    assert loaded.bundle.to_bytes() == bundle.to_bytes()
    assert loaded.typed.front_end == FRONT_END
    assert bundle.calibration["seed"] == 2
    assert "2 simulated sessions" in bundle.calibration["fitted_on"]
    for figure in ("seed 2", str(bundle.calibration["impulse_auc_int8"]), "100, 101, 102"):
        assert figure in bundle.card
    # The bundle follows from the seed and what lies in the folder alone.
    assert train.train(work, tiny, seed=2).to_bytes() == bundle.to_bytes()


def test_a_front_end_that_hears_no_cracks_is_not_trained(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="less than frame_samples"):
        train.train(tmp_path / "work", tmp_path, 1, replace(FRONT_END, hop_samples=256))
    assert not (tmp_path / "work").exists()


@pytest.mark.slow
def test_another_rate_and_hop_from_training_to_firmware(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 44.1 kHz a hop of 150 samples is no whole number of milliseconds."""
    pytest.importorskip("tensorflow")
    monkeypatch.setenv("ACOUSTIC_DATA", str(tiny))
    # So little training makes no network that a decision could be fitted to.
    monkeypatch.setattr(train, "fit", partial(train.fit, epochs=1))
    monkeypatch.setattr(train, "fit_levels", lambda network, sessions: PLAIN)
    monkeypatch.setattr(train, "fit_threshold", lambda sessions, real, settings: settings)
    monkeypatch.setattr(sessions, "simulate_roast", partial(simulate_roast, duration_s=60.0))
    chosen = tmp_path / "front_end.json"
    chosen.write_text(json.dumps({"rate_hz": 44_100, "hop_samples": 150, "n_mels": 16}))
    path = tmp_path / "other.bundle"
    arguments = ("roast", "train", "-o", path, "--work", tmp_path / "work", "--front-end", chosen, "--seed", 2)
    assert acoustic(*arguments).exit_code == 0
    loaded = load(path, "roast")
    front_end = loaded.typed.front_end
    assert (front_end.rate_hz, front_end.hop_samples, front_end.n_mels) == (44_100, 150, 16)
    assert loaded.check() == len(STORED)

    wav = tmp_path / "roast.wav"
    write_wav(wav, excerpt(44_100).pcm, 44_100)
    row = json.loads(acoustic("roast", "score", wav, "--bundle", path, "--json").stdout)
    assert (row["duration_s"], row["rate_hz"]) == (20.0, 44_100)
    assert row["cracks"]
    arguments = ("roast", "listen", "--input", wav, "--speed", "max", "--bundle", path, "--json")
    summary = json.loads(acoustic(*arguments).stdout.splitlines()[-1])
    assert summary == {"event": "summary", **row}

    content = load_content(str(path))
    sources = tmp_path / "sources"
    sources.mkdir()
    write_content(content, sources)
    (tmp_path / "proof").mkdir()
    comparisons, _ = prove(content, [], sources, tmp_path / "proof", lambda steps: None)
    compared = {(one.target, one.stage) for one in comparisons if one.differing_bytes == 0}
    assert compared >= {("host-c-sanitized", stage) for stage in TRACED}
