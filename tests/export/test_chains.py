"""Replaying PCM through an application's C, with an application of four lines."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from acoustic.errors import ExportError
from acoustic.export.chains import program
from acoustic.export.compilers import host_compiler
from acoustic.export.qemu.boards import BOARDS
from acoustic.export.qemu.emulator import missing_tool
from acoustic.firmware import Firmware

#: Tells each block's sum, and at the end how many samples there were.
REPLAY = """
#include "acoustic_trace.h"
#include "replay.h"
#include "sums.h"

static uint32_t samples;

void replay_start(void)
{
    samples = 0;
}

void replay_push(const int16_t *pcm, size_t n)
{
    const int32_t sum = sum_of(pcm, n);
    (void)sum;
    samples += (uint32_t)n;
    ACOUSTIC_TRACE(0, &sum, sizeof sum);
}

void replay_end(void)
{
    ACOUSTIC_TRACE(1, &samples, sizeof samples);
}
"""
HEADER = "#include <stddef.h>\n#include <stdint.h>\nint32_t sum_of(const int16_t *pcm, size_t n);\n"
SOURCE = """#include "sums.h"
int32_t sum_of(const int16_t *pcm, size_t n)
{
    int32_t sum = 0;
    for (size_t i = 0; i < n; ++i) {
        sum += pcm[i];
    }
    return sum;
}
"""
PCM = np.random.default_rng(0).integers(-32768, 32767, 5000).astype(np.int16)
BLOCKS = [1, 0, 999, 4000]


def expected(_: np.ndarray) -> dict[str, bytes]:
    sums = [part.sum(dtype=np.int32) for part in np.split(PCM, np.cumsum(BLOCKS)[:-1])]
    return {"sums": np.array(sums, "<i4").tobytes(), "samples": np.uint32(5000).tobytes()}


@pytest.fixture
def made() -> Firmware:
    return Firmware(
        application="sums",
        header="sums.h",
        sources={"sums.h": HEADER, "sums.c": SOURCE},
        core=("acoustic_trace.h",),
        networks={"tiny": (Path(__file__).parent.parent / "model" / "models" / "dense.tflite").read_bytes()},
        replay=REPLAY,
        stages=("sums", "samples"),
        expected=expected,
        rate_hz=16_000,
        example_pcm=PCM,
    )


@pytest.fixture
def needs_compiler() -> None:
    if host_compiler() is None:
        pytest.skip("needs a C compiler: apt-get install gcc libc6-dev")


@pytest.mark.usefixtures("needs_compiler")
@pytest.mark.parametrize("sanitized", [False, True])
def test_every_stage_comes_out(made: Firmware, tmp_path: Path, sanitized: bool) -> None:
    built = program.build_on_host(program.write_sources(made, tmp_path), tmp_path, sanitized=sanitized)
    assert program.replay_on_host(built, PCM, BLOCKS, made.stages) == expected(PCM)


@pytest.mark.usefixtures("needs_compiler")
def test_a_block_too_long_and_wrong_c_are_told(made: Firmware, tmp_path: Path) -> None:
    sources = program.write_sources(made, tmp_path)
    built = program.build_on_host(sources, tmp_path)
    long = np.zeros(program.MAX_BLOCK + 1, np.int16)
    with pytest.raises(ExportError, match="exit code 1"):
        program.replay_on_host(built, long, [len(long)], made.stages)
    (tmp_path / "sums.c").write_text(SOURCE.replace("int32_t sum = 0", "int32_t sum"), encoding="utf-8")
    with pytest.raises(ExportError, match="sums"):
        program.build_on_host(sources, tmp_path)


@pytest.mark.usefixtures("needs_compiler")
def test_memory_faults_are_found(made: Firmware, tmp_path: Path) -> None:
    sources = {**made.sources, "sums.c": SOURCE.replace("i < n", "i < n + 20000")}
    faulty = replace(made, sources=sources)
    built = program.build_on_host(program.write_sources(faulty, tmp_path), tmp_path, sanitized=True)
    with pytest.raises(ExportError, match="AddressSanitizer"):
        program.replay_on_host(built, PCM, BLOCKS, made.stages)


def test_a_board_gives_the_same_and_its_cost(made: Firmware, tmp_path: Path) -> None:
    board = BOARDS["cortex-m4"]
    if missing := missing_tool(board):
        pytest.skip(f"{missing} is missing: apt-get install gcc-arm-none-eabi qemu-system-arm")
    sources = program.write_sources(made, tmp_path)
    traced = program.build_on_board(board, sources, tmp_path)
    assert program.replay_on_board(traced, PCM, BLOCKS, made.stages)[0] == expected(PCM)
    plain = program.build_on_board(board, sources, tmp_path, traced=False, block_samples=4000)
    stages, outcome = program.replay_on_board(plain, PCM, BLOCKS, made.stages)
    assert stages == {"sums": b"", "samples": b""}
    assert outcome.regions[0].calls == len(BLOCKS)
    assert plain.ram_bytes < traced.ram_bytes - 2 * (program.MAX_BLOCK - 4000) + 100


def test_blocks_make_up_the_signal() -> None:
    assert program.equal_blocks(10, 4) == [4, 4, 2]
    assert program.equal_blocks(8, 4) == [4, 4]
    assert program.equal_blocks(0, 4) == []
    with pytest.raises(ValueError, match="blocks of 9 samples"):
        program.as_input(np.zeros(10, np.int16), [9])
