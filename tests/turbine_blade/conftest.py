"""Models of two simulated turbines that every test of the application may start from, and its commands.

Each model is fitted once per session, in a few seconds and without TensorFlow; `made_models` has the parts that it is
made from, sound of the same turbines (`turbine_sound`) among them.
"""

import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from unittest.mock import patch

import made_models
import pytest
from acoustic_apps.turbine_blade.scorer.model import TurbineModel

from acoustic.cli import main


@pytest.fixture(scope="session")
def small_model() -> TurbineModel:
    """Judges clips of 4.1 s; knows ``turbine_01`` and ``turbine_02``; no rotor, no conditions."""
    return made_models.small_model()


@pytest.fixture(scope="session")
def rotor_model() -> TurbineModel:
    """The small model with a rotor channel: recordings of 31 s or more have a reading."""
    return made_models.rotor_model()


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture(scope="session")
def run() -> Callable[..., Done]:
    """Call ``acoustic turbine`` in this process, as its users type it."""

    def call(*arguments: object) -> Done:
        out, err = (TextIOWrapper(BytesIO(), "utf-8", write_through=True) for _ in range(2))
        code = 0
        with (
            patch.object(sys, "argv", ["acoustic", "turbine", *map(str, arguments)]),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                main()
            except SystemExit as stop:
                code = int(stop.code or 0)
        stdout, stderr = (stream.detach().getvalue().decode() for stream in (out, err))
        return Done(code, stdout, stderr)

    return call
