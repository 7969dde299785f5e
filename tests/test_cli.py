"""The root command: what ends it, how it is told, and the commands of the whole suite."""

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from acoustic import __version__, cli
from acoustic.errors import AcousticError, DataError, DeviceError

runner = CliRunner()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "acoustic", *arguments], capture_output=True, text=True)


@pytest.mark.parametrize("command", [["--version"], ["version"]])
def test_version(command: list[str]) -> None:
    result = runner.invoke(cli.app, command)
    assert (result.exit_code, result.stdout) == (0, f"{__version__}\n")


class TestEnds:
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
            (AcousticError("a\x1b[2J.wav: bad"), 1, "a\\x1b[2J.wav: bad"),
            (DataError("no data"), 3, "no data"),
            (DeviceError("no mic"), 4, "no mic"),
            (OSError(errno.ENOSPC, "No space left on device", "out.csv"), 1, "The disk is full: out.csv"),
            (KeyboardInterrupt(), 130, "stopped"),
            (BrokenPipeError(errno.EPIPE, "Broken pipe"), 1, ""),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_errors(
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


@pytest.mark.usefixtures("level_meter")
class TestBundle:
    def test_show_names_nested_values_by_their_path(self) -> None:
        lines = runner.invoke(cli.app, ["bundle", "show", "meter"]).stdout.splitlines()
        values = dict(line.split(maxsplit=1) for line in lines[1:] if len(line.split()) > 1)
        assert (values["application"], values["frontend.rate_hz"]) == ("meter", "8000")
        record = json.loads(runner.invoke(cli.app, ["bundle", "show", "meter", "--json"]).stdout)
        assert record["frontend"]["rate_hz"] == 8000

    def test_show_says_what_is_not_there(self) -> None:
        result = runner.invoke(cli.app, ["bundle", "show", "absent.bundle"])
        assert "absent.bundle" in str(result.exception)


@pytest.mark.usefixtures("level_meter")
class TestEvents:
    def test_schema_of_one(self) -> None:
        text = runner.invoke(cli.app, ["events", "meter"]).stdout
        line = runner.invoke(cli.app, ["events", "meter", "--json"]).stdout
        assert json.loads(text) == json.loads(line)
        assert {"start", "second", "mark", "health", "trouble", "summary", "row"} == set(json.loads(text)["$defs"])

    def test_of_all_and_as_a_page(self) -> None:
        titles = [
            json.loads(line)["title"] for line in runner.invoke(cli.app, ["events", "--json"]).stdout.splitlines()
        ]
        assert {"Events of acoustic gain", "Events of acoustic meter"} <= set(titles)
        page = runner.invoke(cli.app, ["events", "meter", "--markdown"]).stdout
        assert page.startswith("# Events\n")
        assert "\n## meter\n" in page
        assert "\n## gain\n" not in page

    def test_of_none(self) -> None:
        result = runner.invoke(cli.app, ["events", "absent"])
        assert str(result.exception).startswith("There is no application 'absent'. There are: ")
