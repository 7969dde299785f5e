"""The commands of the application, in this process and with a network whose weights are drawn."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from acoustic_apps.hearing_denoise.application import application
from made_hearing import drawn_bundle
from typer.testing import CliRunner

from acoustic.commands.group import application_commands

NEED_A_BUNDLE = ("enhance", "listen", "score")


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str
    error: BaseException | None

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Ran]


def run(*arguments: str | Path | float) -> Ran:
    """Run a command of the application."""
    result = CliRunner().invoke(application_commands(application), [*map(str, arguments)])
    return Ran(result.exit_code, result.stdout, result.stderr, result.exception)


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("bundle") / "drawn.bundle"
    drawn_bundle().save(path)
    return str(path)


@pytest.fixture
def hearing(bundle: str) -> Run:
    """Run a command with that network."""

    def run_with(command: str, *arguments: str | Path | float) -> Ran:
        own = command in NEED_A_BUNDLE and "--bundle" not in arguments
        return run(command, *arguments, *(("--bundle", bundle) if own else ()))

    return run_with
