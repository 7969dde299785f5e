"""Packages that are not always installed: what needs them says so, and how to install them."""

from importlib import import_module
from typing import Any

from acoustic.errors import MissingExtraError


def extra(package: str, what: str, install: str | None = None) -> Any:
    """Import an optional package.

    Parameters
    ----------
    package : str
    what : str
        Beginning of the sentence when it is missing, such as ``Pictures need``.
    install : str, optional
        What to tell pip, if not the package's name.

    Raises
    ------
    MissingExtraError
        When it is not installed.
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise MissingExtraError(f"{what} {package}: pip install {install or package}.") from error
