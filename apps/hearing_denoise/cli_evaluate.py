"""``acoustic hearing evaluate``."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acoustic.options import BundleName, Jobs, Json

if TYPE_CHECKING:
    from .evaluation.judge import Judged
    from .evaluation.pairs import Loadable
    from .evaluation.summary import Summary


def evaluate(
    pairs: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PAIRS.csv]",
            dir_okay=False,
            help="List of your own: columns noisy, clean, and perhaps snr_db, noise; files relative to the list.",
        ),
    ] = None,
    sentences: Annotated[int, typer.Option(min=1, help="Held-out sentences, each with one noise at five ratios.")] = 60,
    rooms: Annotated[bool, typer.Option("--rooms", help="Let the held-out talkers stand in simulated rooms.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Decides which mixtures.")] = 1,
    rivals: Annotated[bool, typer.Option(help="Run the denoisers by others that are installed, too.")] = True,
    haspi: Annotated[
        int, typer.Option(min=0, metavar="N", help="Measure HASPI of so many clips: about 20 s a clip and system.")
    ] = 0,
    csv: Annotated[Path | None, typer.Option(dir_okay=False, help="Write every clip by every system here.")] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="PNG", dir_okay=False, help="Draw the measures over the ratio here.")
    ] = None,
    bundle: BundleName = "hearing",
    jobs: Jobs = None,
    as_json: Json = False,
) -> None:
    """Judge on held-out mixtures, or on pairs of your own: PESQ-WB, STOI, SI-SDR, beside rivals on the same clips.

    Exits with 1 when some pairs could not be judged, with 3 when none could.
    Example: acoustic hearing evaluate pairs.csv --plot by_snr.png
    """
    from acoustic.datasets import require_root
    from acoustic.errors import DataError
    from acoustic.terminal import emit, note, show_error, track

    from .evaluation.haspi import require_haspi
    from .evaluation.judge import Setup, judge_all, some_of
    from .evaluation.metrics import require_packages
    from .evaluation.pairs import held_out, read_list
    from .evaluation.rivals import RIVALS
    from .evaluation.summary import Summary

    require_packages()
    if haspi:
        require_haspi()
    clips: Iterable[Loadable]
    if pairs is None:
        total, clips = held_out(require_root(), sentences=sentences, seed=seed, rooms=rooms)
        source = f"held-out speech and noise, mixed by computer{' in simulated rooms' if rooms else ''}"
    else:
        clips = read_list(pairs)
        total, source = len(clips), str(pairs)
    absent = [f"{rival.name} (pip install {rival.package})" for rival in RIVALS if rivals and not rival.installed]
    if absent:
        note(f"Not installed, so not compared: {', '.join(absent)}")
    judged = list(
        track(
            judge_all(
                clips,
                Setup(bundle=bundle, rivals=rivals),
                jobs=min(jobs or os.cpu_count() or 1, total),
                with_haspi=some_of(total, haspi),
            ),
            "judging",
            total,
        )
    )
    rows = [row for one in judged for row in one.rows]
    failed = [one for one in judged if one.error is not None]
    if rows:
        if csv is not None:
            _write_csv(judged, csv)
        summary = Summary(rows, source)
        if plot is not None:
            from .evaluation.plot import save_plot

            save_plot(summary, plot)
        _show(summary, as_json=as_json)
    for one in failed:
        if as_json:
            emit({"clip": one.name, "error": one.error})
        show_error(f"{one.name}: left out: {one.error}")
    if not rows:
        raise DataError(f"None of {total} pairs could be judged.")
    raise typer.Exit(1 if failed else 0)


def _write_csv(judged: "list[Judged]", path: Path) -> None:
    from dataclasses import astuple

    from acoustic.score import csv_line, write_lines

    from .evaluation.judge import COLUMNS

    rows = (csv_line(astuple(row)) for one in judged for row in one.rows)
    write_lines([csv_line(COLUMNS), *rows], path)


def _show(summary: "Summary", *, as_json: bool) -> None:
    from acoustic.terminal import emit, show_table

    from .evaluation import report
    from .evaluation.summary import BEATEN
    from .evaluation.targets import targets

    reached = list(targets(summary))
    if as_json:
        for record in (*report.records(summary), *(target.to_dict() for target in reached)):
            emit(record)
        return
    typer.echo(f"{summary.source}: {summary.clips} clips\n")
    tables = [report.overall(summary), report.differences(summary), report.by_ratio(summary)]
    tables += [report.by_noise(summary, measure) for measure in BEATEN]
    for header, rows in tables:
        show_table(header, rows)
        typer.echo()
    verdict = {True: "ok", False: "MISSED"}
    show_table(
        (summary.ours, "target", "measured", ""),
        ((one.name, one.target, one.ours, verdict[one.passed]) for one in reached),
    )
