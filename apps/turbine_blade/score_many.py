"""Many recordings to one result: resumable, in any of its forms, with a map of machines by days."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from acoustic.score.output import write_lines, write_results

from acoustic.errors import MissingExtraError
from acoustic.files import whole_file, write_failure
from acoustic.score import Outcome, score_all
from acoustic.score.journal import Journal
from acoustic.terminal import note

from .report import COLUMNS, csv_lines, failure, flat, json_lines, table_lines
from .scoring import Task, make_scorer

Record = dict[str, Any]


def score_many(
    files: Sequence[Path],
    tasks: Mapping[Path, Task],
    *,
    bundle: str,
    false_alarm_rate: float | None,
    store: Path | None,
    form: str,
    output: Path | None,
    heat_map: Path | None,
    jobs: int | None,
) -> int:
    """Score recordings and write the result; return the exit code of the command.

    Parameters
    ----------
    files, tasks
        The recordings, and what is known of each.
    bundle, false_alarm_rate, store
        See `scoring.make_scorer`.
    form : str
        table, csv, parquet or json.
    output : Path or None
        File for the result; a journal beside it keeps what is done until it is written.
    heat_map : Path or None
        Picture of machines by days.
    jobs : int or None
        Processes; one a core, if not given.
    """
    records: list[Record] = []

    def kept(rows: Iterable[Record]) -> Iterator[Record]:
        for row in rows:
            if heat_map is not None:
                records.append(row)
            yield row

    def write(rows: Iterator[Record]) -> None:
        if form == "json":
            write_lines(json_lines(kept(rows)), output)
        elif form == "csv":
            write_lines(csv_lines(kept(rows)), output)
        elif form == "parquet":
            assert output is not None
            write_parquet(kept(rows), output)
        else:
            write_lines(table_lines(kept(rows), map(str, files)), output)

    make = partial(make_scorer, bundle, false_alarm_rate, store, tasks)
    show_errors = form != "table" or output is not None
    n_jobs = jobs or min(len(files), os.cpu_count() or 1)
    if output is None:
        code = write_results(score_all(files, make, n_jobs), len(files), failure, write, show_errors=show_errors)
    else:
        settings = {"bundle": bundle, "false_alarm_rate": false_alarm_rate, "baselines": store and str(store)}
        with Journal(output.with_name(f".{output.name}.journal"), settings) as journal:
            if journal.done:
                note(f"{len(journal.done)} recordings were scored before the interruption.")
            outcomes = _with_journal(journal, files, tasks, make, n_jobs)
            code = write_results(outcomes, len(files), failure, write, show_errors=show_errors)
    if heat_map is not None:
        from .pictures.heat_map import save_heat_map

        save_heat_map(records, heat_map)
    return code


def _with_journal(
    journal: Journal, files: Sequence[Path], tasks: Mapping[Path, Task], make: Any, jobs: int
) -> Iterator[Outcome[Record]]:
    """Score what is not in the journal, in the order of ``files``, and take the rest from it."""
    keys = {path: _key(path, tasks) for path in files}
    fresh = score_all([path for path in files if keys[path] not in journal.done], make, jobs)
    for path in files:
        if keys[path] in journal.done:
            yield Outcome(path, journal.done[keys[path]])
            continue
        outcome = next(fresh)
        if outcome.result is not None:
            journal.add(keys[path], outcome.result)
        yield outcome


def _key(path: Path, tasks: Mapping[Path, Task]) -> str:
    """Name a recording, as it lies there and with what is known of it: what changed is scored again."""
    try:
        stat = path.stat()
        version = f"{stat.st_size} {stat.st_mtime_ns}"
    except OSError:
        version = "missing"
    return f"{path} {version} {tasks.get(path, Task())}"


def write_parquet(records: Iterable[Record], path: Path) -> None:
    """Write one row a recording to a Parquet file, whole or not at all.

    Raises
    ------
    MissingExtraError
        When pyarrow is not installed.
    AcousticError
        When the file cannot be written.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError(
            "Parquet needs pyarrow: pip install 'acoustic[parquet]', or write CSV instead."
        ) from error
    types = {str: pa.string(), float: pa.float64(), int: pa.int64(), bool: pa.bool_()}
    schema = pa.schema([(name, types[kind]) for name, kind in COLUMNS.items()])
    table = pa.Table.from_pylist([flat(record) for record in records], schema=schema)
    try:
        with whole_file(path) as stream:
            parquet.write_table(table, stream)
    except OSError as error:
        raise write_failure(path, error) from error
