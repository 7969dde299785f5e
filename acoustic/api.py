"""Models in Python: what a notebook or a program does with a bundle."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from acoustic import application
from acoustic.application import Facts, Loaded, Report, Row, options_for
from acoustic.audio import Microphone, Recording, Samples, Sound, StreamResampler, find_recordings, to_pcm16
from acoustic.audio.samples import as_float32, check_rate, check_samples, from_pcm16_as
from acoustic.audio.sound import SoundMeter
from acoustic.errors import ParameterError
from acoustic.frontend import EnhancementFrontEnd, FrontEnd
from acoustic.frontend.features import Features, features
from acoustic.model.bundle import shipped_bundles
from acoustic.records import members, plain, read
from acoustic.score.batch import score_all
from acoustic.score.feed import Feed
from acoustic.score.processes import n_jobs, workers
from acoustic.score.recording import Task, painter_of, score_sound
from acoustic.score.tables import to_arrow, to_pandas

if TYPE_CHECKING:
    import pandas
    import pyarrow
    from matplotlib.figure import Figure

Source = str | PathLike[str] | ArrayLike
"""A recording by its path, or samples."""
#: Values of a list that a result shows; a longer one is shown by its length.
SHOWN_VALUES = 3


def list_models() -> list[str]:
    """Return the names of the models that are installed, for :func:`load`.

    >>> list_models()
    ['hearing', 'roast', 'turbine']
    """
    return list(shipped_bundles())


def load(path_or_name: str | PathLike[str]) -> "Model":
    """Load a model.

    Parameters
    ----------
    path_or_name : str or Path
        Name of an installed model, see :func:`list_models`, or a bundle file.

    Raises
    ------
    BundleError
        If there is no such bundle, or it is damaged, or made for an application that is not installed.

    >>> load("roast").rate_hz
    32000
    """
    loaded = application.load(path_or_name if isinstance(path_or_name, str) else Path(path_or_name))
    return Model(application=loaded.application, bundle=loaded.bundle, typed=loaded.typed)


@dataclass(frozen=True)
class _Named:
    """A record with its fields at hand."""

    record: Any
    """The application's record; its class tells types, units and meanings of the fields."""

    def __getattr__(self, name: str) -> Any:
        """Return a field of the record."""
        if name.startswith("__") or name == "record":  # as copying and unpickling ask, before there is a record
            raise AttributeError(name)
        return getattr(self.record, name)

    def __dir__(self) -> list[str]:
        """Add the fields of the record, for completion in a notebook."""
        return [*super().__dir__(), *(one.name for one in members(type(self.record)))]

    def __repr__(self) -> str:
        """Show the fields, long lists by their lengths."""
        shown = (f"{one.name}={_short(getattr(self.record, one.name))}" for one in members(type(self.record)))
        return f"{type(self.record).__name__}({', '.join(shown)})"


def _short(value: Any) -> str:
    if isinstance(value, tuple | list | Mapping) and len(value) > SHOWN_VALUES:
        return f"<{len(value)} values>"
    return repr(value)


@dataclass(frozen=True, repr=False)
class Result(_Named):
    """What was found in a recording; fields of the application's record are attributes."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON: the row that ``acoustic APP score --json`` writes."""
        row: dict[str, Any] = plain(self.record)
        return row


@dataclass(frozen=True, repr=False)
class Event(_Named):
    """Something heard in a stream; fields of the application's record are attributes."""

    event: str
    """Name of its kind, such as ``crack``."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON: the line that ``acoustic APP listen --json`` writes, but for its ``time``."""
        return {"event": self.event, **plain(self.record)}


