"""The root command as a user meets it: help, exit codes, messages, pipes."""

import errno
import json
import math
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from acoustic import __version__, cli, doctor, terminal
from acoustic.errors import AcousticError, DataError, DeviceError, MissingExtraError

ACOUSTIC = [sys.executable, "-c", "from acoustic.cli import main; main()"]
runner = CliRunner()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*ACOUSTIC, *arguments], capture_output=True, text=True)


class TestHelp:
    def test_lists_commands(self) -> None:
        result = runner.invoke(cli.app, ["--help"])
        assert result.exit_code == 0
        assert all(name in result.stdout for name in ("devices", "doctor", "data", "bundle", "roast"))

    @pytest.mark.parametrize(
        "command",
        [
            ["version"],
            ["devices"],
            ["doctor"],
            ["data", "list"],
            ["data", "fetch"],
            ["data", "where"],
            ["bundle", "show"],
        ],
        ids=" ".join,
    )
    def test_every_command_has_an_example(self, command: list[str]) -> None:
        result = runner.invoke(cli.app, [*command, "--help"])
        assert result.exit_code == 0
        assert f"acoustic {' '.join(command)}" in result.stdout.partition("Example:")[2]

    @pytest.mark.parametrize("command", [["--version"], ["version"]])
    def test_version(self, command: list[str]) -> None:
        result = run(*command)
        assert (result.returncode, result.stdout) == (0, f"{__version__}\n")


