"""``acoustic export`` and ``acoustic budget``: thin over `acoustic.export`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from acoustic.application import Action, Note, Output, Record, Table
from acoustic.errors import ExportError, ParameterError
from acoustic.progress import progress
from acoustic.records import About, plain

if TYPE_CHECKING:
    from acoustic.export.energy import Microcontroller, Supply
    from acoustic.export.qemu.boards import Board
    from acoustic.export.report import Gates

PACKAGES = "gcc gcc-arm-none-eabi libnewlib-arm-none-eabi gcc-riscv64-unknown-elf qemu-system-arm qemu-system-misc"
"""Of Debian and Ubuntu, for every target but the NPUs."""
SOURCE = "A bundle file, the name of a shipped bundle, or a .tflite network."


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """What to export, where to, and what it may cost."""

    bundle: Annotated[str | None, About(SOURCE, argument=True)] = None
    output: Annotated[Path | None, About("Folder to write.", flag="--output -o", metavar="DIR")] = None
    target: Annotated[tuple[str, ...], About("Prove and measure on this board; may be repeated. Default: all.")] = ()
    npu: Annotated[str | None, About("Ask Vela about an NPU, like ethos-u55-128.", metavar="ETHOS")] = None
    clock_mhz: Annotated[float, About("Clock of the microcontroller, for its load.", low=1.0, high=10_000.0)] = 80.0
    max_flash: Annotated[int | None, About("Fail above this much flash.", low=0, metavar="BYTES")] = None
    max_ram: Annotated[int | None, About("Fail above this much RAM.", low=0, metavar="BYTES")] = None
    max_load: Annotated[float | None, About("Fail above this load of the core.", low=0.0, metavar="PERCENT")] = None
    force: Annotated[bool, About("Replace exported files that were edited since.")] = False
    list_targets: Annotated[bool, About("Show boards and NPUs, and stop.")] = False

    @property
    def gates(self) -> Gates:
        """The limits."""
        from acoustic.export.report import Gates

        max_load = None if self.max_load is None else self.max_load / 100
        return Gates(max_flash_bytes=self.max_flash, max_ram_bytes=self.max_ram, max_load=max_load)


def export(options: ExportOptions) -> Iterator[Output]:
    """Turn a model into firmware, or list what it can be proven on."""
    if options.list_targets:
        yield from _list_targets()
        return
    if options.bundle is None or options.output is None:
        raise ParameterError("Name a bundle and a folder: acoustic export roast -o firmware")
    from acoustic.export import exporting
    from acoustic.export.content import load_content

    settings = exporting.ExportSettings(
        boards=_boards(options), clock_mhz=options.clock_mhz, accelerator=_npu(options), gates=options.gates,
        force=options.force,
    )  # fmt: skip
    content = load_content(options.bundle)
    with progress(f"export {content.name}", exporting.n_steps(content, settings.boards)) as advance:
        report = exporting.export(content, options.output, settings, advance)
    yield Record({"folder": str(options.output), **report.to_dict()})
    for header, *rows in (list(report.proof_table()), list(report.cost_table())):
        if rows:
            yield Table(header, rows)
    yield Note(f"{options.output}: written. What it costs is in REPORT.md, how to build it in README.md.")


def _npu(options: ExportOptions) -> str | None:
    from acoustic.export.npu import ACCELERATORS

    if options.npu is not None and options.npu not in ACCELERATORS:
        raise ParameterError(f"There is no NPU {options.npu!r}. There are: {', '.join(ACCELERATORS)}")
    return options.npu


def _boards(options: ExportOptions) -> list[Board]:
    """Return the boards to prove it on; refuse limits for one that cannot be measured: they would hold unseen."""
    from acoustic.export.qemu.boards import BOARDS
    from acoustic.export.qemu.emulator import missing_tool
    from acoustic.export.report import Gates

    if unknown := sorted(set(options.target) - BOARDS.keys()):
        raise ParameterError(f"There is no target {', '.join(unknown)}. There are: {', '.join(BOARDS)}")
    boards = [BOARDS[name] for name in dict.fromkeys(options.target or BOARDS)]
    for board in boards if options.target and options.gates != Gates() else ():
        if missing := missing_tool(board):
            raise ExportError(
                f"{board.name} cannot be measured here, so its limits cannot be checked: {missing} is "
                "not installed (`acoustic export --list-targets` tells how)"
            )
    return boards


def _list_targets() -> Iterator[Output]:
    from acoustic.export.compilers import host_compiler
    from acoustic.export.npu import ACCELERATORS, find_vela
    from acoustic.export.qemu.boards import BOARDS
    from acoustic.export.qemu.emulator import missing_tool

    vela = None if find_vela() else "vela"
    rows = [("host", "this machine", None if host_compiler() else "a C compiler")]
    rows += [(board.name, f"{board.processor}, QEMU {board.machine}", missing_tool(board)) for board in BOARDS.values()]
    rows += [(name, "Arm Ethos-U, estimated by Vela", vela) for name in ACCELERATORS]
    for name, what, missing in rows:
        yield Record({"target": name, "what": what, "missing": missing})
    yield Table(("target", "what", "missing"), [(name, what, missing or "-") for name, what, missing in rows])
    if any(missing for _, _, missing in rows):
        yield Note(f"Compilers and boards: apt-get install {PACKAGES}. Vela: pip install ethos-u-vela.")


@dataclass(frozen=True, kw_only=True)
class BudgetOptions:
    """What listens, and what feeds it."""

    bundle: Annotated[
        str | None, About("A bundle, or a folder that `acoustic export` wrote, which is quicker.", argument=True)
    ] = None
    instructions: Annotated[float | None, About("Instructions per second of sound, instead of a bundle.", low=0)] = None
    battery_mah: Annotated[float, About("Charge of the battery.", low=0.0)] = 0.0
    volts: Annotated[float, About("Its voltage.", low=0.0)] = 3.0
    days: Annotated[float, About("How long it must last.", low=0.0)] = 365.0
    solar_mw: Annotated[float, About("Power of the solar cell in full sun.", low=0.0)] = 0.0
    sun_hours: Annotated[float, About("Hours of full sun per day, in the mean.", low=0.0)] = 2.5
    harvest_uw: Annotated[float, About("Power harvested otherwise, in the mean.", low=0.0)] = 0.0
    microphone_uw: Annotated[float, About("Power of the microphone while listening.", low=0.0)] = 1000.0
    sleep_uw: Annotated[float, About("Power of the whole device asleep.", low=0.0)] = 10.0
    mcu: Annotated[tuple[str, ...], About("This microcontroller; may be repeated.")] = ()

    @property
    def supply(self) -> Supply:
        """What feeds it."""
        from acoustic.export.energy import Supply

        return Supply(
            battery_mah=self.battery_mah, volts=self.volts, days=self.days, solar_mw=self.solar_mw,
            sun_hours=self.sun_hours, harvest_uw=self.harvest_uw,
        )  # fmt: skip


def budget(options: BudgetOptions) -> Iterator[Output]:
    """Tell which share of the time a device can listen."""
    from acoustic.export.budget import budget_rows
    from acoustic.export.energy import CYCLES_SOURCE, ENERGY_SOURCE

    chosen = _microcontrollers(options)
    rows = budget_rows(
        _instructions(options, chosen), options.supply, chosen, microphone_uw=options.microphone_uw,
        sleep_uw=options.sleep_uw,
    )  # fmt: skip
    yield from (Record(plain(row)) for row in rows)
    yield Table(
        ("microcontroller", "instr/s", "load", "listening uW", "supply uW", "duty"),
        [
            (
                row.name, f"{row.instructions_per_second:,.0f}", f"{row.load:.1%}", f"{row.listening_uw:,.0f}",
                f"{row.supply_uw:,.0f}", "too slow" if row.load > 1 else f"{row.duty:.1%}",
            )
            for row in rows
        ],
    )  # fmt: skip
    if left_out := [mcu.name for mcu in chosen if mcu.name not in {row.name for row in rows}]:
        yield Note(f"Left out, since their cores were not measured: {', '.join(left_out)}.")
    yield Note(f"Estimates. {CYCLES_SOURCE[:1].upper()}{CYCLES_SOURCE[1:]}; {ENERGY_SOURCE}.")


def _microcontrollers(options: BudgetOptions) -> list[Microcontroller]:
    from acoustic.export.energy import MICROCONTROLLERS

    if unknown := sorted(set(options.mcu) - MICROCONTROLLERS.keys()):
        raise ParameterError(f"There is no figure for {', '.join(unknown)}. There are: {', '.join(MICROCONTROLLERS)}")
    return [MICROCONTROLLERS[name] for name in options.mcu or MICROCONTROLLERS]


def _instructions(options: BudgetOptions, chosen: list[Microcontroller]) -> float | dict[str, float]:
    from acoustic.export.budget import instructions_of

    if (options.bundle is None) == (options.instructions is None):
        raise ParameterError("Name a bundle, or --instructions: one of them")
    if options.instructions is not None:
        return options.instructions
    assert options.bundle is not None
    return instructions_of(options.bundle, {each.target for each in chosen})


ACTIONS: dict[str, Action[Any]] = {
    "export": Action(
        help="Turn a model into firmware: C sources and projects, proven equal to Python byte for byte, with what they "
        "cost.\n\nLimits hold for every board measured: choose yours with --target. Exits with 5 when a byte differs, "
        "a limit is exceeded or the folder cannot be written; then nothing is written.\n"
        "Example: acoustic export roast -o firmware --target cortex-m4 --max-load 25",
        options=ExportOptions,
        run=export,
    ),
    "budget": Action(
        help="Tell which share of the time a device can listen on a battery, a solar cell or harvested power.\n\n"
        "Estimates: instructions are counted in QEMU, their energy is published or assumed.\n"
        "Example: acoustic budget roast --battery-mah 2500 --days 365",
        options=BudgetOptions,
        run=budget,
    ),
}
