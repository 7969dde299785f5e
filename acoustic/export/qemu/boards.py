"""The boards that QEMU emulates and that the export is proven on, one for each kind of processor."""

from __future__ import annotations

from dataclasses import dataclass

_ARM = ("-mthumb", "-nostartfiles", "-nodefaultlibs")
_HARD = ("-mfloat-abi=hard",)
_AN505 = {"flash": (0x10000000, 4 << 20), "ram": (0x38000000, 2 << 20), "tick_ns": 50.0}
_AN547 = {"flash": (0x10000000, 512 << 10), "ram": (0x31000000, 2 << 20), "tick_ns": 31.25}


@dataclass(frozen=True, kw_only=True)
class Board:
    """An emulated board, and how to build for it."""

    name: str
    """Name of the target."""
    processor: str
    """What is on it, for people."""
    machine: str
    """QEMU's name of the board."""
    prefix: str
    """Of the compiler's programs."""
    emulator: str
    flags: tuple[str, ...]
    flash: tuple[int, int]
    """Address and size of where code lies."""
    ram: tuple[int, int]
    tick_ns: float
    """Period of the counter that regions are timed with; instructions take ``2**icount_shift`` ns each."""
    icount_shift: int
    libraries: tuple[str, ...] = ("-lc", "-lgcc")

    @property
    def is_riscv(self) -> bool:
        """Whether it is a RISC-V, and not an Arm."""
        return "riscv" in self.prefix


def _cortex_m(name: str, processor: str, machine: str, cpu_flags: tuple[str, ...], **memory: object) -> Board:
    # An instruction every 64 ns and a tick every 50 ns or less: the counter tells instructions apart.
    settings: dict[str, object] = {"flash": (0, 4 << 20), "ram": (0x20000000, 4 << 20), "tick_ns": 40.0} | memory
    return Board(
        name=name,
        processor=processor,
        machine=machine,
        prefix="arm-none-eabi-",
        emulator="qemu-system-arm",
        flags=(*cpu_flags, *_ARM),
        icount_shift=6,
        **settings,  # type: ignore[arg-type]
    )


BOARDS = {
    board.name: board
    for board in (
        _cortex_m("cortex-m3", "Arm Cortex-M3", "mps2-an385", ("-mcpu=cortex-m3", "-mfloat-abi=soft")),
        _cortex_m("cortex-m4", "Arm Cortex-M4F", "mps2-an386", ("-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", *_HARD)),
        _cortex_m("cortex-m7", "Arm Cortex-M7", "mps2-an500", ("-mcpu=cortex-m7", "-mfpu=fpv5-sp-d16", *_HARD)),
        _cortex_m(
            "cortex-m33", "Arm Cortex-M33", "mps2-an505", ("-mcpu=cortex-m33", "-mfpu=fpv5-sp-d16", *_HARD), **_AN505
        ),
        _cortex_m("cortex-m55", "Arm Cortex-M55", "mps3-an547", ("-mcpu=cortex-m55", "-mfpu=auto", *_HARD), **_AN547),
        Board(
            name="rv32",
            processor="RISC-V RV32IMAC",
            machine="virt",
            prefix="riscv64-unknown-elf-",
            emulator="qemu-system-riscv32",
            flags=(
                "-march=rv32imac",
                "-mabi=ilp32",
                "-misa-spec=2.2",
                "-mcmodel=medany",
                "-nostdlib",
                "-ffreestanding",
            ),
            flash=(0x80000000, 16 << 20),
            ram=(0x81000000, 16 << 20),
            tick_ns=1.0,
            icount_shift=0,
            libraries=("-lgcc",),
        ),
    )
}
"""By name."""
