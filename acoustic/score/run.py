"""A whole scoring: recordings to rows, resumable, in any form, with pictures of each and of all."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from acoustic.application import Loaded, Row, options_for
from acoustic.errors import MissingExtraError, ParameterError
from acoustic.progress import progress
from acoustic.score.batch import Outcome, score_all
from acoustic.score.journal import Journal, content_of
from acoustic.score.processes import n_jobs, workers
from acoustic.score.sound import sounds_in
from acoustic.score.task import Task
from acoustic.score.writers import Form, names_in, require_parquet, write_rows


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


@dataclass
class Tally:
    """How a scoring went."""

    n_good: int = 0
    errors: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0; 1 when some recordings could not be scored; 3 when none could."""
        return 0 if not self.errors else 1 if self.n_good else 3


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
            require_parquet()
        if request.pictures is not None or request.overviews:
            require_pictures()
        self.tasks = list(_tasks(loaded, options, files, roots, request))
        self._journal = None if request.output is None else self._open_journal(request.output)
        done = {} if self._journal is None else self._journal.done
        self.n_resumable = sum(_key(task) in done for task in self.tasks)
        """Recordings that an interrupted run has scored."""

    def _open_journal(self, output: Path) -> Journal:
        return Journal(output.with_name(f".{output.name}.journal"), self._identity())

    def run(self) -> Tally:
        """Score what the journal does not hold, and write everything.

        Raises
        ------
        AcousticError
            When the result cannot be written, or a process was killed; the journal keeps what was done.
        """
        request, application = self._request, self._loaded.application
        rows: list[Row] = []
        with ExitStack() as stack:
            if self._journal is not None:
                stack.enter_context(self._journal)
            jobs = n_jobs(request.jobs, len(self.tasks) - self.n_resumable)
            executor = stack.enter_context(workers(jobs)) if jobs > 1 else None
            outcomes = self._resumed(executor, jobs)
            files = [task.path for task in self.tasks]
            kept = self._counted(outcomes, rows if request.overviews else None)
            write_rows(application, request.form, kept, files, request.output)
        for name, path in request.overviews.items():
            application.overviews[name].save(rows, path)
        return self.tally

    def _identity(self) -> dict[str, Any]:
        """Return what rows depend on beside their recording: a journal of anything else is begun anew."""
        return {"bundle_sha256": self._loaded.sha256, "options": content_of(self._options)}

    def _resumed(self, executor: Any, jobs: int) -> Iterator[Outcome]:
        """Score what is not in the journal, in the order of the tasks, and take the rest from it."""
        journal = self._journal
        done = {} if journal is None else journal.done
        keys = {task.path: _key(task) for task in self.tasks}
        fresh = score_all(self._loaded, [t for t in self.tasks if keys[t.path] not in done], executor, jobs)
        for task in self.tasks:
            key = keys[task.path]
            if key in done:
                yield Outcome(task.path, done[key])
                continue
            outcome = next(fresh)
            if journal is not None and outcome.error is None:
                journal.add(key, outcome.row)
            yield outcome

    def _counted(self, outcomes: Iterable[Outcome], rows: list[Row] | None) -> Iterator[Row]:
        with progress("scoring", len(self.tasks)) as advance:
            for outcome in outcomes:
                if outcome.error is None:
                    self.tally.n_good += 1
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
        yield Task(path=path, options=own[path], picture=picture, sound=sounds.get(path))


def _key(task: Task) -> str:
    """Name a recording, as it lies there and with what is asked of it: what changed is scored again."""
    try:
        stat = task.path.stat()
        version = f"{stat.st_size} {stat.st_mtime_ns}"
    except OSError:
        version = "missing"
    return f"{task.path} {version} {task.options} {task.picture} {task.sound}"


def require_pictures() -> None:
    """Refuse where pictures cannot be drawn, before any work.

    Raises
    ------
    MissingExtraError
        When matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401 - whether it is there is the question
    except ImportError as error:
        raise MissingExtraError("Pictures need matplotlib: pip install matplotlib.") from error
