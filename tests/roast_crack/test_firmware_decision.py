"""The decision in C, by itself: hours of impulses, marks and beats that no short sound holds."""

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from acoustic_apps.roast_crack.decision import Decided, Decision, FirstCrack, Impulse, to_ms
from acoustic_apps.roast_crack.decision_settings import DecisionSettings
from acoustic_apps.roast_crack.firmware import firmware
from hypothesis import given, settings
from hypothesis import strategies as st
from made_roasts import PLAIN, shipped_model

from acoustic.export.compilers import SANITIZER_FLAGS, STRICT_FLAGS, compile_c, host_compiler
from acoustic.export.qemu.emulator import RUNTIME
from acoustic.native.build import HERE as NATIVE

IMPULSE, ADVANCE, CHARGE, DROP, UNDO = range(5)
SHIPPED = shipped_model().settings
#: Decides on little, so that each crack tells how much evidence there is; never looks for a beat in vain.
EAGER = replace(SHIPPED, threshold=0.01, min_cracks=2, min_span_s=0.0, dead_time_s=0.0, lull_s=60.0)
VARIANTS = {"shipped": SHIPPED, "eager": EAGER, "plain": replace(PLAIN, charge_prior=((0.0, 9.0), (100.0, 0.0)))}
SOURCES = ("acoustic_roast_decision.c", "acoustic_roast_rhythm.c", "acoustic_roast_model.c")

Command = tuple[int, int, int, int, int]


@pytest.fixture(scope="module", params=VARIANTS)
def variant(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[DecisionSettings, Path]:
    """Settings, and the decision of these settings as a program."""
    compiler = host_compiler()
    if compiler is None:
        pytest.skip("needs a C compiler: apt-get install gcc libc6-dev")
    chosen = VARIANTS[request.param]
    folder = tmp_path_factory.mktemp("decision")
    for name, text in firmware(replace(shipped_model(), settings=chosen)).sources.items():
        (folder / name).write_text(text, encoding="utf-8")
    sources = [Path(__file__).parent / "programs" / "decision.c", RUNTIME / "host.c", *(folder / n for n in SOURCES)]
    compile_c(
        compiler,
        sources,
        folder / "decision",
        flags=[*STRICT_FLAGS, *SANITIZER_FLAGS],
        include=[folder, NATIVE, RUNTIME],
    )
    return chosen, folder / "decision"


def in_c(program: Path, commands: list[Command]) -> list[int]:
    sent = np.array(commands, "<i4").tobytes()
    done = subprocess.run([program], input=sent, capture_output=True, timeout=60, check=True)
    return np.frombuffer(done.stdout, "<u4").tolist()


def in_python(chosen: DecisionSettings, commands: list[Command]) -> list[int]:
    decision, words = Decision(chosen), []
    for what, t_ms, logit, busy, clipped in commands:
        if what == IMPULSE:
            words += told(decision.advance(t_ms))
            is_crack, first_crack = decision.hear(Impulse(t_ms, t_ms + 80, logit, busy, clipped))
            words += [is_crack + (first_crack is not None), *told([first_crack] if first_crack else [])]
        elif what == ADVANCE:
            words += told(decision.advance(t_ms))
        elif what == CHARGE:
            decision.mark_charge(t_ms)
        elif what == DROP:
            decision.mark_drop()
        else:
            decision.undo()
    return words


def told(events: "list[Decided]") -> list[int]:
    words = []
    for event in events:
        if isinstance(event, FirstCrack):
            moments = (event.onset_s, event.decided_s, event.first_pop_s)
            words += [1, *map(to_ms, moments), event.cracks, round(event.confidence * 10_000)]
        else:
            words += [2, to_ms(event.end_s), to_ms(event.decided_s), 0, 0, 0]
    return words


def commands_of(
    stretches: list[tuple[float, float, bool, int]], marks: list[tuple[int, int]], seed: int
) -> list[Command]:
    """Stretches of impulses (a minute or so each), at random or in time, with marks in between.

    A stretch is its impulses a second, its length (s), whether it beats time, and the typical logit.
    """
    rng = np.random.default_rng(seed)
    commands: list[Command] = []
    start_s = 0.0
    for rate_hz, length_s, beats, logit in stretches:
        if beats:
            times_s = np.arange(0.0, length_s, 1 / rate_hz) + rng.normal(0, 0.01)
        else:
            times_s = np.sort(rng.uniform(0, length_s, rng.poisson(rate_hz * length_s)))
        for t_s in start_s + np.abs(times_s):
            surroundings = rng.choice([0, 0, 0, 0, 130, 131, 250], 2)
            heard = np.clip(round(rng.normal(logit, 25)), -128, 127)
            commands.append((IMPULSE, to_ms(t_s), int(heard), *surroundings.tolist()))
        start_s += length_s
        commands.append((ADVANCE, to_ms(start_s), 0, 0, 0))
    for what, at_ms in marks:
        commands.append((what, min(at_ms, to_ms(start_s)), 0, 0, 0))
    return sorted(commands, key=lambda command: (command[1], -command[0]))


STRETCHES = st.lists(
    st.tuples(
        st.sampled_from([0.02, 0.2, 0.5, 0.8, 1.5, 3.0, 8.0]),
        st.sampled_from([5.0, 30.0, 60.0, 130.0]),
        st.booleans(),
        st.sampled_from([0, 45, 80, 110]),
    ),
    min_size=1,
    max_size=8,
)
MARKS = st.lists(st.tuples(st.sampled_from([ADVANCE, CHARGE, DROP, UNDO]), st.integers(0, 600_000)), max_size=6)


@settings(max_examples=20, deadline=None)
@given(stretches=STRETCHES, marks=MARKS, seed=st.integers(0, 999))
def test_any_impulses_are_decided_alike(
    variant: tuple[DecisionSettings, Path],
    stretches: list[tuple[float, float, bool, int]],
    marks: list[tuple[int, int]],
    seed: int,
) -> None:
    chosen, program = variant
    commands = commands_of(stretches, marks, seed)
    assert in_c(program, commands) == in_python(chosen, commands)


def test_a_long_day_is_decided_alike(variant: tuple[DecisionSettings, Path]) -> None:
    """Ten roasts with their marks, each with a first crack that ends."""
    chosen, program = variant
    stretches, marks = [], []
    for roast in range(10):
        stretches += [(0.1, 420.0, False, 50), (0.7, 90.0, False, 100), (0.05, 90.0, False, 50)]
        marks += [(CHARGE, 600_000 * roast + 4000), (DROP, 600_000 * roast + 590_000)]
    commands = commands_of(stretches, marks, 7)
    expected = in_python(chosen, commands)
    assert in_c(program, commands) == expected
    decision = Decision(chosen)
    found = 0
    for what, t_ms, *impulse in commands:
        if what == CHARGE:
            decision.mark_charge(t_ms)
        if what == IMPULSE:
            list(decision.advance(t_ms))
            found += decision.hear(Impulse(t_ms, t_ms + 80, *impulse))[1] is not None
    assert found >= 5
