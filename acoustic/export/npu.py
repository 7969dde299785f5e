"""Arm Ethos-U: what its own compiler, Vela, says of a network. It is an optional program, not a part of this suite."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from acoustic.errors import ExportError, MissingExtraError
from acoustic.records import About

ACCELERATORS = (
    *(f"ethos-u55-{macs}" for macs in (32, 64, 128, 256)),
    *(f"ethos-u65-{macs}" for macs in (256, 512)),
    *(f"ethos-u85-{macs}" for macs in (128, 256, 512, 1024, 2048)),
)
TIMEOUT_S = 600


@dataclass(frozen=True, kw_only=True)
class NpuEstimate:
    """Vela's estimate for one inference; nothing was run."""

    accelerator: str
    cycles: Annotated[int, About("Of the accelerator.")]
    sram_bytes: int
    flash_bytes: Annotated[int, About("On and off the chip.")]
    clock_mhz: float
    inference_ms: float
    system: Annotated[str, About("Of Vela's configurations, its default.")]


def estimate(network: Path, accelerator: str, folder: Path) -> NpuEstimate:
    """Compile a network for an accelerator; Vela leaves ``<network>_vela.tflite`` in ``folder``.

    Raises
    ------
    MissingExtraError
        If Vela is not installed.
    ExportError
        If it fails; the message holds what it said.
    """
    vela = find_vela()
    if vela is None:
        raise MissingExtraError(
            "--npu needs Vela, Arm's compiler for Ethos-U, which is not installed: pip install 'acoustic[npu]', "
            "or ethos-u-vela into an environment of its own whose vela is on the path"
        )
    command = [vela, str(network), "--accelerator-config", accelerator, "--output-dir", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ExportError(f"vela cannot be run: {error}") from error
    summaries = sorted(folder.glob(f"{network.stem}_summary_*.csv"))
    if done.returncode or not summaries:
        raise ExportError(f"vela refuses {network.name}: {(done.stderr or done.stdout)[-2000:].strip()}")
    with summaries[0].open(encoding="utf-8", newline="") as stream:
        row = next(csv.DictReader(stream))
    summaries[0].unlink()
    return NpuEstimate(
        accelerator=accelerator,
        cycles=round(float(row["cycles_total"])),
        sram_bytes=round(float(row["sram_memory_used"]) * 1024),
        flash_bytes=round((float(row["on_chip_flash_memory_used"]) + float(row["off_chip_flash_memory_used"])) * 1024),
        clock_mhz=float(row["core_clock"]) / 1e6,
        inference_ms=float(row["inference_time"]) * 1e3,
        system=f"{row['system_config']}, {row['memory_mode']}",
    )


def find_vela() -> str | None:
    """Path of Vela: on the path, or beside this Python."""
    return shutil.which("vela") or shutil.which("vela", path=str(Path(sys.executable).parent))
