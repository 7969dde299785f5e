"""The reverse of a report: from a supply of power to the share of the time that a microcontroller can listen."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from acoustic.errors import ExportError, ParameterError
from acoustic.export.content import load_content
from acoustic.export.energy import Microcontroller, Supply, listening_uw, load, sustainable_duty
from acoustic.export.folder import REPORT
from acoustic.export.measure import measure
from acoustic.export.qemu.boards import BOARDS
from acoustic.export.qemu.emulator import missing_tool
from acoustic.records import About


@dataclass(frozen=True, kw_only=True)
class BudgetRow:
    """What one microcontroller can do."""

    name: str
    instructions_per_second: float
    load: Annotated[float, About("Share of its time at its clock.")]
    listening_uw: Annotated[float, About("Power while it listens.", unit="uW")]
    supply_uw: Annotated[float, About("Power that the supply gives.", unit="uW")]
    duty: Annotated[float, About("Share of the time that it can listen; 0 where the processor is too slow.")]


def budget_rows(
    instructions: float | Mapping[str, float],
    supply: Supply,
    mcus: Iterable[Microcontroller],
    *,
    microphone_uw: float,
    sleep_uw: float,
) -> list[BudgetRow]:
    """Compute a row for each microcontroller.

    Parameters
    ----------
    instructions : float or mapping
        A second of sound; a mapping by target leaves out the microcontrollers whose processor it lacks.
    supply : Supply
    mcus : iterable of Microcontroller
    microphone_uw, sleep_uw : float
        Power of the microphone while listening, and of the whole board asleep (uW).
    """
    rows = []
    for mcu in mcus:
        count = instructions.get(mcu.target) if isinstance(instructions, Mapping) else instructions
        if count is None:
            continue
        share = load(count, 1.0, mcu.target, mcu.clock_mhz)
        needed_uw = listening_uw(count, mcu, microphone_uw=microphone_uw, sleep_uw=sleep_uw)
        rows.append(
            BudgetRow(
                name=mcu.name,
                instructions_per_second=count,
                load=share,
                listening_uw=needed_uw,
                supply_uw=supply.mean_uw,
                duty=0.0 if share > 1 else sustainable_duty(supply.mean_uw, needed_uw, sleep_uw),
            )
        )
    return rows


def instructions_of(bundle: str, targets: Collection[str]) -> dict[str, float]:
    """Return the instructions a second of sound, by target, of an exported folder or a bundle measured now.

    Raises
    ------
    ExportError
        If there is no such figure and it cannot be measured here.
    ParameterError
        If a network alone is given.
    """
    report = Path(bundle) / REPORT
    if report.is_file():
        return _exported(report, targets)
    content = load_content(bundle)
    if content.firmware is None:
        raise _alone(bundle)
    counted: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="acoustic-budget-") as name:
        sources = Path(name) / "src"
        sources.mkdir()
        for file, text in content.sources.items():
            (sources / file).write_text(text, encoding="utf-8")
        for target in sorted(targets):
            if missing_tool(BOARDS[target]) is None:
                work = Path(name) / target
                work.mkdir()
                counted[target] = measure(content, BOARDS[target], sources, work).instructions_per_second or 0
    return _not_empty(counted, "no board can be measured here: `acoustic export --list-targets` tells what is missing")


def _exported(report: Path, targets: Collection[str]) -> dict[str, float]:
    try:
        record = json.loads(report.read_text(encoding="utf-8"))
        is_alone, rows = record["model"]["application"] is None, record["targets"]
        counted = {row["target"]: float(row["instructions_per_second"] or 0) for row in rows}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ExportError(f"{report}: is not the report of an export; export again") from error
    if is_alone:
        raise _alone(report.parent)
    wanted = {target: count for target, count in counted.items() if target in targets and count}
    return _not_empty(wanted, f"{report} has no figure for {', '.join(sorted(targets))}: export again with --target")


def _alone(source: str | Path) -> ParameterError:
    return ParameterError(f"{source} is a network alone: how often it runs in a second, only a bundle knows")


def _not_empty(counted: dict[str, float], complaint: str) -> dict[str, float]:
    if not counted:
        raise ExportError(f"Instructions are not known: {complaint}")
    return counted
