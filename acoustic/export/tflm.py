"""A network for those who run TensorFlow Lite Micro: C array, operators with resolver code, and the arena it takes."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from acoustic.export import c_text
from acoustic.export.projects import files_of, fill
from acoustic.export.tflm_arena import arena
from acoustic.export.tflm_layout import VERSION
from acoustic.model.tflite import read_graph

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
    """The smallest arena that it starts in, on a 32-bit processor; see ``arena_source``."""
    arena_used_bytes: int
    """What the interpreter then says it uses: it takes more while it starts."""
    arena_source: str


def micro_network(data: bytes) -> MicroNetwork:
    """Count operators of a .tflite file, and compute how large the arena must be."""
    graph = read_graph(data)
    taken = arena(graph)
    return MicroNetwork(
        operators=dict(sorted(Counter(operator.name for operator in graph.operators).items())),
        arena_bytes=taken.needed_bytes,
        arena_used_bytes=taken.used_bytes,
        arena_source=f"computed for a 32-bit processor, the reference kernels of tflite-micro {VERSION} and an arena "
        f"aligned to 16 bytes: {taken.used_bytes:,} bytes in use, and what starting takes for a moment. CMSIS-NN adds "
        "its buffers (for MLPerf Tiny's ad01 and kws_ref 320 and 48 bytes on a Cortex-M4, 7,008 and 4,576 on a "
        "Cortex-M55)",
    )


def micro_files(name: str, data: bytes, micro: MicroNetwork, about: Sequence[str]) -> dict[str, str]:
    """Write C array and resolver; file name to text."""
    words = {
        "name": name,
        "upper": name.upper(),
        "array": c_text.array(f"{name}_tflite", np.frombuffer(data, np.uint8)).removeprefix("static "),
        "arena_bytes": str(micro.arena_bytes),
        "arena_source": textwrap.fill(
            f"{micro.arena_source[:1].upper()}{micro.arena_source[1:]}.", c_text.LINE_LENGTH, subsequent_indent=" * "
        ),
        "n_operators": str(len(micro.operators)),
        "methods": "\n".join(f"        resolver.Add{_method(operator)}()," for operator in micro.operators),
    }
    head = c_text.comment(about)
    return {f"{name}_{file}": head + fill(text, words) for file, text in files_of("tflm").items()}


def _method(operator: str) -> str:
    return _METHODS.get(operator, operator.capitalize())