class Model(Loaded[Any, Any, Any, Any]):
    """A model, ready to use; see :func:`load`.

    Sound is given as the path of a recording, or as an array with its sampling rate. Arrays have the shape (n,) or
    (n, channels). Floats have a full scale of 1, integers of 8, 16 or 32 bits that of their type. Any rate from 1 kHz
    on is taken: sound is resampled and, unless the model makes sound, its channels are averaged, exactly as the command
    line does with recordings. Anything ambiguous or unusable, such as a missing rate, NaN, or 16-bit values as floats,
    raises `ParameterError`, whose message says how to convert it.

    Options are those of ``acoustic APP score``, with underscores.

    >>> import numpy as np
    >>> model = load("roast")
    >>> silence = np.zeros(10 * 48000, np.float32)
    >>> result = model.score(silence, rate_hz=48000, charge=0.0)
    >>> result.duration_s, result.first_crack, result.warnings
    (10.0, None, ('silent: every sample is 0',))
    """

    @property
    def name(self) -> str:
        """Name of the bundle."""
        return self.bundle.name

    @property
    def front_end(self) -> FrontEnd | EnhancementFrontEnd:
        """Definition of what the model hears."""
        return self.bundle.frontend

    @property
    def card(self) -> str:
        """The model card, Markdown: what it is for, what it was trained on, how well it does."""
        return self.bundle.card

    def __repr__(self) -> str:
        """Say what it is."""
        kind = self.application.name
        return f"<{kind} model {self.name!r}, version {self.bundle.version}, {self.rate_hz} Hz>"

    def score(self, source: Source, rate_hz: int | None = None, **options: Any) -> Result:
        """Score a recording.

        Parameters
        ----------
        source : path or array_like, shape (n,) or (n, channels)
        rate_hz : int
            Sampling rate of an array (Hz); a file states its own.
        **options
            Of the application.

        Raises
        ------
        ParameterError
            If the array or an option cannot be used.
        AudioFileError
            If the file cannot be read.
        """
        return Result(score_sound(self, _sound(source, rate_hz), self._options(options)))

    def picture(self, source: Source, rate_hz: int | None = None, **options: Any) -> "Figure":
        """Score a recording and draw it with what was found; return the matplotlib figure.

        A notebook shows it, and ``figure.savefig("roast.png")`` writes it. Parameters are those of :meth:`score`.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        """
        record = self._options(options)
        painter = painter_of(self, record)
        figure: Figure = painter.draw(score_sound(self, _sound(source, rate_hz), record, painter))
        return figure

    def score_many(
        self,
        paths: str | PathLike[str] | Iterable[str | PathLike[str]],
        jobs: int | None = 1,
        **options: Any,
    ) -> Iterator[dict[str, Any]]:
        """Score recordings; yield a row for each, in order, as :meth:`Result.to_dict` returns it.

        A recording that cannot be scored gives a row whose ``error`` says why; the others go on.

        Parameters
        ----------
        paths : path or iterable of paths
            Recordings, or folders that are searched for them to any depth.
        jobs : int or None
            Processes; None: one for each core. A program that uses several must guard its entry with
            ``if __name__ == "__main__":``, as for everything that starts processes.
        **options
            Of the application.

        Raises
        ------
        ParameterError
            If an option cannot be used.
        """
        if jobs is not None and jobs < 1:
            raise ParameterError(f"jobs must be at least 1, or None for one process per core, not {jobs}.")
        roots = [Path(path) for path in ([paths] if isinstance(paths, str | PathLike) else paths)]
        files = find_recordings(roots)
        own = options_for(self, self._options(options), files, roots)
        return self._rows([Task(path=path, options=own[path]) for path in files], n_jobs(jobs, len(files)))

    def _rows(self, tasks: list[Task], jobs: int) -> Iterator[dict[str, Any]]:
        if jobs == 1:
            yield from (dict(outcome.row) for outcome in score_all(self, tasks))
            return
        with workers(jobs) as executor:
            yield from (dict(outcome.row) for outcome in score_all(self, tasks, executor, jobs))

    def to_pandas(self, rows: Iterable[Row | Result]) -> "pandas.DataFrame":
        """Return a pandas table of results, one row each: the columns of ``acoustic APP score --format csv``.

        Parameters
        ----------
        rows : iterable of dict or Result
            From :meth:`score_many` or :meth:`score`.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        return to_pandas(self.application, map(_row, rows))

    def to_arrow(self, rows: Iterable[Row | Result]) -> "pyarrow.Table":
        """Return a pyarrow table of results, see :meth:`to_pandas`.

        Raises
        ------
        MissingExtraError
            If pyarrow is not installed.
        """
        return to_arrow(self.application, map(_row, rows))

    def features(self, source: Source, rate_hz: int | None = None) -> Features:
        """Compute what the model hears of a recording: levels in dB over time and frequency.

        Parameters are those of :meth:`score`; the channels are averaged.

        >>> import numpy as np
        >>> load("roast").features(np.zeros(48000), rate_hz=48000).values.shape[1]
        20
        """
        return features(_sound(source, rate_hz).read(self.rate_hz), self.front_end)

    def stream(self, rate_hz: int, channels: int = 1, **options: Any) -> "Stream":
        """Begin a stream: sound that comes block by block, from a microphone or another program.

        Parameters
        ----------
        rate_hz : int
            Its sampling rate (Hz).
        channels : int
            Its channels.
        **options
            Of the application.

        Raises
        ------
        ParameterError
            If the rate, the channels or an option cannot be used.
        """
        return Stream(self, rate_hz, channels, self._options(options))

    def listen(self, device: str | int | None = None, **options: Any) -> Iterator[Event]:
        """Listen to a microphone; yield events as they come, until the loop is left.

        Parameters
        ----------
        device : str or int, optional
            Name of the microphone, a part of it, or its index; default: the system's.
        **options
            Of the application.

        Raises
        ------
        ParameterError
            If an option cannot be used.
        DeviceError
            If the microphone cannot be opened.
        """
        stream = self.stream(self.rate_hz, **options)
        block_samples = round(self.application.block_ms * self.rate_hz / 1000)
        with Microphone(device, self.rate_hz, block_samples) as microphone:
            for block in microphone:
                yield from stream.push(block)

    def enhance(self, array: ArrayLike, rate_hz: int, **options: Any) -> NDArray[Any]:
        """Return the sound that the model makes of another one, of the same rate, length, shape and type.

        The sound is the one that ``acoustic APP enhance`` writes: every channel by itself, rounded to 16 bits, each
        sample in line with the one that came.

        Parameters
        ----------
        array : array_like, shape (n,) or (n, channels)
        rate_hz : int
            Its sampling rate (Hz).
        **options
            Of the application.

        Raises
        ------
        ParameterError
            If the model makes no sound, or the array or an option cannot be used.
        """
        self._require_sound()
        sound, blocks = Samples(array, rate_hz), list[NDArray[np.int16]]()
        score_sound(self, sound, self._options(options), save=blocks.extend)
        return from_pcm16_as(np.concatenate(blocks).reshape(sound.array.shape), sound.array.dtype)

    def _require_sound(self) -> None:
        if not self.application.makes_sound:
            raise ParameterError(f"{self.application.name} makes no sound: use score or stream.")

    def _options(self, values: Mapping[str, Any]) -> Any:
        """Return the application's options, each checked for its type and range."""
        kind, name = self.application.options, self.application.name
        known = [one.name for one in members(kind)]
        if unknown := sorted(values.keys() - set(known)):
            raise ParameterError(f"{name} has no option {unknown[0]!r}. It has: {', '.join(known) or 'none'}.")
        # Options are strict about types, and NumPy's scalars are not Python's numbers.
        values = {key: value.item() if isinstance(value, np.generic) else value for key, value in values.items()}
        return read(kind, values, f"{name} options")


