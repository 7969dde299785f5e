"""Checks that every application passes, yours too: what the suite takes for granted of one.

In a test of your own, with pytest:

    CHECKS = application_checks(application, "whistle.bundle")

    @pytest.mark.parametrize("check", [pytest.param(check, id=name) for name, check in CHECKS])
    def test_application(check):
        check()

A check raises `AssertionError`, which says what is wrong, or `unittest.SkipTest` where this computer lacks what it
needs, such as a C compiler. What is random in a check is seeded: it fails again until it is mended.
"""

import math
import time
import tracemalloc
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import NoneType
from typing import Any
from unittest import SkipTest
from unittest.mock import patch

import numpy as np

from acoustic.application import Application, Array, Loaded, Row, failure
from acoustic.audio import Recording, WavWriter, write_wav
from acoustic.audio.source import Pcm16
from acoustic.errors import AcousticError, BundleError, ParameterError
from acoustic.export.chains import program
from acoustic.export.compilers import host_compiler
from acoustic.frontend import compiled
from acoustic.links import Event, Sink
from acoustic.live import Keyboard, Listener, SoundOut, open_input
from acoustic.live.schema import schema
from acoustic.model.bundle import Bundle
from acoustic.native import computing_with, core
from acoustic.records import LONGEST_MESSAGE, at, json_line, members, read
from acoustic.score import Task, score_recording
from acoustic.score.writers import csv_lines, flat, table_lines

CUTS = 3
"""Ways in which the sound is cut into blocks."""
LONGEST_BLOCK = 10_000
HOSTILE = (None, True, -1, 0, 1e-300, 1e308, -1e308, 2**62, "NaN", "a\0b", "9" * 400, [], {}, [[[]]], {"": {"": {}}})
"""Values that no setting of a bundle expects everywhere."""
MOST_BUNDLES = 250
"""Hostile bundles that are tried."""
MOST_S, MOST_BYTES = 30.0, 1 << 30
"""Time and memory that a hostile bundle may take with a second of sound."""
UNSHARED = {"duration_s", "output", "realtime_factor"}
"""Fields of a row that tell of the work, or are rounded otherwise while listening."""


@dataclass(frozen=True)
class Subject:
    """An application under check, with a bundle of its own and sound in which something happens."""

    application: Application[Any, Any, Any, Any]
    bundle: Bundle
    recordings: tuple[Path, ...]

    def load(self, bundle: Bundle) -> Loaded[Any, Any, Any, Any]:
        """Read another bundle."""
        return Loaded(application=self.application, bundle=bundle, typed=self.application.read(bundle))

    @cached_property
    def loaded(self) -> Loaded[Any, Any, Any, Any]:
        """The bundle, read."""
        return self.load(self.bundle)

    @cached_property
    def pcm(self) -> Pcm16:
        """The first recording; without any the example of the firmware. int16 (n,) at the model's rate."""
        if self.recordings:
            return Recording(self.recordings[0]).read(self.loaded.rate_hz)
        assert self.application.firmware is not None, "without firmware, checks need recordings"
        return self.application.firmware(self.loaded.typed).example_pcm

    @cached_property
    def heard(self) -> tuple[Row, list[Event]]:
        """The row and the live events of that sound."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "sound.wav"
            write_wav(path, self.pcm, self.loaded.rate_hz)
            return score_recording(self.loaded, self.task(path)), self.listen(path).events

    def task(self, path: Path, **changes: Any) -> Task:
        """Return the task to score a recording."""
        return Task(path=path, **{"options": self.application.options(), **changes})

    def listen(self, path: Path) -> "Memory":
        """Listen to a recording, as fast as it goes."""
        memory, rate_hz = Memory(), self.loaded.rate_hz
        block = max(1, rate_hz * self.application.block_ms // 1000)
        with ExitStack() as stack:
            out = None
            if self.application.makes_sound:
                writer = WavWriter(Path(stack.enter_context(TemporaryDirectory())) / "out.wav", rate_hz)
                out = SoundOut(stack.enter_context(writer), rate_hz)
            sound = open_input(None, str(path), rate_hz, block, speed=0.0)
            options = self.application.options()
            ended = Listener(self.loaded, options, sound, [memory], Keyboard(), out, memory.complaints.append).run()
        assert not memory.complaints and ended.exit_code == 0, f"listening fails: {memory.complaints}"
        return memory


class Memory(Sink):
    """Keeps events and the sound that was made."""

    name = "memory"
    close_s = None

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.made: list[Pcm16] = [np.empty(0, np.int16)]
        self.complaints: list[str] = []

    def event(self, event: Event) -> None:
        """Keep an event."""
        self.events.append(event)

    def output(self, pcm: Pcm16) -> None:
        """Keep sound."""
        self.made.append(pcm)


def application_checks(
    application: Application[Any, Any, Any, Any], bundle: Bundle | Path | str, recordings: Sequence[Path] = ()
) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield the checks that concern an application, each with its name.

    Parameters
    ----------
    application : Application
        It need not be installed.
    bundle : Bundle, Path or str
        One of its bundles, a file, or the name of a shipped one.
    recordings : sequence of Path
        The first is the sound of most checks, all are listened to. Something should happen in them. Without any, the
        sound is the example of the application's firmware.
    """
    bundle = bundle if isinstance(bundle, Bundle) else Bundle.load(bundle)
    subject = Subject(application, bundle, tuple(recordings))
    for check in CHECKS:
        if not (check is check_firmware and application.firmware is None) and not (
            check is check_picture and application.picture is None
        ):
            yield check.__name__.removeprefix("check_"), partial(check, subject)


