"""Packages that only some of the suite needs: whether they are there is asked before any work."""

import sys
from importlib.util import find_spec

from acoustic.errors import MissingExtraError


def require(purpose: str, *packages: str) -> None:
    """Refuse where a package is missing.

    Parameters
    ----------
    purpose : str
        What needs it, as a sentence begins: "Training".
    packages : str
        Names as they are imported, which are also those that pip knows.

    Raises
    ------
    MissingExtraError
        The message has the command that installs what is missing.
    """
    missing = [package for package in packages if sys.modules.get(package, find_spec(package)) is None]
    if missing:
        raise MissingExtraError(
            f"{purpose} needs {' and '.join(missing)}, not installed here: "
            f"{sys.executable} -m pip install {' '.join(missing)}"
        )
