"""`acoustic roast train`, `evaluate`, `simulate` and `calibrate`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from acoustic_apps.roast_crack import evaluate, train
from acoustic_apps.roast_crack.contrast import FRONT_END
from acoustic_apps.roast_crack.model import RoastModel
from acoustic_apps.roast_crack.sessions import recorded_session
from acoustic_apps.roast_crack.stages import SESSION, STORED, with_vectors
from made_roasts import PLAIN, acoustic, excerpt, make_data_root, plain_bundle, plain_model

from acoustic.application import Claim, load
from acoustic.audio import write_wav
from acoustic.frontend import FrontEnd
from acoustic.model.bundle import Bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    session = recorded_session(FRONT_END, plain_model().network, [excerpt().pcm])
    impulses = (session.frame.astype(np.int32), session.logit, session.busy, session.clipped)
    vectors = {"pcm": excerpt().pcm[:64_000], **dict(zip(SESSION, impulses, strict=True))}
    path = tmp_path_factory.mktemp("bundle") / "plain.bundle"
    with_vectors(plain_bundle().replace(vectors=vectors)).save(path)
    return path


@pytest.fixture
def kitchen(tmp_path: Path) -> Path:
    """Half a minute of noise with some clicks, in two recordings."""
    folder = tmp_path / "kitchen"
    folder.mkdir()
    rng = np.random.default_rng(1)
    for name in ("one", "two"):
        x = rng.normal(0, 100, 15 * FRONT_END.rate_hz)
        for at in rng.integers(32_000, len(x) - 200, 3):
            x[at : at + 64] += rng.normal(0, 3000, 64)
        write_wav(folder / f"{name}.wav", x.astype(np.int16), FRONT_END.rate_hz)
    return folder


def calibrate(*arguments: object) -> Any:
    return acoustic("roast", "calibrate", *arguments)


def test_calibrate_writes_a_bundle_that_says_what_it_rests_on(bundle: Path, kitchen: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.bundle"
    result = calibrate(kitchen, "-o", mine, "--bundle", bundle, "--false-alarms-per-hour", 200, "--json")
    assert result.exit_code == 0
    [report] = result.records
    calibrated = load(mine, "roast")
    assert report["recordings"] == 2
    assert report["hours"] == pytest.approx(30 / 3600, abs=1e-4)
    assert report["bundle"] == str(mine)
    assert report["threshold_before"] == PLAIN.threshold
    assert calibrated.typed.settings.threshold == report["threshold"]
    assert calibrated.typed.settings.background_rate != PLAIN.background_rate
    assert {**calibrated.bundle.calibration["own_background"], "bundle": str(mine)} == report
    assert calibrated.bundle.network == Bundle.load(bundle).network
    assert calibrated.check() == len(STORED)


def test_calibrate_says_when_the_background_is_too_little(bundle: Path, kitchen: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.bundle"
    result = calibrate(kitchen, "-o", mine, "--bundle", bundle, "--false-alarms-per-hour", 0.1)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "0.01 h of background" in result.stderr
    assert "37 h" in result.stderr
    assert Bundle.load(mine).calibration["own_background"]["supported"] is False


def test_calibrate_goes_on_past_an_unreadable_recording(bundle: Path, kitchen: Path, tmp_path: Path) -> None:
    (kitchen / "broken.wav").write_bytes(b"RIFF and nothing else")
    mine = tmp_path / "mine.bundle"
    result = calibrate(kitchen, "-o", mine, "--bundle", bundle)
    assert result.exit_code == 1
    assert "1 of 3 recordings" in result.stderr
    assert "broken.wav" in result.stderr
    assert Bundle.load(mine).calibration["own_background"]["failed"] == 1


def test_calibrate_on_nothing(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.wav").write_bytes(b"no sound")
    mine = tmp_path / "mine.bundle"
    result = calibrate(tmp_path / "broken.wav", "-o", mine, "--bundle", bundle)
    assert result.exit_code == 3
    assert "nothing to calibrate on" in result.stderr
    missing = calibrate(tmp_path / "nowhere", "-o", mine, "--bundle", bundle)
    assert missing.exit_code == 3
    assert "nowhere" in missing.stderr
    assert not mine.exists()


def test_calibrate_refuses_a_wish_of_none(bundle: Path, kitchen: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.bundle"
    for wish in (0, -1, "nan"):
        assert calibrate(kitchen, "-o", mine, "--bundle", bundle, "--false-alarms-per-hour", wish).exit_code == 2
    assert calibrate(kitchen).exit_code == 2
    assert not mine.exists()


def test_calibrate_tells_of_a_first_crack_in_the_background(bundle: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(0, 100, 60 * FRONT_END.rate_hz)
    for t_s in 10 + np.cumsum(rng.uniform(0.4, 1.5, 45)):
        at = round(t_s * FRONT_END.rate_hz)
        x[at : at + 64] += rng.normal(0, 4000, 64)
    write_wav(tmp_path / "roast.wav", x.astype(np.int16), FRONT_END.rate_hz)
    result = calibrate(tmp_path / "roast.wav", "-o", tmp_path / "mine.bundle", "--bundle", bundle)
    assert result.exit_code == 0
    assert "roast.wav: first crack at" in result.stderr


@pytest.mark.parametrize("command", ["calibrate", "evaluate"])
def test_a_bundle_of_another_application_is_refused(bundle: Path, kitchen: Path, tmp_path: Path, command: str) -> None:
    other = tmp_path / "turbine.bundle"
    Bundle.load(bundle).replace(application="turbine").save(other)
    arguments = (kitchen, "-o", tmp_path / "mine.bundle") if command == "calibrate" else ()
    for path, message in ((other, "turbine"), (tmp_path / "none", "no such file")):
        result = acoustic("roast", command, *arguments, "--bundle", path)
        assert result.exit_code == 3
        assert message in result.stderr


@pytest.mark.parametrize("command", ["train", "evaluate", "simulate"])
def test_a_missing_data_root_is_told(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("ACOUSTIC_DATA", str(tmp_path / "nothing here"))
    arguments = {
        "train": ("-o", tmp_path / "a.bundle", "--work", tmp_path / "work"),
        "evaluate": ("--bundle", bundle),
        "simulate": (tmp_path / "demo",),
    }
    result = acoustic("roast", command, *arguments[command])
    assert result.exit_code == 3
    assert "ACOUSTIC_DATA" in result.stderr
    assert not list(tmp_path.iterdir())


def test_simulate_writes_labelled_recordings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACOUSTIC_DATA", str(make_data_root(tmp_path / "data")))
    arguments = ("--duration", 3, "--first-crack")
    result = acoustic("roast", "simulate", tmp_path / "demo", "--count", 2, "--seed", 5, *arguments)
    assert result.exit_code == 0
    paths = [Path(line) for line in result.stdout.splitlines()]
    assert [path.name for path in paths] == ["simulated_roast_5.wav", "simulated_roast_6.wav"]
    assert sorted(path.suffix for path in (tmp_path / "demo").iterdir()) == sorted([".wav", ".txt", ".json"] * 2)
    for path in paths:
        assert soundfile.info(path).frames == 3 * 32_000
        assert json.loads(path.with_suffix(".json").read_text())["parameters"]["scenario"]
    first = paths[0].read_bytes()
    assert acoustic("roast", "simulate", tmp_path / "again", "--seed", 5, *arguments).exit_code == 0
    assert (tmp_path / "again" / paths[0].name).read_bytes() == first


@pytest.mark.parametrize("wrong", [("--count", 0), ("--seed", -1), ("--duration", 0.5), ("--duration", "long")])
def test_simulate_refuses_what_makes_no_sense(tmp_path: Path, wrong: tuple[object, ...]) -> None:
    assert acoustic("roast", "simulate", tmp_path / "demo", *wrong).exit_code == 2
    assert not (tmp_path / "demo").exists()


CLAIMS = [
    Claim(name="a", target="<= 1", value="0.5", passed=True),
    Claim(name="b", target="<= 1", value="2", rival="3", passed=False),
    Claim(name="c", value="4"),
]


def test_evaluate_shows_a_table_or_json(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACOUSTIC_DATA", str(tmp_path))
    asked: list[tuple[Path, int]] = []

    def measure(_model: RoastModel, data: Path, _work: Path, sessions: int) -> Iterator[Claim]:
        asked.append((data, sessions))
        yield from CLAIMS

    monkeypatch.setattr(evaluate, "evaluate", measure)
    table = acoustic("roast", "evaluate", "--bundle", bundle, "--sessions", 9)
    assert table.exit_code == 0
    assert [line.split()[0] for line in table.stdout.splitlines()] == ["measure", "a", "b", "c"]
    result = acoustic("roast", "evaluate", "--bundle", bundle, "--json")
    assert [record["passed"] for record in result.records] == [True, False, None]
    assert asked == [(tmp_path, 9), (tmp_path, 200)]
    assert acoustic("roast", "evaluate", "--sessions", 7).exit_code == 2


def test_train_writes_the_bundle_that_it_trained(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACOUSTIC_DATA", str(tmp_path))
    front_ends: list[FrontEnd] = []

    def fake(work: Path, _data: Path, seed: int, front_end: FrontEnd) -> Bundle:
        front_ends.append(front_end)
        return Bundle.load(bundle).replace(name=f"{work.name}_{seed}")

    monkeypatch.setattr(train, "train", fake)
    output, arguments = tmp_path / "out" / "new.bundle", ("--work", tmp_path / "work", "--seed", 7)
    result = acoustic("roast", "train", "-o", output, *arguments)
    assert (result.exit_code, result.stdout) == (0, f"{output}\n")
    assert Bundle.load(output).name == "work_7"
    assert front_ends == [FRONT_END]
    assert acoustic("roast", "train", "--seed", -1).exit_code == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "no JSON object"),
        ("{", "cannot be read as JSON"),
        ('{"rate": 48000}', "unknown field 'rate'"),
        ('{"rate_hz": "48000"}', "rate_hz must be"),
        ('{"rate_hz": 48000, "n_fft": 100}', "power of two"),
    ],
)
def test_a_front_end_that_is_none_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    monkeypatch.setenv("ACOUSTIC_DATA", str(tmp_path))
    path = tmp_path / "front_end.json"
    path.write_text(text)
    result = acoustic("roast", "train", "--front-end", path, "-o", tmp_path / "a.bundle", "--work", tmp_path / "work")
    assert result.exit_code == 2
    assert message in result.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["front_end.json"]
