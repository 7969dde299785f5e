"""The arena of TensorFlow Lite Micro: what its interpreter says here, and structures as compilers see them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from acoustic.export import tflm_layout
from acoustic.export.compilers import compile_c, host_compiler
from acoustic.export.qemu.boards import BOARDS
from acoustic.export.qemu.emulator import missing_tool
from acoustic.export.tflm_arena import NATIVE, PACKAGE, Build, arena
from acoustic.model.bundle import Bundle
from acoustic.model.kernels import BUILDERS
from acoustic.model.tflite import read_graph

FOLDER = Path(__file__).parent.parent / "model" / "models"
MODELS = sorted(path.stem for path in FOLDER.glob("*.tflite") if not path.stem.endswith("16"))
SHIPPED = ["roast", "turbine", "hearing"]
#: Prints what it takes of each network. It tells it on stderr only.
RECORD = """
import sys
from tflite_micro import runtime
for path in sys.argv[1:]:
    runtime.Interpreter.from_file(path, arena_size=1 << 20).print_allocations()
"""
START = """
import sys
from tflite_micro import runtime
runtime.Interpreter.from_file(sys.argv[1], arena_size=int(sys.argv[2]))
"""
C_TYPES = {"p": "void *", "i": "int ", "h": "short ", "b": "char ", "d": "double "}


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files of networks that have every operator together."""
    folder = tmp_path_factory.mktemp("networks")
    paths = {name: FOLDER / f"{name}.tflite" for name in MODELS}
    for name in SHIPPED:
        paths[name] = folder / f"{name}.tflite"
        paths[name].write_bytes(Bundle.load(name).network)
    return paths


def test_every_operator_is_in_some_network(networks: dict[str, Path]) -> None:
    found = {operator.name for path in networks.values() for operator in read_graph(path.read_bytes()).operators}
    # These two do what RESHAPE does, with its options or with none.
    assert found | {"EXPAND_DIMS", "SQUEEZE"} == BUILDERS.keys()
    assert set(tflm_layout.DATA) <= BUILDERS.keys()
    assert set(tflm_layout.OPTIONS) <= BUILDERS.keys()


def test_head_and_tail_are_those_of_the_interpreter(networks: dict[str, Path]) -> None:
    pytest.importorskip("tflite_micro")
    done = subprocess.run(
        [sys.executable, "-c", RECORD, *networks.values()], capture_output=True, text=True, check=True
    )
    told = re.findall(r"Arena allocation (head|tail) (\d+) bytes", done.stderr)
    heads, tails = ([int(size) for part, size in told if part == which] for which in ("head", "tail"))
    ours = [arena(read_graph(path.read_bytes()), PACKAGE) for path in networks.values()]
    assert [each.head_bytes for each in ours] == heads
    assert [each.tail_bytes for each in ours] == tails
    assert len(ours) >= 20


@pytest.mark.slow
@pytest.mark.parametrize("name", [*SHIPPED, "dscnn", "sigmoid", "relu6", "depthwise", "gru_step"])
def test_less_does_not_start(networks: dict[str, Path], name: str) -> None:
    """Some by what stays, some by what planning takes, some by an operator's preparation."""
    pytest.importorskip("tflite_micro")
    needed = arena(read_graph(networks[name].read_bytes()), PACKAGE).needed_bytes

    def starts(size: int) -> bool:
        command = [sys.executable, "-c", START, networks[name], str(size)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    assert starts(needed)
    assert not starts(needed - 16)


@pytest.mark.parametrize("build", [NATIVE, Build(is_package=True), PACKAGE])
def test_structures_are_as_large_as_compilers_make_them(build: Build, tmp_path: Path) -> None:
    compilers = {
        board.name: [f"{board.prefix}gcc", *board.flags] for board in BOARDS.values() if not missing_tool(board)
    }
    if build.pointer_bytes == 8:
        compilers = {"host": command} if (command := host_compiler()) else {}
    if not compilers:
        pytest.skip("needs compilers: apt-get install gcc gcc-arm-none-eabi gcc-riscv64-unknown-elf")
    lines = []
    for table in (tflm_layout.STRUCTURES, tflm_layout.DATA, tflm_layout.OPTIONS):
        for name, members in table.items():
            more = tflm_layout.added(name) if build.is_package else ()
            size, alignment = build.layout(name, members)
            structure = f"struct {{ {declared(' '.join((members, *more)))} }}"
            lines.append(f'_Static_assert(sizeof({structure}) == {size}, "{name}");')
            lines.append(f'_Static_assert(_Alignof({structure}) == {alignment}, "{name}");')
    assert len(lines) > 80
    source = tmp_path / "structures.c"
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    for compiler in compilers.values():
        compile_c(compiler, [source], tmp_path / "out.o", flags=["-std=c11", "-c"])


def declared(members: str) -> str:
    """Write members as C."""
    found = re.findall(r"(\d*)([pihbd])", members)
    return " ".join(f"{C_TYPES[kind]}m{number}[{count or 1}];" for number, (count, kind) in enumerate(found))


def test_a_microcontroller_takes_less(networks: dict[str, Path]) -> None:
    for path in networks.values():
        graph = read_graph(path.read_bytes())
        board, package = arena(graph), arena(graph, PACKAGE)
        assert board.head_bytes == package.head_bytes
        assert board.tail_bytes < 0.9 * package.tail_bytes
        assert board.needed_bytes % 16 == 0
        assert board.needed_bytes >= board.used_bytes
