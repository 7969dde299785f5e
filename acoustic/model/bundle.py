"""The bundle: one file that holds a model and everything needed to run, check and export it.

A bundle is a ZIP archive of stored members, sorted and without timestamps, so the same content gives the
same bytes: ``manifest.json`` (what it is, front end, decision, calibration, checksums), ``network.tflite``,
``vectors/*.npy`` (numbers only) and ``card.md``. It holds no code, and reading one executes nothing.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from numpy.typing import NDArray

from acoustic.errors import BundleError, ModelError, ParameterError
from acoustic.files import whole_file
from acoustic.frontend.definition import FrontEnd
from acoustic.frontend.enhancement import EnhancementFrontEnd
from acoustic.frontend.tables import front_end_tables
from acoustic.model.members import MAX_BYTES, Checksum, checksums, pack, pack_array, unpack, unpack_array
from acoustic.model.runtime import Network
from acoustic.native import ARITHMETIC_VERSION
from acoustic.records import About, check, plain, quoted, read, require, shortened

FORMAT: Literal["acoustic-bundle"] = "acoustic-bundle"
FORMAT_VERSION: Literal[1] = 1
SHIPPED_GROUP = "acoustic.applications"
"""Entry points: applications, whose packages hold bundles that ship with them."""

_MANIFEST, _NETWORK, _CARD = "manifest.json", "network.tflite", "card.md"
_VECTOR = re.compile(r"vectors/([A-Za-z0-9_]{1,64})\.npy")
_MEMBER = re.compile(rf"{re.escape(_MANIFEST)}|{re.escape(_NETWORK)}|{re.escape(_CARD)}|{_VECTOR.pattern}")
_MAX_MANIFEST_BYTES = 1 << 20
_CARD_TEXT = re.compile(r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*")  # nothing that a terminal would act on

Name = Annotated[str, About(longest=200)]


@dataclass(frozen=True, kw_only=True)
class _Manifest:
    """What ``manifest.json`` holds."""

    format: Literal["acoustic-bundle"]
    format_version: Literal[1]
    application: Name
    name: Name
    version: Name
    frontend: dict[str, Any]
    frontend_fingerprint: Annotated[str, About(longest=64)]
    rounding: Literal["double"]
    decision: dict[str, Any]
    calibration: dict[str, Any]
    members: dict[str, Checksum]

    def __post_init__(self) -> None:
        """Check every field."""
        check(self, _MANIFEST)
        for what, text in {"application": self.application, "name": self.name, "version": self.version}.items():
            sentence = f"{what} must be 1 to 200 printable characters, not {quoted(text)}"
            require(_MANIFEST, {sentence: bool(text) and text.isprintable()})


@dataclass(frozen=True, kw_only=True, eq=False)
class Bundle:
    """A model with its front end, decision, calibration, test vectors and card.

    Raises
    ------
    BundleError
        When a part is unusable: a text is empty, a number is not finite, a vector is not numeric.
    """

    application: str
    """Name of the application that the model is made for."""
    name: str
    version: str
    frontend: FrontEnd | EnhancementFrontEnd
    network: bytes = field(repr=False)
    """The int8 network, a .tflite file."""
    rounding: Literal["double"] = "double"
    """How products are scaled; ``double`` is gemmlowp's, of TensorFlow Lite Micro and CMSIS-NN."""
    decision: dict[str, Any]
    """Settings of the decision, plain JSON."""
    calibration: dict[str, Any]
    """What the model was calibrated to, plain JSON."""
    vectors: Mapping[str, NDArray[Any]] = field(repr=False)
    """Arrays of the decision, and test vectors: inputs with the outputs they must give."""
    card: str = field(repr=False)
    """The model card, Markdown."""

    def __post_init__(self) -> None:
        """Check every part once, whether it comes from a file or from training."""
        for name, vector in self.vectors.items():
            if not _VECTOR.fullmatch(_vector_member(name)):
                raise BundleError(f"vector name {quoted(name)} must be 1 to 64 letters, digits or underscores")
            if vector.dtype.kind not in "biuf" or vector.dtype.itemsize > 8:
                raise BundleError(f"vector {name!r} has the type {vector.dtype}; only real numbers are allowed")
        if not _CARD_TEXT.fullmatch(self.card):
            raise BundleError(f"{_CARD} holds control characters")
        try:
            self._manifest({})  # making it is the check, and so it is with the tables and the network
            if isinstance(self.frontend, FrontEnd):
                front_end_tables(self.frontend)
            self.runtime  # noqa: B018
        except ParameterError as error:
            raise BundleError(str(error)) from error
        except ModelError as error:
            raise BundleError(f"its network cannot be used: {error}") from error

    @cached_property
    def runtime(self) -> Network:
        """The network, ready to run."""
        return Network.from_bytes(self.network)

    def replace(self, **changes: Any) -> Self:
        """Copy with some fields changed, for example another threshold in ``decision``."""
        return replace(self, **changes)

    def to_bytes(self) -> bytes:
        """Serialise; equal bundles give equal bytes."""
        members = self._members()
        members[_MANIFEST] = (_dump(plain(self._manifest(members))) + "\n").encode()
        if sum(map(len, members.values())) > MAX_BYTES or len(members[_MANIFEST]) > _MAX_MANIFEST_BYTES:
            raise BundleError(
                f"the bundle {self.name!r} would be larger than {MAX_BYTES >> 20} MiB, or its manifest than "
                f"{_MAX_MANIFEST_BYTES >> 20} MiB: use fewer test vectors or settings"
            )
        return pack(members)

    def save(self, path: Path | str) -> None:
        """Write the file, whole or not at all."""
        data = self.to_bytes()
        with whole_file(Path(path)) as stream:
            stream.write(data)

    @classmethod
    def load(cls, path_or_name: Path | str) -> Self:
        """Read a bundle from a file, or a shipped one by its name.

        Raises
        ------
        BundleError
            If there is no such bundle, or it is damaged, of a newer format, or made for another front end;
            the message says which, and names the file.
        """
        shipped = shipped_bundles()
        if isinstance(path_or_name, str) and path_or_name in shipped:
            return cls.from_bytes(shipped[path_or_name].read_bytes(), f"shipped bundle {path_or_name}")
        path = Path(path_or_name)
        try:
            with path.open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
        except FileNotFoundError as error:
            names = ", ".join(sorted(shipped)) or "none"
            raise BundleError(f"{path}: no such file, and no shipped bundle of that name (shipped: {names})") from error
        except (OSError, ValueError) as error:
            raise BundleError(f"{path}: cannot be read: {error}") from error
        return cls.from_bytes(data, str(path))

    @classmethod
    def from_bytes(cls, data: bytes, source: str) -> Self:
        """Read a serialised bundle; ``source`` names it in errors.

        Raises
        ------
        BundleError
            Whatever the bytes are, if they are no bundle; the message has at most 300 characters.
        """
        try:
            return cls._from_members(unpack(data, _MEMBER))
        except (BundleError, ParameterError) as error:
            raise BundleError(shortened(f"{source}: {error}")) from error

    def describe(self) -> dict[str, Any]:
        """Everything worth knowing about the bundle, as plain JSON."""
        network = self.runtime
        return {
            "application": self.application,
            "name": self.name,
            "version": self.version,
            "format_version": FORMAT_VERSION,
            "size_bytes": len(self.to_bytes()),
            "frontend": self.frontend.to_dict(),
            "frontend_fingerprint": self.frontend.fingerprint(),
            "network": {
                "inputs": [asdict(spec) for spec in network.inputs],
                "outputs": [asdict(spec) for spec in network.outputs],
                "operators": dict(sorted(Counter(network.operators).items())),
                "weight_bytes": network.weight_bytes,
                "macs": network.macs,
                "arena_bytes": network.arena_bytes,
                "rounding": self.rounding,
            },
            "decision": self.decision,
            "calibration": self.calibration,
            "vectors": {n: {"dtype": str(v.dtype), "shape": list(v.shape)} for n, v in sorted(self.vectors.items())},
            "members": plain(checksums(self._members())),
        }

    def _members(self) -> dict[str, bytes]:
        """All members but the manifest."""
        vectors = {_vector_member(name): pack_array(vector) for name, vector in self.vectors.items()}
        return {_NETWORK: self.network, _CARD: self.card.encode(), **vectors}

    def _manifest(self, members: Mapping[str, bytes]) -> _Manifest:
        return _Manifest(
            format=FORMAT,
            format_version=FORMAT_VERSION,
            application=self.application,
            name=self.name,
            version=self.version,
            frontend=self.frontend.to_dict(),
            frontend_fingerprint=self.frontend.fingerprint(),
            rounding=self.rounding,
            decision=self.decision,
            calibration=self.calibration,
            members=checksums(members),
        )

    @classmethod
    def _from_members(cls, members: dict[str, bytes]) -> Self:
        manifest = _read_manifest(members.pop(_MANIFEST, b""))
        if different := sorted(members.keys() ^ manifest.members.keys()):
            raise BundleError(f"members and manifest differ in {', '.join(different[:4])}")
        for name, checksum in checksums(members).items():
            if manifest.members[name] != checksum:
                raise BundleError(f"{name} does not have the checksum in the manifest; get the file again")
        for name in (_NETWORK, _CARD):
            if name not in members:
                raise BundleError(f"{name} is missing")
        try:
            card = members[_CARD].decode()
        except UnicodeDecodeError as error:
            raise BundleError(f"{_CARD} is not UTF-8 text") from error
        return cls(
            application=manifest.application,
            name=manifest.name,
            version=manifest.version,
            frontend=_read_frontend(manifest.frontend, manifest.frontend_fingerprint),
            network=members[_NETWORK],
            rounding=manifest.rounding,
            decision=manifest.decision,
            calibration=manifest.calibration,
            vectors={m[1]: _read_vector(m[0], data) for n, data in members.items() if (m := _VECTOR.fullmatch(n))},
            card=card,
        )


