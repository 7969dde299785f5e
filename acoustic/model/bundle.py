"""The bundle: one file that holds a model and everything needed to run, check and export it.

A bundle is a ZIP archive of stored members, sorted and without timestamps, so the same content gives the
same bytes: ``manifest.json`` (what it is, front end, decision, calibration, checksums), ``network.tflite``,
``vectors/*.npy`` (numbers only) and ``card.md``. It holds no code, and reading one executes nothing.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import BundleError, ModelError, ParameterError
from acoustic.files import whole_file
from acoustic.frontend.definition import ARITHMETIC_VERSION, FrontEnd
from acoustic.frontend.enhancement import EnhancementFrontEnd
from acoustic.model.runtime import Network

FORMAT = "acoustic-bundle"
FORMAT_VERSION = 1
SHIPPED_GROUP = "acoustic.applications"
"""Entry points: applications, whose packages hold bundles that ship with them."""
MAX_BYTES = 64 << 20
MAX_MEMBERS = 256

_MANIFEST, _NETWORK, _CARD = "manifest.json", "network.tflite", "card.md"
_VECTOR = re.compile(r"vectors/([A-Za-z0-9_]{1,64})\.npy")
_MANIFEST_TYPES = {
    "format": str,
    "format_version": int,
    "application": str,
    "name": str,
    "version": str,
    "frontend": dict,
    "frontend_fingerprint": str,
    "rounding": str,
    "decision": dict,
    "calibration": dict,
    "members": dict,
}


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
    rounding: str = "double"
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
        for what in ("application", "name", "version"):
            text = getattr(self, what)
            if not (0 < len(text) <= 200 and text.isprintable()):
                raise BundleError(f"the bundle's {what} must be 1 to 200 printable characters, not {text!r}")
        if self.rounding != "double":
            raise BundleError(f"rounding {self.rounding!r} is not supported; this version knows 'double'")
        for what in ("decision", "calibration"):
            try:
                _dump(getattr(self, what))
            except (TypeError, ValueError, RecursionError) as error:
                raise BundleError(f"the bundle's {what} is not plain JSON with finite numbers: {error}") from error
        for name, vector in self.vectors.items():
            if not _VECTOR.fullmatch(_vector_member(name)):
                raise BundleError(f"vector name {name!r} must be 1 to 64 letters, digits or underscores")
            if vector.dtype.kind not in "biuf":
                raise BundleError(f"vector {name!r} has the type {vector.dtype}; only real numbers are allowed")
        try:
            self.runtime  # noqa: B018 - parsing it is the check
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
        members[_MANIFEST] = (_dump(self._manifest(members)) + "\n").encode()
        if sum(map(len, members.values())) > MAX_BYTES:
            raise BundleError(
                f"the bundle {self.name!r} would be larger than {MAX_BYTES >> 20} MiB: use fewer test vectors"
            )
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
            for name in sorted(members):
                info = zipfile.ZipInfo(name)  # its date defaults to 1980, which keeps the bytes reproducible
                info.create_system = 3
                info.external_attr = 0o644 << 16
                archive.writestr(info, members[name])
        return stream.getvalue()

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
        """Read a serialised bundle; ``source`` names it in errors."""
        try:
            return cls._from_members(_unpack(data))
        except BundleError as error:
            raise BundleError(f"{source}: {error}") from error

    def describe(self) -> dict[str, Any]:
        """Everything worth knowing about the bundle, as plain JSON."""
        members = self._members()
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
            "members": _checksums(members),
        }

    def _members(self) -> dict[str, bytes]:
        """All members but the manifest."""
        vectors = {_vector_member(name): _pack_vector(vector) for name, vector in self.vectors.items()}
        return {_NETWORK: self.network, _CARD: self.card.encode(), **vectors}

    def _manifest(self, members: Mapping[str, bytes]) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "application": self.application,
            "name": self.name,
            "version": self.version,
            "frontend": self.frontend.to_dict(),
            "frontend_fingerprint": self.frontend.fingerprint(),
            "rounding": self.rounding,
            "decision": self.decision,
            "calibration": self.calibration,
            "members": _checksums(members),
        }

    @classmethod
    def _from_members(cls, members: dict[str, bytes]) -> Self:
        manifest = _read_manifest(members.pop(_MANIFEST, b""))
        if set(members) != set(manifest["members"]):
            different = sorted(set(members) ^ set(manifest["members"]))
            raise BundleError(f"members and manifest differ in {', '.join(different)}")
        for name, checksum in _checksums(members).items():
            if manifest["members"][name] != checksum:
                raise BundleError(f"{name} does not have the checksum in the manifest; get the file again")
        for name in (_NETWORK, _CARD):
            if name not in members:
                raise BundleError(f"{name} is missing")
        try:
            card = members[_CARD].decode()
        except UnicodeDecodeError as error:
            raise BundleError(f"{_CARD} is not UTF-8 text") from error
        return cls(
            application=manifest["application"],
            name=manifest["name"],
            version=manifest["version"],
            frontend=_read_frontend(manifest["frontend"], manifest["frontend_fingerprint"]),
            network=members[_NETWORK],
            rounding=manifest["rounding"],
            decision=manifest["decision"],
            calibration=manifest["calibration"],
            vectors={m[1]: _read_vector(m[0], data) for n, data in members.items() if (m := _VECTOR.fullmatch(n))},
            card=card,
        )


def shipped_bundles() -> dict[str, Traversable]:
    """Return the bundles that installed applications ship, by name, sorted."""
    found = {}
    for entry in entry_points(group=SHIPPED_GROUP):
        # The package of an application is imported for this, and not the application; one that is broken ships nothing.
        with suppress(Exception):
            for item in files(entry.module.rpartition(".")[0]).iterdir():
                if item.name.endswith(".bundle"):
                    found[item.name.removesuffix(".bundle")] = item
    return dict(sorted(found.items()))


def _dump(value: Any) -> str:
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)


def _checksums(members: Mapping[str, bytes]) -> dict[str, dict[str, Any]]:
    return {n: {"sha256": hashlib.sha256(members[n]).hexdigest(), "size": len(members[n])} for n in sorted(members)}


def _vector_member(name: str) -> str:
    return f"vectors/{name}.npy"


def _unpack(data: bytes) -> dict[str, bytes]:
    """Read the members of the archive, without ever inflating more than ``MAX_BYTES``."""
    if len(data) > MAX_BYTES:
        raise BundleError(f"larger than {MAX_BYTES >> 20} MiB, which no bundle is")
    if not data.startswith(b"PK\x03\x04"):
        raise BundleError("not a bundle: it is no ZIP archive")
    members: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if len(infos) > MAX_MEMBERS or sum(info.file_size for info in infos) > MAX_BYTES:
                raise BundleError(
                    f"holds more than {MAX_MEMBERS} members or {MAX_BYTES >> 20} MiB, which no bundle does"
                )
            for info in infos:
                if info.filename not in (_MANIFEST, _NETWORK, _CARD) and not _VECTOR.fullmatch(info.filename):
                    raise BundleError(f"not a bundle: it holds {info.filename!r}")
                if info.filename in members:
                    raise BundleError(f"holds {info.filename} twice")
                with archive.open(info) as stream:
                    members[info.filename] = stream.read(info.file_size + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise BundleError(f"damaged or cut short ({error}); get the file again") from error
    return members


def _read_manifest(data: bytes) -> dict[str, Any]:
    def finite(text: str) -> float:
        value = float(text)
        if not math.isfinite(value):
            raise ValueError(f"{text} is not finite")
        return value

    if not data:
        raise BundleError(f"not a bundle: {_MANIFEST} is missing")
    try:
        manifest = json.loads(data, parse_float=finite, parse_constant=finite)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{_MANIFEST} is not JSON with finite numbers: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise BundleError("not a bundle: the manifest is of another kind")
    version = manifest.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise BundleError(
            f"bundle format {version} is newer than this version reads ({FORMAT_VERSION}): upgrade the suite"
        )
    if version != FORMAT_VERSION or set(manifest) != set(_MANIFEST_TYPES):
        raise BundleError(f"{_MANIFEST} does not have the fields of bundle format {FORMAT_VERSION}")
    for name, wanted in _MANIFEST_TYPES.items():
        if not isinstance(manifest[name], wanted):
            raise BundleError(f"{_MANIFEST}: {name} must be of type {wanted.__name__}")
    return manifest


def _read_frontend(definition: dict[str, Any], fingerprint: str) -> FrontEnd | EnhancementFrontEnd:
    kind = EnhancementFrontEnd if "synthesis_samples" in definition else FrontEnd
    try:
        frontend = kind.from_dict(definition)
    except (ParameterError, OverflowError) as error:
        raise BundleError(f"its front end cannot be used: {error}") from error
    if frontend.version != ARITHMETIC_VERSION:
        raise BundleError(
            f"made for version {frontend.version} of the front end's arithmetic, and this suite has version "
            f"{ARITHMETIC_VERSION}: train the model again, or install the suite that it was made with"
        )
    if frontend.fingerprint() != fingerprint:
        raise BundleError("the front end's fingerprint is not that of its definition; get the file again")
    return frontend


def _pack_vector(vector: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.ascontiguousarray(vector), version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def _read_vector(member: str, data: bytes) -> NDArray[Any]:
    """Read a .npy file; its header is checked against its size before anything is allocated."""
    stream = io.BytesIO(data)
    try:
        if np.lib.format.read_magic(stream) != (1, 0):
            raise ValueError("it is of another version")
        shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(stream)
        if dtype.kind not in "biuf" or fortran_order or math.prod(shape) * dtype.itemsize != len(data) - stream.tell():
            raise ValueError(f"type {dtype} and shape {shape} do not fit its size")
        return np.frombuffer(data, dtype, offset=stream.tell()).reshape(shape)
    except (ValueError, TypeError, SyntaxError, EOFError, OverflowError, RecursionError, MemoryError) as error:
        raise BundleError(f"{member} is not an array of numbers: {error}") from error