def check_application(
    application: Application[Any, Any, Any, Any], bundle: Bundle | Path | str, recordings: Sequence[Path] = ()
) -> None:
    """Run all checks, see :func:`application_checks`; warn of those that cannot run here.

    Raises
    ------
    AssertionError
        At the first that fails.
    """
    for name, check in application_checks(application, bundle, recordings):
        try:
            check()
        except SkipTest as reason:
            warnings.warn(f"check {name} was skipped: {reason}", stacklevel=2)


def check_options(subject: Subject) -> None:
    """Every option has a default; what it does not take is refused; with what it takes, recordings can be scored."""
    application = subject.application
    with _sound(subject.pcm[: subject.loaded.rate_hz], subject.loaded.rate_hz) as path:
        for one in members(application.options):
            try:
                application.options()
            except TypeError as error:
                raise AssertionError(f"options need defaults: {error}") from None
            for value in (Path("missing"),) if "Path" in str(one.type) else (*HOSTILE, 0.5, 1.0, 60.0):
                with _only_acoustic_errors(f"option {one.name} = {value!r}"):
                    changed = {one.name: value}
                    own = isinstance(value, Path)
                    options = application.options(**changed) if own else read(application.options, changed, "options")
                    json_line(score_recording(subject.loaded, subject.task(path, options=options)))


def check_blocks(subject: Subject) -> None:
    """Any cut into blocks, which stay the caller's, gives the same events and the same sound."""
    events, sound = _run(subject, [len(subject.pcm)])
    assert events or len(sound), "nothing happens in the sound, so nothing is checked: give recordings where it does"
    for seed in range(CUTS):
        blocks = _cut(len(subject.pcm), seed)
        again, same_sound = _run(subject, blocks)
        assert _exact(again) == _exact(events), f"blocks of {blocks[:9]}... samples give other events than one block"
        assert np.array_equal(same_sound, sound), f"blocks of {blocks[:9]}... samples give other sound than one block"


def check_live(subject: Subject) -> None:
    """The summary of listening to a recording is the row of scoring it, and so is the sound that is made."""
    loaded = subject.loaded
    with _sound(subject.pcm, loaded.rate_hz) as path:
        for recording in (path, *subject.recordings):
            made = path.with_name("made.wav") if subject.application.makes_sound else None
            row, memory = score_recording(loaded, subject.task(recording, sound=made)), subject.listen(recording)
            summary = memory.events[-1]
            different = [name for name in row.keys() - UNSHARED if row[name] != summary.get(name, memory)]
            assert not different, f"{recording}: listening and scoring differ in {', '.join(sorted(different))}"
            assert row["error"] is None, f"{recording}: {row['error']}"
            if recording is path and made is not None:
                same = np.array_equal(Recording(made).read(loaded.rate_hz), np.concatenate(memory.made))
                assert same, "listening makes other sound than scoring"


