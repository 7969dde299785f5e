"""`acoustic roast score` as its users call it."""

import csv
import io
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from made_roasts import acoustic

from acoustic.audio import write_wav

ROW = {
    "started",
    "started_from",
    "file",
    "duration_s",
    "rate_hz",
    "first_crack",
    "cracks",
    "warnings",
    "error",
    "charge_s",
    "drop_s",
}
FIRST_CRACK = {"onset_s", "decided_s", "first_pop_s", "end_s", "cracks", "confidence"}
COMMAND = [sys.executable, "-m", "acoustic", "roast", "score", "--json"]


@pytest.fixture(scope="module")
def bad_files(tmp_path_factory: pytest.TempPathFactory, simulated_roast: Path) -> Path:
    """A folder of recordings that are hard to read; those called bad-* cannot be scored."""
    folder = tmp_path_factory.mktemp("bad")
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 0.01, 3 * 96000).astype(np.float32)
    (folder / "bad-empty.wav").write_bytes(b"")
    (folder / "bad-text.wav").write_text("not sound\n" * 100)
    soundfile.write(folder / "bad-nan.wav", np.full(8000, np.nan, np.float32), 8000, subtype="FLOAT")
    some_nan = noise[:32000].copy()
    some_nan[::100] = np.nan
    soundfile.write(folder / "some-nan.wav", some_nan, 32000, subtype="FLOAT")
    soundfile.write(folder / "stereo-96k.flac", np.stack([noise, noise], axis=1), 96000)
    soundfile.write(folder / "narrow-8k.wav", noise[:24000], 8000)
    write_wav(folder / "silent.wav", np.zeros(64000, np.int16), 32000)
    write_wav(folder / "short.wav", np.ones(5, np.int16), 32000)
    (folder / "truncated.wav").write_bytes(simulated_roast.read_bytes()[:500_001])
    return folder


@pytest.fixture(scope="module")
def row(simulated_roast: Path, eager_bundle: str) -> dict[str, Any]:
    result = acoustic("roast", "score", simulated_roast, "--json", "--bundle", eager_bundle)
    assert (result.exit_code, result.stderr) == (0, "")
    [row] = result.records
    return row


def test_row_has_exactly_the_promised_fields(simulated_roast: Path, row: dict[str, Any]) -> None:
    assert set(row) == ROW
    assert (row["file"], row["duration_s"], row["rate_hz"]) == (str(simulated_roast), 30.0, 32000)
    found = row["first_crack"]
    assert set(found) == FIRST_CRACK
    assert found["first_pop_s"] <= found["onset_s"] < found["decided_s"]
    assert found["onset_s"] < found["end_s"] < 30
    assert 0 < found["confidence"] < 1
    times = [crack["t_s"] for crack in row["cracks"]]
    assert len(times) >= 5
    assert times == sorted(times)
    for crack in row["cracks"]:
        assert set(crack) == {"t_s", "score", "decided_s"}
        assert 0 <= crack["score"] <= 1
        assert 0 < crack["decided_s"] - crack["t_s"] < 0.1
    assert (row["warnings"], row["error"], row["charge_s"], row["drop_s"]) == ([], None, None, None)


def test_a_known_charge_keeps_first_crack_back(simulated_roast: Path, row: dict[str, Any]) -> None:
    arguments = ("roast", "score", simulated_roast, "--charge", "1.5")
    [marked] = acoustic(*arguments, "--json").records
    assert marked["charge_s"] == 1.5
    assert marked["first_crack"] is None
    assert "1.5000\t1.5000\tcharge\n" in acoustic(*arguments, "--format", "audacity").stdout
    assert acoustic("roast", "score", simulated_roast, "--charge", "nan").exit_code == 2


def test_silence_holds_nothing(bad_files: Path) -> None:
    [row] = acoustic("roast", "score", bad_files / "silent.wav", "--json").records
    assert (row["first_crack"], row["cracks"], row["warnings"]) == (None, [], ["silent: every sample is 0"])


def test_bad_files_are_set_aside(bad_files: Path) -> None:
    missing = bad_files / "bad-missing.wav"
    result = acoustic("roast", "score", bad_files, missing, "--json", "--jobs", "1")
    assert result.exit_code == 1
    rows = {Path(row["file"]).name: row for row in result.records}
    assert set(rows) == {path.name for path in bad_files.iterdir()} | {"bad-missing.wav"}
    for name, row in rows.items():
        assert set(row) == ROW
        assert (row["error"] is not None) == name.startswith("bad-"), name
        if row["error"]:
            assert name in row["error"]
            assert row["error"] in result.stderr
            assert (row["duration_s"], row["rate_hz"], row["first_crack"], row["cracks"]) == (None, None, None, [])
    assert rows["stereo-96k.flac"]["duration_s"] == pytest.approx(3.0)
    assert rows["stereo-96k.flac"]["rate_hz"] == 96000
    assert "band-limited" in rows["narrow-8k.wav"]["warnings"][0]
    assert "cut off" in rows["truncated.wav"]["warnings"][0]
    assert "damaged" in rows["some-nan.wav"]["warnings"][0]
    assert rows["short.wav"]["cracks"] == []
    two = acoustic("roast", "score", bad_files, missing, "--json", "--jobs", "2")
    assert two.stdout == result.stdout


def test_only_bad_files(bad_files: Path) -> None:
    result = acoustic("roast", "score", bad_files / "bad-text.wav", bad_files / "bad-empty.wav", "--jobs", "1")
    assert result.exit_code == 3
    assert result.stdout.count("bad-") >= 2
    assert "not a sound file" in result.stdout


