"""How large the arena of TensorFlow Lite Micro must be, added up from its parts.

Its interpreter puts everything into one block of memory: activations and scratch memory at the head, planned so that
they share it, and at the tail what lasts. Structures are as large as their pointers make them; the very same sum for
pointers of 64 bits is what the package tflite-micro reports on a PC. What happens when is told in TensorFlow Lite
Micro's docs/memory_management.md. With CMSIS-NN and other kernels, operators ask for more scratch memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from acoustic.export.tflm_layout import DATA, OPTIONS, STRUCTURES, added, aligned, layout
from acoustic.model.arena import Lifetime, place
from acoustic.model.tflite import Graph, Operator

ALIGNMENT = 16
"""Of buffers, and of what operators keep."""
_LOOK_TWICE = {"CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "MEAN", "TANH"}
_SPARE_REQUESTS = 12  # for scratch memory: there is room for so many before an operator asks
_ALLOCATORS = ("SingleArenaBufferAllocator", "GreedyMemoryPlanner", "MicroAllocator", "MicroBuiltinDataAllocator")


@dataclass(frozen=True, kw_only=True)
class Build:
    """How an interpreter was compiled."""

    pointer_bytes: int = 4
    is_package: bool = False
    """Whether it is that of the package tflite-micro, which supports compressed tensors and keeps a record."""

    def layout(self, name: str, members: str) -> tuple[int, int]:
        """Size and alignment of a structure of :mod:`acoustic.export.tflm_layout`."""
        more = added(name) if self.is_package else ()
        return layout(" ".join((members, *more)), self.pointer_bytes)


NATIVE, PACKAGE = Build(), Build(pointer_bytes=8, is_package=True)


@dataclass(frozen=True, kw_only=True)
class Arena:
    """What an interpreter takes, in bytes."""

    head_bytes: int
    tail_bytes: int
    starting_bytes: int
    """Taken for a moment while operators prepare themselves and the head is planned: more than what remains where
    activations are few."""

    @property
    def used_bytes(self) -> int:
        """What ``MicroInterpreter::arena_used_bytes`` says."""
        return self.head_bytes + self.tail_bytes

    @property
    def needed_bytes(self) -> int:
        """The smallest arena, of aligned ends, in which the network starts."""
        return aligned(max(self.used_bytes, self.starting_bytes), ALIGNMENT)


def arena(graph: Graph, build: Build = NATIVE) -> Arena:
    """Add up what TensorFlow Lite Micro puts into its arena, with reference kernels.

    Every operator of :data:`acoustic.model.kernels.BUILDERS` is known.
    """
    sum_up = _Sum(graph, build)
    sum_up.start()
    sum_up.prepare()
    sum_up.finish()
    return Arena(head_bytes=sum_up.head, tail_bytes=sum_up.tail, starting_bytes=sum_up.starting)


class _Sum:
    def __init__(self, graph: Graph, build: Build) -> None:
        self.graph, self.build = graph, build
        self.tail = self.starting = self.head = 0
        self.requests: list[tuple[int, int]] = []  # number of the operator, and bytes

    def start(self) -> None:
        """Add structures, options, and what operators initialise."""
        for name in _ALLOCATORS:
            self._add_structures(name)
        self._add_structures("SubgraphAllocations")
        self._add_structures("TfLiteEvalTensor", len(self.graph.tensors))
        self._add_structures("NodeAndRegistration", len(self.graph.operators))
        for operator in self.graph.operators:
            self._add(*layout(OPTIONS.get(operator.name, ""), self.build.pointer_bytes))
        for operator in self.graph.operators:
            if operator.name in DATA:
                self._add(self.build.layout(operator.name, DATA[operator.name])[0])

    def prepare(self) -> None:
        """Add what each operator keeps when it sees its tensors; these are described at the head for the moment."""
        for number, operator in enumerate(self.graph.operators):
            described = self._requests_bytes() + sum(map(self._description_bytes, _looked_at(operator)))
            for size in _channel_arrays(self.graph, operator):
                self._add(size)
            self.starting = max(self.starting, described + self.tail)
            self.requests += [(number, size) for size in _scratch(self.graph, operator)]

    def finish(self) -> None:
        """Plan the head, and describe inputs and outputs for good."""
        if self.requests:
            self._add_structures("ScratchBufferHandle", len(self.requests))
        lifetimes = list(self._lifetimes())
        # Among buffers of one size, the last comes first.
        _, self.head = place(lifetimes[::-1], ALIGNMENT)
        infos = len(self.graph.tensors) + len(self.requests)
        described = aligned(self._requests_bytes(), self.build.pointer_bytes) + self.build.pointer_bytes
        described += infos * self._size("AllocationInfo")
        planned = len(lifetimes) * self._size("PlannedBuffer")
        self.starting = max(self.starting, aligned(described, ALIGNMENT) + planned + aligned(self.tail, ALIGNMENT))
        for ports in (self.graph.inputs, self.graph.outputs):
            self._add(self.build.pointer_bytes * len(ports))
            for number in ports:
                self._add_structures("TfLiteTensor")
                if scales := len(self.graph.tensors[number].scales):
                    self._add_structures("TfLiteAffineQuantization")
                    self._add(4 + 4 * scales, 4)

    def _add(self, size: int, alignment: int = ALIGNMENT) -> None:
        self.tail = aligned(self.tail + size, alignment)

    def _add_structures(self, name: str, count: int = 1) -> None:
        size, alignment = self.build.layout(name, STRUCTURES[name])
        self._add(count * size, alignment)

    def _size(self, name: str) -> int:
        return self.build.layout(name, STRUCTURES[name])[0]

    def _requests_bytes(self) -> int:
        return (_SPARE_REQUESTS + len(self.requests)) * self._size("ScratchBufferRequest")

    def _description_bytes(self, number: int) -> int:
        """Of a tensor while its operator looks at it."""
        size = self._size("TfLiteTensor")
        if scales := len(self.graph.tensors[number].scales):
            size += self._size("TfLiteAffineQuantization") + 4 + 4 * scales
        return aligned(size, self.build.pointer_bytes)

    def _lifetimes(self) -> Iterator[Lifetime]:
        """Of activations and scratch memory; outputs are there from the start."""
        graph, end = self.graph, len(self.graph.operators)
        first = dict.fromkeys((*graph.inputs, *graph.outputs), 0)
        last = dict.fromkeys(graph.inputs, 0)
        for time, operator in enumerate(graph.operators, 1):
            first |= dict.fromkeys(operator.outputs, time)
            last |= dict.fromkeys((*operator.inputs, *operator.outputs), time)
        last |= dict.fromkeys(graph.outputs, end)
        for number, tensor in enumerate(graph.tensors):
            if number in first and tensor.data is None and tensor.size_bytes:
                yield Lifetime(size_bytes=tensor.size_bytes, first=first[number], last=last[number])
        for number, size in self.requests:
            yield Lifetime(size_bytes=size, first=number + 1, last=number + 1)


def _channel_arrays(graph: Graph, operator: Operator) -> list[int]:
    """Sizes of the multipliers and shifts that a layer copies, one for each channel."""
    if operator.name not in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
        return []
    filters = graph.tensors[operator.inputs[1]]
    if operator.name == "FULLY_CONNECTED":
        channels = len(filters.scales) if len(filters.scales) > 1 else 0
    else:
        channels = filters.shape[0 if operator.name == "CONV_2D" else 3]
    return [4 * channels] * 2 if channels else []


def _scratch(graph: Graph, operator: Operator) -> list[int]:
    """Sizes of the scratch memory that an operator asks for."""
    if operator.name != "MEAN":
        return []
    of, axes = (graph.tensors[number] for number in operator.inputs)
    return [4 * graph.tensors[operator.outputs[0]].elements, 4 * len(of.shape), 4 * axes.elements]


def _looked_at(operator: Operator) -> tuple[int, ...]:
    """Tensors that an operator has described while it prepares itself, as often as it has; at most that."""
    inputs = tuple(number for number in operator.inputs if number >= 0)
    if operator.name == "RELU6":
        return inputs
    again = (*inputs[:2], *operator.outputs) if operator.name in _LOOK_TWICE else ()
    return (*inputs, *operator.outputs, *again)
