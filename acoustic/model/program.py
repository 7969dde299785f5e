"""A network as calls of C kernels on one block of memory: what the exporter writes and the extension executes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from acoustic.errors import ModelError, ParameterError
from acoustic.model.arena import Lifetime, place
from acoustic.model.c_calls import copy_of
from acoustic.model.c_step import Array, CStep, Fields, View
from acoustic.model.node import Kernel, limits_of
from acoustic.model.pointwise import rescale
from acoustic.model.tflite import Graph, Operator, Tensor

ALIGNMENT = 4  # of buffers, in bytes


@dataclass(frozen=True, kw_only=True, eq=False)
class Call:
    """One call of a kernel; places are bytes from the start of the memory."""

    kernel: str
    fields: Fields
    operator: str
    """Name in TensorFlow Lite."""
    tensor: str
    """Name of what it makes."""
    arguments: tuple[int | Array, ...]
    """Places of its inputs; an array is a constant."""
    target: int
    scratch: int | None


@dataclass(frozen=True, kw_only=True)
class Buffer:
    """A part of the memory and when it is needed."""

    name: str
    start: int
    size_bytes: int
    first: int
    """Number of the operator that writes it; a network's input is there from operator 0."""
    last: int
    """Number of the last operator that needs it; the number of operators for what is kept after a run."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Program:
    """A network as calls of the C kernels, with the memory that they need."""

    calls: tuple[Call, ...]
    arena_bytes: int
    """Memory for everything that changes: inputs, outputs, states, activations, scratch."""
    inputs: tuple[int, ...]
    """Places of the inputs. A run may overwrite those that are no states."""
    outputs: tuple[int, ...]
    buffers: tuple[Buffer, ...]


class Loop:
    """Which inputs and outputs are states, and which are not.

    Raises
    ------
    ParameterError
        If a number is out of range or an input is fed twice.
    """

    def __init__(self, n_inputs: int, n_outputs: int, feedback: Sequence[tuple[int, int]]) -> None:
        self.feedback = tuple(feedback)
        self.states = [state for state, _ in feedback]
        """Numbers of the inputs that are states."""
        back = {output for _, output in feedback}
        if not (set(self.states) <= set(range(n_inputs)) and back <= set(range(n_outputs))):
            raise ParameterError(f"feedback {self.feedback} of a network with {n_inputs} inputs, {n_outputs} outputs")
        if len(set(self.states)) < len(self.states):
            raise ParameterError(f"feedback {self.feedback} gives one state twice")
        self.inputs = [n for n in range(n_inputs) if n not in self.states]
        self.outputs = [n for n in range(n_outputs) if n not in back]


@dataclass
class _Place:
    root: int
    start: int
    tensor: Tensor


class _Planner:
    """Gives every activation a place: a root buffer, and where in it."""

    def __init__(self, graph: Graph, feedback: Sequence[tuple[int, int]]) -> None:
        self.graph = graph
        self.end = len(graph.operators)
        self.last = dict.fromkeys(graph.inputs, 0)
        for time, operator in enumerate(graph.operators):
            self.last.update((n, time) for n in (*operator.inputs, *operator.outputs) if n >= 0)
        self.last.update((n, self.end) for n in graph.outputs)
        self.kept = {graph.inputs[state] for state, _ in feedback}
        self.last.update((n, self.end) for n in self.kept)
        self.places: dict[int, _Place] = {}
        self.names: list[str] = []
        self.lifetimes: list[Lifetime] = []

    def new_root(self, name: str, size_bytes: int, first: int, last: int) -> int:
        self.names.append(name)
        self.lifetimes.append(Lifetime(size_bytes=size_bytes, first=first, last=last))
        return len(self.lifetimes) - 1

    def new_tensor(self, number: int, time: int) -> None:
        tensor = self.graph.tensors[number]
        root = self.new_root(tensor.name, tensor.size_bytes, time, self.last[number])
        self.places[number] = _Place(root, 0, tensor)

    def overlay(self, number: int, on: int, start: int = 0) -> None:
        """Let a tensor be part of the memory of another one."""
        below = self.places[on]
        self.places[number] = _Place(below.root, below.start + start, self.graph.tensors[number])
        lifetime = self.lifetimes[below.root]
        self.lifetimes[below.root] = replace(lifetime, last=max(lifetime.last, self.last[number]))

    def overlaid_input(self, operator: Operator, step: CStep, time: int) -> int | None:
        """Tensor that the step's output may take the place of."""
        output = self.graph.tensors[operator.outputs[step.output]]
        inputs = [operator.inputs[number] for number in step.inputs]
        for candidate in (inputs[number] for number in step.in_place):
            at = self.places.get(candidate)
            if at is None or output.elements > at.tensor.elements or candidate in self.kept:
                continue
            neighbours = [n for n, other in self.places.items() if other.root == at.root]
            others = [n for n in inputs if n != candidate and n in neighbours]
            if not others and all(self.last[n] <= time for n in neighbours):
                return candidate
        return None


