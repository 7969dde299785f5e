"""Judging by held-out mixtures or pairs of one's own: what is measured, shown and claimed."""

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Annotated

from acoustic.application import Action, Line, Note, Output, Record, Table, Written
from acoustic.datasets import require_root
from acoustic.errors import DataError
from acoustic.progress import track
from acoustic.records import About
from acoustic.score.processes import n_jobs
from acoustic.score.writers import csv_line, write_lines

from .evaluation import report
from .evaluation.haspi import require_haspi
from .evaluation.judge import COLUMNS, JudgedClip, Setup, judge_all, some_of
from .evaluation.metrics import require_packages
from .evaluation.pairs import Loadable, held_out, read_list
from .evaluation.plot import save_plot
from .evaluation.rivals import RIVALS
from .evaluation.summary import BEATEN, EvaluationSummary
from .evaluation.targets import targets


@dataclass(frozen=True, kw_only=True)
class HearingEvaluateOptions:
    """What to judge by."""

    pairs: Annotated[
        Path | None,
        About(
            "List of your own: columns noisy, clean, and perhaps snr_db, noise; files relative to the list.",
            argument=True,
            metavar="[PAIRS.csv]",
        ),
    ] = None
    sentences: Annotated[int, About("Held-out sentences, each with one noise at five ratios.", low=1)] = 20
    rooms: Annotated[bool, About("Put the held-out talkers into simulated rooms.")] = False
    seed: Annotated[int, About("Decides which mixtures.", low=0)] = 1
    rivals: Annotated[
        bool, About("Run the denoisers by others that are installed, too.", flag="--rivals/--no-rivals")
    ] = True
    haspi: Annotated[
        int, About("Measure HASPI of so many clips: about 20 s per clip and system.", low=0, metavar="N")
    ] = 0
    csv: Annotated[Path | None, About("Write every clip by every system here.")] = None
    plot: Annotated[Path | None, About("Draw the measures over the ratio here.", metavar="PNG")] = None
    bundle: Annotated[str, About("A bundle file, or the name of a shipped bundle.")] = "hearing"
    jobs: Annotated[int | None, About("Processes; default: one for each core.", low=1)] = None


def evaluate(options: HearingEvaluateOptions) -> Iterator[Output]:
    """Judge, and show what came of it.

    Raises
    ------
    DataError
        If none of the pairs can be judged.
    MissingExtraError
        If a package that measures is not installed.
    """
    require_packages()
    if options.haspi:
        require_haspi()
    for rival in RIVALS if options.rivals else ():
        if not rival.installed:
            yield Note(f"{rival.name} is not installed, so it is not compared: pip install {rival.package}")
    clips, source = _judge(options)
    rows = [row for clip in clips for row in clip.rows]
    if rows:
        if options.csv is not None:
            lines = (csv_line(astuple(row)) for row in rows)
            write_lines([csv_line(COLUMNS), *lines], options.csv)
            yield Written(options.csv)
        summary = EvaluationSummary(rows, source)
        if options.plot is not None:
            save_plot(summary, options.plot)
            yield Written(options.plot)
        yield from _shown(summary)
    for clip in clips:
        if clip.error is not None:
            yield Record({"clip": clip.name, "error": clip.error})
            yield Note(f"{clip.name}: left out: {clip.error}", trouble=True)
    if not rows:
        raise DataError(f"None of {len(clips)} pairs could be judged.")


def _judge(options: HearingEvaluateOptions) -> tuple[list[JudgedClip], str]:
    """Judge all pairs; return what became of them, and where they are from."""
    clips: Iterable[Loadable]
    if options.pairs is None:
        room = " in simulated rooms" if options.rooms else ""
        source = f"held-out speech and noise, mixed by computer{room}"
        total, clips = held_out(require_root(), sentences=options.sentences, seed=options.seed, rooms=options.rooms)
    else:
        clips = read_list(options.pairs)
        total, source = len(clips), str(options.pairs)
    outcomes = judge_all(
        clips,
        Setup(bundle=options.bundle, rivals=options.rivals),
        jobs=n_jobs(options.jobs, total),
        with_haspi=some_of(total, options.haspi),
    )
    return list(track(outcomes, "judging", total)), source


def _shown(summary: EvaluationSummary) -> Iterator[Output]:
    yield from map(Record, report.records(summary))
    yield Line(f"{summary.source}: {summary.clips} clips")
    for header, rows in (
        report.overall(summary),
        report.differences(summary),
        report.by_ratio(summary),
        *(report.by_noise(summary, measure) for measure in BEATEN),
    ):
        yield Line("")
        yield Table(header, rows)
    yield Line("")
    yield from targets(summary)


EVALUATE = Action(
    help="Judge on held-out mixtures, or on pairs of your own: PESQ-WB, STOI, SI-SDR, beside rivals on the same clips."
    "\n\nExits with 1 when some pairs could not be judged, with 3 when none could. "
    "Example: acoustic hearing evaluate pairs.csv --plot by_snr.png",
    options=HearingEvaluateOptions,
    run=evaluate,
    needs=("pesq", "pystoi"),
)
