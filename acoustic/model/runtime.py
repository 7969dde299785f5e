"""The int8 runtime: run a .tflite network with the arithmetic of a microcontroller, many inferences at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ModelError, ParameterError
from acoustic.model.arena import Lifetime, place
from acoustic.model.kernels import BUILDERS
from acoustic.model.node import Kernel, Node, limits_of, scale_of, zero_point_of
from acoustic.model.program import Program, make_program
from acoustic.model.tflite import Graph, Tensor, read_graph

BLOCK_ELEMENTS = 1 << 17  # of the largest intermediate array: stays in a core's cache
ARENA_ALIGNMENT = 16  # bytes, as in TensorFlow Lite Micro


@dataclass(frozen=True, kw_only=True)
class TensorSpec:
    """An input or output: real value = scale * (stored - zero_point)."""

    name: str
    shape: tuple[int, ...]
    """Of one inference, without the batch."""
    dtype: str
    """int8 or int16."""
    scale: float
    zero_point: int

    def quantise(self, values: NDArray[Any]) -> NDArray[Any]:
        """Store real values: float32 division, rounded half to even, saturated.

        Raises
        ------
        ParameterError
            If a value is not a number.
        """
        steps = np.rint(np.asarray(values, np.float32) / np.float32(self.scale))
        if np.isnan(steps).any():
            raise ParameterError(f"input {self.name!r} holds values that are not numbers")
        info = np.iinfo(self.dtype)
        stored: NDArray[Any] = np.clip(steps + np.float32(self.zero_point), info.min, info.max).astype(self.dtype)
        return stored

    def dequantise(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        """Real values of stored ones, float32."""
        return (stored.astype(np.int32) - self.zero_point).astype(np.float32) * np.float32(self.scale)


@dataclass(frozen=True)
class _Step:
    kernel: Kernel
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


class Network:
    """An int8 network that gives the same bytes as TensorFlow Lite Micro.

    It keeps no state between runs: the state of a streaming network goes in and out as tensors.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        tensors = graph.tensors
        self.inputs = tuple(_spec(tensors[number]) for number in graph.inputs)
        """What ``run`` takes, in order."""
        self.outputs = tuple(_spec(tensors[number]) for number in graph.outputs)
        """What ``run`` returns, in order."""
        self.operators = tuple(operator.name for operator in graph.operators)
        """Operators in order of execution, repeated as often as they occur."""
        self._constants = {n: tensor.data[np.newaxis] for n, tensor in enumerate(tensors) if tensor.data is not None}
        self._steps = _prepare(graph)
        self.macs = sum(step.kernel.macs for step in self._steps)
        """Multiply-accumulates of one inference."""
        used = {n for step in self._steps for n in step.inputs if n in self._constants}
        self.weight_bytes = sum(tensors[number].size_bytes for number in used)
        """Size of all constants."""
        self.arena_bytes = _plan_arena(graph, self._steps)
        """Memory for activations, inputs and outputs included, when each lives only as long as it is needed."""
        largest = max(tensors[n].elements for n in (*graph.inputs, *(n for step in self._steps for n in step.outputs)))
        scratch = max(step.kernel.scratch_elements for step in self._steps)
        self._block = max(1, BLOCK_ELEMENTS // max(largest, scratch, 1))

    @classmethod
    def from_bytes(cls, data: bytes) -> Network:
        """Load a .tflite file.

        Raises
        ------
        ModelError
            If the file is damaged, or holds an operator or type that the runtime does not do.
        """
        graph = read_graph(data)
        try:
            network = cls(graph)
            network._run_block([np.zeros((1, *spec.shape), spec.dtype) for spec in network.inputs])
        except (ValueError, TypeError, LookupError, ArithmeticError, MemoryError) as error:
            # A damaged graph can contradict itself in more ways than its operators check one by one.
            raise ModelError(f"damaged network: {error}") from error
        return network

    def program(self, feedback: Sequence[tuple[int, int]] = ()) -> Program:
        """Plan the network for a device.

        Parameters
        ----------
        feedback : sequence of (input number, output number)
            States: what a run leaves in the output is the input of the next run.

        Raises
        ------
        ModelError
            If an operator cannot run on a device; the message names it.
        """
        return make_program(self._graph, [step.kernel for step in self._steps], feedback)

    def run(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """Run N independent inferences.

        Parameters
        ----------
        *inputs : array int8 (or int16) [N, *shape]
            One for each of ``self.inputs``, of its type.

        Returns
        -------
        tuple of arrays [N, *shape]
            One for each of ``self.outputs``.

        Raises
        ------
        ParameterError
            If number, type or shape of the inputs differ from ``self.inputs``.
        """
        if len(inputs) != len(self.inputs):
            raise ParameterError(f"the network takes {len(self.inputs)} inputs, got {len(inputs)}")
        count = len(inputs[0]) if inputs[0].ndim else 0
        for spec, array in zip(self.inputs, inputs, strict=True):
            if array.dtype != spec.dtype or array.shape != (count, *spec.shape):
                wanted = f"{spec.dtype} [N, {', '.join(map(str, spec.shape))}]"
                raise ParameterError(f"input {spec.name!r} must be {wanted}, got {array.dtype} {list(array.shape)}")
        outputs = tuple(np.empty((count, *spec.shape), spec.dtype) for spec in self.outputs)
        for start in range(0, count, self._block):
            rows = slice(start, start + self._block)
            for whole, part in zip(outputs, self._run_block([array[rows] for array in inputs]), strict=True):
                whole[rows] = part
        return outputs

    def _run_block(self, inputs: list[NDArray[Any]]) -> list[NDArray[Any]]:
        values = dict(self._constants)
        for number, array in zip(self._graph.inputs, inputs, strict=True):
            values[number] = array[:, np.newaxis]
        for step in self._steps:
            arguments = [values[number] for number in step.inputs if number >= 0]
            values.update(zip(step.outputs, step.kernel.run(*arguments), strict=True))
        named = zip(self._graph.outputs, self.outputs, strict=True)
        return [values[number].reshape(-1, *spec.shape) for number, spec in named]


def _spec(tensor: Tensor) -> TensorSpec:
    if tensor.shape[:1] != (1,):
        raise ModelError(f"{tensor.name!r} has shape {tensor.shape}: export the network with batch 1")
    limits_of(tensor)
    return TensorSpec(
        name=tensor.name,
        shape=tensor.shape[1:],
        dtype=tensor.dtype,
        scale=scale_of(tensor),
        zero_point=zero_point_of(tensor),
    )


def _prepare(graph: Graph) -> list[_Step]:
    """Check that every tensor is made before it is used, and build the kernels."""
    unsupported = sorted({op.name for op in graph.operators} - BUILDERS.keys())
    if unsupported:
        raise ModelError(f"the int8 runtime lacks {', '.join(unsupported)}; it has {', '.join(sorted(BUILDERS))}")
    known = {n for n, tensor in enumerate(graph.tensors) if tensor.data is not None} | set(graph.inputs)
    steps = []
    for operator in graph.operators:
        if not operator.outputs or not known.issuperset(n for n in operator.inputs if n >= 0):
            raise ModelError(f"damaged network: {operator.name} uses a tensor that is made later, or makes none")
        if not known.isdisjoint(operator.outputs):
            raise ModelError(f"damaged network: {operator.name} overwrites a tensor")
        node = Node(
            name=operator.name,
            inputs=tuple(graph.tensors[n] if n >= 0 else None for n in operator.inputs),
            outputs=tuple(graph.tensors[n] for n in operator.outputs),
            options=operator.options,
        )
        steps.append(_Step(BUILDERS[operator.name](node), operator.inputs, operator.outputs))
        known.update(operator.outputs)
    if not steps or not known.issuperset(graph.outputs):
        raise ModelError("damaged network: an output is made by no operator")
    return steps


def _plan_arena(graph: Graph, steps: list[_Step]) -> int:
    """Peak size of the activations when placed greedily by size, largest first (as TensorFlow Lite Micro does)."""
    born = dict.fromkeys(graph.inputs, 0)
    last = dict.fromkeys(graph.inputs, 0)
    for time, step in enumerate(steps):
        last.update((n, time) for n in step.inputs if n in born)
        born.update((n, time) for n in step.outputs)
        last.update((n, time) for n in step.outputs)
    last.update((n, len(steps)) for n in graph.outputs)
    lifetimes = [Lifetime(size_bytes=graph.tensors[n].size_bytes, first=born[n], last=last[n]) for n in sorted(born)]
    return place(lifetimes, ARENA_ALIGNMENT)[1]
