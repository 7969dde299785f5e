"""The command line in this process, as `acoustic` runs it."""

import sys
from typing import Any

import pytest
from made_commands import Acoustic, Result

from acoustic import cli


@pytest.fixture
def acoustic(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], level_meter: None) -> Acoustic:
    """Run a command, with the applications meter and gain installed; in one process, unless more are asked for."""
    monkeypatch.setattr("os.cpu_count", lambda: 1)

    def run(*arguments: Any) -> Result:
        # main() may put wrappers in place of the streams when a pipe breaks.
        for name in ("stdout", "stderr", "excepthook"):
            monkeypatch.setattr(sys, name, getattr(sys, name))
        monkeypatch.setattr(sys, "argv", ["acoustic", *map(str, arguments)])
        capsys.readouterr()
        code: Any = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = stop.code
        out, err = capsys.readouterr()
        return Result(code or 0, out, err)

    return run