class TestExitCodes:
    def test_usage(self) -> None:
        result = run("no-such-command")
        assert result.returncode == 2
        assert "No such command" in result.stderr

    def test_unknown_dataset(self) -> None:
        result = run("data", "fetch", "nothing")
        assert result.returncode == 2
        assert result.stderr.startswith("There is no dataset 'nothing'. There are: ad01_reference")
        assert result.stdout == ""

    @pytest.mark.parametrize(
        ("error", "code", "message"),
        [
            (AcousticError("plain"), 1, "plain"),
            (DataError("no data"), 3, "no data"),
            (DeviceError("no mic"), 4, "no mic"),
            (OSError(errno.ENOSPC, "No space left on device", "out.csv"), 1, "The disk is full: out.csv"),
            (KeyboardInterrupt(), 130, "stopped"),
            (BrokenPipeError(errno.EPIPE, "Broken pipe"), 1, ""),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_of_errors(
        self,
        error: BaseException,
        code: int,
        message: str,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.make_version_raise(error, monkeypatch)
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert stop.value.code == code
        assert capsys.readouterr().err.startswith(message)

    def test_bugs_show_their_traceback(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.make_version_raise(ZeroDivisionError("bug"), monkeypatch)
        with pytest.raises(ZeroDivisionError, match="bug"):
            cli.main()

    def make_version_raise(self, error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(wanted: bool) -> None:
            raise error

        # main() may put wrappers in place of the streams when a pipe breaks.
        monkeypatch.setattr(sys, "stdout", sys.stdout)
        monkeypatch.setattr(sys, "stderr", sys.stderr)
        monkeypatch.setattr(sys, "excepthook", sys.excepthook)
        monkeypatch.setattr(sys, "argv", ["acoustic", "version"])
        monkeypatch.setattr(cli, "_show_version", fail)

    def test_broken_app_speaks_when_called_and_spares_the_others(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def load() -> None:
            raise ImportError("No module named 'absent'")

        monkeypatch.setattr(cli.app, "registered_commands", list(cli.app.registered_commands))
        cli._add_app(SimpleNamespace(name="broken", value="x.cli:app", load=load))  # type: ignore[arg-type]
        assert runner.invoke(cli.app, ["version"]).exit_code == 0
        result = runner.invoke(cli.app, ["broken", "score", "--json", "a.wav"])
        assert isinstance(result.exception, MissingExtraError)
        assert "No module named 'absent'" in str(result.exception)


class TestData:
    def test_list_json(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("ACOUSTIC_DATA", str(tmp_path))
        result = runner.invoke(cli.app, ["data", "list", "--json"])
        records = [json.loads(line) for line in result.stdout.splitlines()]
        assert {
            "name": "roast_b",
            "licence": "Apache-2.0",
            "may_ship": False,
            "present": False,
            "n_bytes": 642038,
        } in records

    def test_list_for_people(self) -> None:
        lines = runner.invoke(cli.app, ["data", "list"]).stdout.splitlines()
        assert lines[0].split() == ["name", "may", "ship", "present", "MB", "licence"]
        assert len(lines) == 11

    def test_where(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("ACOUSTIC_DATA", str(tmp_path))
        result = runner.invoke(cli.app, ["data", "where"])
        assert result.stdout == f"{tmp_path}\n"
        assert "ACOUSTIC_DATA" in result.stderr

    def test_fetch_by_hand_fails_with_the_source(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("ACOUSTIC_DATA", str(tmp_path))
        result = runner.invoke(cli.app, ["data", "fetch", "roast_a"])
        assert isinstance(result.exception, DataError)
        assert "https://github.com/loof/first-crack-detector" in str(result.exception)


class TestTerminal:
    def test_emit_is_one_compact_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        terminal.emit({"onset_s": 578.5, "label": "crack \u2028 é"})
        line = capsys.readouterr().out
        assert line.count("\n") == 1
        assert line.isascii()
        assert json.loads(line) == {"onset_s": 578.5, "label": "crack \u2028 é"}

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_emit_refuses_what_json_lacks(self, value: float, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(ValueError, match="JSON"):
            terminal.emit({"level_dbfs": value})
        assert capsys.readouterr().out == ""

    def test_pipe_that_closes_early_is_no_error(self) -> None:
        code = (
            "from acoustic import cli, terminal\n@cli.app.command()\ndef flood():\n  while 1: terminal.emit({'a': 1})\n"
        )
        command = f"'{sys.executable}' -c \"{code}\ncli.main()\" flood | head -n 1"
        result = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60)
        assert (result.stdout, result.stderr) == ('{"a":1}\n', "")

    @pytest.mark.parametrize(
        ("level_dbfs", "bar"),
        [
            (0.0, "[##########]    0.0 dBFS"),
            (-30.0, "[#####-----]  -30.0 dBFS"),
            (-math.inf, "[----------]   -inf dBFS"),
        ],
    )
    def test_level_bar(self, level_dbfs: float, bar: str) -> None:
        assert terminal.level_bar(level_dbfs, width=10) == bar

    def test_progress_is_silent_in_pipes(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert list(terminal.track([1, 2], "work", 2)) == [1, 2]
        captured = capsys.readouterr()
        assert captured.out == captured.err == ""


class TestDoctor:
    RATE_HZ = 48000

    def judge(self, pcm: np.ndarray) -> dict[str, doctor.Finding]:
        from acoustic.audio import LevelMeter, SourceHealth

        meter = LevelMeter()
        meter.push(pcm)
        return {finding.name: finding for finding in doctor.judge(pcm, self.RATE_HZ, meter, SourceHealth())}

    def noise(self, upper_hz: float, level: float = 300.0) -> np.ndarray:
        """Gaussian noise with nothing above ``upper_hz`` but its own rounding to int16."""
        n_samples = 2 * self.RATE_HZ
        spectrum = np.fft.rfft(np.random.default_rng(1).standard_normal(n_samples) * level)
        spectrum[np.fft.rfftfreq(n_samples, 1 / self.RATE_HZ) > upper_hz] = 0
        return np.rint(np.fft.irfft(spectrum)).astype(np.int16)

    @pytest.mark.parametrize("upper_hz", [4000, 8000, 16000, 24000])
    def test_bandwidth_of_band_limited_noise(self, upper_hz: int) -> None:
        assert doctor.effective_bandwidth(self.noise(upper_hz), self.RATE_HZ) == pytest.approx(upper_hz, abs=500)

    def test_bandwidth_of_nothing(self) -> None:
        assert doctor.effective_bandwidth(np.zeros(48000, np.int16), self.RATE_HZ) == 0
        assert doctor.effective_bandwidth(np.ones(10, np.int16), self.RATE_HZ) == 0

    def test_good_microphone(self) -> None:
        findings = self.judge(self.noise(20000))
        assert set(findings) == {"level", "clipping", "offset", "bandwidth", "losses"}
        assert all(finding.status == "ok" for finding in findings.values()), findings

    @pytest.mark.parametrize("value", [0, -1, 500])
    def test_dead_microphone(self, value: int) -> None:
        assert {n: f.status for n, f in self.judge(np.full(48000, value, np.int16)).items()} == {"level": "fail"}

    def test_headset_profile(self) -> None:
        assert self.judge(self.noise(4000))["bandwidth"].status == "warn"

    def test_clipping_offset_and_quiet(self) -> None:
        loud = np.clip(self.noise(20000).astype(np.int32) * 200, -32768, 32767).astype(np.int16)
        assert self.judge(loud)["clipping"].status == "warn"
        assert self.judge(self.noise(20000) + np.int16(3000))["offset"].status == "warn"
        assert self.judge(self.noise(20000, level=2.0))["level"].status == "warn"

    # In processes of their own: this one must not load PortAudio before a virtual sound card is there.
    def test_without_listening_judges_the_installation(self) -> None:
        result = run("doctor", "--seconds", "0", "--json")
        names = [json.loads(line)["name"] for line in result.stdout.splitlines()]
        assert names[:2] == ["python", "packages"]
        assert {"front end", "hearing_denoise"} <= set(names)
        assert "bundle roast" in names
        assert names[-1] == "microphone"

    def test_missing_microphone_by_name_fails(self) -> None:
        result = run("doctor", "--device", "no such microphone", "--json")
        findings = {record["name"]: record for record in map(json.loads, result.stdout.splitlines())}
        assert findings["microphone"]["status"] == "fail"
        assert result.returncode == 1

    @pytest.mark.live
    def test_hears_a_microphone(self, virtual_audio: Any, tmp_path: Path) -> None:
        from acoustic.audio import write_wav

        names = {json.loads(line)["name"] for line in run("devices", "--json").stdout.splitlines()}
        assert "virtmic" in names
        path = tmp_path / "noise.wav"
        write_wav(path, np.tile(self.noise(20000, level=3000.0), 5), self.RATE_HZ)
        with virtual_audio.playing(path):
            result = run("doctor", "--device", "virtmic", "--seconds", "3", "--json")
        findings = {record["name"]: record for record in map(json.loads, result.stdout.splitlines())}
        assert findings["microphone"]["detail"].startswith("virtmic")
        assert findings["level"]["status"] == "ok"
        assert findings["losses"]["status"] == "ok"


class TestBundle:
    def test_show_names_nested_values_by_their_path(self) -> None:
        nested = {"name": "roast", "frontend": {"rate_hz": 32000, "mel": {"bands": 32}}}
        assert list(cli._flat(nested)) == [("name", "roast"), ("frontend.rate_hz", 32000), ("frontend.mel.bands", 32)]

    def test_show_says_what_is_not_there(self) -> None:
        result = run("bundle", "show", "absent.bundle")
        assert result.returncode == 3
        assert "absent.bundle" in result.stderr
