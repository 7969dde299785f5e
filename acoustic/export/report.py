"""What an export costs and what it was proven with: for programs, for people, and as a limit that fails."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import acoustic
from acoustic.errors import ExportError, ParameterError
from acoustic.export.content import LICENCE, Content
from acoustic.export.energy import (
    CYCLES,
    CYCLES_SOURCE,
    ENERGY_SOURCE,
    MICROCONTROLLERS,
    MICROPHONE_UW,
    SLEEP_UW,
    battery_days,
    listening_uw,
    load,
)
from acoustic.export.folder import REPORT, checksums
from acoustic.export.measure import BLOCK_MS, BoardCost
from acoustic.export.npu import NpuEstimate
from acoustic.export.proof import Comparison
from acoustic.export.tflm import MicroNetwork
from acoustic.records import plain

BATTERY_MAH, BATTERY_VOLTS = 2500.0, 3.0
"""Two alkaline AA cells in series."""
DUTIES = (1.0, 0.1)


@dataclass(frozen=True, kw_only=True)
class ExportReport:
    """Everything that an export found out."""

    content: Content
    comparisons: Sequence[Comparison]
    """Without a difference, or not proven."""
    costs: Sequence[BoardCost]
    """One for each board that could be measured."""
    micro: Mapping[str, MicroNetwork]
    npus: Mapping[str, NpuEstimate]
    clock_mhz: float

    @property
    def proven(self) -> list[Comparison]:
        """What was compared, byte for byte."""
        return [comparison for comparison in self.comparisons if comparison.differing_bytes is not None]

    @property
    def unproven(self) -> list[Comparison]:
        """What could not be; the note says why."""
        return [comparison for comparison in self.comparisons if comparison.differing_bytes is None]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        content = self.content
        return {
            "model": {
                "name": content.name,
                "title": content.title,
                "version": content.version,
                "application": content.firmware.application if content.firmware else None,
                "front_end": content.front_end,
                "licence": LICENCE,
                "made_by": f"acoustic {acoustic.__version__}",
            },
            "proof": [comparison.to_dict() for comparison in self.proven],
            "not_proven": [
                {"target": comparison.target, "stage": comparison.stage, "reason": comparison.note}
                for comparison in self.unproven
            ],
            "networks": {name: self._network(name) for name in content.networks},
            "targets": [self._target(cost) for cost in self.costs],
            "estimates": {"cycles": CYCLES_SOURCE, "energy": ENERGY_SOURCE},
        }

    def _network(self, name: str) -> dict[str, Any]:
        network, program = self.content.runtimes[name], self.content.network_sources[name].program
        buffers = sorted(program.buffers, key=lambda buffer: (buffer.first, buffer.start))
        return {
            "macs": network.macs,
            "weight_bytes": network.weight_bytes,
            "arena_bytes": program.arena_bytes,
            "arena": [plain(buffer) for buffer in buffers],
            "tflm": plain(self.micro[name]),
            "npu": plain(self.npus[name]) if name in self.npus else None,
        }

    def _target(self, cost: BoardCost) -> dict[str, Any]:
        return {
            "target": cost.target,
            "core": cost.processor,
            "flash_bytes": cost.flash_bytes,
            "flash": [plain(part) for part in cost.flash],
            "ram_bytes": cost.ram_bytes,
            "ram": [plain(buffer) for buffer in cost.ram],
            "stack_bytes": cost.stack_bytes,
            "instructions_per_second": cost.instructions_per_second,
            "instructions_per_block": cost.instructions_per_block,
            "most_instructions": cost.most_instructions,
            "block_ms": BLOCK_MS,
            "instructions_per_inference": dict(cost.instructions_per_inference),
            "estimates": self._estimates(cost),
        }

    def _estimates(self, cost: BoardCost) -> dict[str, Any]:
        cycles = CYCLES[cost.target]
        longest = max(cost.instructions_per_inference.values(), default=0)
        made: dict[str, Any] = {
            "clock_mhz": self.clock_mhz,
            "cycles_per_instruction": [cycles.low, cycles.high],
            "inference_ms": load(longest, 1e-3, cost.target, self.clock_mhz),
        }
        if cost.instructions_per_second is None or cost.most_instructions is None:
            return made
        made["load"] = load(cost.instructions_per_second, 1.0, cost.target, self.clock_mhz)
        made["longest_block_ms"] = load(cost.most_instructions, 1e-3, cost.target, self.clock_mhz)
        made["microcontrollers"] = [
            {
                "name": mcu.name,
                "clock_mhz": mcu.clock_mhz,
                "load": load(cost.instructions_per_second, 1.0, cost.target, mcu.clock_mhz),
                "core_uj_per_second": listening_uw(cost.instructions_per_second, mcu, microphone_uw=0.0, sleep_uw=0.0),
                "battery_days": {
                    f"{duty:g}": battery_days(
                        BATTERY_MAH, BATTERY_VOLTS, listening_uw(cost.instructions_per_second, mcu), SLEEP_UW, duty
                    )
                    for duty in DUTIES
                },
                "source": mcu.source,
            }
            for mcu in MICROCONTROLLERS.values()
            if mcu.target == cost.target
        ]
        return made

    def cost_table(self) -> Iterator[tuple[str, ...]]:
        """Header, then a row for each board."""
        yield (
            "target",
            "flash B",
            "RAM B",
            "of it stack",
            "instr/s",
            "instr/inference",
            f"load at {self.clock_mhz:g} MHz",
        )
        for cost in self.costs:
            second = cost.instructions_per_second
            inference = max(cost.instructions_per_inference.values(), default=0)
            yield (
                cost.target,
                f"{cost.flash_bytes:,}",
                f"{cost.ram_bytes:,}",
                f"{cost.stack_bytes:,}",
                "-" if second is None else f"{second:,}",
                f"{inference:,}",
                "-" if second is None else f"{load(second, 1.0, cost.target, self.clock_mhz):.1%}",
            )

    def proof_table(self) -> Iterator[tuple[str, ...]]:
        """Header, then a row for each stage on each target, and for what was not proven."""
        yield ("target", "stage", "bytes", "differing")
        for comparison in self.proven:
            yield (comparison.target, comparison.stage, f"{comparison.bytes:,}", str(comparison.differing_bytes))
        for comparison in self.unproven:
            yield (comparison.target, comparison.stage, "-", comparison.note)


@dataclass(frozen=True, kw_only=True)
class Gates:
    """Limits that an export must keep on every board that it is measured on; None for no limit."""

    max_flash_bytes: int | None = None
    max_ram_bytes: int | None = None
    max_load: float | None = None
    """Share of the processor's time at the clock of the report."""

    def fit(self, content: Content) -> None:
        """Refuse a limit that nothing can be compared with.

        Raises
        ------
        ParameterError
            If a load is limited and there is a network alone.
        """
        if self.max_load is not None and content.firmware is None:
            raise ParameterError("A network alone has no load: --max-load needs a bundle")

    def check(self, report: ExportReport) -> None:
        """Compare.

        Raises
        ------
        ExportError
            If a limit is exceeded, or there is nothing to compare; the message names all that are.
        """
        if (self.max_flash_bytes, self.max_ram_bytes, self.max_load) == (None, None, None):
            return
        if not report.costs:
            raise ExportError(
                "The limits cannot be checked: no board could be measured. Install its compiler and QEMU "
                "(`acoustic export --list-targets` tells what is missing)"
            )
        if broken := [sentence for cost in report.costs for sentence in self._broken(cost, report.clock_mhz)]:
            raise ExportError(f"{'; '.join(broken)}. Nothing was exported")

    def _broken(self, cost: BoardCost, clock_mhz: float) -> Iterator[str]:
        for what, value, limit in (
            ("flash", cost.flash_bytes, self.max_flash_bytes),
            ("RAM", cost.ram_bytes, self.max_ram_bytes),
        ):
            if limit is not None and value > limit:
                yield f"{cost.target} takes {value:,} bytes of {what}, more than the {limit:,} allowed"
        if self.max_load is None or cost.instructions_per_second is None:
            return
        share = load(cost.instructions_per_second, 1.0, cost.target, clock_mhz)
        if share > self.max_load:
            yield (
                f"{cost.target} would be busy for {share:.1%} of the time at {clock_mhz:g} MHz, more than the "
                f"{self.max_load:.1%} allowed (an estimate)"
            )


