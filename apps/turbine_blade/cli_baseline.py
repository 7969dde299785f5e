"""``acoustic turbine baseline``: what is usual for each machine."""

from pathlib import Path
from typing import Annotated

import typer
from acoustic.options import BundleName, Json, Recordings

from .options import Table

app = typer.Typer(help="Baselines: what is usual for each machine, learnt on the spot.", no_args_is_help=True)

MachineName = Annotated[str, typer.Argument(metavar="MACHINE", help="Name of the machine.")]
Folder = Annotated[Path, typer.Option("--baselines", metavar="DIR", file_okay=False, help="Folder with the baselines.")]


@app.command()
def add(
    machine: MachineName,
    paths: Recordings,
    baselines: Folder = Path("baselines"),
    table: Table = None,
    bundle: BundleName = "turbine",
    as_json: Json = False,
) -> None:
    """Learn from recordings of a machine at work; what is flagged as unusual is not learnt from.

    Example: acoustic turbine baseline add T07 monday/ --baselines baselines
    """
    from acoustic.audio import find_recordings
    from acoustic.errors import AcousticError, AudioFileError
    from acoustic.terminal import emit, note, show_error, track

    from .baselines import Baselines
    from .conditions import ConditionTable, known_of
    from .learn import learn_recording
    from .scoring import load_model

    model, store = load_model(bundle), Baselines(baselines)
    files = find_recordings(paths)
    known = known_of(files, paths, None if table is None else ConditionTable(table))
    baseline = store.load(machine, model) or store.begin(machine, model, "begun")
    before, failed = baseline.epoch, 0
    for path in track(files, "learning", len(files)):
        try:
            baseline = baseline.with_epoch(learn_recording(model, baseline, known[path], path))
        except AudioFileError as error:
            show_error(str(error))
            failed += 1
    if failed == len(files):
        raise AudioFileError("None of the recordings could be read, so nothing was learnt.")
    store.save(baseline)
    learnt = baseline.epoch.clips.count - before.clips.count
    flagged = baseline.epoch.flagged - before.flagged
    if as_json:
        emit({**baseline.describe(), "learnt": learnt, "newly_flagged": flagged, "failed": failed})
    note(f"{machine}: learnt from {learnt} clips, {baseline.epoch.clips.count} in all; {flagged} flagged and left out.")
    for warning in baseline.epoch.drift():
        note(f"{machine}: {warning}")
    if failed:
        raise AcousticError(f"{failed} of {len(files)} recordings could not be read; the others were learnt from.")


@app.command()
def show(
    machine: Annotated[str | None, typer.Argument(metavar="[MACHINE]", help="One machine; default: all.")] = None,
    baselines: Folder = Path("baselines"),
    bundle: BundleName = "turbine",
    as_json: Json = False,
) -> None:
    """Show the baselines, their epochs, and what has drifted.

    Example: acoustic turbine baseline show --baselines baselines
    """
    from acoustic.errors import DataError
    from acoustic.terminal import emit, note, show_table

    from .baselines import Baselines
    from .scoring import load_model

    model, store = load_model(bundle), Baselines(baselines)
    rows = []
    for name in store.machines() if machine is None else [machine]:
        baseline = store.load(name, model)
        if baseline is None:
            raise DataError(f"There is no baseline of {name} in {baselines}. There are: {_listed(store.machines())}.")
        told = baseline.describe()
        if as_json:
            emit(told)
            continue
        for number, epoch in enumerate(told["epochs"], start=1):
            now = "now" if number == len(told["epochs"]) else ""
            rows.append((name, number, epoch["began"], epoch["note"], epoch["clips"], epoch["flagged"], now))
        for warning in told["warnings"]:
            note(f"{name}: {warning}")
    if not as_json:
        show_table(("machine", "epoch", "began", "note", "clips", "flagged", ""), rows)


@app.command()
def reset(
    machine: MachineName,
    reason: Annotated[str, typer.Option(help="What happened: repaired, inspected, new microphone.")] = "reset",
    baselines: Folder = Path("baselines"),
    bundle: BundleName = "turbine",
) -> None:
    """Begin a new epoch, as after a repair; the old one stays on record.

    Example: acoustic turbine baseline reset T07 --reason repaired
    """
    from acoustic.errors import DataError
    from acoustic.terminal import note

    from .baselines import Baselines
    from .scoring import load_model

    model, store = load_model(bundle), Baselines(baselines)
    if store.load(machine, model) is None:
        raise DataError(f"There is no baseline of {machine} in {baselines}. There are: {_listed(store.machines())}.")
    baseline = store.begin(machine, model, reason)
    store.save(baseline)
    note(f"{machine}: epoch {len(baseline.epochs)} begins ({reason}); its clips are learnt anew.")


def _listed(machines: list[str]) -> str:
    return ", ".join(machines) or "none"