def check_schema(subject: Subject) -> None:
    """Every event, and every row, is as the schema declares it: `acoustic events` tells the truth."""
    shapes = schema(subject.application)["$defs"]
    row, events = subject.heard
    for event in events:
        assert event["event"] in shapes, f"the event {event['event']!r} is not declared"
    broken = failure(subject.application, "broken.wav", "It is broken.")
    for name, record in [*((event["event"], event) for event in events), ("row", row), ("row", broken)]:
        assert not (complaints := list(_complaints(record, shapes[name], name))), complaints[0]
        json_line(record)


def check_columns(subject: Subject) -> None:
    """Columns of the table are there, and of their kind, for a row and for a failure."""
    application, (row, _) = subject.application, subject.heard
    names = [column.name for column in application.columns]
    assert len({"file", "error", *names}) == len(names) + 2, f"two columns have one name: {names}"
    shape, kinds = schema(application)["$defs"]["row"], {str: str, float: (int, float), int: int, bool: bool}
    for column in application.columns:
        path = column.name if column.value == "" else column.value
        assert callable(path) or _declared(shape, path), f"column {column.name}: rows have no {path}"
        value = flat(application, row)[column.name]
        right = isinstance(value, kinds[column.kind]) and isinstance(value, bool) == (column.kind is bool)
        assert value is None or right, f"column {column.name}: {value!r} is no {column.kind.__name__}"
    rows = [row, failure(application, "broken.wav", "It is broken.")]
    for lines in (csv_lines(application, rows, []), table_lines(application, rows, [])):
        assert all("\n" not in line for line in lines), "a row takes more than a line"


def check_labels(subject: Subject) -> None:
    """Labels lie within the recording, and are one line of text."""
    end_s = len(subject.pcm) / subject.loaded.rate_hz + 1e-3
    for label in subject.application.labels(subject.heard[0]):
        assert 0 <= label.start_s <= label.end_s <= end_s, f"{label} does not lie within the {end_s:.3f} s of the sound"
        assert label.text.strip() and label.text.isprintable(), f"{label} has no line of text"


