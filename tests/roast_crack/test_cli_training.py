"""`train`, `evaluate`, `simulate` and `calibrate`, called through a command line of their own."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import typer
from acoustic_apps.roast_crack import cli_training, evaluate, train
from acoustic_apps.roast_crack.contrast import FRONT_END
from acoustic_apps.roast_crack.evaluate import Measure
from acoustic_apps.roast_crack.sessions import recorded_session
from acoustic_apps.roast_crack.vectors import check_vectors, make_vectors
from made_roasts import PLAIN, excerpt, make_data_root, plain_bundle
from typer.testing import CliRunner, Result

from acoustic.audio import write_wav
from acoustic.errors import AcousticError, AudioFileError, BundleError, DataError, ParameterError
from acoustic.model.bundle import Bundle

app = typer.Typer()
for command in (cli_training.train, cli_training.evaluate, cli_training.simulate, cli_training.calibrate):
    app.command()(command)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def failed(result: Result, kind: type[AcousticError], code: int) -> str:
    """What the command line says about a failure that it foresees."""
    assert type(result.exception) is kind
    assert result.exception.exit_code == code
    return str(result.exception)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    session = recorded_session(plain_bundle().network, [excerpt().pcm])
    path = tmp_path_factory.mktemp("bundle") / "plain.bundle"
    vectors = make_vectors(plain_bundle().network, PLAIN, excerpt().pcm[:64_000], session)
    plain_bundle().replace(vectors=vectors).save(path)
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


def test_calibrate_writes_a_bundle_that_says_what_it_rests_on(bundle: Path, kitchen: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.bundle"
    result = run("calibrate", kitchen, "-o", mine, "--bundle", bundle, "--false-alarms-per-hour", 200, "--json")
    assert result.exit_code == 0
    report: dict[str, Any] = json.loads(result.stdout)
    calibrated = Bundle.load(mine)
    assert report["recordings"] == 2
    assert report["hours"] == pytest.approx(30 / 3600, abs=1e-4)
    assert report["bundle"] == str(mine)
    assert report["threshold_before"] == PLAIN.threshold
    assert calibrated.decision["threshold"] == report["threshold"]
    assert calibrated.decision["background_rate"] != list(PLAIN.background_rate)
    own = calibrated.calibration["own_background"]
    assert {**own, "bundle": str(mine)} == report
    assert calibrated.network == Bundle.load(bundle).network
    check_vectors(calibrated)


def test_calibrate_says_when_the_background_is_too_little(bundle: Path, kitchen: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.bundle"
    result = run("calibrate", kitchen, "-o", mine, "--bundle", bundle, "--false-alarms-per-hour", 0.1)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "0.01 h of background" in result.stderr
    assert "37 h" in result.stderr
    assert Bundle.load(mine).calibration["own_background"]["supported"] is False


def test_calibrate_goes_on_past_an_unreadable_recording(bundle: Path, kitchen: Path, tmp_path: Path) -> None:
    (kitchen / "broken.wav").write_bytes(b"RIFF and nothing else")
    mine = tmp_path / "mine.bundle"
    result = run("calibrate", kitchen, "-o", mine, "--bundle", bundle)
    assert "1 of 3 recordings" in failed(result, AcousticError, 1)
    assert "broken.wav" in result.stderr
    assert Bundle.load(mine).calibration["own_background"]["failed"] == 1


def test_calibrate_on_nothing(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.wav").write_bytes(b"no sound")
    mine = tmp_path / "mine.bundle"
    message = failed(
        run("calibrate", tmp_path / "broken.wav", "-o", mine, "--bundle", bundle),
        AudioFileError,
        AudioFileError.exit_code,
    )
    assert "nothing to calibrate on" in message
    missing = run("calibrate", tmp_path / "nowhere", "-o", mine, "--bundle", bundle)
    assert isinstance(missing.exception, AcousticError)
    assert "nowhere" in f"{missing.exception} {missing.stderr}"
    assert not mine.exists()


def test_calibrate_refuses_a_wish_of_none(bundle: Path, kitchen: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.bundle"
    failed(run("calibrate", kitchen, "-o", mine, "--bundle", bundle, "--false-alarms-per-hour", 0), ParameterError, 2)
    assert run("calibrate", kitchen, "-o", mine, "--false-alarms-per-hour", -1).exit_code == 2
    assert run("calibrate", kitchen).exit_code == 2
    assert not mine.exists()


def test_calibrate_tells_of_a_first_crack_in_the_background(bundle: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(0, 100, 60 * FRONT_END.rate_hz)
    for t_s in 10 + np.cumsum(rng.uniform(0.4, 1.5, 45)):
        at = round(t_s * FRONT_END.rate_hz)
        x[at : at + 64] += rng.normal(0, 4000, 64)
    write_wav(tmp_path / "roast.wav", x.astype(np.int16), FRONT_END.rate_hz)
    result = run("calibrate", tmp_path / "roast.wav", "-o", tmp_path / "mine.bundle", "--bundle", bundle)
    assert result.exit_code == 0
    assert "roast.wav: the model hears first crack" in result.stderr


@pytest.mark.parametrize("command", ["calibrate", "evaluate"])
def test_a_bundle_of_another_application_is_refused(bundle: Path, kitchen: Path, tmp_path: Path, command: str) -> None:
    other = tmp_path / "turbine.bundle"
    Bundle.load(bundle).replace(application="turbine").save(other)
    arguments = (kitchen, "-o", tmp_path / "mine.bundle") if command == "calibrate" else ()
    assert "turbine" in failed(run(command, *arguments, "--bundle", other), BundleError, 3)
    assert "no such file" in failed(run(command, *arguments, "--bundle", tmp_path / "none"), BundleError, 3)


@pytest.fixture
def no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACOUSTIC_DATA", str(tmp_path / "nothing here"))


@pytest.mark.usefixtures("no_data")
@pytest.mark.parametrize("command", ["train", "evaluate", "simulate"])
def test_a_missing_data_root_is_told(bundle: Path, tmp_path: Path, command: str) -> None:
    arguments = {
        "train": ("-o", tmp_path / "a.bundle", "--work", tmp_path / "work"),
        "evaluate": ("--bundle", bundle),
        "simulate": (tmp_path / "demo",),
    }
    message = failed(run(command, *arguments[command]), DataError, 3)
    assert "ACOUSTIC_DATA" in message
    assert not list(tmp_path.iterdir())


def test_simulate_writes_labelled_recordings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACOUSTIC_DATA", str(make_data_root(tmp_path / "data")))
    result = run("simulate", tmp_path / "demo", "--count", 2, "--seed", 5, "--duration", 3, "--first-crack")
    assert result.exit_code == 0
    paths = [Path(line) for line in result.stdout.splitlines()]
    assert [path.name for path in paths] == ["simulated_roast_5.wav", "simulated_roast_6.wav"]
    assert sorted(path.suffix for path in (tmp_path / "demo").iterdir()) == sorted([".wav", ".txt", ".json"] * 2)
    for path in paths:
        assert soundfile.info(path).frames == 3 * 32_000
        assert json.loads(path.with_suffix(".json").read_text())["parameters"]["scenario"]
    first = paths[0].read_bytes()
    assert run("simulate", tmp_path / "again", "--seed", 5, "--duration", 3, "--first-crack").exit_code == 0
    assert (tmp_path / "again" / paths[0].name).read_bytes() == first


@pytest.mark.parametrize("wrong", [("--count", 0), ("--seed", -1), ("--duration", 0.5), ("--duration", "long")])
def test_simulate_refuses_what_makes_no_sense(tmp_path: Path, wrong: tuple[object, ...]) -> None:
    assert run("simulate", tmp_path / "demo", *wrong).exit_code == 2
    assert not (tmp_path / "demo").exists()


MEASURES = [
    Measure("a", "<= 1", "0.5", "-", True),
    Measure("b", "<= 1", "2", "3", False),
    Measure("c", "", "4", "-", None),
]


def test_evaluate_shows_a_table_or_json(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACOUSTIC_DATA", str(tmp_path))
    asked: list[tuple[Path, int]] = []

    def measure(_bundle: Bundle, data: Path, _work: Path, sessions: int) -> list[Measure]:
        asked.append((data, sessions))
        return MEASURES

    monkeypatch.setattr(evaluate, "evaluate", measure)
    table = run("evaluate", "--bundle", bundle, "--sessions", 9)
    assert table.exit_code == 0
    assert [line.split()[0] for line in table.stdout.splitlines()] == ["measure", "a", "b", "c"]
    assert [line.split()[-1] for line in table.stdout.splitlines()[1:3]] == ["ok", "MISSED"]
    lines = run("evaluate", "--bundle", bundle, "--json").stdout.splitlines()
    assert [json.loads(line)["passed"] for line in lines] == [True, False, None]
    assert asked == [(tmp_path, 9), (tmp_path, 200)]
    assert run("evaluate", "--sessions", 7).exit_code == 2


def test_train_writes_the_bundle_that_it_trained(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACOUSTIC_DATA", str(tmp_path))
    monkeypatch.setattr(
        train, "train", lambda work, data, seed: Bundle.load(bundle).replace(name=f"{work.name}_{seed}")
    )
    result = run("train", "-o", tmp_path / "out" / "new.bundle", "--work", tmp_path / "work", "--seed", 7)
    assert result.exit_code == 0
    assert Bundle.load(tmp_path / "out" / "new.bundle").name == "work_7"
    assert "new.bundle" in result.stderr
    assert run("train", "--seed", -1).exit_code == 2
