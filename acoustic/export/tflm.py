"""A network for those who run TensorFlow Lite Micro: C array, operators with resolver code, and the arena it takes."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acoustic.export import c_text
from acoustic.export.projects import files_of, fill
from acoustic.model.runtime import Network

TIMEOUT_S = 120
ARENA_STEP = 1024
_MEASURED = re.compile(r"Arena allocation total (\d+) bytes")
_MEASURE = (
    "import sys; from tflite_micro import runtime; "
    "runtime.Interpreter.from_file(sys.argv[1], arena_size=1 << 24).print_allocations()"
)
_METHODS = {
    "ADD": "Add",
    "AVERAGE_POOL_2D": "AveragePool2D",
    "CONV_2D": "Conv2D",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2D",
    "EXPAND_DIMS": "ExpandDims",
    "FULLY_CONNECTED": "FullyConnected",
    "MAX_POOL_2D": "MaxPool2D",
    "STRIDED_SLICE": "StridedSlice",
}
"""Of the resolver, after "Add"; others are the operator's name with a capital."""


@dataclass(frozen=True, kw_only=True)
class MicroNetwork:
    """What TensorFlow Lite Micro needs for a network."""

    operators: dict[str, int]
    """How often each occurs."""
    arena_bytes: int
    """Enough on a 32-bit core with the reference kernels; see ``arena_source``."""
    arena_source: str


def micro_network(network: Network, path: Path) -> MicroNetwork:
    """Count operators, and say how large the arena must be.

    The package tflite-micro tells what its interpreter takes on this 64-bit machine, where pointers take twice as
    much as on a microcontroller and nothing takes less: a bound, not the figure itself. Without it, twice the
    activations and half a kilobyte for each operator are advised.
    """
    operators = dict(sorted(Counter(network.operators).items()))
    measured = _arena_here(path)
    if measured is None:
        return MicroNetwork(
            operators=operators,
            arena_bytes=_rounded(2 * network.arena_bytes + 512 * len(network.operators) + ARENA_STEP),
            arena_source="estimate: the package tflite-micro, which tells more, is not installed",
        )
    return MicroNetwork(
        operators=operators,
        arena_bytes=measured,
        arena_source="estimate from above: what the tflite-micro interpreter takes on a 64-bit machine with reference "
        "kernels; a 32-bit core takes less (MLPerf Tiny ad01: 2,260 of 3,984, kws_ref: 22,772 of 24,272); CMSIS-NN "
        "adds its buffers (there 320 and 48 on a Cortex-M4, 7,008 and 4,576 on a Cortex-M55)",
    )


def micro_files(name: str, data: bytes, micro: MicroNetwork, about: Sequence[str]) -> dict[str, str]:
    """Write C array and resolver; file name to text."""
    words = {
        "name": name,
        "upper": name.upper(),
        "array": c_text.array(f"{name}_tflite", np.frombuffer(data, np.uint8)).removeprefix("static "),
        "arena_bytes": str(micro.arena_bytes),
        "arena_source": micro.arena_source,
        "n_operators": str(len(micro.operators)),
        "methods": "\n".join(f"        resolver.Add{_method(operator)}()," for operator in micro.operators),
    }
    head = c_text.comment(about)
    return {f"{name}_{file}": head + fill(text, words) for file, text in files_of("tflm").items()}


def _method(operator: str) -> str:
    return _METHODS.get(operator, operator.capitalize())


def _rounded(size_bytes: int) -> int:
    return -(-size_bytes // ARENA_STEP) * ARENA_STEP


def _arena_here(path: Path) -> int | None:
    """Bytes that the interpreter takes on this machine; it tells them on stderr only, so in a process of its own."""
    command = [sys.executable, "-c", _MEASURE, str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _MEASURED.search(done.stdout + done.stderr)
    return int(found[1]) if found and done.returncode == 0 else None
