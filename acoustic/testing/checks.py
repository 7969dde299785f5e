"""The checks, each of one property that commands, files, the proof and the Python interface rely on."""

import math
import time
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args
from unittest import SkipTest

import numpy as np

from acoustic.application import Facts, Row, failure
from acoustic.audio import Recording, write_wav
from acoustic.audio.source import Pcm16
from acoustic.errors import AcousticError, ExportError
from acoustic.export.chains import program
from acoustic.export.compilers import host_compiler
from acoustic.firmware import Firmware
from acoustic.live.schema import schema
from acoustic.model.bundle import Bundle
from acoustic.native import computing_with, core
from acoustic.records import Member, json_line, members, plain, read
from acoustic.score import score_recording
from acoustic.score.tables import flat
from acoustic.score.writers import csv_lines, table_lines
from acoustic.testing import hostile
from acoustic.testing.subject import Subject, cut, exact, recording_of, require
from acoustic.testing.validation import complaints, is_declared, is_of

CUTS = 3
"""Ways in which the sound is cut into blocks."""
MOST_BUNDLES = 100
"""Hostile bundles that are tried, of all that there are."""
MOST_S, MOST_BYTES = 30.0, 1 << 30
"""Time and memory that a hostile bundle may take, with as little sound as can be scored."""
BROKEN = "It is broken."


def check_options(subject: Subject) -> None:
    """Check that every option has a default, also to evaluate, and that whatever it takes scores or is refused."""
    options, loaded, evaluate = subject.application.options, subject.loaded, subject.application.evaluate
    for what in (options, *([evaluate.options] if evaluate else [])):
        try:
            what()
        except TypeError as error:
            raise AssertionError(f"every option needs a default: {error}") from None
    with recording_of(subject.beginning, loaded.rate_hz) as path:
        for one in members(options):
            for value in _option_values(one):
                with hostile.only_acoustic_errors(f"option {one.name} = {value!r:.40}"):
                    own = options(**{one.name: value}) if _is_path(one) else read(options, {one.name: value}, "options")
                    json_line(score_recording(loaded, subject.task(path, options=own)))


def _is_path(option: Member) -> bool:
    return Path in (option.type, *get_args(option.type))


def _option_values(option: Member) -> tuple[Any, ...]:
    if not _is_path(option):
        return hostile.VALUES
    missing = Path("no/such/file")
    return ((missing,),) if isinstance(option.default, tuple) else (missing,)


def check_blocks(subject: Subject) -> None:
    """Check that any cut into blocks, which stay the caller's, gives the same events and the same sound."""
    pcm = subject.pcm
    events, sound = subject.run(pcm, [len(pcm)])
    require(events or len(sound), "nothing happens in the sound, so nothing is checked: give recordings where it does")
    for seed in range(CUTS):
        again, same_sound = subject.run(pcm, cut(len(pcm), seed))
        require(exact(again) == exact(events), "blocks of other sizes give other events")
        require(np.array_equal(same_sound, sound), "blocks of other sizes give other sound")


def check_live(subject: Subject) -> None:
    """Check that listening to a recording ends with the row of scoring it, and makes the same sound."""
    loaded, own = subject.loaded, "made.wav" if subject.application.makes_sound else None
    unshared = {"duration_s", "warnings", *_work_fields(subject)}
    with recording_of(subject.pcm, loaded.rate_hz) as path:
        for recording in (path, *subject.recordings):
            made = own and path.with_name(own)
            row, memory = score_recording(loaded, subject.task(recording, sound=made)), subject.listen(recording)
            require(row["error"] is None, f"{recording}: {row['error']}")
            summary = memory.events[-1]
            different = [name for name in sorted(row.keys() - unshared) if row[name] != summary.get(name, memory)]
            require(not different, f"{recording}: listening and scoring differ in {', '.join(different)}")
            same = math.isclose(row.get("duration_s", summary["duration_s"]), summary["duration_s"], abs_tol=0.06)
            require(same, f"{recording}: listening and scoring differ in duration_s")
            # What is said when listening begins is not said again at its end.
            same = set(summary.get("warnings", ())) <= set(row.get("warnings", ()))
            require(same, f"{recording}: listening and scoring differ in warnings")
            if recording is path and made:
                sounds = Recording(made).read(loaded.rate_hz), np.concatenate(memory.made)
                require(np.array_equal(*sounds), "listening makes other sound than scoring")


