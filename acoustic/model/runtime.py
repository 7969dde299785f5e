"""The int8 runtime: run a .tflite network with the arithmetic of a microcontroller, many inferences at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic import native
from acoustic.errors import ModelError, ParameterError
from acoustic.model.arena import Lifetime, place
from acoustic.model.compiled import NativeProgram
from acoustic.model.kernels import BUILDERS
from acoustic.model.node import Kernel, Node, limits_of, scale_of, zero_point_of
from acoustic.model.pointwise import rescale
from acoustic.model.program import Loop, Program, make_program
from acoustic.model.tflite import Graph, Tensor, read_graph

MAX_ACTIVATION_BYTES = 4 << 20  # of all tensors of one inference; no microcontroller holds more
MAX_MACS = 1 << 30  # of one inference
BLOCK_ELEMENTS = 1 << 17  # of the largest intermediate array: stays in a core's cache
DENSE_RUNS = 64  # of a network without convolutions; more are faster as one matrix product in NumPy
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
        if (held := sum(tensor.size_bytes for tensor in tensors if tensor.data is None)) > MAX_ACTIVATION_BYTES:
            raise ModelError(f"its activations take {held} bytes, more than {MAX_ACTIVATION_BYTES >> 20} MiB")
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
        if self.macs > MAX_MACS:
            raise ModelError(f"one inference takes {self.macs} multiply-accumulates, more than {MAX_MACS}")
        used = {n for step in self._steps for n in step.inputs if n in self._constants}
        self.weight_bytes = sum(tensors[number].size_bytes for number in used)
        """Size of all constants."""
        self.arena_bytes = _plan_arena(graph, self._steps)
        """Memory for activations, inputs and outputs included, when each lives only as long as it is needed."""
        largest = max(tensors[n].elements for n in (*graph.inputs, *(n for step in self._steps for n in step.outputs)))
        scratch = max(step.kernel.scratch_elements for step in self._steps)
        self._block = max(1, BLOCK_ELEMENTS // max(largest, scratch, 1))
        self._native_runs = math.inf if any("CONV" in name for name in self.operators) else DENSE_RUNS
        self._programs: dict[tuple[tuple[int, int], ...], NativeProgram | None] = {}

    @classmethod
    def from_bytes(cls, data: bytes) -> Network:
        """Load a .tflite file.

        Raises
        ------
        ModelError
            If the file is damaged, holds an operator or type that the runtime does not do, or is too large for any
            microcontroller.
        """
        graph = read_graph(data)
        try:
            with np.errstate(over="raise", divide="raise", invalid="raise"):
                network = cls(graph)
                network._run_block([np.zeros((1, *spec.shape), spec.dtype) for spec in network.inputs])
        except (ValueError, TypeError, LookupError, ArithmeticError, MemoryError) as error:
            # A damaged graph can contradict itself in more ways than its operators check one by one.
            raise ModelError(f"damaged network: {error}") from error
        return network

    def program(self, feedback: Sequence[tuple[int, int]] = ()) -> Program:
        """Plan the network for the C kernels: arguments and errors as for `make_program`."""
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
            _check(spec, array, (count,))
        outputs = tuple(np.empty((count, *spec.shape), spec.dtype) for spec in self.outputs)
        native = self.native() if count <= self._native_runs else None
        if native:
            native.run(native.new_memory(), native.program.inputs, inputs, native.program.outputs, outputs)
            return outputs
        for start in range(0, count, self._block):
            rows = slice(start, start + self._block)
            for whole, part in zip(outputs, self._run_block([array[rows] for array in inputs]), strict=True):
                whole[rows] = part
        return outputs

    def run_sequence(
        self, *inputs: NDArray[Any], feedback: Sequence[tuple[int, int]], states: Sequence[NDArray[Any]]
    ) -> tuple[tuple[NDArray[Any], ...], tuple[NDArray[Any], ...]]:
        """Run T inferences one after the other, each with the states that the one before left.

        Parameters
        ----------
        *inputs : array int8 (or int16) [T, *shape]
            One for each of ``self.inputs`` that is no state, of its type.
        feedback : sequence of (input number, output number)
            The states: what an inference leaves in the output is the next one's input.
        states : sequence of array [*shape]
            For each state its value before the first inference, as the input stores it.

        Returns
        -------
        outputs : tuple of arrays [T, *shape]
            One for each of ``self.outputs`` that is no state.
        states : tuple of arrays [*shape]
            After the last inference, as the inputs store them.

        Raises
        ------
        ParameterError
            If number, type or shape of the inputs or states differ from ``self.inputs``.
        """
        loop = Loop(len(self.inputs), len(self.outputs), feedback)
        if len(inputs) != len(loop.inputs) or len(states) != len(loop.states):
            raise ParameterError(
                f"the network takes {len(loop.inputs)} inputs and {len(loop.states)} states, "
                f"got {len(inputs)} and {len(states)}"
            )
        count = len(inputs[0]) if inputs and inputs[0].ndim else 0
        for number, array in zip(loop.inputs, inputs, strict=True):
            _check(self.inputs[number], array, (count,))
        for number, array in zip(loop.states, states, strict=True):
            _check(self.inputs[number], array, ())
        outputs = tuple(np.empty((count, *self.outputs[n].shape), self.outputs[n].dtype) for n in loop.outputs)
        native = self.native(tuple(feedback))
        if native:
            program, memory = native.program, native.new_memory()
            rooms = [
                memory[program.inputs[n] : program.inputs[n] + state.size].reshape(state.shape)
                for n, state in zip(loop.states, states, strict=True)
            ]
            for room, state in zip(rooms, states, strict=True):
                room[...] = state
            sources, targets = [program.inputs[n] for n in loop.inputs], [program.outputs[n] for n in loop.outputs]
            native.run(memory, sources, inputs, targets, outputs)
            return outputs, tuple(room.copy() for room in rooms)
        return outputs, self._run_steps(loop, inputs, states, outputs)

    def _run_steps(
        self,
        loop: Loop,
        inputs: Sequence[NDArray[Any]],
        states: Sequence[NDArray[Any]],
        outputs: tuple[NDArray[Any], ...],
    ) -> tuple[NDArray[Any], ...]:
        """Do the same as the compiled core, one inference at a time; fills ``outputs`` and gives the states."""
        tensors = self._graph.tensors
        rescales = [
            rescale(tensors[self._graph.outputs[output]], tensors[self._graph.inputs[state]])
            for state, output in loop.feedback
        ]
        arguments = [np.empty((1, *spec.shape), spec.dtype) for spec in self.inputs]
        for number, start in zip(loop.states, states, strict=True):
            arguments[number][0] = start
        for time in range(len(outputs[0]) if outputs else 0):
            for position, array in zip(loop.inputs, inputs, strict=True):
                arguments[position] = array[time : time + 1]
            results = self._run_block(arguments)
            for whole, output in zip(outputs, loop.outputs, strict=True):
                whole[time] = results[output][0]
            for (state, output), kernel in zip(loop.feedback, rescales, strict=True):
                arguments[state] = kernel.run(results[output])[0]
        return tuple(arguments[number][0].copy() for number in loop.states)

    def native(self, feedback: tuple[tuple[int, int], ...] = ()) -> NativeProgram | None:
        """Give the network in the form that the compiled core executes, None where NumPy has to compute.

        ``feedback`` is that of :meth:`program`.
        """
        library = native.core()
        if library is None:
            return None
        if feedback not in self._programs:
            try:
                self._programs[feedback] = NativeProgram(self.program(feedback), library)
            except ModelError:  # int16 activations, for example
                self._programs[feedback] = None
        return self._programs[feedback]

    def _run_block(self, inputs: list[NDArray[Any]]) -> list[NDArray[Any]]:
        values = dict(self._constants)
        for number, array in zip(self._graph.inputs, inputs, strict=True):
            values[number] = array[:, np.newaxis]
        for step in self._steps:
            arguments = [values[number] for number in step.inputs if number >= 0]
            values.update(zip(step.outputs, step.kernel.run(*arguments), strict=True))
        named = zip(self._graph.outputs, self.outputs, strict=True)
        return [values[number].reshape(-1, *spec.shape) for number, spec in named]


def _check(spec: TensorSpec, array: NDArray[Any], count: tuple[int, ...]) -> None:
    if array.dtype != spec.dtype or array.shape != (*count, *spec.shape):
        wanted = f"{spec.dtype} [{', '.join(['N'] * len(count) + [str(size) for size in spec.shape])}]"
        raise ParameterError(f"input {spec.name!r} must be {wanted}, got {array.dtype} {list(array.shape)}")


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
