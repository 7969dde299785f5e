"""What an application says of itself to become firmware."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Emitted(Protocol):
    """What a chain gives at every stage."""

    def __call__(self, pcm: NDArray[np.int16]) -> dict[str, bytes]:
        """Bytes of each stage, by name, for PCM at the firmware's rate, the end of the stream included."""


@dataclass(frozen=True, kw_only=True)
class Firmware:
    """An application as C, and what it must compute.

    Everything is C99 and compiles with :data:`acoustic.export.compilers.STRICT_FLAGS`.
    """

    application: str
    header: str
    """Name of the public header, one of ``sources``."""
    sources: Mapping[str, str] = field(repr=False)
    """File name to text: the application's own C, and what is generated of the bundle."""
    core: tuple[str, ...]
    """Names of the files of ``acoustic/native`` that they need, headers included."""
    networks: Mapping[str, bytes] = field(repr=False)
    """C name to network, a .tflite file, of which the generator makes one more pair of files each."""
    replay: str = field(repr=False)
    """C text of the three functions of ``acoustic/export/chains/replay.h``: they drive the application in the proof."""
    listen: str = field(default="", repr=False)
    """C text of the three functions of ``acoustic/export/projects/examples/listen.h``: the application's side of the
    example programs, which says in words what it hears. Without it there are none."""
    stages: tuple[str, ...]
    """Names of the stages in the order of their numbers in ``ACOUSTIC_TRACE(stage, bytes, n)``, from 0 on."""
    expected: Emitted = field(repr=False)
    """The same chain in Python."""
    rate_hz: int
    example_pcm: NDArray[np.int16] = field(repr=False)
    """At least a minute of sound that passes through every stage."""


def own_sources(package: str) -> dict[str, str]:
    """C files in the folder ``csrc`` of an application's package: file name to text, sorted."""
    found = [item for item in files(package).joinpath("csrc").iterdir() if item.name.endswith((".c", ".h"))]
    return {item.name: item.read_text(encoding="utf-8") for item in sorted(found, key=lambda item: item.name)}


def own_replay(package: str) -> str:
    """C text that drives an application in the proof, see :attr:`Firmware.replay`."""
    return _own_example(package, "replay.c")


def own_listen(package: str) -> str:
    """C text of an application's side of the example programs, see :attr:`Firmware.listen`."""
    return _own_example(package, "listen.c")


def _own_example(package: str, name: str) -> str:
    return files(package).joinpath("csrc", "example", name).read_text(encoding="utf-8")