def test_table_for_people(simulated_roast: Path, bad_files: Path, eager_bundle: str) -> None:
    files = (simulated_roast, bad_files / "silent.wav")
    result = acoustic("roast", "score", *files, "--bundle", eager_bundle, "--jobs", "1")
    header, roast, silent = result.stdout.splitlines()
    assert header.split("  ")[0] == "file"
    assert roast.startswith(f"{simulated_roast}  ")
    assert " 0:30 " in roast
    assert silent.endswith("silent: every sample is 0")
    # Columns line up.
    assert header.index("cracks") + len("cracks") == silent.index(" 0  ") + 2


def test_csv(simulated_roast: Path, bad_files: Path, eager_bundle: str, row: dict[str, Any]) -> None:
    files = [simulated_roast, bad_files / "bad-text.wav"]
    result = acoustic("roast", "score", *files, "--format", "csv", "--bundle", eager_bundle, "--jobs", "1")
    assert result.exit_code == 1
    good, bad = csv.DictReader(io.StringIO(result.stdout))
    assert good["file"] == row["file"]
    assert float(good["onset_s"]) == row["first_crack"]["onset_s"]
    assert int(good["cracks"]) == row["first_crack"]["cracks"]
    assert int(good["cracks_heard"]) == len(row["cracks"])
    assert "not a sound file" in bad["error"]
    assert bad["onset_s"] == ""


def test_audacity_labels_of_one_and_of_many(
    simulated_roast: Path, bad_files: Path, eager_bundle: str, row: dict[str, Any], tmp_path: Path
) -> None:
    arguments = ("roast", "score", simulated_roast, "--bundle", eager_bundle, "--format", "audacity", "--jobs", "1")
    text = acoustic(*arguments).stdout
    labels = [line.split("\t") for line in text.splitlines()]
    assert [float(start) for start, _, _ in labels] == sorted(float(start) for start, _, _ in labels)
    assert sum(name.startswith("crack ") for _, _, name in labels) == len(row["cracks"])
    onset = next(label for label in labels if label[2] == "first crack")
    assert [float(t) for t in onset[:2]] == [row["first_crack"]["onset_s"], row["first_crack"]["end_s"]]

    refused = acoustic(*arguments, bad_files)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "--output" in refused.stderr
    assert acoustic(*arguments, bad_files, "--output", tmp_path).exit_code == 1
    assert (tmp_path / "roast.txt").read_text() == text
    assert not list(tmp_path.glob("bad-*"))


def test_output_file_is_whole_or_not_there(simulated_roast: Path, tmp_path: Path) -> None:
    arguments = ("roast", "score", simulated_roast, "--json")
    assert acoustic(*arguments, "--output", tmp_path / "rows.jsonl").stdout == ""
    assert (tmp_path / "rows.jsonl").read_text() == acoustic(*arguments).stdout
    result = acoustic(*arguments, "--output", "/dev/null/rows.jsonl")
    assert result.exit_code == 1
    assert result.stderr.startswith("/dev/null/")


def test_pictures(simulated_roast: Path, bad_files: Path, eager_bundle: str, tmp_path: Path) -> None:
    names = ("silent.wav", "short.wav", "bad-text.wav")
    files = [simulated_roast, *(bad_files / name for name in names)]
    arguments = ("--plot", tmp_path / "plots", "--bundle", eager_bundle, "--jobs", "1")
    assert acoustic("roast", "score", *files, *arguments).exit_code == 1
    assert {path.name for path in (tmp_path / "plots").iterdir()} == {"roast.png", "silent.png", "short.png"}
    for path in (tmp_path / "plots").iterdir():
        assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--bundle", "absent.bundle"], 3, "absent.bundle"),
        (["--json", "--format", "csv"], 2, "--format"),
        (["--jobs", "0"], 2, "--jobs"),
        (["--format", "pdf"], 2, "pdf"),
    ],
)
def test_wrong_use(simulated_roast: Path, arguments: list[str], code: int, message: str) -> None:
    result = acoustic("roast", "score", simulated_roast, *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr


def test_broken_pipe_is_quiet(simulated_roast: Path) -> None:
    command = " ".join(f"'{part}'" for part in [*COMMAND, "--jobs", "1"])
    files = " ".join(f"'{simulated_roast}' {simulated_roast.parent}/../{i}.wav" for i in range(20))
    result = subprocess.run(f"{command} {files} 2>&1 >/dev/full | head", shell=True, capture_output=True, text=True)
    assert "Traceback" not in result.stdout
    result = subprocess.run(f"{command} {files} 2>/dev/null | head -n 1", shell=True, capture_output=True, text=True)
    assert len(result.stdout.splitlines()) == 1


def test_interrupt_keeps_what_was_printed(simulated_roast: Path, tmp_path: Path) -> None:
    one = tmp_path / "0000.wav"
    one.write_bytes(simulated_roast.read_bytes()[:1_000_000])
    for number in range(1, 2000):
        (tmp_path / f"{number:04d}.wav").hardlink_to(one)
    with subprocess.Popen([*COMMAND, tmp_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        # Not communicate: it does not see what the first line's reading has read ahead.
        rest, err = process.stdout.read(), process.stderr.read()
    assert process.returncode == 130
    assert err == "stopped\n"
    rows = [json.loads(line) for line in (first + rest).splitlines()]
    assert 1 <= len(rows) < 2000
    assert all(set(row) == ROW for row in rows)
