"""An application as one object: what it is, said once; commands, files, pictures, proof and tests are written over it.

An application is a folder with an object of the class :class:`Application`, and one line in the entry-point group
``acoustic.applications``. The library knows none by name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Annotated, Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from acoustic.audio.source import Pcm16
from acoustic.errors import AcousticError, BundleError, MissingExtraError, ParameterError
from acoustic.firmware import Firmware
from acoustic.frontend.definition import Definition
from acoustic.model.bundle import Bundle
from acoustic.records import About, plain

GROUP = "acoustic.applications"
"""Entry points: name of an application = its :class:`Application`."""

M = TypeVar("M")
P = TypeVar("P")
E = TypeVar("E")
R = TypeVar("R")
E_co = TypeVar("E_co", covariant=True)
R_contra = TypeVar("R_contra", contravariant=True)
Started = Annotated[str | None, About("When the sound began, ISO 8601 with its zone; null: nothing tells.")]
StartedFrom = Annotated[str | None, About("Where that is known from: given, metadata, the file's name, a clock.")]
"""Fields of every result."""
Array = NDArray[Any]
Row = Mapping[str, Any]
"""A recording's result as plain JSON."""
Rows = Mapping[str, Sequence[str | tuple[str, str]]]
"""Rows of the live panel by name; each is made of texts, plain or with a style (``("8:05", "bold red")``)."""


class Chain(Protocol[E_co]):
    """What an application makes of a stream of PCM; blocks of any size give the same events."""

    def push(self, pcm: Pcm16, /) -> Sequence[E_co]:
        """Process a block, int16 (n,) at the model's rate; return the events it completes, in order of time."""
        ...

    def flush(self) -> Sequence[E_co]:
        """Drain the chain at the end of the stream; return the remaining events."""
        ...


class SoundChain(Chain[E_co], Protocol[E_co]):
    """A chain that also makes sound."""

    latency_ms: float
    """Algorithmic delay of the sound it makes while a stream runs."""

    def sound(self) -> Pcm16:
        """Return the sound made since the last call, int16 (n,), in line with what came in; after `flush` the rest."""
        ...


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a stream beside its events."""

    file: str
    """Path of the recording, or name of the microphone."""
    duration_s: float
    rate_hz: int
    """Sampling rate that the sound came with."""
    warnings: tuple[str, ...] = ()
    """What a person should know about the sound, in plain sentences."""
    realtime_factor: float | None = None
    """Time of work per time of sound, where it was measured."""
    output: str | None = None
    """File with the sound that was made of it."""
    input_dbfs: float | None = None
    output_dbfs: float | None = None
    """RMS levels of the sound that came in and of that made of it, where they were measured; None for silence."""
    started: str | None = None
    """When the sound began, ISO 8601 with its zone; None where nothing tells."""
    started_from: str | None = None
    """Where that is known from."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """Something to tell: a record for programs, a line for people, or both."""

    event: str = ""
    """Name of the record's kind, one of the application's events."""
    record: Any = None
    line: str = ""
    style: str = ""
    alert: bool = False
    """Whether the line is one that must not be overlooked: it rings."""

    def to_dict(self) -> dict[str, Any] | None:
        """Return the record as plain JSON; None where there is none."""
        return None if self.record is None else {"event": self.event, **plain(self.record)}


@dataclass(frozen=True)
class Label:
    """A stretch of a recording, or a moment, with a text: what Audacity shows below the sound."""

    start_s: float
    end_s: float
    text: str


class Collector(Generic[E, R]):
    """Collects the events of one stream into its result, and says in words what they mean.

    Recordings and live streams are collected alike. An application derives from it; :meth:`hear` and :meth:`result` are
    its own, the rest only where it has something to say.
    """

    def start(self) -> Iterable[Report]:
        """Report what is to be known before the first block of a live stream."""
        return ()

    def hear(self, event: E) -> Iterable[Report]:
        """Take an event of the chain; report it."""
        raise NotImplementedError

    def press(self, key: str, t_s: float) -> Iterable[Report]:
        """Act on a key pressed at a position in the stream (s); report what came of it."""
        return ()

    def result(self, facts: Facts) -> R:
        """Return the result of what was heard so far."""
        raise NotImplementedError

    def finish(self, facts: Facts) -> Iterable[Report]:
        """Report what is left to say at the end of a live stream, before its summary."""
        return ()

    def conclusion(self, facts: Facts) -> str:
        """Return a closing line for people."""
        return ""

    def panel(self, now_s: float) -> Rows:
        """Rows of the live panel."""
        return {}

    @property
    def alarmed(self) -> bool:
        """Whether the panel is to catch the eye."""
        return False

    def health(self, now_s: float) -> Any:
        """Return a record whose fields the health events of a live stream carry; None where there is none."""
        return None


class Painter(Protocol[R_contra]):
    """Collects what a picture of a recording needs, in constant memory, and draws it."""

    def push(self, pcm: Pcm16, /) -> None:
        """Take samples as they came, at the model's rate."""
        ...

    def draw(self, result: R_contra, /) -> Any:
        """Return the picture, a matplotlib figure as `acoustic.plot.new_figure` makes it."""
        ...


