"""Recordings that the suite was developed and judged with: one card per dataset, and where its files lie.

A card (``data/NAME.toml``) states source, licence, whether a model trained on the data may ship, and the
checksums of the files. The recordings themselves are never part of the suite: they lie under one *data root*,
the folder that the environment variable ``ACOUSTIC_DATA`` names.
"""

import hashlib
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from acoustic.errors import DataError, ParameterError

PACKAGE = Path(__file__).parent
CHECKOUT = PACKAGE.parent


@dataclass(frozen=True)
class DataFile:
    """One file of a dataset.

    ``path`` is relative to the data root; ``url`` serves exactly these bytes, or is None where no one does.
    """

    path: PurePosixPath
    n_bytes: int
    sha256: str
    url: str | None = None

    def __post_init__(self) -> None:
        """Refuse a path that could lead out of the data root."""
        if self.path.is_absolute() or ".." in self.path.parts:
            raise DataError(f"{self.path} leads out of the data root: the dataset card is broken.")


@dataclass(frozen=True)
class FileTree:
    """Many files under one checksum.

    ``sha256`` is that of the text which ``sha256sum`` prints for the files matching ``patterns`` (paths
    relative to the data root, sorted).
    """

    patterns: tuple[str, ...]
    n_files: int
    n_bytes: int
    sha256: str

    def paths(self, root: Path) -> list[Path]:
        """Return the files that are there, sorted by name."""
        found = (path for pattern in self.patterns for path in root.glob(pattern))
        # By text, as `sort` does; Path compares part by part.
        return sorted(found, key=lambda path: path.as_posix())


@dataclass(frozen=True)
class Card:
    """What is known about one dataset; it lists its files either one by one or as a tree."""

    name: str
    title: str
    source: str
    licence: str
    may_ship: bool
    use: str
    folder: PurePosixPath
    by_hand: str = ""
    files: tuple[DataFile, ...] = ()
    tree: FileTree | None = None

    @property
    def n_bytes(self) -> int:
        """Size of the whole dataset."""
        return self.tree.n_bytes if self.tree else sum(file.n_bytes for file in self.files)

    @classmethod
    def from_dict(cls, name: str, entry: Mapping[str, Any]) -> "Card":
        """Build the card ``name`` from its parsed TOML; raise `DataError` when it is not one."""
        fields = dict(entry)
        try:
            files = [DataFile(**{**file, "path": PurePosixPath(file["path"])}) for file in fields.pop("files", [])]
            tree = fields.pop("tree", None)
            return cls(
                name=name,
                folder=PurePosixPath(fields.pop("folder")),
                files=tuple(files),
                tree=FileTree(**{**tree, "patterns": tuple(tree["patterns"])}) if tree else None,
                **fields,
            )
        except (KeyError, TypeError) as error:
            raise DataError(f"The dataset card {name} is broken: {error}.") from error


def cards() -> dict[str, Card]:
    """Return every dataset card by name, sorted."""
    installed = PACKAGE / "cards"
    folder = installed if installed.is_dir() else CHECKOUT / "data"
    return {
        path.stem: Card.from_dict(path.stem, tomllib.loads(path.read_text(encoding="utf-8")))
        for path in sorted(folder.glob("*.toml"))
    }


def find_card(name: str) -> Card:
    """Return the card ``name``; raise `ParameterError` listing the names there are."""
    known = cards()
    if name not in known:
        raise ParameterError(f"There is no dataset {name!r}. There are: {', '.join(known)}.")
    return known[name]


def data_root() -> Path | None:
    """Return the folder that holds the recordings, or None when there is none.

    It is the folder that ``ACOUSTIC_DATA`` names; without the variable, a checkout looks for ``shared/data``
    beside itself.

    Raises
    ------
    DataError
        ``ACOUSTIC_DATA`` names no folder.
    """
    if named := os.environ.get("ACOUSTIC_DATA"):
        root = Path(named)
        if not root.is_dir():
            raise DataError(f"ACOUSTIC_DATA names {named}, which is no folder. Make it, or unset the variable.")
        return root
    beside = CHECKOUT.parent / "shared" / "data"
    return beside if (CHECKOUT / "pyproject.toml").is_file() and beside.is_dir() else None


def require_root() -> Path:
    """Return the data root; raise `DataError` saying how to set one when there is none."""
    root = data_root()
    if root is None:
        raise DataError("No data root. Set the environment variable ACOUSTIC_DATA to the folder for recordings.")
    return root


def is_present(card: Card, root: Path) -> bool:
    """Tell whether all files of a dataset are under ``root`` by count and size, without reading them."""
    if card.tree:
        sizes = [path.stat().st_size for path in card.tree.paths(root)]
        return len(sizes) == card.tree.n_files and sum(sizes) == card.tree.n_bytes
    return all(_has_size(root / file.path, file.n_bytes) for file in card.files)


def dataset_path(name: str) -> Path:
    """Return the folder of a dataset; raise `DataError` saying what to do when it is not all there."""
    card, root = find_card(name), require_root()
    if not is_present(card, root):
        raise DataError(f"The dataset {name} is missing or incomplete under {root}. Try: acoustic data fetch {name}")
    return root / card.folder


def verify(card: Card, root: Path) -> None:
    """Compare the files under ``root`` with the card's checksums; raise `DataError` at the first difference."""
    if card.tree:
        lines = (f"{_sha256(path)}  {path.relative_to(root).as_posix()}\n" for path in card.tree.paths(root))
        if hashlib.sha256("".join(lines).encode()).hexdigest() != card.tree.sha256:
            raise DataError(
                f"The files of {card.name} under {root / card.folder} are incomplete or differ from its card. "
                f"{card.by_hand}"
            )
    for file in card.files:
        if not (root / file.path).is_file():
            raise DataError(f"{root / file.path} is missing.")
        if _sha256(root / file.path) != file.sha256:
            raise DataError(f"{root / file.path} differs from the card of {card.name}: remove it and fetch it again.")


def fetch(card: Card, root: Path, on_bytes: Callable[[int], None] = lambda n: None) -> list[Path]:
    """Bring a dataset under ``root`` as far as its publisher serves the same bytes, and verify it.

    Parameters
    ----------
    card
        The dataset.
    root
        The data root to write to.
    on_bytes
        Called with the number of bytes of each block that arrived.

    Returns
    -------
    list of Path
        The files that were downloaded; empty when everything was there already.

    Raises
    ------
    DataError
        A download failed, files differ from the card, or the rest must be prepared by hand (how is in the
        message). Files that were complete before stay.
    """
    from acoustic.download import download

    fetched = []
    for file in missing_downloads(card, root):
        assert file.url is not None
        download(file.url, root / file.path, n_bytes=file.n_bytes, sha256=file.sha256, on_bytes=on_bytes)
        fetched.append(root / file.path)
    if not is_present(card, root):
        raise DataError(
            f"The rest of {card.name} cannot be downloaded as it lies here; make it by hand under {root}.\n"
            f"Source: {card.source} (licence: {card.licence})\n{card.by_hand}"
        )
    verify(card, root)
    return fetched


def missing_downloads(card: Card, root: Path) -> list[DataFile]:
    """Return the files of a dataset that are not under ``root`` and can be downloaded."""
    return [file for file in card.files if file.url and not _has_size(root / file.path, file.n_bytes)]


def _has_size(path: Path, n_bytes: int) -> bool:
    return path.is_file() and path.stat().st_size == n_bytes


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
