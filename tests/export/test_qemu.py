"""The emulated boards themselves: bytes go in and out, and instructions are counted exactly."""

from pathlib import Path

import pytest

from acoustic.errors import ExportError
from acoustic.export.qemu.boards import BOARDS
from acoustic.export.qemu.emulator import build, missing_tool, run

PROGRAM = """
#include <string.h>
#include "board.h"

static const char greeting[] = "bytes: ";
static unsigned char initialised[4] = {1, 2, 3, 4};
static unsigned char buffer[64];

static void spend(unsigned loops)
{
#if defined(__riscv)
    __asm__ volatile("1: addi %0, %0, -1\\n bnez %0, 1b" : "+r"(loops));
#else
    __asm__ volatile("1: subs %0, #1\\n bne 1b" : "+r"(loops) : : "cc");
#endif
}

static int use_stack(void)
{
    volatile unsigned char room[2000];
    room[0] = 1;
    room[1999] = 2;
    return room[0] + room[1999];
}

int program_main(void)
{
    const size_t size = board_read(buffer, sizeof buffer);
    board_write(greeting, 7);
    for (size_t i = 0; i < size; i++) {
        buffer[i] = (unsigned char)(buffer[i] + initialised[i % 4]);
    }
    board_write(buffer, size);
    for (unsigned loops = 1000; loops <= 3000; loops += 1000) {
        board_region_start();
        spend(loops);
        board_region_stop(2);
    }
    board_region_start();
    spend(20000000);
    board_region_stop(5);
    return use_stack() - 3;
}
"""


@pytest.fixture(params=BOARDS.values(), ids=lambda board: board.name)
def board(request):
    missing = missing_tool(request.param)
    if missing:
        pytest.skip(f"{missing} is missing: apt-get install {APT}")
    return request.param


APT = "gcc-arm-none-eabi libnewlib-arm-none-eabi gcc-riscv64-unknown-elf qemu-system-arm qemu-system-misc"


def write(folder: Path, text: str) -> Path:
    path = folder / "program.c"
    path.write_text(text, encoding="utf-8")
    return path


def test_bytes_instructions_and_stack(board, tmp_path):
    program = build(board, [write(tmp_path, PROGRAM)], tmp_path)
    assert 500 < program.flash_bytes < 6000
    first, second = run(program, b"abcdef"), run(program, b"abcdef")
    assert first == second
    assert first.output == b"bytes: bdfhfh"
    assert first.regions.keys() == {2, 5}
    assert first.regions[2].calls == 3
    # Two instructions a turn, and a few for the marks themselves.
    assert 12000 <= first.regions[2].instructions <= 12000 + 3 * 60
    assert 6000 <= first.regions[2].most_instructions <= 6060
    # The counter wraps on the way.
    assert 40_000_000 <= first.regions[5].instructions <= 40_000_000 + 300
    assert 2000 <= first.stack_bytes < 2600


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return 3;", "exit code 3"),
        ("*(volatile unsigned *)0x70000001u = 1u; __builtin_trap();", "the program faulted"),
    ],
)
def test_failure_is_an_error(board, tmp_path, body, message):
    source = write(tmp_path, f'#include "board.h"\nint program_main(void) {{ {body} }}\n')
    with pytest.raises(ExportError, match=f"{board.name}: {message}"):
        run(build(board, [source], tmp_path), b"")


def test_the_compiler_is_strict(board, tmp_path):
    source = write(tmp_path, '#include "board.h"\nint program_main(void) { int unused; return 0; }\n')
    with pytest.raises(ExportError, match="unused"):
        build(board, [source], tmp_path)
