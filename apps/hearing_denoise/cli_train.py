"""``acoustic hearing train``."""

from pathlib import Path
from typing import Annotated

import typer


def train(
    output: Annotated[Path, typer.Option("--output", "-o", help="Bundle to write.")] = Path("hearing.bundle"),
    work: Annotated[Path, typer.Option(help="Folder for what an interrupted run need not do again.")] = Path(
        "hearing-training"
    ),
    seed: Annotated[int, typer.Option(min=0, help="Decides every random number.")] = 1,
    files: Annotated[int, typer.Option(min=1, help="Mixtures, in files of 13 minutes.")] = 96,
    steps: Annotated[int, typer.Option(min=1, help="How long to learn: 17600 take three hours on one core.")] = 17_600,
) -> None:
    """Train a network on speech, noises and rooms mixed by the computer; an interrupted training goes on.

    Example: acoustic hearing train -o mine.bundle --work training
    """
    from acoustic.datasets import require_root
    from acoustic.terminal import note

    from .train import train as run

    bundle = run(work, require_root(), seed, files=files, steps=steps)
    bundle.save(output)
    figures = bundle.calibration["means"]
    note(
        f"Wrote {output}. PESQ-WB, STOI and SI-SDR of {bundle.calibration['mixtures']} held-out mixtures: "
        f"noisy {figures['noisy']}, float {figures['float']}, int8 {figures['int8']}."
    )
