"""A whole scoring: recordings to rows, resumable, in any form, with pictures of each and of all."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from acoustic import __version__
from acoustic.application import Loaded, Row, options_for
from acoustic.errors import ParameterError
from acoustic.extras import require
from acoustic.progress import progress
from acoustic.records import members
from acoustic.score.batch import Outcome, score_all
from acoustic.score.picture import lacks_picture
from acoustic.score.processes import n_jobs, workers
from acoustic.score.recording import Task
from acoustic.score.resume import Resumption
from acoustic.score.sound import refuse_inputs, sounds_in
from acoustic.score.writers import Form, names_in, write_rows


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked of a scoring, beside the recordings and the application's options."""

    form: Form = Form.TABLE
    output: Path | None = None
    """File for the result; a journal beside it keeps what is done until it is written."""
    pictures: Path | None = None
    """Folder for a picture of each recording."""
    sounds: Path | None = None
    """Folder, or WAV file, for the sound that the application makes."""
    overviews: Mapping[str, Path] = field(default_factory=dict)
    """Pictures of all results by their names in the application."""
    jobs: int | None = None
    start: str | None = None
    """When the recordings began, ISO 8601; None: what each tells."""


@dataclass
class Tally:
    """How a scoring went."""

    n_good: int = 0
    errors: list[str] = field(default_factory=list)
    without_picture: list[str] = field(default_factory=list)
    """Of scored recordings whose pictures could not be drawn: why."""

    @property
    def exit_code(self) -> int:
        """0; 1 when some recordings could not be scored or drawn; 3 when none could be scored."""
        if self.errors and not self.n_good:
            return 3
        return int(bool(self.errors or self.without_picture))


class Scoring:
    """Scores recordings and writes the result.

    Parameters
    ----------
    loaded : Loaded
        The model.
    options
        The application's options.
    files : sequence of Path
        The recordings.
    roots : sequence of Path
        The files and folders that they were found in.
    request : Request
    complain : callable
        Takes the error of each recording that cannot be scored, as it comes.

    Raises
    ------
    ParameterError, MissingExtraError
        When something asked for cannot be had: before any work.
    """

    def __init__(
        self,
        loaded: Loaded[Any, Any, Any, Any],
        options: Any,
        files: Sequence[Path],
        roots: Sequence[Path],
        request: Request,
        complain: Callable[[str], None] = lambda error: None,
    ) -> None:
        self.tally = Tally()
        self._complain = complain
        self._loaded, self._options, self._request = loaded, options, request
        if request.form is Form.PARQUET:
            require("Parquet", "pyarrow")
        if request.pictures is not None or request.overviews:
            require("Drawing", "matplotlib")
        if loaded.application.options_of is None:
            loaded.application.chain(loaded.typed, options)  # says what is wrong with options before any work
        self.tasks = list(_tasks(loaded, options, files, roots, request))
        self._resumption = None if request.output is None else self._resume(request.output)
        self.notes = [] if self._resumption is None else list(self._resumption.notes())
        """What a person should know of an interrupted run that this one takes up, or does not."""

    def _resume(self, output: Path) -> Resumption:
        if output.exists() and output.is_dir() != (self._request.form is Form.AUDACITY):
            raise ParameterError(f"{output}: is a {'folder' if output.is_dir() else 'file'}. Give another place.")
        refuse_inputs([output], [task.path for task in self.tasks])
        options, names = self._options, [one.name for one in members(self._loaded.application.options)]
        settings = {f"--{name.replace('_', '-')}": getattr(options, name) for name in names}
        settings |= {"bundle": self._loaded.sha256, "version": __version__}
        return Resumption(output, settings, self.tasks, self._loaded.application.result)

    def run(self) -> Tally:
        """Score what an interrupted run has not, and write everything.

        Raises
        ------
        AcousticError
            When the result cannot be written, or a process was killed; what was done is taken up by the next run.
        """
        request, application = self._request, self._loaded.application
        rows: list[Row] = []
        with ExitStack() as stack:
            if self._resumption is not None:
                stack.enter_context(self._resumption.journal)
            outcomes = self._outcomes(stack)
            files = [task.path for task in self.tasks]
            kept = self._counted(outcomes, rows if request.overviews else None)
            write_rows(application, request.form, kept, files, request.output)
        for name, path in request.overviews.items():
            application.overviews[name].save(rows, path)
        return self.tally

    def _outcomes(self, stack: ExitStack) -> Iterator[Outcome]:
        """Score what is not done yet, in the order of the tasks, in processes that end with ``stack``."""
        resumption = self._resumption
        done = {} if resumption is None else resumption.done
        jobs = n_jobs(self._request.jobs, len(self.tasks) - len(done))
        executor = stack.enter_context(workers(jobs)) if jobs > 1 else None
        fresh = score_all(self._loaded, self.tasks if resumption is None else resumption.missing(), executor, jobs)
        for task in self.tasks:
            if task.path in done:
                yield Outcome(task.path, done[task.path])
                continue
            outcome = next(fresh)
            if resumption is not None and outcome.error is None and lacks_picture(outcome.row) is None:
                resumption.add(task, outcome.row)
            yield outcome

    def _counted(self, outcomes: Iterable[Outcome], rows: list[Row] | None) -> Iterator[Row]:
        with progress("scoring", len(self.tasks)) as advance:
            for outcome in outcomes:
                if outcome.error is None:
                    self.tally.n_good += 1
                    if (why := lacks_picture(outcome.row)) is not None:
                        self.tally.without_picture.append(why)
                else:
                    self.tally.errors.append(outcome.error)
                    self._complain(outcome.error)
                if rows is not None:
                    rows.append(outcome.row)
                yield outcome.row
                advance(1)


def _tasks(
    loaded: Loaded[Any, Any, Any, Any], options: Any, files: Sequence[Path], roots: Sequence[Path], request: Request
) -> Iterator[Task]:
    sounds: Mapping[Path, Path] = {}
    if request.sounds is not None:
        if not loaded.application.makes_sound:
            raise ParameterError(f"{loaded.application.name} makes no sound: leave --sound out.")
        sounds = sounds_in(request.sounds, files, roots)
        files = list(sounds)
    if request.pictures is not None and loaded.application.picture is None:
        raise ParameterError(f"{loaded.application.name} draws no pictures: leave --plot out.")
    pictures = [None] * len(files) if request.pictures is None else names_in(request.pictures, files, ".png")
    own = options_for(loaded, options, files, roots)
    for path, picture in zip(files, pictures, strict=True):
        yield Task(path=path, options=own[path], picture=picture, sound=sounds.get(path), start=request.start)
