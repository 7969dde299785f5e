"""``acoustic turbine baseline``: what is usual for each machine."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from acoustic.application import Action, Note, Output, Record, Table, load
from acoustic.audio import find_recordings
from acoustic.errors import AudioFileError, DataError
from acoustic.progress import track
from acoustic.records import About

from .baselines import Baseline, Baselines
from .conditions import Table as ConditionTablePath
from .conditions import known_in
from .learn import learn_recording
from .scorer.model import APPLICATION, TurbineModel

MachineName = Annotated[str, About("Name of the machine.", argument=True, metavar="MACHINE")]


@dataclass(frozen=True, kw_only=True)
class StoreOptions:
    """Where baselines lie, and the model whose features they are of."""

    baselines: Annotated[Path, About("Folder with the baselines.", metavar="DIR")] = Path("baselines")
    bundle: Annotated[str, About("A bundle file, or the name of a shipped bundle.")] = APPLICATION

    @property
    def model(self) -> TurbineModel:
        """The bundle's model, read anew."""
        model = load(self.bundle, APPLICATION).typed
        assert isinstance(model, TurbineModel)
        return model

    def existing(self, machine: str, model: TurbineModel) -> Baseline:
        """Return the baseline of a machine; `DataError` where there is none."""
        store = Baselines(self.baselines)
        baseline = store.load(machine, model)
        if baseline is None:
            known = ", ".join(store.machines()) or "none"
            raise DataError(f"There is no baseline of {machine} in {self.baselines}. There are: {known}.")
        return baseline


@dataclass(frozen=True, kw_only=True)
class AddOptions(StoreOptions):
    """What to learn from."""

    machine: MachineName
    paths: Annotated[tuple[Path, ...], About("Recordings, or folders of them.", argument=True, metavar="PATH...")]
    table: ConditionTablePath = None


def add(options: AddOptions) -> Iterator[Output]:
    """Learn from recordings of a machine."""
    machine, model, store = options.machine, options.model, Baselines(options.baselines)
    files = find_recordings(options.paths)
    known = known_in(options.table, files, options.paths)
    failed = 0
    # What is learnt from depends on what is known already: another one waits, and learns on top.
    with store.changing(machine):
        baseline = store.load(machine, model) or store.begin(machine, model, "begun")
        before = baseline.epoch
        for path in track(files, "learning", len(files)):
            try:
                baseline = baseline.with_epoch(learn_recording(model, baseline, known[path], path))
            except AudioFileError as error:
                yield Note(str(error), trouble=True)
                failed += 1
        if failed == len(files):
            raise AudioFileError("None of the recordings could be read, so nothing was learnt.")
        store.save(baseline)
    learnt = baseline.epoch.clips.count - before.clips.count
    flagged = baseline.epoch.flagged - before.flagged
    yield Record({**baseline.describe(), "learnt": learnt, "newly_flagged": flagged, "failed": failed})
    total = baseline.epoch.clips.count
    yield Note(f"{machine}: learnt from {learnt} clips, {total} in all; {flagged} flagged and left out.")
    for warning in baseline.epoch.drift():
        yield Note(f"{machine}: {warning}")
    if failed:
        yield Note(f"{failed} of {len(files)} recordings could not be read; the others were learnt from.", trouble=True)


@dataclass(frozen=True, kw_only=True)
class TurbineShowOptions(StoreOptions):
    """Which machine to show."""

    machine: Annotated[str | None, About("One machine; default: all.", argument=True, metavar="[MACHINE]")] = None


def show(options: TurbineShowOptions) -> Iterator[Output]:
    """Show baselines, their epochs, and what has drifted."""
    model, rows = options.model, []
    machines = Baselines(options.baselines).machines() if options.machine is None else [options.machine]
    for name in machines:
        description = options.existing(name, model).describe()
        yield Record(description)
        last = len(description["epochs"])
        for number, epoch in enumerate(description["epochs"], start=1):
            now = "now" if number == last else ""
            rows.append((name, number, epoch["began"], epoch["note"], epoch["clips"], epoch["flagged"], now))
        for warning in description["warnings"]:
            yield Note(f"{name}: {warning}")
    yield Table(("machine", "epoch", "began", "note", "clips", "flagged", ""), rows)


@dataclass(frozen=True, kw_only=True)
class ResetOptions(StoreOptions):
    """Which machine begins anew, and why."""

    machine: MachineName
    reason: Annotated[str, About("What happened: repaired, inspected, new microphone.", longest=200)] = "reset"


def reset(options: ResetOptions) -> Iterator[Output]:
    """Begin a new epoch of a machine."""
    machine, model, store = options.machine, options.model, Baselines(options.baselines)
    options.existing(machine, model)
    with store.changing(machine):
        baseline = store.begin(machine, model, options.reason)
        store.save(baseline)
    yield Note(f"{machine}: epoch {len(baseline.epochs)} begins ({options.reason}); its clips are learnt anew.")


ACTIONS: dict[str, Action[Any]] = {
    "baseline add": Action(
        help="Learn from recordings of a machine at work; what is flagged as unusual is not learnt from.\n\n"
        "Example: acoustic turbine baseline add T07 monday/ --baselines baselines",
        options=AddOptions,
        run=add,
    ),
    "baseline show": Action(
        help="Show the baselines, their epochs, and what has drifted.\n\n"
        "Example: acoustic turbine baseline show --baselines baselines",
        options=TurbineShowOptions,
        run=show,
    ),
    "baseline reset": Action(
        help="Begin a new epoch, as after a repair; the old one stays on record.\n\n"
        "Example: acoustic turbine baseline reset T07 --reason repaired",
        options=ResetOptions,
        run=reset,
    ),
}
