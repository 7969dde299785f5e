"""What an application says of itself to become firmware."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Protocol, Self

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
    """Names of the C files of ``acoustic/native`` that they need; headers are found by what they include."""
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

    @classmethod
    def of_package(
        cls,
        package: str,
        name: str,
        *,
        generated: Mapping[str, str],
        core: tuple[str, ...],
        network: bytes,
        stages: tuple[str, ...],
        compute: Callable[[NDArray[np.int16]], Mapping[str, NDArray[Any]]],
        rate_hz: int,
        example_pcm: NDArray[np.int16],
    ) -> Self:
        """Make the firmware of an application whose C lies in its package as is usual.

        Parameters
        ----------
        package : str
            Its folder ``csrc`` holds the C, with the header ``acoustic_<name>.h``; ``csrc/example`` the application's
            side of the proof (``replay.c``) and of the example programs (``listen.c``).
        name : str
            Of the application.
        generated : mapping
            File name to text: what is made of the model.
        core, stages, rate_hz, example_pcm
            See the fields of this class.
        network : bytes
            The .tflite file, ``acoustic_<name>_network`` in C.
        compute : callable
            Computes the stages, arrays by name, of PCM int16 (n,).
        """

        def expected(pcm: NDArray[np.int16]) -> dict[str, bytes]:
            computed = compute(pcm)
            return {stage: computed[stage].tobytes() for stage in stages}

        folder = files(package).joinpath("csrc")
        return cls(
            application=name,
            header=f"acoustic_{name}.h",
            sources={**_sources(folder), **generated},
            core=core,
            networks={f"acoustic_{name}_network": network},
            replay=folder.joinpath("example", "replay.c").read_text(encoding="utf-8"),
            listen=folder.joinpath("example", "listen.c").read_text(encoding="utf-8"),
            stages=stages,
            expected=expected,
            rate_hz=rate_hz,
            example_pcm=example_pcm,
        )


def _sources(folder: Traversable) -> dict[str, str]:
    """C files of a folder: file name to text, sorted."""
    found = [item for item in folder.iterdir() if item.name.endswith((".c", ".h"))]
    return {item.name: item.read_text(encoding="utf-8") for item in sorted(found, key=lambda item: item.name)}