def check_vectors(subject: Subject) -> None:
    """The test vectors replay on every backend, and a wrong byte is noticed, be it the bundle's or the computer's."""
    loaded, vectors = subject.loaded, dict(subject.bundle.vectors)
    with computing_with("numpy"):
        loaded.check()
        for stage in sorted(subject.application.stages(loaded.typed, vectors).keys() & vectors.keys()):
            wrong = np.frombuffer(bytearray(vectors[stage].tobytes()), np.uint8)
            assert len(wrong), f"the vector {stage} is empty, so it proves nothing"
            wrong[len(wrong) // 2] ^= 1
            changed = vectors | {stage: wrong.view(vectors[stage].dtype).reshape(vectors[stage].shape)}
            other = replace(loaded, bundle=subject.bundle.replace(vectors=changed))
            assert _fails(other.check), f"a wrong byte in the vector {stage} is not noticed"
    _need_core()
    with computing_with("compiled"):
        loaded.check()
        with _noise_in_the_core():
            assert _fails(loaded.check), "stages do not compute with the backend that is chosen: noise is not noticed"


def check_backends(subject: Subject) -> None:
    """NumPy and the compiled core give the same bytes at every stage, the same events and the same sound."""
    _need_core()
    pcm = subject.pcm[: 10 * subject.loaded.rate_hz]
    for name, sound in {"sound": pcm, **_sounds(subject.loaded.rate_hz)}.items():
        found = []
        for backend in ("numpy", "compiled"):
            with computing_with(backend):  # type: ignore[arg-type]
                stages = subject.application.stages(subject.loaded.typed, {"pcm": sound})
                events = _run(replace(subject, recordings=()), _cut(len(sound), 0), sound)
            found.append({**{stage: _exact(values) for stage, values in stages.items()}, "events": _exact(events)})
        different = [stage for stage in found[0] if found[0][stage] != found[1].get(stage)]
        assert not different, f"{name}: NumPy and the compiled core differ in {', '.join(different)}"


def check_hostile_bundles(subject: Subject) -> None:
    """A bundle that was tampered with is refused in a sentence, or scores, in bounded time and memory."""
    rate_hz = subject.loaded.rate_hz
    changes = list(_tampered(subject.bundle))
    chosen = np.random.default_rng(0).permutation(len(changes))[:MOST_BUNDLES]
    tracemalloc.start()
    try:
        with _sound(subject.pcm[:rate_hz], rate_hz) as path:
            for what, change in (changes[number] for number in sorted(chosen)):
                tracemalloc.reset_peak()
                before, start_s = tracemalloc.get_traced_memory()[0], time.perf_counter()
                with _only_acoustic_errors(what):
                    bundle = Bundle.from_bytes(subject.bundle.replace(**change).to_bytes(), "hostile")
                    loaded = subject.load(bundle)
                    json_line(score_recording(loaded, subject.task(path)))
                    loaded.check()
                took_s, took = time.perf_counter() - start_s, tracemalloc.get_traced_memory()[1] - before
                assert took_s < MOST_S and took < MOST_BYTES, f"{what}: takes {took_s:.0f} s and {took >> 20} MiB"
    finally:
        tracemalloc.stop()


def check_hostile_recordings(subject: Subject) -> None:
    """Any recording gives a row of finite numbers, and a picture, or is refused in a sentence."""
    rate_hz, shape = subject.loaded.rate_hz, schema(subject.application)["$defs"]["row"]
    sounds = _sounds(rate_hz)
    recordings = {name: (pcm, rate_hz) for name, pcm in sounds.items()}
    recordings |= {"empty": (sounds["noise"][:0], rate_hz), "one sample": (sounds["noise"][:1], rate_hz)}
    recordings |= {"short": (sounds["noise"][:10], rate_hz), "1 kHz": (sounds["noise"][:2000], 1000)}
    recordings |= {"192 kHz": (sounds["noise"], 192_000), "antiphase": (_antiphase(sounds["noise"]), rate_hz)}
    for name, (pcm, own_rate_hz) in recordings.items():
        with _sound(pcm, own_rate_hz) as path, _only_acoustic_errors(name):
            picture = (
                path.with_suffix(".png") if subject.application.picture is not None and _has_matplotlib() else None
            )
            row = score_recording(subject.loaded, subject.task(path, picture=picture))
            json_line(row)
            assert not (complaints := list(_complaints(row, shape, name))), complaints[0]


def check_picture(subject: Subject) -> None:
    """A picture is drawn."""
    if not _has_matplotlib():
        raise SkipTest("matplotlib is not installed")
    with _sound(subject.pcm, subject.loaded.rate_hz) as path:
        picture = path.with_suffix(".png")
        score_recording(subject.loaded, subject.task(path, picture=picture))
        assert picture.is_file() and picture.read_bytes().startswith(b"\x89PNG"), "no picture was drawn"


def check_firmware(subject: Subject) -> None:
    """The C gives Python's bytes at every stage, in any blocks of any sound, with no complaint of the sanitizers."""
    assert subject.application.firmware is not None
    if host_compiler() is None:
        raise SkipTest("there is no C compiler")
    loaded, firmware = subject.loaded, subject.application.firmware(subject.loaded.typed)
    assert firmware.rate_hz == loaded.rate_hz, "the firmware has another rate than the model"
    sounds = {"example": firmware.example_pcm, **_sounds(loaded.rate_hz)}
    silent = set(firmware.stages)
    with TemporaryDirectory() as name, computing_with("numpy"):
        folder = Path(name)
        built = program.build_on_host(program.write_sources(firmware, folder), folder, sanitized=True)
        for seed, (name, pcm) in enumerate(sounds.items()):
            found = program.replay_on_host(built, pcm, _cut(len(pcm), seed), firmware.stages)
            expected, stages = firmware.expected(pcm), subject.application.stages(loaded.typed, {"pcm": pcm})
            for stage in firmware.stages:
                assert found[stage] == expected[stage], f"{name}: the C gives other bytes than Python in {stage}"
                assert stages[stage].tobytes() == expected[stage], f"{name}: stages and firmware differ in {stage}"
            silent -= {stage for stage in silent if found[stage]}
    assert not silent, f"nothing passes through {', '.join(sorted(silent))}: the example proves nothing of it"


CHECKS: tuple[Callable[[Subject], None], ...] = (
    check_options,
    check_blocks,
    check_live,
    check_schema,
    check_columns,
    check_labels,
    check_vectors,
    check_backends,
    check_hostile_bundles,
    check_hostile_recordings,
    check_picture,
    check_firmware,
)


def _run(subject: Subject, blocks: Sequence[int], pcm: Pcm16 | None = None) -> tuple[list[Any], Pcm16]:
    """Push sound in blocks; return the events and the sound that is made."""
    pcm = subject.pcm if pcm is None else pcm
    chain: Any = subject.application.chain(subject.loaded.typed, subject.application.options())
    events, made, at_sample = [], [np.empty(0, np.int16)], 0
    for n in blocks:
        block = pcm[at_sample : at_sample + n].copy()
        at_sample += n
        events += chain.push(block)
        block[:] = -12345  # What a chain keeps of a block, it copies.
        made += [chain.sound()] if subject.application.makes_sound else []
    events += chain.flush()
    made += [chain.sound()] if subject.application.makes_sound else []
    return events, np.concatenate(made)


def _cut(n_samples: int, seed: int) -> list[int]:
    """Cut into blocks of none, one and many samples."""
    rng, blocks = np.random.default_rng(seed), [0, 1]
    while sum(blocks) < n_samples:
        blocks.append(int(np.exp(rng.uniform(0, math.log(LONGEST_BLOCK)))))
    ends = np.minimum(np.cumsum(blocks), n_samples)
    return np.diff(ends, prepend=0).tolist()


def _sounds(rate_hz: int) -> dict[str, Pcm16]:
    """Sounds that no application is made for, 2 s each."""
    rng, n = np.random.default_rng(0), 2 * rate_hz
    noise = rng.standard_normal(n) * np.repeat(10 ** rng.uniform(0, 4.4, 20), -(-n // 20))[:n]
    sounds = {
        "silence": np.zeros(n),
        "offset": np.full(n, 12_000.0),
        "noise": noise,
        "clipped noise": 1e3 * noise,
        "square": np.where(np.arange(n) % 40 < 20, 32767, -32768),
        "clicks": np.where(rng.random(n) < 1e-3, -32768, 3),
    }
    return {name: np.clip(np.rint(pcm), -32768, 32767).astype(np.int16) for name, pcm in sounds.items()}


def _antiphase(pcm: Pcm16) -> Pcm16:
    return np.stack([pcm, -np.maximum(pcm, -32767)], axis=1)


@contextmanager
def _sound(pcm: Pcm16, rate_hz: int) -> Iterator[Path]:
    """Write a recording into a folder of its own, for the time of the block."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sound.wav"
        write_wav(path, pcm, rate_hz)
        yield path


def _tampered(bundle: Bundle) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield changes of a bundle: settings missing or wrong, vectors of other kinds, other front ends."""
    for part in ("decision", "calibration"):
        settings = getattr(bundle, part)
        yield f"{part} with a field too many", {part: {**settings, "unknown": 1}}
        for path in _paths(settings):
            for value in (..., *HOSTILE):
                what = f"{part}: {'.'.join(map(str, path))} {'missing' if value is ... else f'= {value!r:.40}'}"
                yield what, {part: _changed(settings, path, value)}
    for name, vector in bundle.vectors.items():
        others = {"empty": vector[:0], "flat": vector.reshape(-1)[:3], "NaN": np.full(vector.shape, np.nan)}
        others |= {
            "huge": np.full(vector.shape, 1e300),
            "integers": np.full(vector.shape, 2**62),
            "scalar": np.array(7),
        }
        for kind, other in others.items():
            yield f"vector {name}: {kind}", {"vectors": {**bundle.vectors, name: other}}
        yield f"vector {name} missing", {"vectors": {key: bundle.vectors[key] for key in bundle.vectors if key != name}}
    for one in fields(bundle.frontend):
        value = getattr(bundle.frontend, one.name)
        for other in (1, 2 * value, value // 2, 4 * value) if isinstance(value, int) else ():
            try:
                yield f"front end: {one.name} = {other}", {"frontend": replace(bundle.frontend, **{one.name: other})}
            except ParameterError:
                continue


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the paths to all settings; of a list to its first and last."""
    keys = value if isinstance(value, dict) else {0, len(value) - 1} if isinstance(value, list) and value else ()
    for key in keys:
        yield (*path, key)
        yield from _paths(value[key], (*path, key))


def _changed(settings: Any, path: Sequence[str | int], value: Any) -> Any:
    """Return settings with another value at a path, or without it."""
    key, *rest = path
    copy = settings.copy()
    if rest:
        copy[key] = _changed(settings[key], rest, value)
    elif value is ...:
        del copy[key]
    else:
        copy[key] = value
    return copy


@contextmanager
def _only_acoustic_errors(what: str) -> Iterator[None]:
    """Let errors of the suite pass that say what is wrong in a few sentences; nothing else may go wrong."""
    try:
        yield
    except AcousticError as error:
        assert len(str(error)) <= LONGEST_MESSAGE, f"{what}: the message is too long: {error}"
    except Exception as error:
        raise AssertionError(f"{what}: {type(error).__name__}: {error}") from error


def _fails(action: Callable[[], object]) -> bool:
    try:
        action()
    except Exception as error:
        return isinstance(error, BundleError) or not isinstance(error, AssertionError)
    return False


def _need_core() -> None:
    with computing_with("compiled"):
        if core() is None:
            raise SkipTest("the compiled core was not built")


def _has_matplotlib() -> bool:
    from importlib.util import find_spec

    return find_spec("matplotlib") is not None


@contextmanager
def _noise_in_the_core() -> Iterator[None]:
    """Add noise to whatever the compiled front end gives, for the time of the block."""

    def noisy(call: Callable[..., None]) -> Callable[..., None]:
        def called(self: Any, *arrays: Array) -> None:
            call(self, *arrays)
            noise = np.random.default_rng(0).normal(0.0, 3.0, arrays[-1].shape)
            np.add(arrays[-1], noise, out=arrays[-1], casting="unsafe")

        return called

    with ExitStack() as stack:
        for kind in [kind for name, kind in vars(compiled).items() if name.endswith("Frames")]:
            stack.enter_context(patch.object(kind, "__call__", noisy(kind.__call__)))
        yield


def _exact(value: Any) -> Any:
    """Return something of which equality means that every bit is equal."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if is_dataclass(value):
        return type(value).__name__, [_exact(getattr(value, one.name)) for one in fields(value)]
    return [_exact(one) for one in value] if isinstance(value, list | tuple) else repr(value)


_TYPES: dict[str, Any] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": NoneType,
    "number": int | float,
    "object": Mapping,
    "string": str,
}


def _complaints(value: Any, shape: Mapping[str, Any], where: str) -> Iterator[str]:
    """Validate plain JSON against what :func:`acoustic.records.json_schema` makes; yield what is wrong."""
    if "anyOf" in shape and all([*_complaints(value, one, where)] for one in shape["anyOf"]):
        yield f"{where}: {value!r:.60} fits none of {shape['anyOf']}"
    if value not in shape.get("enum", [value]) or value != shape.get("const", value):
        yield f"{where}: {value!r:.60} is none of the values declared"
    if "type" in shape and not _is_of(value, shape["type"]):
        yield f"{where}: {value!r:.60} is no {shape['type']}"
    elif _is_of(value, "number") and not shape.get("minimum", -math.inf) <= value <= shape.get("maximum", math.inf):
        yield f"{where}: {value} is out of its bounds"
    elif isinstance(value, list):
        for one in value:
            yield from _complaints(one, shape.get("items", {}), f"{where}[]")
    elif isinstance(value, Mapping):
        yield from (f"{where} lacks {name}" for name in shape.get("required", ()) if name not in value)
        for name in value.keys() & shape.get("properties", {}).keys():
            yield from _complaints(value[name], shape["properties"][name], f"{where}.{name}")


def _is_of(value: Any, kind: str) -> bool:
    finite = not isinstance(value, float) or math.isfinite(value)
    return isinstance(value, _TYPES[kind]) and (not isinstance(value, bool) or kind == "boolean") and finite


def _declared(shape: Mapping[str, Any], path: str) -> bool:
    """Whether a schema has a field at a path such as ``rotor.rpm``."""
    for name in path.split("."):
        shapes = [shape, *shape.get("anyOf", ())]
        inner = next((one["properties"][name] for one in shapes if name in one.get("properties", {})), None)
        if inner is None:
            return False
        shape = inner
    return True