def shipped_bundles() -> dict[str, Traversable]:
    """Return the bundles that installed applications ship, by name, sorted."""
    found = {}
    for entry in entry_points(group=SHIPPED_GROUP):
        # The package of an application is imported for this, and not the application; one that is broken ships nothing.
        with suppress(Exception):
            for item in files(entry.module.rpartition(".")[0] or entry.module).iterdir():
                if item.name.endswith(".bundle"):
                    found[item.name.removesuffix(".bundle")] = item
    return dict(sorted(found.items()))


def _dump(value: Any) -> str:
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)


def _vector_member(name: str) -> str:
    return f"vectors/{name}.npy"


def _read_manifest(data: bytes) -> _Manifest:
    def finite(text: str) -> float:
        value = float(text)
        if not math.isfinite(value):
            raise ValueError(f"{quoted(text)} is not finite")
        return value

    if not data:
        raise BundleError(f"not a bundle: {_MANIFEST} is missing")
    if len(data) > _MAX_MANIFEST_BYTES:
        raise BundleError(f"{_MANIFEST} is larger than {_MAX_MANIFEST_BYTES >> 20} MiB, which none is")
    try:
        manifest = json.loads(data, parse_float=finite, parse_constant=finite)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{_MANIFEST} is not JSON with finite numbers: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise BundleError("not a bundle: the manifest is of another kind")
    version = manifest.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise BundleError(
            f"bundle format {quoted(version)} is newer than this version reads ({FORMAT_VERSION}): upgrade the suite"
        )
    return read(_Manifest, manifest, _MANIFEST)


def _read_frontend(definition: dict[str, Any], fingerprint: str) -> FrontEnd | EnhancementFrontEnd:
    version = definition.get("version")
    if isinstance(version, int) and version != ARITHMETIC_VERSION:
        raise BundleError(
            f"made for version {quoted(version)} of the front end's arithmetic, and this suite has version "
            f"{ARITHMETIC_VERSION}: train the model again, or install the suite that it was made with"
        )
    kind = EnhancementFrontEnd if "synthesis_samples" in definition else FrontEnd
    frontend = kind.from_dict(definition)
    if frontend.fingerprint() != fingerprint:
        raise BundleError("the front end's fingerprint is not that of its definition; get the file again")
    return frontend


def _read_vector(member: str, data: bytes) -> NDArray[Any]:
    try:
        return unpack_array(data)
    except ValueError as error:
        raise BundleError(f"{member} is not an array of numbers: {error}") from error
