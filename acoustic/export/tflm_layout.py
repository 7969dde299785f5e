"""Structures of TensorFlow Lite Micro that lie in its arena, by their members.

They are those of the package tflite-micro (Apache-2.0) with reference kernels. A member is p, a pointer
or a size; i, 32 bits; h, 16 bits; b, 8 bits; or d, a double; a number before it says how many there are.
"""

from __future__ import annotations

import re

VERSION = "0.dev20261023"
"""Of the package; later ones may keep more."""
STRUCTURES = {
    "SingleArenaBufferAllocator": "8p i",
    "GreedyMemoryPlanner": "p 2i 4p 2i p b",
    "MicroAllocator": "5p b 3p",
    "MicroBuiltinDataAllocator": "2p",
    "SubgraphAllocations": "2p",
    "TfLiteEvalTensor": "2p i",
    "NodeAndRegistration": "6p i p",
    "ScratchBufferHandle": "p",
    "TfLiteTensor": "i p 2i 3p 2i b",
    "TfLiteAffineQuantization": "2p i",
    "ScratchBufferRequest": "p 2i",
    "AllocationInfo": "2p 3i b",
    "PlannedBuffer": "10i",
}
"""The interpreter's own; the last is what GreedyMemoryPlanner needs for each buffer while it plans."""
DATA = {
    "ADD": "b 14i",
    "AVERAGE_POOL_2D": "8i",
    "CONCATENATION": "b 2p h 2i",
    "CONV_2D": "9i 2p 3i",
    "DEPTHWISE_CONV_2D": "9i 2p 3i",
    "FULLY_CONNECTED": "9i 2p b",
    "LOGISTIC": "4i",
    "MAX_POOL_2D": "8i",
    "MEAN": "11i",
    "MUL": "9i",
    "PAD": "b 5i b 5i b i",
    "QUANTIZE": "i d 3i",
    "RELU": "7i",
    "RELU6": "2b",
    "SOFTMAX": "d 7i 5p",
    "STRIDED_SLICE": "b 5i b 5i b 5i 5h",
    "SUB": "b 12i",
    "TANH": "4i",
}
"""What an operator keeps for itself."""
OPTIONS = {
    "ADD": "i b",
    "AVERAGE_POOL_2D": "10i",
    "CONCATENATION": "2i",
    "CONV_2D": "7i",
    "DEPTHWISE_CONV_2D": "7i",
    "FULLY_CONNECTED": "2i 2b i p i",
    "MAX_POOL_2D": "10i",
    "MEAN": "b",
    "MUL": "i",
    "RESHAPE": "9i",
    "SOFTMAX": "i",
    "SPLIT": "i",
    "SQUEEZE": "9i",
    "STRIDED_SLICE": "5i b",
    "SUB": "i b",
}
"""What is read of an operator's options."""
COMPRESSION = {
    "CONCATENATION": "10i",
    "CONV_2D": "2i",
    "DEPTHWISE_CONV_2D": "2i",
    "FULLY_CONNECTED": "2i",
    "SubgraphAllocations": "p",
}
"""Members more where compressed tensors are supported: in the package, not in a usual build for a microcontroller."""
RECORDING = {"SingleArenaBufferAllocator": "4p", "MicroAllocator": "25p"}
"""Members more where the allocator keeps a record: in the package alone."""
_MEMBER = re.compile(r"(\d*)([pihbd])")


def added(name: str) -> tuple[str, str]:
    """Members more of a structure in the package."""
    return COMPRESSION.get(name, ""), RECORDING.get(name, "")


def layout(members: str, pointer_bytes: int) -> tuple[int, int]:
    """Size and alignment of a structure, in bytes."""
    sizes = {"p": pointer_bytes, "i": 4, "h": 2, "b": 1, "d": 8}
    size, alignment = 0, 1
    for count, kind in _MEMBER.findall(members):
        size = aligned(size, sizes[kind]) + int(count or 1) * sizes[kind]
        alignment = max(alignment, sizes[kind])
    return aligned(size, alignment), alignment


def aligned(size: int, alignment: int) -> int:
    """Round up to a multiple."""
    return -(-size // alignment) * alignment
