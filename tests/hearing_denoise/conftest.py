"""The commands of the application, with a hearing aid that needs no network."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from acoustic_apps.hearing_denoise import aid, enhance
from acoustic_apps.hearing_denoise.cli import app
from made_aids import GatePlan
from typer.testing import CliRunner


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


@pytest.fixture
def hearing(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command of the application in this process, the spectral gate in place of the chain."""
    monkeypatch.setattr(aid, "AidPlan", GatePlan)
    monkeypatch.setattr(enhance, "AidPlan", GatePlan)

    def run(*arguments: str | Path) -> Ran:
        result = CliRunner().invoke(app, [*map(str, arguments)])
        return Ran(result.exit_code, result.stdout, result.stderr, result.exception)

    return run
