"""The int8 network as C: one pair of files with constants in flash and one static block of memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import acoustic
from acoustic.export import c_text
from acoustic.model.c_calls import SCRATCH_KERNELS
from acoustic.model.c_step import Array, Fields, Value, Weights
from acoustic.model.program import Call, Loop, Program
from acoustic.model.runtime import Network, TensorSpec

KERNEL_FOLDER = Path(acoustic.__file__).parent / "native" / "nn"
_KERNEL_FILES = {
    "acoustic_nn_conv.c": {"dense", "conv"},
    "acoustic_nn_row.c": {"dense", "conv"},
    "acoustic_nn_depthwise.c": {"depthwise"},
    "acoustic_nn_scale.c": {"dense", "conv", "depthwise"},
    "acoustic_nn_pool.c": {"average_pool", "max_pool", "mean"},
    "acoustic_nn_pointwise.c": {"add", "mul", "table", "softmax"},
    "acoustic_nn_move.c": {"move"},
}
_STRUCTURES = {"average_pool": "acoustic_nn_pool", "max_pool": "acoustic_nn_pool"}


@dataclass(frozen=True, kw_only=True)
class NetworkSource:
    """A network's C files, as text."""

    name: str
    """Beginning of every symbol, and the files' name without suffix."""
    header: str
    source: str
    program: Program
    loop: Loop

    @property
    def kernels(self) -> list[Path]:
        """Sources of the kernels that it calls, in ``KERNEL_FOLDER``."""
        used = {call.kernel for call in self.program.calls}
        return [KERNEL_FOLDER / name for name, kernels in _KERNEL_FILES.items() if used & kernels]

    def write(self, folder: Path) -> list[Path]:
        """Write both files into a folder and give the sources to compile, kernels included."""
        (folder / f"{self.name}.h").write_text(self.header, encoding="utf-8")
        source = folder / f"{self.name}.c"
        source.write_text(self.source, encoding="utf-8")
        return [source, *self.kernels]


def network_source(
    network: Network, name: str, *, about: Sequence[str] = (), feedback: Sequence[tuple[int, int]] = ()
) -> NetworkSource:
    """Write a network as C99.

    Parameters
    ----------
    network : Network
    name : str
        Beginning of every symbol: lower-case letters, digits and underscores.
    about : sequence of str
        Lines for the files' head: model, version, front end, licence.
    feedback : sequence of (input number, output number)
        States, which the C code keeps from run to run.

    Raises
    ------
    ModelError
        If the C kernels lack an operator; the message names it.
    ParameterError
        If the name or the feedback is unusable.
    """
    c_text.check_identifier(name)
    program = network.program(feedback)
    loop = Loop(len(network.inputs), len(network.outputs), feedback)
    head = [*about, f"Written by acoustic {acoustic.__version__}; edits are lost when it is written again."]
    return NetworkSource(
        name=name,
        header=_Header(network, program, loop, name).text(head),
        source=_Source(network, program, loop, name).text(head),
        program=program,
        loop=loop,
    )


class _Header:
    def __init__(self, network: Network, program: Program, loop: Loop, name: str) -> None:
        self.network, self.program, self.loop, self.name = network, program, loop, name

    def text(self, head: list[str]) -> str:
        name, upper = self.name, self.name.upper()
        ports = [
            *(self._port(f"INPUT_{n}", self.network.inputs[n]) for n in self.loop.inputs),
            *(self._port(f"OUTPUT_{n}", self.network.outputs[n]) for n in self.loop.outputs),
            *(self._port(f"STATE_{n}", self.network.inputs[n]) for n in self.loop.states),
        ]
        functions = [
            *(f"int8_t *{name}_input_{n}(void);" for n in self.loop.inputs),
            *(f"const int8_t *{name}_output_{n}(void);" for n in self.loop.outputs),
        ]
        reset = [f"/* Set the states to zero; done once before the first run. */\nvoid {name}_reset(void);\n"]
        return "\n".join(
            [
                c_text.comment(head),
                f"#ifndef {upper}_H\n#define {upper}_H\n\n#include <stdint.h>\n",
                '#ifdef __cplusplus\nextern "C" {\n#endif\n',
                "/* Memory for everything that changes, inputs and outputs included, and constants in flash. */",
                f"#define {upper}_ARENA_BYTES {self.program.arena_bytes}",
                f"#define {upper}_WEIGHT_BYTES {self.network.weight_bytes}",
                f"#define {upper}_MACS {self.network.macs} /* multiply-accumulates of a run */\n",
                "/* real value = scale * (stored value - zero point) */",
                *ports,
                "/* Where to write the inputs, which a run may overwrite, and to read the outputs after it. */",
                *functions,
                "",
                *(reset if self.loop.states else []),
                f"void {name}_run(void);\n",
                "#ifdef __cplusplus\n}\n#endif\n",
                "#endif\n",
            ]
        )

    def _port(self, which: str, spec: TensorSpec) -> str:
        prefix = f"{self.name.upper()}_{which}"
        shape = ", ".join(map(str, spec.shape)) or "1"
        return "\n".join(
            [
                c_text.comment([spec.name]).replace("/*\n * ", "/* ").replace("\n */\n", " */"),
                f"#define {prefix}_SHAPE {{{shape}}}",
                f"#define {prefix}_BYTES {int(np.prod(spec.shape))}",
                f"#define {prefix}_SCALE {c_text.float32(spec.scale)}",
                f"#define {prefix}_ZERO_POINT ({spec.zero_point})\n",
            ]
        )


