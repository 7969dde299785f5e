"""Networks written as C: the bytes of the runtime, on this machine and on emulated boards."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from made_graphs import LAYERS
from many_networks import ManyNetworks
from random_inputs import random_inputs

from acoustic.datasets import data_root
from acoustic.errors import ModelError, ParameterError
from acoustic.export.compilers import SANITIZER_FLAGS, STRICT_FLAGS, compile_c, host_compiler
from acoustic.export.network import KERNEL_FOLDER, network_source
from acoustic.export.proof import prove_network
from acoustic.export.qemu.boards import BOARDS
from acoustic.export.qemu.emulator import RUNTIME, build, missing_tool, run
from acoustic.export.replay import RUN_REGION, interleaved, run_on_host
from acoustic.model.bundle import Bundle
from acoustic.model.runtime import Network

FOLDER = Path(__file__).parent.parent / "model" / "models"
ROOT = data_root()
AD01 = next(ROOT.glob("machines/ad01_reference/ad01_int8.tflite"), None) if ROOT else None
MODELS = sorted(path.stem for path in FOLDER.glob("*.tflite") if not path.stem.endswith("16"))
MODELS_16 = sorted(path.stem for path in FOLDER.glob("*16.tflite"))
SHIPPED = ["hearing", "roast", "turbine"]
APT = (
    "apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm gcc-riscv64-unknown-elf qemu-system-misc"
)
ALL = [*MODELS, *SHIPPED, "ad01"]
QUICK = {"arithmetic", "dscnn", "gru_step", "layout"}  # every kernel, and each compiles in a second
EVERY = [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in ALL]


def read(name: str) -> bytes:
    if name == "ad01":
        if AD01 is None:
            pytest.skip("ad01_int8.tflite is missing: set ACOUSTIC_DATA to the data root")
        return AD01.read_bytes()
    return Bundle.load(name).network if name in SHIPPED else (FOLDER / f"{name}.tflite").read_bytes()


@pytest.mark.parametrize("name", EVERY)
def test_no_byte_differs_on_the_host(name, tmp_path):
    if host_compiler() is None:
        pytest.skip("there is no C compiler: apt-get install gcc libc6-dev")
    data = read(name)
    network = Network.from_bytes(data)
    inputs = random_inputs(network, np.random.default_rng(2), 1000)
    found, _ = prove_network(network, data, network_source(network, name), inputs, tmp_path, boards=[])
    comparisons = {comparison.target: comparison for comparison in found}
    host = comparisons["host-c"]
    assert host.bytes == 1000 * sum(int(np.prod(spec.shape)) for spec in network.outputs)
    assert host.differing_bytes == 0, host.note
    assert comparisons["tflite-micro"].differing_bytes in (0, None)


def all_networks(seed: int, runs: dict[str, int]) -> ManyNetworks:
    """Each network with random inputs; without ``ad01`` where it is missing."""
    cases = {}
    for name, n_runs in runs.items():
        if name != "ad01" or AD01:
            network = Network.from_bytes(read(name))
            cases[name] = network, random_inputs(network, np.random.default_rng(seed), n_runs)
    return ManyNetworks(cases)


def assert_no_byte_differs(name: str, networks: ManyNetworks, outputs: dict[str, bytes]) -> None:
    read(name)  # skips what is missing
    assert outputs[name] == networks.expected[name]


@pytest.fixture(scope="module")
def for_boards(tmp_path_factory):
    """All networks, and the C files of a program that runs them."""
    # Those that were made for tests only are many.
    networks = all_networks(2, {name: 30 if name in MODELS else 1000 for name in ALL})
    return networks, networks.write(tmp_path_factory.mktemp("for_boards"))


@pytest.fixture(scope="module", params=BOARDS.values(), ids=lambda board: board.name)
def on_board(request, for_boards, tmp_path_factory):
    """All networks run on a board: the networks, the output of each, and the outcome of the run."""
    if missing := missing_tool(request.param):
        pytest.skip(f"{missing} is missing: {APT}")
    networks, sources = for_boards
    folder = tmp_path_factory.mktemp("on_board")
    program = build(request.param, sources, folder, include=[sources[0].parent, KERNEL_FOLDER])
    outcome = run(program, networks.input)
    return networks, networks.outputs(outcome.output), outcome


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_no_byte_differs_on_a_board(name, on_board):
    networks, outputs, _ = on_board
    assert_no_byte_differs(name, networks, outputs)


@pytest.mark.slow
def test_runs_on_a_board_are_counted_and_take_little_stack(on_board):
    networks, _, outcome = on_board
    assert outcome.regions[RUN_REGION].calls == networks.runs
    assert outcome.stack_bytes < 1024


@pytest.mark.slow
@pytest.mark.parametrize("board", ["cortex-m4", "cortex-m55"])
@pytest.mark.parametrize("kind", ["dense", "conv", "depthwise"])
def test_no_byte_differs_for_any_geometry(kind, board, tmp_path):
    missing = missing_tool(BOARDS[board])
    if missing:
        pytest.skip(f"{missing} is missing: {APT}")
    cases = {}
    for seed in range(12):
        rng = np.random.default_rng([seed, 2])
        network = Network(LAYERS[kind](rng))
        cases[f"{kind}_{seed}"] = network, random_inputs(network, rng, 20)
    networks = ManyNetworks(cases)
    program = build(BOARDS[board], networks.write(tmp_path), tmp_path, include=[tmp_path, KERNEL_FOLDER])
    outputs = networks.outputs(run(program, networks.input).output)
    assert [name for name, output in outputs.items() if output != networks.expected[name]] == []


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory):
    """All networks run under the sanitizers: the networks, and the output of each."""
    compiler = host_compiler()
    if compiler is None:
        pytest.skip("there is no C compiler: apt-get install gcc libc6-dev")
    networks = all_networks(3, dict.fromkeys(ALL, 60))
    folder = tmp_path_factory.mktemp("sanitized")
    sources, program = [*networks.write(folder), RUNTIME / "host.c"], folder / "program"
    flags = [*STRICT_FLAGS, *SANITIZER_FLAGS]
    compile_c(compiler, sources, program, flags=flags, include=[folder, KERNEL_FOLDER, RUNTIME])
    done = subprocess.run([program], input=networks.input, capture_output=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return networks, networks.outputs(done.stdout)


@pytest.mark.parametrize("name", ALL)
def test_clean_under_the_sanitizers(name, sanitized):
    assert_no_byte_differs(name, *sanitized)


@pytest.mark.parametrize(("name", "feedback"), [("gru_step", [(1, 1)]), ("stream_conv", [(1, 1)])])
def test_states_are_kept_from_run_to_run(name, feedback, tmp_path):
    if host_compiler() is None:
        pytest.skip("there is no C compiler: apt-get install gcc libc6-dev")
    network = Network.from_bytes(read(name))
    source = network_source(network, name, feedback=feedback)
    x = random_inputs(network, np.random.default_rng(4), 200)[0]
    zero = np.full(network.inputs[1].shape, network.inputs[1].zero_point, np.int8)
    outputs, _ = network.run_sequence(x, feedback=feedback, states=[zero])
    assert run_on_host(source, tmp_path, interleaved([x])) == interleaved(outputs)
    # The state does matter.
    assert any(
        np.any(a != b) for a, b in zip(outputs, network.run(x, np.tile(zero, (200, *[1] * zero.ndim))), strict=False)
    )
    assert f"void {name}_reset(void);" in source.header
    assert f"{name}_input_1" not in source.header


def test_files_say_what_they_hold():
    network = Network.from_bytes(read("dscnn"))
    source = network_source(network, "kws", about=["keywords 1.2 */ #error", "Licence: CC0-1.0"])
    assert source.header.startswith("/*\n * keywords 1.2 * / #error\n * Licence: CC0-1.0\n")
    values = dict(re.findall(r"#define KWS_(\w+) (.+)", source.header))
    assert int(values["ARENA_BYTES"]) == source.program.arena_bytes < network.arena_bytes
    assert values["INPUT_0_SHAPE"] == "{25, 10, 1}"
    assert int(values["INPUT_0_BYTES"]) == 250
    assert np.float32(values["OUTPUT_0_SCALE"].rstrip("f")) == np.float32(1 / 256)
    assert values["OUTPUT_0_ZERO_POINT"] == "(-128)"
    assert values["MACS"].startswith(f"{network.macs} ")
    assert "acoustic_nn_softmax(" in source.source
    assert [path.name for path in source.kernels] == [
        "acoustic_nn_conv.c",
        "acoustic_nn_row.c",
        "acoustic_nn_depthwise.c",
        "acoustic_nn_scale.c",
        "acoustic_nn_pool.c",
        "acoustic_nn_pointwise.c",
    ]


def test_the_same_network_gives_the_same_files():
    data = read("dscnn")
    first, second = (network_source(Network.from_bytes(data), "kws") for _ in range(2))
    assert (first.header, first.source) == (second.header, second.source)


@pytest.mark.parametrize("name", MODELS_16)
def test_wide_activations_are_refused_by_name(name):
    with pytest.raises(ModelError, match=r"^[A-Z_0-9]+ that makes .* int16; quantise the network with int8"):
        network_source(Network.from_bytes(read(name)), "wide")


@pytest.mark.parametrize("name", ["", "Kws", "9lives", "a b", "a-b", "é", "x" * 80])
def test_unusable_symbol(name):
    with pytest.raises(ParameterError, match="cannot begin a C symbol"):
        network_source(Network.from_bytes(read("dense")), name)


def test_buffers_that_live_together_lie_apart():
    for name in [*MODELS, *SHIPPED]:
        program = Network.from_bytes(read(name)).program()
        buffers = program.buffers
        for number, a in enumerate(buffers):
            assert 0 <= a.start <= a.start + a.size_bytes <= program.arena_bytes
            for b in buffers[:number]:
                apart = a.last < b.first or b.last < a.first
                assert apart or a.start + a.size_bytes <= b.start or b.start + b.size_bytes <= a.start