def make_program(graph: Graph, kernels: Sequence[Kernel], feedback: Sequence[tuple[int, int]] = ()) -> Program:
    """Plan a network for the C kernels.

    Parameters
    ----------
    graph : Graph
    kernels : sequence of Kernel
        One for each operator.
    feedback : sequence of (input number, output number)
        States: what a run leaves in the output is the input of the next run.

    Raises
    ------
    ModelError
        If the C kernels lack an operator; the message names it.
    """
    _check_types(graph)
    planner = _Planner(graph, feedback)
    for number in graph.inputs:
        planner.new_tensor(number, 0)
    steps: list[tuple[Operator, CStep, int | None]] = []
    for time, (operator, kernel) in enumerate(zip(graph.operators, kernels, strict=True)):
        made = kernel.in_c()
        for step in made:
            number = operator.outputs[step.output]
            if isinstance(step, View):
                _view(planner, operator, step, time, steps)
                continue
            below = planner.overlaid_input(operator, step, time) if len(made) == 1 else None
            if below is not None:
                planner.overlay(number, below)
            elif number not in planner.places:
                planner.new_tensor(number, time)
            scratch = step.scratch_bytes if below is None else step.in_place_scratch_bytes
            root = planner.new_root(f"scratch of {operator.name}", scratch, time, time) if scratch else None
            steps.append((operator, step, root))
    starts, size = place(planner.lifetimes, ALIGNMENT)
    where = {number: starts[at.root] + at.start for number, at in planner.places.items()}
    if not where.keys() >= set(graph.outputs):
        raise ModelError("an output of the network is a constant, which firmware need not compute")
    calls = [
        Call(
            kernel=step.kernel,
            fields=step.fields,
            operator=operator.name,
            tensor=graph.tensors[operator.outputs[step.output]].name,
            arguments=tuple(_argument(graph, where, operator.inputs[n], step.x_start) for n in step.inputs),
            target=where[operator.outputs[step.output]],
            scratch=None if root is None else starts[root],
        )
        for operator, step, root in steps
    ]
    buffers = [
        Buffer(name=name, start=start, size_bytes=life.size_bytes, first=life.first, last=life.last)
        for name, start, life in zip(planner.names, starts, planner.lifetimes, strict=True)
    ]
    return Program(
        calls=(*calls, *_feedback_calls(graph, where, feedback)),
        arena_bytes=size,
        inputs=tuple(where[number] for number in graph.inputs),
        outputs=tuple(where[number] for number in graph.outputs),
        buffers=tuple(buffers),
    )


def _check_types(graph: Graph) -> None:
    for operator in graph.operators:
        for number in operator.outputs:
            tensor = graph.tensors[number]
            limits_of(tensor)
            if tensor.dtype != "int8":
                raise ModelError(
                    f"{operator.name} that makes {tensor.name!r}: the C kernels take int8 activations and "
                    f"this is {tensor.dtype}; quantise the network with int8 activations"
                )


def _view(
    planner: _Planner,
    operator: Operator,
    view: View,
    time: int,
    steps: list[tuple[Operator, CStep, int | None]],
) -> None:
    number, source = operator.outputs[view.output], operator.inputs[view.input]
    if source in planner.places and source not in planner.kept:
        planner.overlay(number, source, view.start)
        return
    # A constant, or a state that must not live on in what is made of it: copied.
    planner.new_tensor(number, time)
    copy = copy_of(planner.graph.tensors[number].elements)
    copy = replace(copy, inputs=(view.input,), output=view.output, x_start=view.start)
    steps.append((operator, copy, None))


def _argument(graph: Graph, where: dict[int, int], number: int, start: int) -> int | Array:
    if number in where:
        return where[number] + start
    data = graph.tensors[number].data
    assert data is not None  # checked before the kernels were built
    return data.reshape(-1)[start:]


def _feedback_calls(graph: Graph, where: dict[int, int], feedback: Iterable[tuple[int, int]]) -> list[Call]:
    """Copy the states that a run leaves to where the next run reads them."""
    calls: list[Call] = []
    for state, output in feedback:
        source, target = graph.tensors[graph.outputs[output]], graph.tensors[graph.inputs[state]]
        if source.elements != target.elements:
            raise ModelError(f"state {target.name!r} of shape {target.shape} comes back with shape {source.shape}")
        start = where[graph.outputs[output]]
        if any(call.target == start for call in calls):
            raise ModelError(f"state {target.name!r} comes back from the memory of another state")
        same = (source.scales, source.zero_points) == (target.scales, target.zero_points)
        (step,) = [copy_of(source.elements)] if same else rescale(source, target).in_c()
        assert isinstance(step, CStep)
        calls.append(
            Call(
                kernel=step.kernel,
                fields=step.fields,
                operator="state",
                tensor=target.name,
                arguments=(start,),
                target=where[graph.inputs[state]],
                scratch=None,
            )
        )
    return calls