class _Source:
    def __init__(self, network: Network, program: Program, loop: Loop, name: str) -> None:
        self.network, self.program, self.loop, self.name = network, program, loop, name
        self.constants: list[str] = []
        self.known: dict[bytes, str] = {}

    def text(self, head: list[str]) -> str:
        name, program = self.name, self.program
        calls = [self._call(number, call) for number, call in enumerate(program.calls)]
        places = [
            *((f"int8_t *{name}_input_{n}", program.inputs[n]) for n in self.loop.inputs),
            *((f"const int8_t *{name}_output_{n}", program.outputs[n]) for n in self.loop.outputs),
        ]
        return "\n".join(
            [
                c_text.comment(
                    [*head, "", "Memory by what it holds, from its first to its last operator:", *self._map()]
                ),
                f'#include "{name}.h"\n\n#include <stddef.h>\n#include <string.h>\n\n#include "acoustic_nn.h"\n',
                *self.constants,
                f"static uint32_t arena[{program.arena_bytes // 4}];\n",
                *(f"{symbol}(void)\n{{\n    return (int8_t *)arena + {place};\n}}\n" for symbol, place in places),
                *(self._reset() if self.loop.states else []),
                f"void {name}_run(void)\n{{\n    int8_t *const memory = (int8_t *)arena;",
                *calls,
                "}\n",
            ]
        )

    def _map(self) -> list[str]:
        return [
            f"{b.start:7d} {b.size_bytes:7d} bytes  {b.first:3d} to {b.last:3d}  {b.name[:60]}"
            for b in sorted(self.program.buffers, key=lambda b: (b.first, b.start))
        ]

    def _reset(self) -> list[str]:
        lines = [
            f"    memset((int8_t *)arena + {self.program.inputs[n]}, {spec.zero_point}, {int(np.prod(spec.shape))});"
            for n, spec in ((n, self.network.inputs[n]) for n in self.loop.states)
        ]
        return [f"void {self.name}_reset(void)\n{{", *lines, "}\n"]

    def _call(self, number: int, call: Call) -> str:
        layer = f"layer_{number}"
        members = self._members(layer, call.fields)
        kind = f"acoustic_nn_{call.kernel}"
        structure = _STRUCTURES.get(call.kernel, kind)
        self.constants.append(f"static const {structure}_t {layer} = {c_text.initialiser(members)};\n")
        arguments = [
            f"&{layer}",
            *(self._place(f"{layer}_input_{n}", place) for n, place in enumerate(call.arguments)),
            f"memory + {call.target}",
        ]
        if call.kernel in SCRATCH_KERNELS:
            arguments.append("NULL" if call.scratch is None else f"memory + {call.scratch}")
        return f"    {kind}({', '.join(arguments)}); /* {call.operator} */"

    def _place(self, name: str, place: int | Array) -> str:
        return f"memory + {place}" if isinstance(place, int) else self._array(name, place)

    def _members(self, prefix: str, fields: Fields) -> dict[str, Any]:
        return {name: self._member(f"{prefix}_{name}", value) for name, value in fields.items()}

    def _member(self, name: str, value: Value) -> Any:
        if isinstance(value, dict):
            return self._members(name, value)
        if isinstance(value, int):
            return str(value)
        if isinstance(value, tuple):
            return f"{{{', '.join(map(str, value))}}}"
        return self._weights(name, value) if isinstance(value, Weights) else self._array(name, value)

    def _array(self, name: str, values: Array) -> str:
        key = values.dtype.name.encode() + values.tobytes()
        if key not in self.known:
            self.known[key] = name
            self.constants.append(c_text.array(name, values))
        return self.known[key]

    def _weights(self, name: str, weights: Weights) -> str:
        paired = c_text.array(name, weights.paired().view("<u4").astype(np.uint32))
        rows = c_text.array(name, weights.rows)
        self.constants.append(f"#if ACOUSTIC_NN_PAIRED_WEIGHTS\n{paired}#else\n{rows}#endif\n")
        return f"(const int8_t *){name}"
