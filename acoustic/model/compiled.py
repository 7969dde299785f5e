"""The network executed by the compiled core: same bytes as NumPy, and much faster for one inference at a time."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.model.c_step import Fields, Value, Weights
from acoustic.model.program import Call, Program

KERNELS = (
    *("dense", "conv", "depthwise", "average_pool", "max_pool", "mean"),
    *("add", "mul", "table", "softmax", "move"),
)
"""In the order of ``acoustic_nn_kernel`` in ``acoustic/native/nn/_run.h``."""


class _Argument(ctypes.Structure):
    _fields_ = [("constant", ctypes.c_void_p), ("place", ctypes.c_int64)]


class _Call(ctypes.Structure):
    _fields_ = [
        ("kernel", ctypes.c_int64),
        ("layer", ctypes.c_void_p),
        ("a", _Argument),
        ("b", _Argument),
        ("target", ctypes.c_int64),
        ("scratch", ctypes.c_int64),
    ]


class _Port(ctypes.Structure):
    _fields_ = [("values", ctypes.c_void_p), ("size", ctypes.c_int64), ("place", ctypes.c_int64)]


class NativeProgram:
    """A program in the form that the compiled core executes.

    Parameters
    ----------
    program : Program
    library : ctypes.CDLL
        The compiled core.
    """

    def __init__(self, program: Program, library: ctypes.CDLL) -> None:
        self.program = program
        self._run = library.acoustic_nn_run
        self._run.restype = None
        self._run.argtypes = [ctypes.c_void_p, ctypes.c_int64] * 4
        self._alive: list[Any] = []  # what the structures point to
        self.calls = (_Call * len(program.calls))(*map(self._call, program.calls))
        """What ``acoustic_nn_run`` executes, in order: an array of ``acoustic_nn_call``."""

    def new_memory(self) -> NDArray[np.int8]:
        """Give memory for a run; it keeps the states between runs."""
        return np.zeros(self.program.arena_bytes, np.int8)

    def run(
        self,
        memory: NDArray[np.int8],
        input_places: Sequence[int],
        inputs: Sequence[NDArray[np.int8]],
        output_places: Sequence[int],
        outputs: Sequence[NDArray[np.int8]],
    ) -> None:
        """Run the network once for each element of the inputs' first axis.

        Parameters
        ----------
        memory : array int8 [program.arena_bytes]
        input_places : sequence of int
            Where each input goes in the memory before a run.
        inputs : sequence of array int8 [count, *shape]
        output_places : sequence of int
            Where each output is read from after it.
        outputs : sequence of array int8 [count, *shape]
            Filled; without gaps.
        """
        count = len(outputs[0]) if outputs else 0
        if not count:
            return
        arrays = [np.ascontiguousarray(array) for array in inputs]  # alive until the run is over
        sources, targets = _ports(input_places, arrays, count), _ports(output_places, outputs, count)
        self._run(
            ctypes.addressof(self.calls), len(self.calls), memory.ctypes.data, count,
            ctypes.addressof(sources), len(sources), ctypes.addressof(targets), len(targets),
        )  # fmt: skip

    def _call(self, call: Call) -> _Call:
        arguments = [_Argument(None, 0), _Argument(None, 0)]
        for number, place in enumerate(call.arguments):
            arguments[number] = _Argument(None, place) if isinstance(place, int) else _Argument(self._address(place), 0)
        layer = self._structure(call.fields)
        self._alive.append(layer)
        return _Call(
            KERNELS.index(call.kernel),
            ctypes.addressof(layer),
            *arguments,
            call.target,
            -1 if call.scratch is None else call.scratch,
        )

    def _address(self, array: NDArray[Any]) -> int:
        array = np.ascontiguousarray(array)
        self._alive.append(array)
        return int(array.ctypes.data)

    def _structure(self, fields: Fields) -> ctypes.Structure:
        values = {name: self._value(value) for name, value in fields.items()}
        kind = type("_Layer", (ctypes.Structure,), {"_fields_": [(name, type(v)) for name, v in values.items()]})
        made: ctypes.Structure = kind(*values.values())
        return made

    def _value(self, value: Value) -> Any:
        if isinstance(value, dict):
            return self._structure(value)
        if isinstance(value, int):
            return ctypes.c_int32(value)
        if isinstance(value, tuple):
            return (ctypes.c_int32 * len(value))(*value)
        return ctypes.c_void_p(self._address(value.rows if isinstance(value, Weights) else value))


def _ports(places: Sequence[int], arrays: Sequence[NDArray[np.int8]], count: int) -> ctypes.Array[_Port]:
    pairs = zip(places, arrays, strict=True)
    return (_Port * len(arrays))(*(_Port(array.ctypes.data, array.size // count, place) for place, array in pairs))
