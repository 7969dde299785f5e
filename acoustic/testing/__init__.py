"""Checks that every application passes, yours too: what the suite takes for granted of one.

In a test of your own, with pytest::

    CHECKS = application_checks(application, "whistle.bundle")

    @pytest.mark.parametrize("check", [pytest.param(check, id=name) for name, check in CHECKS])
    def test_application(check):
        check()

A check raises `AssertionError`, which says what is wrong, or `unittest.SkipTest` where this computer lacks what it
needs, such as a C compiler. Whatever is random in a check is seeded, so that it fails again until it is mended.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from unittest import SkipTest

from acoustic.application import Application
from acoustic.model.bundle import Bundle
from acoustic.testing.checks import CHECKS
from acoustic.testing.subject import Subject

__all__ = ["application_checks", "check_application"]

App = Application[Any, Any, Any, Any]


def application_checks(
    application: App, bundle: Bundle | Path | str, recordings: Sequence[Path] = ()
) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield the checks that concern an application, each with its name.

    Parameters
    ----------
    application : Application
        It need not be installed.
    bundle : Bundle, Path or str
        One of its bundles, a file, or the name of a shipped one.
    recordings : sequence of Path
        Recordings in which something happens: all are scored and listened to, and the first is the sound of the other
        checks. Without any, the sound is the example of the application's firmware.
    """
    bundle = bundle if isinstance(bundle, Bundle) else Bundle.load(bundle)
    subject = Subject(application, bundle, tuple(recordings))
    for name, check in CHECKS.items():
        if not (
            name == "firmware" and application.firmware is None or name == "picture" and application.picture is None
        ):
            yield name, partial(check, subject)


def check_application(application: App, bundle: Bundle | Path | str, recordings: Sequence[Path] = ()) -> None:
    """Run all checks, see :func:`application_checks`; warn of those that cannot run on this computer.

    Raises
    ------
    AssertionError
        At the first that fails.
    """
    for name, check in application_checks(application, bundle, recordings):
        try:
            check()
        except SkipTest as reason:
            warnings.warn(f"check {name} was skipped: {reason}", stacklevel=2)
