"""A whole export: write, prove, measure, and only then let it appear."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from acoustic.export import c_text, npu, parity
from acoustic.export.api import reference
from acoustic.export.content import Content
from acoustic.export.folder import whole_folder
from acoustic.export.measure import BoardCost, measure
from acoustic.export.projects import project_files
from acoustic.export.qemu.boards import Board
from acoustic.export.qemu.emulator import missing_tool
from acoustic.export.report import ExportReport, Gates, write_report
from acoustic.export.tflm import MicroNetwork, micro_files, micro_network

Advance = Callable[[float], None]


@dataclass(frozen=True, kw_only=True)
class ExportSettings:
    """What an export is asked for."""

    boards: Sequence[Board]
    clock_mhz: float = 80.0
    """Of the microcontroller, for its load."""
    accelerator: str | None = None
    """An Ethos-U for Vela's estimate."""
    gates: Gates = field(default_factory=Gates)
    force: bool = False


def n_steps(content: Content, boards: Sequence[Board]) -> int:
    """How often :func:`export` advances."""
    return 1 + parity.n_steps(content, boards) + len(boards)


def export(
    content: Content, folder: Path, settings: ExportSettings, advance: Advance = lambda amount: None
) -> ExportReport:
    """Write firmware into a folder, proven and measured; nothing is left of an export that fails.

    Raises
    ------
    ExportError
        If a byte differs from Python's, a limit is exceeded, or the folder cannot be written.
    ParameterError
        If the folder holds files of others, or a limit means nothing for the content.
    MissingExtraError
        If an accelerator's compiler is asked for and not installed.
    """
    settings.gates.fit(content)
    with whole_folder(folder, force=settings.force) as made, _work_folder() as work:
        _write(made, content)
        micro = _write_networks(made / "tflm", content)
        npus = _compile_for_npu(made, content, settings.accelerator)
        advance(1)
        comparisons, inferences = parity.prove(content, settings.boards, made / "src", work, advance)
        report = ExportReport(
            content=content,
            comparisons=comparisons,
            costs=list(_costs(content, settings.boards, made / "src", work, inferences, advance)),
            micro=micro,
            npus=npus,
            clock_mhz=settings.clock_mhz,
        )
        settings.gates.check(report)
        write_report(report, made)
    return report


@contextmanager
def _work_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="acoustic-export-") as name:
        yield Path(name)


def _write(made: Path, content: Content) -> None:
    texts = {f"src/{name}": text for name, text in content.sources.items()}
    texts |= project_files(content)
    head = c_text.comment(content.about)
    texts["API.md"] = reference(content.header, content.sources[content.header].removeprefix(head))
    if content.card:
        texts["MODEL_CARD.md"] = content.card
    if licence := _licence():
        texts["LICENSE"] = licence
    for name, text in texts.items():
        path = made / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _licence() -> str | None:
    """Text of the suite's own licence, as it was installed."""
    try:
        return distribution("acoustic").read_text("licenses/LICENSE")
    except PackageNotFoundError:
        return None


def _write_networks(folder: Path, content: Content) -> dict[str, MicroNetwork]:
    folder.mkdir()
    micro = {}
    for name, data in content.networks.items():
        (folder / f"{name}.tflite").write_bytes(data)
        micro[name] = micro_network(data)
        for file, text in micro_files(name, data, micro[name], content.about).items():
            (folder / file).write_text(text, encoding="utf-8")
    return micro


def _compile_for_npu(made: Path, content: Content, accelerator: str | None) -> dict[str, npu.NpuEstimate]:
    if accelerator is None:
        return {}
    folder = made / "npu"
    folder.mkdir()
    return {name: npu.estimate(made / "tflm" / f"{name}.tflite", accelerator, folder) for name in content.networks}


def _costs(
    content: Content,
    boards: Sequence[Board],
    sources: Path,
    work: Path,
    inferences: parity.NetworkCosts,
    advance: Advance,
) -> Iterator[BoardCost]:
    for board in boards:
        if missing_tool(board) is None:
            folder = work / f"cost-{board.name}"
            folder.mkdir()
            known = {name: costs[board.name].instructions for name, costs in inferences.items()}
            yield measure(content, board, sources, folder, known)
        advance(1)
