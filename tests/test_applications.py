"""Every shipped bundle passes the checks that its application must pass, and so does the smallest application."""

from collections.abc import Callable
from functools import cache

import pytest

from acoustic.application import load
from acoustic.model.bundle import shipped_bundles
from acoustic.testing import application_checks
from acoustic.testing.checks import CHECKS

SLOW = {"hostile_bundles", "hostile_recordings", "firmware"}


@cache
def checks_of(bundle: str) -> dict[str, Callable[[], None]]:
    return dict(application_checks(load(bundle).application, bundle))


@pytest.mark.parametrize("check", [pytest.param(c, marks=[pytest.mark.slow] if c in SLOW else []) for c in CHECKS])
@pytest.mark.parametrize("bundle", [*shipped_bundles(), "whistle"])
@pytest.mark.usefixtures("whistle")
def test_application(bundle: str, check: str) -> None:
    checks = checks_of(bundle)
    if check not in checks:
        pytest.skip(f"does not concern {bundle}")
    checks[check]()
