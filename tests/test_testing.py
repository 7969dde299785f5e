"""Every check of `acoustic.testing` passes for a sound application, and fails for one that breaks its promise."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any
from unittest import SkipTest

import numpy as np
import pytest

from acoustic import native, plot
from acoustic.application import Application, Column, Label, Report
from acoustic.audio import write_wav
from acoustic.errors import BundleError, ParameterError
from acoustic.model.bundle import Bundle
from acoustic.native import computing_with
from acoustic.testing import application_checks, check_application, checks
from acoustic.testing.checks import CHECKS

App = Application[Any, Any, Any, Any]
DECISION = {"threshold": 0.5, "frames": 6}
FAULTS: list[Any] = []


def fault(check: str, complaint: str) -> Callable[[Callable[[App], App]], Callable[[App], App]]:
    """Register what breaks an application in a way that a check must notice, and what the check must say of it."""

    def register(spoil: Callable[[App], App]) -> Callable[[App], App]:
        marks = [pytest.mark.slow] if check == "firmware" else []
        FAULTS.append(pytest.param(check, complaint, spoil, id=f"{check}-{spoil.__name__}", marks=marks))
        return spoil

    return register


def with_chain(application: App, **methods: Callable[..., Any]) -> App:
    """Replace methods of the chain; each takes the chain that it was."""

    def chain(model: Any, options: Any) -> Any:
        own = application.chain(model, options)
        changed = {name: lambda *pcm, method=method: method(own, *pcm) for name, method in methods.items()}
        return SimpleNamespace(**{"push": own.push, "flush": own.flush, **changed})

    return replace(application, chain=chain)


def with_collector(application: App, **methods: Callable[..., Any]) -> App:
    """Replace methods of the collector."""
    base: Any = application.collect
    return replace(application, collect=type("Changed", (base,), methods))


def with_result(application: App, **values: Any) -> App:
    """Replace fields of the result."""
    base: Any = application.collect
    return with_collector(application, result=lambda own, facts: replace(base.result(own, facts), **values))


def with_start(application: App, event: str, **record: Any) -> App:
    """Report one more event at the beginning of a live stream."""
    return with_collector(application, start=lambda own: [Report(event=event, record=record)])


def with_c(application: App, right: str, wrong: str) -> App:
    """Replace a piece of the C."""

    def firmware(model: Any) -> Any:
        own = application.firmware(model)  # type: ignore[misc]
        source = own.sources["acoustic_whistle.c"]
        assert source.count(right) == 1
        return replace(own, sources={**own.sources, "acoustic_whistle.c": source.replace(right, wrong)})

    return replace(application, firmware=firmware)


def with_reader(application: App, of_other_decisions: Callable[[Bundle], Any]) -> App:
    """Read bundles in another way where their decision is not the shipped one."""

    def read(bundle: Bundle) -> Any:
        return application.read(bundle) if bundle.decision == DECISION else of_other_decisions(bundle)

    return replace(application, read=read)


@fault("options", "every option needs a default: .*'threshold'")
def no_default(application: App) -> App:
    @dataclass(frozen=True, kw_only=True)
    class Options:
        threshold: float | None

    return replace(application, options=Options)


@fault("options", "every option needs a default: .*'output'")
def cannot_be_evaluated_as_it_is(application: App) -> App:
    return replace(application, evaluate=application.train)


@fault("options", "option gain = 0: ZeroDivisionError")
def no_bounds(application: App) -> App:
    @dataclass(frozen=True, kw_only=True)
    class Options:
        gain: float = 1.0

    defaults = application.options()

    def chain(model: Any, options: Any) -> Any:
        return application.chain(model, defaults) if 1.0 / options.gain else None

    return replace(application, options=Options, chain=chain)


@fault("blocks", "blocks of other sizes give other events")
def loses_the_rest_of_a_block(application: App) -> App:
    return with_chain(application, push=lambda own, pcm: own.push(pcm[: len(pcm) // 128 * 128]))


@fault("blocks", "blocks of other sizes give other events")
def keeps_the_callers_block(application: App) -> App:
    waiting: list[Any] = []

    def push(own: Any, pcm: Any) -> Any:
        waiting.append(pcm)
        return own.push(waiting.pop(0)) if len(waiting) > 1 else []

    return with_chain(application, push=push, flush=lambda own: own.push(waiting.pop()))


@fault("blocks", "nothing happens in the sound, so nothing is checked")
def deaf(application: App) -> App:
    return with_chain(application, push=lambda own, pcm: [])


@fault("live", "sound.wav: listening and scoring differ in whistles")
def other_events_live(application: App) -> App:
    def start(own: Any) -> Any:
        return own.hear(application.events["whistle"](t_s=0.0))

    return with_collector(application, start=start)


@fault("live", "listening and scoring differ in duration_s")
def wrong_duration(application: App) -> App:
    return with_result(application, duration_s=1.0)


@fault("live", "sound.wav: it fails")
def always_an_error(application: App) -> App:
    return with_result(application, error="it fails")


@fault("schema", "the event 'pip' is not declared")
def undeclared_event(application: App) -> App:
    return with_start(application, "pip", t_s=1.0)


@fault("schema", "whistle.t_s: 'soon' is no number")
def wrong_type(application: App) -> App:
    return with_start(application, "whistle", t_s="soon")


@fault("schema", "whistle.t_s: nan is no number")
def not_a_number_live(application: App) -> App:
    return with_start(application, "whistle", t_s=float("nan"))


@fault("schema", "whistle lacks t_s")
def missing_field_after_a_key(application: App) -> App:
    return with_collector(application, press=lambda own, key, t_s: [Report(event="whistle", record={"key": key})])


@fault("schema", "row.duration_s: 'long' is none of")
def wrong_type_in_the_row(application: App) -> App:
    return with_result(application, duration_s="long")


@fault("schema", "the panel shows 3")
def number_in_the_panel(application: App) -> App:
    return with_collector(application, panel=lambda own, now_s: {"whistles": [3]})


@fault("schema", "no event of its own comes")
def silent_collector(application: App) -> App:
    return with_collector(application, hear=lambda own, event: [])


@fault("columns", "column rpm: a row has no rotor.rpm")
def missing_column(application: App) -> App:
    return replace(application, columns=(Column(name="rpm", kind=float, value="rotor.rpm"),))


@fault("columns", r"column duration_s: 60\.0 is no int")
def wrong_kind(application: App) -> App:
    return replace(application, columns=(Column(name="duration_s", kind=int),))


@fault("columns", "no column can be of .*list")
def impossible_kind(application: App) -> App:
    return replace(application, columns=(Column(name="whistles", kind=list),))


@fault("columns", "two columns have one name")
def equal_names(application: App) -> App:
    return replace(application, columns=2 * application.columns)


@fault("columns", "a row takes more than a line")
def two_lines(application: App) -> App:
    return replace(application, columns=(Column(name="text", kind=str, value=lambda row: "two\nlines"),))


@fault("labels", r"does not lie within the 60\.00 s")
def ends_before_it_begins(application: App) -> App:
    return replace(application, labels=lambda row: [Label(2.0, 1.0, "whistle")])


@fault("labels", r"does not lie within the 60\.00 s")
def ends_after_the_recording(application: App) -> App:
    return replace(application, labels=lambda row: [Label(0.0, 1.0 + row["duration_s"], "whistle")])


@fault("labels", "is no line of text")
def no_text(application: App) -> App:
    return replace(application, labels=lambda row: [Label(0.0, 1.0, "\n")])


@fault("vectors", "a wrong byte in the test vector inputs is not noticed")
def returns_what_it_is_given(application: App) -> App:
    return replace(application, stages=lambda model, inputs: dict(inputs))


@fault("vectors", "noise in the compiled core is not noticed")
def compares_numpy_with_numpy(application: App) -> App:
    def stages(model: Any, inputs: Any) -> Any:
        with computing_with("numpy"):
            return application.stages(model, inputs)

    return replace(application, stages=stages)


@fault("backends", "sound: NumPy and the compiled core differ in levels")
def another_backend_gives_other_stages(application: App) -> App:
    def stages(model: Any, inputs: Any) -> Any:
        own = application.stages(model, inputs)
        return {**own, "levels": own["levels"] + (native.backend() == "compiled")}

    return replace(application, stages=stages)


@fault("backends", "sound: NumPy and the compiled core differ in events")
def another_backend_gives_other_events(application: App) -> App:
    return with_chain(application, flush=lambda own: [native.backend()])


@fault("hostile_bundles", "decision: threshold missing: KeyError")
def trusts_the_bundle(application: App) -> App:
    def read(bundle: Bundle) -> Any:
        frames = 6 if bundle.decision["threshold"] else 6
        return application.read(bundle.replace(decision={"threshold": 0.5, "frames": frames}))

    return with_reader(application, read)


@fault("hostile_bundles", "takes 2048 MiB")
def as_much_memory_as_the_bundle_says(application: App) -> App:
    return with_reader(application, lambda bundle: application.read(bundle) if np.empty(1 << 28).size else None)


@fault("hostile_bundles", "takes .* s$")
def as_much_time_as_the_bundle_says(application: App) -> App:
    return application  # The test leaves it no time.


@fault("hostile_bundles", "the message is too long: xxx")
def long_message(application: App) -> App:
    def read(bundle: Bundle) -> Any:
        raise BundleError(301 * "x")

    return with_reader(application, read)


@fault("hostile_recordings", "silence: .*ValueError: Out of range float values|silence.duration_s: nan is none of")
def not_a_number(application: App) -> App:
    return with_result(application, duration_s=float("nan"))


@fault("hostile_recordings", "one sample: ZeroDivisionError")
def divides_by_a_short_duration(application: App) -> App:
    base: Any = application.collect

    def result(own: Any, facts: Any) -> Any:
        return base.result(own, facts) if 1 // int(facts.duration_s * 1000) >= 0 else None

    return with_collector(application, result=result)


@fault("hostile_recordings", "every one is refused: nothing is checked")
def refuses_whatever_has_no_whistle(application: App) -> App:
    base: Any = application.collect

    def result(own: Any, facts: Any) -> Any:
        found = base.result(own, facts)
        if not found.whistles:
            raise ParameterError("There is no whistle in it.")
        return found

    return with_collector(application, result=result)


@fault("picture", "the picture of silence is the same")
def draws_nothing(application: App) -> App:
    painter = SimpleNamespace(push=len, draw=lambda result: plot.new_figure(4, 3, result.file))
    return replace(application, picture=lambda model, options: painter)


@fault("firmware", "the C gives other bytes than Python in inputs")
def rounds_towards_zero(application: App) -> App:
    return with_c(application, "+ 65536) / 128 - 512", ") / 128")


@fault("firmware", "the C gives other bytes than Python in whistles")
def forgets_at_the_beginning_of_a_block(application: App) -> App:
    return with_c(application, "    float levels_db[BANDS];\n", "    float levels_db[BANDS];\n    whistle->run = 0;\n")


@fault("firmware", "the C breaks off: .*(?s:.*)stack-buffer-overflow")
def writes_beyond_an_array(application: App) -> App:
    return with_c(application, "    float levels_db[BANDS];\n", "    float levels_db[BANDS - 1];\n")


@fault("firmware", "the C does not compile: ")
def does_not_compile(application: App) -> App:
    return with_c(application, "int32_t sum = 0;", "int32_t sum;")


@fault("firmware", "the firmware expects another levels than the application computes")
def expects_something_else(application: App) -> App:
    def stages(model: Any, inputs: Any) -> Any:
        own = application.stages(model, inputs)
        return {**own, "levels": own["levels"] + 1}

    return replace(application, stages=stages)


@fault("firmware", "nothing passes through whistles: it is not proven")
def example_without_an_event(application: App) -> App:
    def firmware(model: Any) -> Any:
        own = application.firmware(model)  # type: ignore[misc]
        return replace(own, example_pcm=own.example_pcm[8000:16000])

    return replace(application, firmware=firmware)


@fault("firmware", "the firmware has another rate")
def another_rate(application: App) -> App:
    return replace(application, firmware=lambda model: replace(application.firmware(model), rate_hz=1))  # type: ignore[misc]


def failing(application: App, check: str) -> Callable[[], None]:
    return dict(application_checks(application, "whistle"))[check]


@pytest.mark.parametrize(("check", "complaint", "spoil"), FAULTS)
def test_faults_are_noticed(
    whistle: App, check: str, complaint: str, spoil: Callable[[App], App], monkeypatch: pytest.MonkeyPatch
) -> None:
    if spoil is as_much_time_as_the_bundle_says:
        monkeypatch.setattr(checks, "MOST_S", 0.0)
    with pytest.raises(AssertionError, match=complaint):
        failing(spoil(whistle), check)()


def test_every_check_has_a_fault_that_it_notices() -> None:
    assert {param.values[0] for param in FAULTS} == set(CHECKS)


def test_checks_that_do_not_concern_an_application_are_left_out(whistle: App) -> None:
    bare = replace(whistle, firmware=None, picture=None)
    assert {name for name, _ in application_checks(bare, Bundle.load("whistle"))} == CHECKS.keys() - {
        "firmware",
        "picture",
    }
    with pytest.raises(AssertionError, match="without firmware has no example: give recordings"):
        failing(bare, "blocks")()


def test_recordings_are_the_sound(whistle: App, tmp_path: Any) -> None:
    path = tmp_path / "silence.wav"
    write_wav(path, np.zeros(8000, np.int16), 8000)
    with pytest.raises(AssertionError, match="nothing happens in the sound"):
        dict(application_checks(whistle, "whistle", [path]))["blocks"]()


def test_what_cannot_run_here_is_told(whistle: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "host_compiler", lambda: None)
    monkeypatch.setattr(checks, "find_spec", lambda name: None)
    monkeypatch.setattr(checks, "core", lambda: None)
    for check in ("vectors", "backends", "firmware", "picture"):
        with pytest.raises(SkipTest):
            failing(whistle, check)()
    monkeypatch.setattr(checks, "MOST_BUNDLES", 1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_application(whistle, "whistle")
    assert [str(one.message).split(" was")[0] for one in caught] == [
        "check vectors", "check backends", "check picture", "check firmware",
    ]  # fmt: skip


def test_a_fault_ends_the_run(whistle: App) -> None:
    with pytest.raises(AssertionError, match="nothing happens"):
        check_application(deaf(whistle), "whistle")