def _work_fields(subject: Subject) -> set[str]:
    """Fields of a row that tell how long the work took, and where the sound that was made lies."""
    application, typed, options = subject.application, subject.loaded.typed, subject.application.options()
    chain = application.chain(typed, options)
    collector = application.collect(typed, options, chain)
    for event in (*chain.push(subject.pcm), *chain.flush()):
        collector.hear(event)
    facts = Facts(file="", duration_s=60.0, rate_hz=subject.loaded.rate_hz, realtime_factor=0.25, output="a.wav")
    one, other = (
        plain(collector.result(each)) for each in (facts, replace(facts, realtime_factor=0.5, output="b.wav"))
    )
    return {name for name in one if one[name] != other[name]}


def check_schema(subject: Subject) -> None:
    """Check that every event, whatever key is pressed, and every row is as `acoustic events` says."""
    application, shapes = subject.application, schema(subject.application)["$defs"]
    with recording_of(subject.pcm, subject.loaded.rate_hz) as path:
        memories = [
            subject.listen(path),
            subject.listen(path, keys="".join([*application.keys, "?", *application.keys])),
        ]
    for event in (event for memory in memories for event in memory.events):
        require(event["event"] in shapes, f"the event {event['event']!r} is not declared")
        _require_shape(event, shapes[event["event"]], event["event"])
    _require_shape(subject.row, shapes["row"], "row")
    _require_shape(failure(application, "broken.wav", BROKEN), shapes["row"], "row of a failure")
    kinds = {event["event"] for event in memories[0].events + memories[1].events}
    require(
        not application.events or kinds & application.events.keys(), "no event of its own comes: nothing is checked"
    )
    for part in (part for memory in memories for rows in memory.panels for row in rows.values() for part in row):
        text = part if isinstance(part, tuple) else (part, "")
        require(len(text) == 2 and all(isinstance(one, str) for one in text), f"the panel shows {part!r}")


def _require_shape(record: Row, shape: Mapping[str, Any], where: str) -> None:
    for complaint in complaints(record, shape, where):
        raise AssertionError(complaint)
    json_line(record)


def check_columns(subject: Subject) -> None:
    """Check that the columns of tables are there, and of their kind, for a recording and for a failure."""
    application, row = subject.application, subject.row
    names = [column.name for column in application.columns]
    require(len({"file", "error", *names}) == len(names) + 2, f"two columns have one name: {names}")
    shape = schema(application)["$defs"]["row"]
    kinds = {str: "string", float: "number", int: "integer", bool: "boolean"}
    for column in application.columns:
        path = column.value or column.name
        require(callable(path) or is_declared(shape, path), f"column {column.name}: a row has no {path}")
        require(column.kind in kinds, f"column {column.name}: no column can be of {column.kind}")
        value = flat(application, row)[column.name]
        right = value is None or is_of(value, kinds[column.kind])
        require(right, f"column {column.name}: {value!r:.60} is no {column.kind.__name__}")
    rows = [row, failure(application, "broken.wav", BROKEN)]
    lines = [*csv_lines(application, rows, []), *table_lines(application, rows, [])]
    require(len(lines) == 6 and not any("\n" in line for line in lines), "a row takes more than a line")


def check_labels(subject: Subject) -> None:
    """Check that labels lie within the recording, and are a line of text."""
    end_s = len(subject.pcm) / subject.loaded.rate_hz
    for label in subject.application.labels(subject.row):
        within = 0.0 <= label.start_s <= label.end_s <= end_s + 0.01
        require(within, f"{label} does not lie within the {end_s:.2f} s of the recording")
        require(label.text.strip() and label.text.isprintable(), f"{label} is no line of text")