class Stream:
    """Sound that comes block by block, into a model; see :meth:`Model.stream`.

    Blocks of any size give the same events, and the same result as the whole recording at once.

    >>> import numpy as np
    >>> stream = load("roast").stream(rate_hz=16000)
    >>> for block in np.zeros((50, 1600), np.int16):
    ...     events = stream.push(block)
    >>> events += stream.flush()
    >>> events, stream.result().duration_s
    ([], 5.0)
    """

    def __init__(self, model: Model, rate_hz: float, channels: int, options: Any) -> None:
        if isinstance(channels, bool) or not isinstance(channels, int | np.integer) or channels < 1:
            raise ParameterError(f"channels must be a whole number of at least 1, not {channels!r}.")
        self.rate_hz, self.channels = check_rate(rate_hz), int(channels)
        self._model, self._n_frames, self._ended = model, 0, False
        self._feed = Feed(model, options, self.rate_hz, self.channels)
        self._resampler = StreamResampler(self.rate_hz, model.rate_hz, self._feed.n_chains)
        self._meter, self._dtype = SoundMeter(self.rate_hz, self.channels), np.dtype(np.float32)
        self._before = _events(self._feed.collector.start())

    def push(self, block: ArrayLike) -> list[Event]:
        """Take the next samples; return the events that they complete.

        Parameters
        ----------
        block : array_like, shape (n,) or (n, channels)
            As every array that a model takes, see :class:`Model`; it may be empty.

        Raises
        ------
        ParameterError
            If it cannot be used, or the stream has ended; nothing of it was taken.
        """
        self._check_open()
        samples = check_samples(block)
        shape = samples.shape
        if shape[1:] != (self.channels,) and (self.channels > 1 or samples.ndim == 2):
            wanted = "(n,) or (n, 1)" if self.channels == 1 else f"(n, {self.channels})"
            raise ParameterError(
                f"A block must have the shape {wanted}, not {shape}: the stream has channels={self.channels}."
            )
        x = as_float32(samples.reshape(-1, self.channels))
        self._dtype, self._n_frames = samples.dtype, self._n_frames + len(x)
        self._meter.push(x)
        return self._fed(self._resampler.push(self._wanted(x)))

    def flush(self) -> list[Event]:
        """End the stream; return the remaining events."""
        self._check_open()
        self._ended = True
        events = self._fed(self._resampler.flush()) + _events(self._feed.flush(self._n_frames))
        return events + _events(self._feed.collector.finish(self._facts()))

    def sound(self) -> NDArray[Any]:
        """Return the sound made since the last call, in line with what came in, of the type of the latest block.

        It is kept until it is asked for, and lags behind what was pushed; after :meth:`flush`, all of it is as long as
        all that came.

        Returns
        -------
        numpy.ndarray, shape (n,) or (n, channels)

        Raises
        ------
        ParameterError
            If the model makes no sound.
        """
        self._model._require_sound()
        made = from_pcm16_as(self._feed.sound(), self._dtype)
        return made[:, 0] if self.channels == 1 else made

    def result(self) -> Result:
        """Return what was found so far; after :meth:`flush`, what scoring the whole recording gives.

        The two differ in ``file``, and in warnings that an application reports at the start of a stream instead.
        """
        return Result(self._feed.collector.result(self._facts()))

    def _facts(self) -> Facts:
        remarks = self._meter.remarks(self._model.rate_hz, mix=not self._model.application.makes_sound)
        return self._feed.facts("stream", self._n_frames, remarks)

    def _check_open(self) -> None:
        if self._ended:
            raise ParameterError("The stream has ended: begin another one.")

    def _wanted(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the channels that the resampler takes, shaped as it wants them."""
        if self.channels == 1:
            return x[:, 0]
        mean: NDArray[np.float32] = x.mean(axis=1)
        return x if self._feed.n_chains > 1 else mean

    def _fed(self, samples: NDArray[np.float32]) -> list[Event]:
        before, self._before = self._before, []
        pcm = to_pcm16(samples).reshape(-1, self._feed.n_chains)
        return before + (_events(self._feed.push(pcm)) if len(pcm) else [])


def _events(reports: Iterable[Report]) -> list[Event]:
    return [Event(report.record, report.event) for report in reports if report.record is not None]


def _row(result: Row | Result) -> Row:
    return result.to_dict() if isinstance(result, Result) else result


def _sound(source: Source, rate_hz: int | None) -> Sound:
    if isinstance(source, str | PathLike):
        if rate_hz is not None:
            raise ParameterError("A recording states its own sampling rate: leave rate_hz out.")
        return Recording(Path(source))
    return Samples(source, rate_hz)