class SoundPainter(Painter[R_contra], Protocol[R_contra]):
    """A painter that also sees the sound that a chain made."""

    def push_sound(self, pcm: Pcm16, /) -> None:
        """Take samples that the chain made; the first belongs to the first that came."""
        ...


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of the table of results, for CSV and Parquet."""

    name: str
    kind: type
    """str, float, int or bool."""
    value: str | Callable[[Row], Any] = ""
    """Path of the value in a row, such as ``rotor.rpm``, or what makes it of a row; default: the name."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A column of the table that people read."""

    title: str
    width: int = 0
    """Characters; negative: aligned to the left. 0: as long as it is, for the last one."""
    text: Callable[[Row], str]


@dataclass(frozen=True, kw_only=True)
class Overview:
    """A picture of many results, offered by ``score`` as an option of its own."""

    help: str
    save: Callable[[Sequence[Row], Path], None]


# What an action says while it runs; the command line prints it, a program reads it.


@dataclass(frozen=True)
class Note:
    """A sentence for people."""

    text: str
    trouble: bool = False
    """Whether something went wrong; the command then ends with exit code 1."""


@dataclass(frozen=True)
class Line:
    """A line of the result, for people."""

    text: str
    colour: str = ""


@dataclass(frozen=True)
class Table:
    """Rows for people, under a header."""

    header: Sequence[str]
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True)
class Record:
    """Plain JSON for programs."""

    values: Mapping[str, Any]