def write_report(report: ExportReport, folder: Path) -> None:
    """Write ``REPORT.md`` and ``report.json``, which ends the folder: it holds the checksums of all else."""
    (folder / "REPORT.md").write_text(markdown(report), encoding="utf-8")
    record = {**report.to_dict(), "files": checksums(folder)}
    (folder / REPORT).write_text(json.dumps(record, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def markdown(report: ExportReport) -> str:
    """Write the report for people."""
    content = report.content
    parts = [
        f"# {content.title} {content.version}",
        f"Written by acoustic {acoustic.__version__}. Front end: {content.front_end or 'none'}.",
        "## Proof",
        "Bytes of each stage, compared with those that NumPy computes from the same sound.",
        _table(report.proof_table()),
        "## Cost",
        "Flash is the whole program with start-up code; RAM is static memory, a block of samples and the stack's "
        "high-water mark. Instructions are counted in QEMU; load is an estimate.",
        _table(report.cost_table()) if report.costs else "No board could be measured.",
    ]
    for cost in report.costs:
        parts += _cost_parts(cost)
    for name, micro in report.micro.items():
        network, program = content.runtimes[name], content.network_sources[name].program
        parts += [
            f"## Network {name}",
            f"{network.macs:,} multiply-accumulates, {network.weight_bytes:,} bytes of constants, "
            f"{program.arena_bytes:,} bytes of memory:",
            _table(_lifetimes(program.buffers)),
            f"TensorFlow Lite Micro: {', '.join(micro.operators)}; arena {micro.arena_bytes:,} bytes, "
            f"{micro.arena_source}.",
        ]
        if name in report.npus:
            found = report.npus[name]
            parts.append(
                f"{found.accelerator} by Vela's estimate ({found.system}): {found.cycles:,} cycles, "
                f"{found.inference_ms:.3f} ms at {found.clock_mhz:g} MHz, {found.sram_bytes:,} bytes of SRAM, "
                f"{found.flash_bytes:,} bytes of flash."
            )
    parts += [
        "## Energy",
        *_energy_parts(report),
        "## Where estimates come from",
        f"- {CYCLES_SOURCE}.",
        f"- {ENERGY_SOURCE}.",
    ]
    return "\n\n".join(parts) + "\n"


def _cost_parts(cost: BoardCost) -> list[str]:
    flash = [
        (part.part, f"{part.code_bytes:,}", f"{part.weight_bytes:,}", f"{part.table_bytes:,}") for part in cost.flash
    ]
    ram = [(buffer.name, buffer.part, f"{buffer.bytes:,}") for buffer in cost.ram if buffer.bytes >= 16]
    return [
        f"### {cost.processor}",
        _table([("flash", "code", "weights", "tables"), *flash]),
        _table([("RAM", "part", "bytes"), *ram, ("stack", "high-water mark", f"{cost.stack_bytes:,}")]),
    ]


def _energy_parts(report: ExportReport) -> list[str]:
    rows = [
        (
            mcu["name"],
            f"{mcu['load']:.1%} at {mcu['clock_mhz']:g} MHz",
            f"{mcu['core_uj_per_second']:,.0f}",
            *(f"{days:,.0f}" for days in mcu["battery_days"].values()),
        )
        for target in report.to_dict()["targets"]
        for mcu in target["estimates"].get("microcontrollers", ())
    ]
    if not rows:
        return ["No microcontroller with published energy has a processor that was measured."]
    days = [f"days on two AA cells, {duty:.0%} listening" for duty in DUTIES]
    return [
        f"Estimates, with a microphone of {MICROPHONE_UW:,.0f} uW while listening and {SLEEP_UW:g} uW in sleep "
        f"(assumptions) and {BATTERY_MAH:,.0f} mAh at {BATTERY_VOLTS:g} V. `acoustic budget` computes others.",
        _table([("microcontroller", "load", "processor, uJ/s", *days), *rows]),
    ]


def _lifetimes(buffers: Sequence[Any]) -> Iterator[tuple[str, ...]]:
    yield ("start", "bytes", "first operator", "last operator", "holds")
    for buffer in sorted(buffers, key=lambda buffer: (buffer.first, buffer.start)):
        yield (f"{buffer.start:,}", f"{buffer.size_bytes:,}", str(buffer.first), str(buffer.last), buffer.name[:60])


def _table(rows: Iterator[tuple[str, ...]] | Sequence[tuple[str, ...]]) -> str:
    header, *body = rows
    lines = [header, tuple("---" for _ in header), *body]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