def check_vectors(subject: Subject) -> None:
    """Check that the test vectors replay on every backend, and that one wrong byte in any of them is noticed."""
    loaded, vectors = subject.loaded, dict(subject.bundle.vectors)
    with computing_with("numpy"):
        loaded.check()
    for stage in sorted(subject.application.stages(loaded.typed, vectors).keys() & vectors.keys()):
        wrong = np.frombuffer(bytearray(vectors[stage].tobytes()), np.uint8)
        require(len(wrong), f"the test vector {stage} is empty: it proves nothing")
        wrong[len(wrong) // 2] ^= 1
        changed = vectors | {stage: wrong.view(vectors[stage].dtype).reshape(vectors[stage].shape)}
        other = replace(loaded, bundle=subject.bundle.replace(vectors=changed))
        require(hostile.refuses(other.check), f"a wrong byte in the test vector {stage} is not noticed")
    _need_core()
    with computing_with("compiled"):
        loaded.check()
        with hostile.noise_in_the_core():
            noticed = hostile.refuses(loaded.check)
    require(noticed, "noise in the compiled core is not noticed: stages must not choose their backend")


def check_backends(subject: Subject) -> None:
    """Check that NumPy and the compiled core give the same bytes at every stage, the same events and sound."""
    _need_core()
    rate_hz = subject.loaded.rate_hz
    for name, pcm in {"sound": subject.pcm[: 3 * rate_hz], **hostile.sounds(rate_hz)}.items():
        numpy, compiled = (_everything(subject, pcm, backend) for backend in ("numpy", "compiled"))
        different = [stage for stage, value in numpy.items() if value != compiled.get(stage)]
        require(not different, f"{name}: NumPy and the compiled core differ in {', '.join(different)}")


def _everything(subject: Subject, pcm: Any, backend: Any) -> dict[str, Any]:
    with computing_with(backend):
        stages = subject.application.stages(subject.loaded.typed, {"pcm": pcm})
        events, sound = subject.run(pcm, [len(pcm)])
    return {stage: exact(value) for stage, value in {**stages, "events": events, "sound": sound}.items()}


def _need_core() -> None:
    with computing_with("compiled"):
        if core() is None:
            raise SkipTest("the compiled core was not built")


def check_hostile_bundles(subject: Subject) -> None:
    """Check that a bundle that was tampered with is refused in a sentence, or scores, in bounded time and memory."""
    rate_hz, tampered = subject.loaded.rate_hz, list(hostile.tampered(subject.bundle))
    chosen = np.random.default_rng(0).permutation(len(tampered))[:MOST_BUNDLES]
    tracemalloc.start()
    try:
        with recording_of(subject.beginning, rate_hz) as path:
            for what, make in (tampered[number] for number in sorted(chosen)):
                try:
                    data = make().to_bytes()
                except AcousticError:
                    continue  # No file can hold it.
                tracemalloc.reset_peak()
                before, start_s = tracemalloc.get_traced_memory()[0], time.perf_counter()
                with hostile.only_acoustic_errors(what):
                    loaded = subject.load(Bundle.from_bytes(data, "hostile"))
                    json_line(score_recording(loaded, subject.task(path)))
                    loaded.check()
                took_s, took = time.perf_counter() - start_s, tracemalloc.get_traced_memory()[1] - before
                require(took_s < MOST_S, f"{what}: takes {took_s:.0f} s")
                require(took < MOST_BYTES, f"{what}: takes {took >> 20} MiB")
    finally:
        tracemalloc.stop()


def check_hostile_recordings(subject: Subject) -> None:
    """Check that any recording gives a row as declared, and a picture, or is refused in a sentence."""
    shape = schema(subject.application)["$defs"]["row"]
    draws = subject.application.picture is not None and find_spec("matplotlib") is not None
    recordings, n_scored = hostile.recordings(subject.loaded.rate_hz, len(subject.beginning)), 0
    for name, (pcm, rate_hz) in recordings.items():
        with recording_of(pcm, rate_hz) as path, hostile.only_acoustic_errors(name):
            picture = path.with_suffix(".png") if draws else None
            _require_shape(score_recording(subject.loaded, subject.task(path, picture=picture)), shape, name)
            n_scored += 1
    require(n_scored, "every one is refused: nothing is checked")


def check_picture(subject: Subject) -> None:
    """Check that a picture is drawn, and that it shows the sound."""
    if find_spec("matplotlib") is None:
        raise SkipTest("matplotlib is not installed")
    with recording_of(subject.pcm, subject.loaded.rate_hz) as path:
        picture = path.with_suffix(".png")
        score_recording(subject.loaded, subject.task(path, picture=picture))
        drawn = picture.read_bytes()
        require(drawn.startswith(b"\x89PNG"), "the picture is no PNG")
        write_wav(path, np.zeros_like(subject.pcm), subject.loaded.rate_hz)
        score_recording(subject.loaded, subject.task(path, picture=picture))
        require(picture.read_bytes() != drawn, "the picture of silence is the same")


def check_firmware(subject: Subject) -> None:
    """Check that the C gives Python's bytes at every stage, in any blocks of any sound, under the sanitizers."""
    if host_compiler() is None:
        raise SkipTest("there is no C compiler")
    loaded, firmware = subject.loaded, subject.firmware
    require(firmware.rate_hz == loaded.rate_hz, "the firmware has another rate than the model")
    sounds, idle = {"example": firmware.example_pcm, **hostile.sounds(loaded.rate_hz)}, set(firmware.stages)
    with TemporaryDirectory(prefix="acoustic-check-") as folder:
        replay = _built(firmware, Path(folder))
        for seed, (name, pcm) in enumerate(sounds.items()):
            got, expected = replay(pcm, cut(len(pcm), seed)), firmware.expected(pcm)
            for stage in firmware.stages:
                require(got[stage] == expected[stage], f"{name}: the C gives other bytes than Python in {stage}")
            idle -= {stage for stage in firmware.stages if got[stage]}
    stages, expected = (
        subject.application.stages(loaded.typed, {"pcm": sounds["noise"]}),
        firmware.expected(sounds["noise"]),
    )
    for stage in firmware.stages:
        same = np.ascontiguousarray(stages[stage]).tobytes() == expected[stage]
        require(same, f"the firmware expects another {stage} than the application computes")
    require(not idle, f"nothing passes through {', '.join(sorted(idle))}: it is not proven")


def _built(firmware: Firmware, folder: Path) -> Callable[[Pcm16, list[int]], Mapping[str, bytes]]:
    """Build the C for this computer under the sanitizers; return what runs it over blocks of sound."""
    try:
        built = program.build_on_host(program.write_sources(firmware, folder), folder, sanitized=True)
    except ExportError as error:
        raise AssertionError(f"the C does not compile: {error}") from error

    def replay(pcm: Pcm16, blocks: list[int]) -> Mapping[str, bytes]:
        try:
            return program.replay_on_host(built, pcm, blocks, firmware.stages)
        except ExportError as error:
            raise AssertionError(f"the C breaks off: {error}") from error

    return replay


CHECKS: dict[str, Callable[[Subject], None]] = {
    "options": check_options,
    "blocks": check_blocks,
    "live": check_live,
    "schema": check_schema,
    "columns": check_columns,
    "labels": check_labels,
    "vectors": check_vectors,
    "backends": check_backends,
    "hostile_bundles": check_hostile_bundles,
    "hostile_recordings": check_hostile_recordings,
    "picture": check_picture,
    "firmware": check_firmware,
}
"""By name; in the order in which they are most useful to whoever writes an application."""