@dataclass(frozen=True)
class Written:
    """A file that was written."""

    path: Path


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Something that an evaluation measured, against its target."""

    name: Annotated[str, About("What was measured.")]
    value: Annotated[str, About("As it was measured, with its 95 % interval where there is one.")]
    target: Annotated[str, About("What it is to be.")] = ""
    rival: Annotated[str, About("The same of what it is compared with, in the same run.")] = ""
    data: Annotated[str, About("On what, how many of them, and whether they are simulated.")] = ""
    passed: Annotated[bool | None, About("Whether the target is met; null: there is none.")] = None


Output = Note | Line | Table | Record | Written | Claim


@dataclass(frozen=True, kw_only=True)
class Action(Generic[P]):
    """Something that is offered as a command: what an application does beside scoring and listening, and the suite."""

    help: str
    """A sentence, more if needed, and an example: what ``--help`` shows."""
    options: type[P]
    """A record class; its fields become arguments and options."""
    run: Callable[[P], Iterable[Output]]
    needs: tuple[str, ...] = ()
    """Packages beyond the base installation that it needs, by the names they are imported by."""


@dataclass(frozen=True, kw_only=True)
class Application(Generic[M, P, E, R]):
    """What an application says of itself.

    ``M`` is its typed model, ``P`` its options, ``E`` the events of its chain, ``R`` a recording's result; options and
    results, and the records of :attr:`events`, are records, see `acoustic.records`.
    """

    name: str
    """Of the commands, of :attr:`Bundle.application`, and of the C."""
    help: str
    """What it does, in a sentence."""
    options: type[P]
    """How to score and listen; every field has a default, and becomes an option of the commands. A field ``start``, a
    text or None, is when the recording began."""
    read: Callable[[Bundle], M]
    """Reads a bundle of this application into a typed model; raises `BundleError` or `ParameterError`."""
    chain: Callable[[M, P], Chain[E]]
    collect: Callable[[M, P, Any], Collector[E, R]]
    """Makes the collector of a stream that goes through the chain, which is handed to it."""
    result: type[R]
    """Record class with the fields ``file`` and ``error``, and defaults for all others; ``started`` and
    ``started_from`` of its :class:`Facts` belong at its end."""
    events: Mapping[str, type]
    """Records of the live stream by the name of their kind."""
    stages: Callable[[M, Mapping[str, Array]], Mapping[str, Array]]
    """Computes every stage from named inputs, such as ``pcm``: for test vectors, the proof of an export, and doctor."""

    front_end: Definition
    """What training takes unless told otherwise; a bundle brings its own."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys of the live screen and what they do: ``{"c": "charge"}``. ``q`` always quits."""
    listening: str = ""
    """What a person should know before listening, for ``listen --help``: keys, headphones."""
    makes_sound: bool = False
    """Whether its chains are of the kind :class:`SoundChain`."""
    columns: tuple[Column, ...] = ()
    """Of CSV and Parquet."""
    table: tuple[Cell, ...] = ()
    """Of the table for people, behind the file's name."""
    labels: Callable[[Row], Iterable[Label]] = lambda row: ()
    picture: Callable[[M, P], Painter[R]] | None = None
    overviews: Mapping[str, Overview] = field(default_factory=dict)
    options_of: Callable[[M, P, Sequence[Path], Sequence[Path]], Mapping[Path, P]] | None = None
    """Options of each recording, given those recordings and the files and folders they were found in, where they differ
    from one to another."""
    block_ms: int = 100
    """Length of live blocks unless told otherwise."""
    health: type | None = None
    """Record that its collectors add to health events."""
    health_every_s: float = 1.0
    firmware: Callable[[M], Firmware] | None = None
    train: Action[Any] | None = None
    evaluate: Action[Any] | None = None
    simulate: Action[Any] | None = None
    actions: Mapping[str, Action[Any]] = field(default_factory=dict)
    """Others by the words that call them, such as ``calibrate`` or ``baseline add``."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """Help of the first of two such words."""


@dataclass(frozen=True, kw_only=True)
class Loaded(Generic[M, P, E, R]):
    """A bundle, read by its application."""

    application: Application[M, P, E, R]
    bundle: Bundle
    typed: M
    """The application's model."""

    @property
    def rate_hz(self) -> int:
        """Sampling rate of what chains take (Hz)."""
        return self.bundle.frontend.rate_hz

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the bundle, hexadecimal: what it is, whatever its file is called."""
        return hashlib.sha256(self.bundle.to_bytes()).hexdigest()

    def check(self) -> int:
        """Replay the bundle's test vectors with this machine's arithmetic; return the number of stages compared.

        Raises
        ------
        BundleError
            When a single byte differs, or there is nothing to compare; the message names the stage.
        """
        vectors, name = self.bundle.vectors, self.bundle.name
        try:
            stages = self.application.stages(self.typed, vectors)
        except KeyError as missing:
            raise BundleError(f"bundle {name}: test vector {missing} is missing") from None
        # In the order of the computation: the first that differs is where to look.
        compared = [stage for stage in stages if stage in vectors]
        if not compared:
            raise BundleError(f"bundle {name}: test vectors are missing")
        for stage in compared:
            if vectors[stage].tobytes() != np.ascontiguousarray(stages[stage]).tobytes():
                raise BundleError(f"bundle {name}: this machine computes another {stage} than the test vectors hold")
        return len(compared)


def installed() -> list[EntryPoint]:
    """Return the entry points of the installed applications, by name."""
    return sorted(entry_points(group=GROUP), key=lambda entry: entry.name)


def find(name: str) -> Application[Any, Any, Any, Any]:
    """Return an installed application by its name.

    Raises
    ------
    ParameterError
        There is none of that name.
    MissingExtraError
        It cannot be loaded.
    """
    for entry in installed():
        if entry.name == name:
            return _import(entry)
    known = ", ".join(entry.name for entry in installed()) or "none"
    raise ParameterError(f"There is no application {name!r}. There are: {known}.")


def _import(entry: EntryPoint) -> Application[Any, Any, Any, Any]:
    try:
        application = entry.load()
    except Exception as error:  # it may be anybody's, and must not take the others with it
        reason = str(error) if isinstance(error, ImportError) else f"{type(error).__name__}: {error}"
        raise MissingExtraError(f"{entry.name} ({entry.value}) cannot be loaded: {reason}.") from error
    if not isinstance(application, Application):
        raise MissingExtraError(f"{entry.name} ({entry.value}) is no application, but a {type(application).__name__}.")
    return application


def load(path_or_name: Path | str, application: str | None = None) -> Loaded[Any, Any, Any, Any]:
    """Load a bundle, a shipped one by its name or a file, and read it by its application: the only loader.

    Parameters
    ----------
    path_or_name
        A bundle file, or the name of a shipped bundle.
    application
        Name of the application that it must be made for; any, if not given.

    Raises
    ------
    BundleError
        If it is damaged, or made for another application.
    """
    bundle = Bundle.load(path_or_name)
    return from_bundle(bundle, str(path_or_name), application)


def from_bundle(bundle: Bundle, source: str, application: str | None = None) -> Loaded[Any, Any, Any, Any]:
    """Read a bundle that is in memory; ``source`` names it in errors. See :func:`load`."""
    if application is not None and bundle.application != application:
        raise BundleError(f"{source}: made for {bundle.application!r}, not for {application!r}. Choose another bundle.")
    try:
        owner = find(bundle.application)
    except ParameterError as error:
        raise BundleError(f"{source}: made for an application that is not installed. {error}") from error
    try:
        typed = owner.read(bundle)
    except AcousticError as error:
        raise BundleError(f"{source}: cannot be used ({error}). Train the bundle again.") from error
    return Loaded(application=owner, bundle=bundle, typed=typed)


def options_for(
    loaded: Loaded[M, P, E, R], options: P, files: Sequence[Path], roots: Sequence[Path]
) -> Mapping[Path, P]:
    """Return the options of each recording."""
    tell_apart = loaded.application.options_of
    if tell_apart is None:
        return dict.fromkeys(files, options)
    return tell_apart(loaded.typed, options, files, roots)


def failure(application: Application[M, P, E, R], file: str, error: str) -> dict[str, Any]:
    """Return the row of a recording that could not be scored."""
    make: Callable[..., R] = application.result
    row: dict[str, Any] = plain(make(file=file, error=error))
    return row
