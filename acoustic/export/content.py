"""What an export holds: the C that leaves, of an application or of a network alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import acoustic
from acoustic.application import load
from acoustic.errors import BundleError, ExportError
from acoustic.export import c_text
from acoustic.export.network import KERNEL_FOLDER, NetworkSource, network_source
from acoustic.firmware import Firmware
from acoustic.model.runtime import Network
from acoustic.model.tflite import IDENTIFIER
from acoustic.native.build import HERE as NATIVE

LICENCE = "Apache-2.0"
_INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Content:
    """A model on its way to firmware."""

    name: str
    """Of the library, and of the files that are its own: lower-case letters, digits and underscores."""
    title: str
    """Of the model, for people."""
    version: str
    front_end: str
    """Fingerprint of the front end; empty for a network alone."""
    header: str
    """Name of the public header."""
    networks: Mapping[str, bytes] = field(repr=False)
    """C name to .tflite file."""
    firmware: Firmware | None = None
    """None for a network alone."""
    card: str = field(default="", repr=False)
    """The model card, Markdown."""

    @property
    def about(self) -> list[str]:
        """Lines for the head of every file."""
        front_end = [f"Front end {self.front_end}."] if self.front_end else []
        return [
            f"SPDX-License-Identifier: {LICENCE}",
            f"Model: {self.title} {self.version}. Written by acoustic {acoustic.__version__}.",
            *front_end,
        ]

    @cached_property
    def runtimes(self) -> dict[str, Network]:
        """The networks in Python, by their names."""
        return {name: Network.from_bytes(data) for name, data in self.networks.items()}

    @cached_property
    def network_sources(self) -> dict[str, NetworkSource]:
        """The networks as C, by their names."""
        return {name: network_source(network, name) for name, network in self.runtimes.items()}

    @cached_property
    def sources(self) -> dict[str, str]:
        """Every C file that leaves, headers included, name to text."""
        texts = dict(self.firmware.sources) if self.firmware else {}
        for name, network in self.network_sources.items():
            texts |= {f"{name}.h": network.header, f"{name}.c": network.source}
            texts |= {path.name: path.read_text(encoding="utf-8") for path in network.kernels}
        core = self.firmware.core if self.firmware else ()
        texts |= {name: (NATIVE / name).read_text(encoding="utf-8") for name in core}
        _add_headers(texts)
        head = c_text.comment(self.about)
        return {name: head + text for name, text in sorted(texts.items())}


def _add_headers(texts: dict[str, str]) -> None:
    """Add the core's headers that the files include, and those that they include."""
    waiting = list(texts.values())
    while waiting:
        for name in _INCLUDE.findall(waiting.pop()):
            if name in texts:
                continue
            path = next((folder / name for folder in (NATIVE, KERNEL_FOLDER) if (folder / name).is_file()), None)
            if path is None:
                raise ExportError(f"{name} is included and is nobody's file")
            texts[name] = path.read_text(encoding="utf-8")
            waiting.append(texts[name])


def load_content(path_or_name: str) -> Content:
    """Read a bundle, by its file or as a shipped one by its name, or a network, a .tflite file.

    Raises
    ------
    BundleError
        If there is no such bundle, or it is damaged.
    ModelError
        If a network holds what the C kernels lack; the message names it.
    ExportError
        If the bundle's application has no firmware.
    """
    path = Path(path_or_name)
    if path.suffix == ".tflite" or _is_network(path):
        return _network_alone(path)
    loaded = load(path_or_name)
    if loaded.application.firmware is None:
        raise ExportError(f"{path_or_name}: the application {loaded.application.name} has no firmware.")
    firmware, bundle = loaded.application.firmware(loaded.typed), loaded.bundle
    return Content(
        name=f"acoustic_{firmware.application}",
        title=bundle.name,
        version=bundle.version,
        front_end=bundle.frontend.fingerprint(),
        header=firmware.header,
        networks=firmware.networks,
        firmware=firmware,
        card=bundle.card,
    )


def _is_network(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(8)[4:] == IDENTIFIER
    except (OSError, ValueError):
        return False


def _network_alone(path: Path) -> Content:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error.strerror}") from error
    name = re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_")[:40]
    name = name if name[:1].isalpha() else f"network_{name}".rstrip("_")
    return Content(name=name, title=path.stem, version="1.0.0", front_end="", header=f"{name}.h", networks={name: data})
