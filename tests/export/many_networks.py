"""One program of many networks: what they have in common is compiled, linked and started once."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acoustic.export.network import NetworkSource, network_source
from acoustic.export.replay import RUN_REGION, interleaved
from acoustic.model.runtime import Network

Inputs = Sequence[NDArray[np.int8]]


class ManyNetworks:
    """Networks by name, each with the inputs that it runs on."""

    def __init__(self, cases: Mapping[str, tuple[Network, Inputs]]) -> None:
        self.cases = cases

    @property
    def runs(self) -> int:
        """Of all networks together."""
        return sum(len(inputs[0]) for _, inputs in self.cases.values())

    @cached_property
    def expected(self) -> dict[str, bytes]:
        """Output of each network, of the runtime."""
        return {name: interleaved(network.run(*inputs)) for name, (network, inputs) in self.cases.items()}

    @property
    def input(self) -> bytes:
        """What the program reads."""
        return b"".join(interleaved(inputs) for _, inputs in self.cases.values())

    def outputs(self, output: bytes) -> dict[str, bytes]:
        """Output of each network, of the program."""
        sizes = [len(expected) for expected in self.expected.values()]
        assert len(output) == sum(sizes)
        starts = np.cumsum([0, *sizes])
        return {name: output[at : at + size] for name, at, size in zip(self.cases, starts, sizes, strict=False)}

    def write(self, folder: Path) -> list[Path]:
        """Write ``program_main``, which runs one network after the other; the C files of the program."""
        sources = {name: network_source(network, name) for name, (network, _) in self.cases.items()}
        main = [
            '#include "board.h"',
            *(f'#include "{name}.h"' for name in sources),
            *(_run(source, len(self.cases[name][1][0])) for name, source in sources.items()),
            "int program_main(void)\n{",
            *(f"    run_{name}();" for name in sources),
            "    return 0;\n}\n",
        ]
        path = folder / "many_networks.c"
        path.write_text("\n".join(main), encoding="utf-8")
        written = [file for source in sources.values() for file in source.write(folder)]
        return list(dict.fromkeys([path, *written]))


def _run(source: NetworkSource, runs: int) -> str:
    name, upper = source.name, source.name.upper()
    lines = [
        *(f"board_read({name}_input_{n}(), {upper}_INPUT_{n}_BYTES);" for n in source.loop.inputs),
        f"board_region_start();\n        {name}_run();\n        board_region_stop({RUN_REGION});",
        *(f"board_write({name}_output_{n}(), {upper}_OUTPUT_{n}_BYTES);" for n in source.loop.outputs),
    ]
    body = "".join(f"        {line}\n" for line in lines)
    return f"static void run_{name}(void)\n{{\n    for (int run = 0; run < {runs}; run++) {{\n{body}    }}\n}}"
