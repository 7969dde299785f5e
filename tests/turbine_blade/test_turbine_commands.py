"""`acoustic turbine` as its users type it: simulate, train, score, baseline, listen, evaluate."""

import csv
import json
import math
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import made_models
import numpy as np
import pytest
import soundfile
from acoustic_apps.turbine_blade.scorer.model import TurbineModel
from acoustic_apps.turbine_blade.train import pack

from acoustic.application import load
from acoustic.audio import write_wav
from acoustic.model.bundle import Bundle
from acoustic.records import plain

COMMAND = (sys.executable, "-c", "from acoustic.cli import main; main()", "turbine")
KEYS = {
    *("file", "machine", "start", "duration_s", "score", "p_value", "anomalous", "threshold", "bands", "when"),
    *("rotor", "no_rotor", "set_aside", "level", "clips", "known_clips", "warnings", "error"),
    *("skipped", "alarms", "clip_scores", "alarm_spans", "started", "started_from"),
}
CALIBRATION = {
    "simulated": True,
    "recordings": 40,
    "machines": 2,
    "clips": 120,
    "clip_s": 4.1,
    "hours": 0.1,
    "set_aside": 0.0,
    "nuisances": False,
    "rotor_readings": 0,
    "seed": 0,
}
Run = Callable[..., Any]


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory, small_model: TurbineModel) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "small.bundle"
    pack(small_model, "small", CALIBRATION, made_models.turbine_sound("turbine_01", 1, 4.2)).save(path)
    return path


