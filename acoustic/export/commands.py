"""The commands ``acoustic export`` and ``acoustic budget``: thin, and quick to import."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acoustic import terminal
from acoustic.errors import ExportError, ParameterError
from acoustic.options import Json

if TYPE_CHECKING:
    from acoustic.export.qemu.boards import Board

PACKAGES = "gcc gcc-arm-none-eabi libnewlib-arm-none-eabi gcc-riscv64-unknown-elf qemu-system-arm qemu-system-misc"
"""Of Debian and Ubuntu, for every target but the NPUs."""
Source = Annotated[
    str | None,
    typer.Argument(metavar="BUNDLE", help="A bundle file, the name of a shipped bundle, or a .tflite network."),
]


def export(
    bundle: Source = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", file_okay=False, help="Folder to write.")
    ] = None,
    target: Annotated[
        list[str] | None, typer.Option(help="Prove and measure on this board; may be repeated. Default: all.")
    ] = None,
    npu: Annotated[str | None, typer.Option(metavar="ETHOS", help="Ask Vela about an NPU, like ethos-u55-128.")] = None,
    clock_mhz: Annotated[float, typer.Option(min=1.0, max=10_000.0, help="Clock of the device, for its load.")] = 80.0,
    max_flash: Annotated[int | None, typer.Option(min=0, metavar="BYTES", help="Fail above this much flash.")] = None,
    max_ram: Annotated[int | None, typer.Option(min=0, metavar="BYTES", help="Fail above this much RAM.")] = None,
    max_load: Annotated[
        float | None, typer.Option(min=0.0, metavar="PERCENT", help="Fail above this load of the core.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace exported files that were edited since.")] = False,
    list_targets: Annotated[bool, typer.Option("--list-targets", help="Show boards and NPUs, and stop.")] = False,
    as_json: Json = False,
) -> None:
    """Turn a model into firmware: C sources and projects, proven equal to Python byte for byte, with what they cost.

    Limits hold for every board measured: choose yours with --target. Exits with 5 when a byte differs, a limit is
    exceeded or the folder cannot be written; then nothing is written.
    Example: acoustic export roast -o firmware --target cortex-m4 --max-load 25
    """
    if list_targets:
        _list_targets(as_json)
        return
    if bundle is None or output is None:
        raise ParameterError("Name a bundle and a folder: acoustic export roast -o firmware")
    from acoustic.export import exporting
    from acoustic.export.content import load_content
    from acoustic.export.npu import ACCELERATORS
    from acoustic.export.report import Gates

    boards = _boards(target)
    if npu is not None and npu not in ACCELERATORS:
        raise ParameterError(f"There is no NPU {npu!r}. There are: {', '.join(ACCELERATORS)}")
    gates = Gates(
        max_flash_bytes=max_flash, max_ram_bytes=max_ram, max_load=None if max_load is None else max_load / 100
    )
    if target and gates != Gates():
        _need_tools(boards)
    content = load_content(bundle)
    settings = exporting.Settings(boards=boards, clock_mhz=clock_mhz, accelerator=npu, gates=gates, force=force)
    with terminal.progress(f"export {content.name}", exporting.n_steps(content, boards)) as advance:
        report = exporting.export(content, output, settings, advance)
    if as_json:
        terminal.emit({"folder": str(output), **report.record()})
        return
    for header, *rows in (list(report.proof_table()), list(report.cost_table())):
        if rows:
            terminal.show_table(header, rows)
    terminal.note(f"{output}: written. What it costs is in REPORT.md, how to build it in README.md.")


def budget(
    bundle: Annotated[
        str | None,
        typer.Argument(
            metavar="[BUNDLE]", help="A bundle, or a folder that `acoustic export` wrote, which is quicker."
        ),
    ] = None,
    instructions: Annotated[
        float | None, typer.Option(min=0.0, help="Instructions a second of sound, instead of a bundle.")
    ] = None,
    battery_mah: Annotated[float, typer.Option(min=0.0, help="Charge of the battery.")] = 0.0,
    volts: Annotated[float, typer.Option(min=0.0, help="Its voltage.")] = 3.0,
    days: Annotated[float, typer.Option(min=0.0, help="How long it must last.")] = 365.0,
    solar_mw: Annotated[float, typer.Option(min=0.0, help="Power of the solar cell in full sun.")] = 0.0,
    sun_hours: Annotated[float, typer.Option(min=0.0, help="Hours of full sun a day, in the mean.")] = 2.5,
    harvest_uw: Annotated[float, typer.Option(min=0.0, help="Power harvested otherwise, in the mean.")] = 0.0,
    microphone_uw: Annotated[float, typer.Option(min=0.0, help="Of the microphone while listening.")] = 1000.0,
    sleep_uw: Annotated[float, typer.Option(min=0.0, help="Of the whole device asleep.")] = 10.0,
    mcu: Annotated[list[str] | None, typer.Option(help="This microcontroller; may be repeated.")] = None,
    as_json: Json = False,
) -> None:
    """Tell which share of the time a device can listen on a battery, a solar cell or harvested power.

    Estimates: instructions are counted in QEMU, their energy is published or assumed.
    Example: acoustic budget roast --battery-mah 2500 --days 365
    """
    from acoustic.export.budget import budget_rows, instructions_of
    from acoustic.export.energy import CYCLES_SOURCE, ENERGY_SOURCE, MICROCONTROLLERS, Supply

    supply = Supply(
        battery_mah=battery_mah,
        volts=volts,
        days=days,
        solar_mw=solar_mw,
        sun_hours=sun_hours,
        harvest_uw=harvest_uw,
    )
    unknown = sorted(set(mcu or ()) - MICROCONTROLLERS.keys())
    if unknown:
        raise ParameterError(f"There is no figure for {', '.join(unknown)}. There are: {', '.join(MICROCONTROLLERS)}")
    chosen = [MICROCONTROLLERS[name] for name in mcu or MICROCONTROLLERS]
    counted: float | dict[str, float]
    if bundle is not None and instructions is None:
        counted = instructions_of(bundle, {each.target for each in chosen})
    elif bundle is None and instructions is not None:
        counted = instructions
    else:
        raise ParameterError("Name a bundle, or --instructions: one of them")
    rows = budget_rows(counted, supply, chosen, microphone_uw=microphone_uw, sleep_uw=sleep_uw)
    if as_json:
        for row in rows:
            terminal.emit(row.record())
        return
    terminal.show_table(
        ("microcontroller", "instr/s", "load", "listening uW", "supply uW", "duty"),
        (
            (
                row.name,
                f"{row.instructions_per_second:,.0f}",
                f"{row.load:.1%}",
                f"{row.listening_uw:,.0f}",
                f"{row.supply_uw:,.0f}",
                "too slow" if row.load > 1 else f"{row.duty:.1%}",
            )
            for row in rows
        ),
    )
    if left_out := [mcu.name for mcu in chosen if mcu.name not in {row.name for row in rows}]:
        terminal.note(f"Left out, since their cores were not measured: {', '.join(left_out)}.")
    terminal.note(f"Estimates. {CYCLES_SOURCE[:1].upper()}{CYCLES_SOURCE[1:]}; {ENERGY_SOURCE}.")


def _boards(names: list[str] | None) -> "list[Board]":
    from acoustic.export.qemu.boards import BOARDS

    unknown = sorted(set(names or ()) - BOARDS.keys())
    if unknown:
        raise ParameterError(f"There is no target {', '.join(unknown)}. There are: {', '.join(BOARDS)}")
    return [BOARDS[name] for name in dict.fromkeys(names or BOARDS)]


def _need_tools(boards: "list[Board]") -> None:
    """Refuse limits for a board that cannot be measured: they would be kept by not looking."""
    from acoustic.export.qemu.emulator import missing_tool

    for board in boards:
        if missing := missing_tool(board):
            raise ExportError(
                f"{board.name} cannot be measured here, so its limits cannot be checked: {missing} is "
                "not installed (`acoustic export --list-targets` tells how)"
            )


def _list_targets(as_json: bool) -> None:
    from acoustic.export.compilers import host_compiler
    from acoustic.export.npu import ACCELERATORS, find_vela
    from acoustic.export.qemu.boards import BOARDS
    from acoustic.export.qemu.emulator import missing_tool

    vela = None if find_vela() else "vela"
    rows = [("host", "this machine", None if host_compiler() else "a C compiler")]
    rows += [(board.name, f"{board.core}, QEMU {board.machine}", missing_tool(board)) for board in BOARDS.values()]
    rows += [(name, "Arm Ethos-U, estimated by Vela", vela) for name in ACCELERATORS]
    if as_json:
        for name, what, missing in rows:
            terminal.emit({"target": name, "what": what, "missing": missing})
        return
    terminal.show_table(("target", "what", "missing"), ((name, what, missing or "-") for name, what, missing in rows))
    if any(missing for _, _, missing in rows):
        terminal.note(f"Compilers and boards: apt-get install {PACKAGES}. Vela: pip install 'acoustic[npu]'.")