@pytest.fixture(scope="session")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two turbines, six new recordings each, and one that is hard to read."""
    folder = tmp_path_factory.mktemp("farm")
    for machine in made_models.TURBINES:
        for number in range(6):
            path = folder / machine / f"2026-01-0{1 + number // 3}" / f"{number:06d}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_wav(path, made_models.turbine_sound(machine, 1000 + number), 16_000)
    return folder


def rows_of(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


class TestScore:
    def test_json_has_the_promised_fields(self, run: Run, bundle: Path, farm: Path) -> None:
        result = run("score", farm, "--json", "--bundle", bundle)
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout == run("score", farm, "--json", "--bundle", bundle, "--jobs", 1).stdout
        rows = rows_of(result.stdout)
        assert len(rows) == 12
        for row in rows:
            assert set(row) == KEYS
            assert row["machine"] in made_models.TURBINES
            assert row["anomalous"] == (row["score"] >= row["threshold"])
            assert row["score"] == pytest.approx(-math.log10(row["p_value"]), abs=2e-3)
        assert sum(bool(row["anomalous"]) for row in rows) <= 3

    def test_a_fault_ranks_above_what_is_healthy(self, run: Run, bundle: Path, farm: Path, tmp_path: Path) -> None:
        fault = made_models.Fault("whistle", 0.0)
        write_wav(tmp_path / "sick.wav", made_models.turbine_sound("turbine_01", 2000, fault=fault), 16_000)
        healthy = rows_of(run("score", farm / "turbine_01", "--json", "--bundle", bundle).stdout)
        [sick] = rows_of(
            run("score", tmp_path / "sick.wav", "--machine", "turbine_01", "--json", "--bundle", bundle).stdout
        )
        assert sick["anomalous"]
        assert sick["score"] > max(row["score"] for row in healthy)
        assert any(band["low_hz"] < 4500 and band["high_hz"] > 1200 for band in sick["bands"])

    def test_the_threshold_changes_without_training(self, run: Run, bundle: Path, farm: Path) -> None:
        strict, loose = (
            rows_of(run("score", farm, "--json", "--bundle", bundle, "--false-alarm-rate", rate).stdout)
            for rate in (1e-6, 0.5)
        )
        assert [row["score"] for row in strict] == [row["score"] for row in loose]
        assert not any(row["anomalous"] for row in strict)
        assert any(row["anomalous"] for row in loose)

    def test_gain_of_the_microphone_changes_no_verdict(
        self, run: Run, bundle: Path, farm: Path, tmp_path: Path
    ) -> None:
        for path in (farm / "turbine_02").rglob("*.wav"):
            pcm, rate_hz = soundfile.read(path, dtype="int16")
            write_wav(tmp_path / "turbine_02" / path.name, (pcm // 2).astype(np.int16), rate_hz)
        before = rows_of(run("score", farm / "turbine_02", "--json", "--bundle", bundle).stdout)
        after = rows_of(run("score", tmp_path, "--json", "--bundle", bundle).stdout)
        scores = np.array([[row["score"] for row in rows] for rows in (before, after)])
        assert np.abs(scores[0] - scores[1]).max() < 0.2
        levels = np.array([[row["level"]["db"] for row in rows] for rows in (before, after)])
        np.testing.assert_allclose(levels[0] - levels[1], 6.02, atol=0.1)

    def test_bad_files_are_set_aside_and_told_at_the_end(
        self, run: Run, bundle: Path, farm: Path, tmp_path: Path
    ) -> None:
        good = tmp_path / "turbine_01" / "good.wav"
        good.parent.mkdir()
        shutil.copy(next((farm / "turbine_01").rglob("*.wav")), good)
        (tmp_path / "empty.wav").write_bytes(b"")
        (tmp_path / "text.wav").write_text("no sound" * 99)
        soundfile.write(tmp_path / "nan.wav", np.full(160_000, np.nan, np.float32), 16_000, subtype="FLOAT")
        write_wav(tmp_path / "short.wav", np.ones(1000, np.int16), 16_000)
        write_wav(tmp_path / "silent.wav", np.zeros(160_000, np.int16), 16_000)
        result = run("score", tmp_path, tmp_path / "missing.wav", "--json", "--bundle", bundle)
        assert result.returncode == 1
        assert "Traceback" not in result.stderr
        rows = {Path(str(row["file"])).name: row for row in rows_of(result.stdout)}
        for name in ("empty.wav", "text.wav", "nan.wav", "short.wav", "missing.wav"):
            assert name in str(rows[name]["error"])
            assert name in result.stderr
        assert rows["good.wav"]["score"] is not None
        assert rows["silent.wav"]["score"] is None
        assert rows["silent.wav"]["set_aside"][0]["reason"] == "silence"
        assert run("score", tmp_path / "empty.wav", "--bundle", bundle).returncode == 3

    def test_csv_parquet_heat_map_and_pictures(self, run: Run, bundle: Path, farm: Path, tmp_path: Path) -> None:
        for name in ("farm.csv", "farm.parquet"):
            result = run(
                *("score", farm, "--bundle", bundle, "--output", tmp_path / name),
                *("--heat-map", tmp_path / "farm.png", "--plot", tmp_path / "pictures"),
            )
            assert result.returncode == 0, result.stderr
        with (tmp_path / "farm.csv").open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert len(rows) == 12
        from pyarrow import parquet

        table = parquet.read_table(tmp_path / "farm.parquet")
        assert table.column_names == list(rows[0])
        assert table["score"].to_pylist() == pytest.approx([float(row["score"]) for row in rows])
        assert len(list((tmp_path / "pictures").glob("*.png"))) == 12
        assert (tmp_path / "farm.png").read_bytes().startswith(b"\x89PNG")
        assert not list(tmp_path.glob(".*"))  # no journal left

    def test_an_interrupted_run_goes_on(self, run: Run, bundle: Path, farm: Path, tmp_path: Path) -> None:
        output = tmp_path / "farm.csv"
        whole = run("score", farm, "--bundle", bundle, "--format", "csv").stdout
        with subprocess.Popen(
            [*COMMAND, "score", str(farm), "--bundle", str(bundle), "--output", str(output), "--jobs", "1"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            journal = tmp_path / ".farm.csv.journal"
            for _ in range(600):
                if journal.exists() and journal.read_bytes().count(b"\n") > 2:
                    break
                time.sleep(0.02)
            process.send_signal(signal.SIGKILL)
        if output.exists():
            pytest.skip("it was done before it could be interrupted")
        result = run("score", farm, "--bundle", bundle, "--output", output)
        assert result.returncode == 0
        assert "before the interruption" in result.stderr
        assert output.read_text() == whole
        assert not journal.exists()

    def test_labels_of_each_recording(self, run: Run, bundle: Path, farm: Path, tmp_path: Path) -> None:
        fault = made_models.Fault("whistle", 10.0)
        write_wav(tmp_path / "sick.wav", made_models.turbine_sound("turbine_01", 2000, fault=fault), 16_000)
        options = ("--machine", "turbine_01", "--format", "audacity", "--output", tmp_path / "labels")
        assert run("score", tmp_path / "sick.wav", *options, "--bundle", bundle, "--jobs", 1).returncode == 0
        text = (tmp_path / "labels" / "sick.txt").read_text()
        assert "unusual" in text
        assert all(len(line.split("\t")) == 3 for line in text.splitlines())

    def test_conditions_come_from_options_before_tables_before_folders(
        self, run: Run, bundle: Path, farm: Path, tmp_path: Path
    ) -> None:
        recording = next((farm / "turbine_01").rglob("*.wav"))
        table = tmp_path / "table.csv"
        table.write_text(f"file,machine,start\n{recording},turbine_02,2026-02-03T04:05:06\n")
        common = ("score", recording.parent.parent.parent, "--json", "--bundle", bundle, "--jobs", 1)
        for options, machine, start in (
            ((), "turbine_01", None),
            (("--table", table), "turbine_02", "2026-02-03T04:05:06"),
            (("--table", table, "--machine", "turbine_01", "--start", "2026-01-01"), "turbine_01", "2026-01-01"),
        ):
            rows = {row["file"]: row for row in rows_of(run(*common, *options).stdout)}
            row = rows[str(recording)]
            assert (row["machine"], row["start"]) == (machine, start)

    def test_wrong_bundles_and_tables_are_explained(self, run: Run, bundle: Path, farm: Path, tmp_path: Path) -> None:
        Bundle.load(bundle).replace(application="roast").save(tmp_path / "other.bundle")
        (tmp_path / "broken.bundle").write_bytes(b"PK\x03\x04 nothing")
        (tmp_path / "table.csv").write_text("name,wind\n")
        for arguments, code, words in (
            (("--bundle", tmp_path / "broken.bundle"), 3, "broken.bundle"),
            (("--bundle", tmp_path / "other.bundle"), 3, "made for 'roast'"),
            (("--bundle", tmp_path / "missing.bundle"), 3, "no such file"),
            (("--table", tmp_path / "table.csv"), 2, "no column 'file'"),
            (("--format", "parquet"), 2, "--output"),
        ):
            result = run("score", farm, *arguments)
            assert result.returncode == code
            assert words in result.stderr
            assert "Traceback" not in result.stderr


class TestBaseline:
    def test_a_new_machine_learns_its_own_usual(self, run: Run, bundle: Path, tmp_path: Path) -> None:
        other = made_models.Turbine.draw(77)
        for number in range(8):
            clip = made_models.simulate_clip(other, number, duration_s=12.4)
            write_wav(tmp_path / "T77" / f"{number}.wav", clip.pcm, 16_000)
        options = ("--bundle", bundle, "--baselines", tmp_path / "baselines")
        new = tmp_path / "T77" / "7.wav"
        [before] = rows_of(run("score", new, "--machine", "T77", "--json", *options).stdout)
        assert "not known" in before["warnings"][0]
        recordings = [tmp_path / "T77" / f"{number}.wav" for number in range(6)]
        result = run("baseline", "add", "T77", *recordings, *options, "--json")
        assert result.returncode == 0, result.stderr
        [told] = rows_of(result.stdout)
        assert told["learnt"] + told["newly_flagged"] == 18
        [after] = rows_of(run("score", new, "--machine", "T77", "--json", *options).stdout)
        assert after["known_clips"] == told["clips"]
        assert after["score"] < before["score"]
        assert after["warnings"] == []
        assert run("baseline", "reset", "T77", "--reason", "repaired", *options).returncode == 0
        [shown] = rows_of(run("baseline", "show", "--json", *options).stdout)
        assert [epoch["note"] for epoch in shown["epochs"]] == ["begun", "repaired"]
        assert shown["clips"] == 0
        missing = run("baseline", "show", "T78", *options)
        assert missing.returncode == 3
        assert "There are: T77" in missing.stderr

    def test_two_that_learn_at_the_same_time_are_both_kept(self, run: Run, bundle: Path, tmp_path: Path) -> None:
        for number in range(6):
            clip = made_models.simulate_clip(made_models.Turbine.draw(77), number, duration_s=12.4)
            write_wav(tmp_path / f"{number % 2}" / f"{number}.wav", clip.pcm, 16_000)
        options = ("--bundle", bundle, "--baselines", tmp_path / "baselines", "--json")
        both = [
            subprocess.Popen([*COMMAND, "baseline", "add", "T77", str(tmp_path / half), *map(str, options)],
                             stdout=subprocess.PIPE, text=True)
            for half in ("0", "1")
        ]  # fmt: skip
        learnt = [rows_of(one.communicate()[0])[0]["learnt"] for one in both]
        assert min(learnt) > 0
        [shown] = rows_of(run("baseline", "show", *options).stdout)
        assert shown["clips"] == sum(learnt)


class TestListen:
    def test_a_recording_gives_the_clips_of_score(self, run: Run, bundle: Path, farm: Path, tmp_path: Path) -> None:
        recording = next((farm / "turbine_01").rglob("*.wav"))
        result = run(
            *("listen", "--input", recording, "--speed", "max", "--machine", "turbine_01", "--bundle", bundle),
            *("--json", "--save", tmp_path, "--block-ms", "37"),
        )
        assert result.returncode == 0, result.stderr
        events = rows_of(result.stdout)
        assert [events[0]["event"], events[1]["event"], events[-1]["event"]] == ["start", "model", "summary"]
        clips = [event for event in events if event["event"] == "clip"]
        [scored] = rows_of(run("score", recording, "--json", "--bundle", bundle).stdout)
        assert len(clips) == scored["clips"] == 3
        assert events[-1]["alarms"] == 0
        assert {path.suffix for path in tmp_path.iterdir()} == {".wav", ".jsonl", ".txt"}

    def test_a_persistent_fault_raises_one_alarm(self, run: Run, bundle: Path, tmp_path: Path) -> None:
        sick = made_models.turbine_sound("turbine_01", 3000, 200.0, made_models.Fault("whistle", 6.0))
        write_wav(tmp_path / "sick.wav", sick, 16_000)
        result = run(
            *("listen", "--input", tmp_path / "sick.wav", "--speed", "max", "--machine", "turbine_01"),
            *("--bundle", bundle, "--false-alarms-per-day", "1", "--json"),
        )
        events = rows_of(result.stdout)
        assert sum(event["event"] == "alarm" for event in events) == 1
        assert "ALARM" in result.stderr

    def test_a_baseline_needs_a_machine(self, run: Run, bundle: Path, farm: Path, tmp_path: Path) -> None:
        recording = next(farm.rglob("*.wav"))
        result = run("listen", "--input", recording, "--bundle", bundle, "--baselines", tmp_path)
        assert result.returncode == 2
        assert "--machine" in result.stderr


@pytest.mark.slow
class TestTrain:
    def test_from_simulated_days_to_scores(self, run: Run, tmp_path: Path) -> None:
        farm, out = tmp_path / "farm", tmp_path / "mine.bundle"
        size = ("--turbines", 2, "--days", 1, "--clips-per-day", 16, "--duration", 10)
        result = run("simulate", farm, *size, "--seed", 3)
        assert result.returncode == 0
        assert "simulated" in result.stderr
        table = farm / "conditions.csv"
        result = run("train", farm, "-o", out, "--table", table, "--condition", "wind_m_s", "--json")
        assert result.returncode == 0, result.stderr
        figures, written = rows_of(result.stdout)
        assert written == {"written": str(out)}
        assert figures["simulated"]
        assert figures["machines"] == 2
        bundle = Bundle.load(out)
        assert "no real machine was heard" in bundle.card
        assert bundle.decision["conditions"] == ["wind_m_s"]
        unknown = run("score", farm, "--bundle", out)
        assert unknown.returncode == 3
        assert "wind_m_s" in unknown.stdout
        rows = rows_of(run("score", farm, "--bundle", out, "--table", table, "--json").stdout)
        assert all(row["start"].startswith("2026-01-01T") for row in rows)
        assert sum(row["score"] is not None for row in rows) == figures["clips"]

    def test_any_machine_from_a_flat_folder(self, run: Run, tmp_path: Path) -> None:
        rng = np.random.default_rng(0)
        hum = np.sin(2 * np.pi * 120 * np.arange(5 * 16_000) / 16_000)
        for number in range(12):
            sound = 3000 * hum + 500 * rng.standard_normal(len(hum))
            write_wav(tmp_path / "fan" / f"{number}.wav", sound.astype(np.int16), 16_000)
        squeal = sound + 800 * np.sin(2 * np.pi * 3100 * np.arange(len(hum)) / 16_000)
        write_wav(tmp_path / "squeal.wav", squeal.astype(np.int16), 16_000)
        (tmp_path / "fan" / "broken.wav").write_bytes(b"")
        result = run("train", tmp_path / "fan", "-o", tmp_path / "fan.bundle", "--kind", "machine")
        assert result.returncode == 1
        assert "broken.wav" in result.stderr
        [row] = rows_of(run("score", tmp_path / "squeal.wav", "--bundle", tmp_path / "fan.bundle", "--json").stdout)
        assert row["anomalous"]
        assert row["rotor"] is None
        assert any(band["low_hz"] < 3100 < band["high_hz"] and band["sign"] == "+" for band in row["bands"])

    def test_too_little_sound_is_refused(self, run: Run, farm: Path, tmp_path: Path) -> None:
        recordings = sorted(farm.rglob("*.wav"))[:2]
        result = run("train", *recordings, "-o", tmp_path / "few.bundle")
        assert result.returncode == 2
        assert "at least" in result.stderr
        assert not (tmp_path / "few.bundle").exists()


class TestSimulate:
    def test_days_are_written_and_called_simulated(self, run: Run, tmp_path: Path) -> None:
        result = run(
            *("simulate", tmp_path, "--turbines", 2, "--days", 2, "--clips-per-day", 2, "--duration", 1, "--seed", 1),
            *("--fault", "erosion", "--severity", 2, "--faulty-turbine", 2, "--from-day", 2),
        )
        assert result.returncode == 0, result.stderr
        assert result.stdout.strip() == str(tmp_path / "conditions.csv")
        assert "simulated" in result.stderr
        with (tmp_path / "conditions.csv").open(newline="") as stream:
            assert [row["fault"] for row in csv.DictReader(stream)] == [""] * 6 + ["erosion"] * 2

    def test_a_fault_without_severity_is_refused(self, run: Run, tmp_path: Path) -> None:
        result = run("simulate", tmp_path, "--fault", "tick")
        assert result.returncode == 2
        assert "--severity" in result.stderr


class TestEvaluate:
    def test_features_are_judged_beside_the_rival(self, run: Run, tmp_path: Path) -> None:
        pytest.importorskip("tensorflow")
        rng = np.random.default_rng(0)
        for name, anomaly in (("fit", [False] * 40), ("judged", [False] * 20 + [True] * 20)):
            levels = rng.normal(-40, 3, (len(anomaly), 64, 8)).astype(np.float32)
            levels[np.array(anomaly), :, 3] += 6.0
            np.savez(tmp_path / f"{name}.npz", log_mel=levels, anomaly=np.array(anomaly))
        files = (tmp_path / "fit.npz", tmp_path / "judged.npz")
        result = run("evaluate", "--features", *files, "--reference-epochs", 1, "--json")
        assert result.returncode == 0, result.stderr
        [figures] = rows_of(result.stdout)
        assert figures["auc"] > 0.9
        assert figures["normal_clips"] == figures["anomalous_clips"] == 20
        shown = run("evaluate", "--features", *files, "--reference-epochs", 1).stdout
        assert "this model, int8" in shown
        assert "plain autoencoder" in shown

    @pytest.mark.slow
    def test_simulated_claims(self, run: Run, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from acoustic_apps.turbine_blade.evaluation import simulated

        monkeypatch.setattr(simulated, "OWN_DAYS", 1)
        monkeypatch.setattr(simulated, "CLIPS_A_DAY", 24)
        result = run("evaluate", "--bundle", bundle, "--days", 1, "--clips", 10, "--json")
        [claim] = rows_of(result.stdout)
        assert claim["name"].startswith("1 simulated days of weather")
        assert claim["passed"] in (True, False)
        assert claim["target"] == "at most 0.1 alarms per day"


def test_shipped_bundle_says_that_it_is_simulated_and_replays() -> None:
    loaded = load("turbine")
    bundle, model = loaded.bundle, loaded.typed
    assert bundle.calibration["simulated"]
    assert "Simulated sound only" in bundle.card
    assert loaded.check() == 5
    assert plain(model.decision()) == bundle.decision
    assert model.model_bytes <= 64_000
    assert model.ram_bytes <= 8_000
