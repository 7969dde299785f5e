"""The C of the application beside the chain in Python: every byte of every stage."""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from acoustic_apps.turbine_blade.chain import Event, TurbineChain
from acoustic_apps.turbine_blade.conditions import Conditions
from acoustic_apps.turbine_blade.example import example_pcm
from acoustic_apps.turbine_blade.firmware import firmware
from acoustic_apps.turbine_blade.gate.rules import REASONS
from acoustic_apps.turbine_blade.scorer.channel import Channel, Expected
from acoustic_apps.turbine_blade.scorer.features import FRONT_END, STRETCH_FRAMES, Layout
from acoustic_apps.turbine_blade.scorer.model import TurbineModel, Usual
from acoustic_apps.turbine_blade.scorer.persistence import choice_for
from acoustic_apps.turbine_blade.simulate import Fault
from acoustic_apps.turbine_blade.stages import ALARM, CLIP, OVER, SET_ASIDE, SKIPPED, traced
from hypothesis import given, settings
from hypothesis import strategies as st
from made_models import CLIP_STRETCHES, Pcm, turbine_sound
from made_nuisances import chirps, drops, gust, over, voice

from acoustic.errors import ExportError
from acoustic.export.chains.program import (
    MAX_BLOCK,
    Stages,
    build_on_board,
    build_on_host,
    equal_blocks,
    replay_on_board,
    replay_on_host,
    write_sources,
)
from acoustic.export.compilers import host_compiler
from acoustic.export.qemu.boards import BOARDS
from acoustic.export.qemu.emulator import missing_tool
from acoustic.firmware import Firmware
from acoustic.model.bundle import Bundle

RATE_HZ = FRONT_END.rate_hz
STRETCH_SAMPLES = STRETCH_FRAMES * FRONT_END.hop_samples
CLIP_SAMPLES = CLIP_STRETCHES * STRETCH_SAMPLES

needs_compiler = pytest.mark.skipif(host_compiler() is None, reason="there is no C compiler: install gcc or clang")
Replay = Callable[..., Stages]


@pytest.fixture(scope="module")
def watchful(small_model: TurbineModel) -> TurbineModel:
    """The small model with the gate, and alarms that come quickly."""
    return replace(small_model, nuisances=True, alarms_per_day=3000.0)


@pytest.fixture(scope="module")
def small(watchful: TurbineModel) -> Firmware:
    return firmware(watchful, watchful.usual("turbine_01"))


@pytest.fixture(scope="module")
def replay(small: Firmware, tmp_path_factory: pytest.TempPathFactory) -> Replay:
    """Run the small firmware under the sanitizers."""
    return built(small, tmp_path_factory.mktemp("small"), sanitized=True)


@pytest.fixture(scope="module")
def differing(small: Firmware, replay: Replay) -> Callable[[Pcm, list[int]], set[str]]:
    """Names of the stages whose bytes differ between the C and Python."""

    def compare(pcm: Pcm, blocks: list[int]) -> set[str]:
        wanted, got = small.expected(pcm), replay(pcm, blocks)
        return {stage for stage in small.stages if got[stage] != wanted[stage]}

    return compare


def built(made: Firmware, folder: Path, *, sanitized: bool = False) -> Replay:
    program = build_on_host(write_sources(made, folder), folder, sanitized=sanitized)

    def run(pcm: Pcm, blocks: Iterable[int] | None = None) -> Stages:
        return replay_on_host(program, pcm, equal_blocks(len(pcm), 700) if blocks is None else blocks, made.stages)

    return run


def events(stages: Stages) -> np.ndarray:
    """Type, reason, first and last frame, kept frames, surprise, unusual clips: one row an event."""
    return np.frombuffer(stages["events"], "<i4").reshape(-1, 7)


def stage_bytes(events: list[Event]) -> Stages:
    return {name: values.tobytes() for name, values in traced(events).items()}


def types(stages: Stages) -> set[int]:
    return set(events(stages)[:, 0].tolist())


def reasons(stages: Stages) -> set[str]:
    told = events(stages)
    return {REASONS[number - 1] for number in told[told[:, 0] == SET_ASIDE, 1]}


def as_pcm(sound: np.ndarray) -> Pcm:
    return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)


@cache
def sound() -> Pcm:
    """Thirteen seconds of a healthy turbine that clip in one stretch."""
    pcm = turbine_sound("turbine_01", 1030, 13.0)
    pcm[52_000:54_000] = 32767
    return pcm


@cache
def nuisances() -> Pcm:
    """A minute and a half of a turbine with rain, birds, wind and speech, half of a clip each."""
    parts = []
    for seed, (made, snr_db) in enumerate([(drops, 0), (chirps, -6), (gust, 9), (voice, 3)]):
        clean = turbine_sound("turbine_01", 1010 + seed, 20.0).astype(np.float64)
        parts.append(as_pcm(over(clean, made(np.random.default_rng(seed), 4 * RATE_HZ), snr_db)))
    return np.concatenate(parts)


def broken_sounds() -> Pcm:
    """What no turbine sounds like: noise at full scale and next to nothing, silence, and stuck converters."""
    rng = np.random.default_rng(5)
    n = round(4.3 * RATE_HZ)
    square = np.sign(np.sin(0.3 * np.arange(n))) * 32767
    parts = [
        rng.integers(-32768, 32768, n),
        np.zeros(n),
        rng.integers(-1, 2, n),
        square,
        np.full(n, -32768),
        rng.normal(0, 3000, n),
        np.full(n, 12_345),
    ]
    return np.concatenate([as_pcm(np.asarray(part, np.float64)) for part in parts])


@needs_compiler
def test_the_shipped_model_gives_the_bytes_of_python(tmp_path: Path) -> None:
    """Two minutes in which all is heard that the gate knows but speech."""
    bundle = Bundle.load("turbine")
    made = firmware(TurbineModel.read(bundle))
    assert len(made.example_pcm) >= 60 * made.rate_hz
    run, wanted = built(made, tmp_path, sanitized=True), made.expected(made.example_pcm)
    assert run(made.example_pcm) == wanted
    assert types(wanted) == {SET_ASIDE, CLIP, SKIPPED}
    assert reasons(wanted) == set(REASONS) - {"speech"}
    # The test vectors: one clip of which nothing is set aside.
    vectors = bundle.vectors
    got = run(vectors["test_pcm"])
    assert got["features"] == vectors["test_features"].tobytes()
    assert got["scores"] == vectors["test_distance"].tobytes() + vectors["test_surprise"].astype("<i4").tobytes()


@needs_compiler
@pytest.mark.parametrize(
    ("made", "found"),
    [(nuisances, {"rain", "birds", "wind on the microphone", "speech"}), (broken_sounds, {"clipping", "silence"})],
)
def test_any_sound_gives_the_bytes_of_python(
    small: Firmware, replay: Replay, made: Callable[[], Pcm], found: set[str]
) -> None:
    wanted = small.expected(made())
    assert replay(made()) == wanted
    assert reasons(wanted) >= found


@needs_compiler
def test_an_alarm_comes_and_goes(small: Firmware, replay: Replay, watchful: TurbineModel) -> None:
    persistence = choice_for(watchful).persistence
    healthy = turbine_sound("turbine_01", 1020, 20.0)
    sick = turbine_sound("turbine_01", 1021, 15.0, Fault("split", 12.0))
    pcm = np.concatenate([healthy, healthy, sick, sick, *[healthy] * 8])
    wanted = small.expected(pcm)
    assert replay(pcm) == wanted
    told = events(wanted)
    alarm, over = (told[told[:, 0] == kind] for kind in (ALARM, OVER))
    assert alarm[0, 6] == persistence.k
    assert 40 * RATE_HZ < alarm[0, 3] * FRONT_END.hop_samples <= 72 * RATE_HZ
    assert over[0, 3] > alarm[0, 3]


@needs_compiler
@settings(max_examples=20)
@given(sizes=st.lists(st.integers(0, MAX_BLOCK), max_size=20), rest=st.integers(0, MAX_BLOCK))
def test_blocks_and_recordings_of_any_size(
    differing: Callable[[Pcm, list[int]], set[str]], sizes: list[int], rest: int
) -> None:
    while sum(sizes) + rest > len(sound()):
        sizes.pop()
    blocks = [*sizes, rest]
    assert not differing(sound()[: sum(blocks)], blocks)


@needs_compiler
@pytest.mark.parametrize("size", [1, 511, 512, 513, 1024, 16_384])
def test_equal_blocks(small: Firmware, replay: Replay, size: int) -> None:
    pcm = sound()[: CLIP_SAMPLES + 512 + size % 3]
    wanted = small.expected(pcm)
    assert types(wanted) >= {CLIP}
    assert replay(pcm, equal_blocks(len(pcm), size)) == wanted


@needs_compiler
def test_a_model_that_heeds_no_nuisances_judges_at_once(small_model: TurbineModel, tmp_path: Path) -> None:
    made = firmware(small_model)
    pcm = np.concatenate([nuisances()[: 10 * RATE_HZ], broken_sounds()])
    wanted = made.expected(pcm)
    assert reasons(wanted) == {"clipping", "silence"}
    assert built(made, tmp_path)(pcm) == wanted
    # One clip is there as soon as its last frame is: what follows the clip adds nothing.
    cut = pcm[: CLIP_SAMPLES + FRONT_END.frame_samples - FRONT_END.hop_samples]
    at_once = driven(made, "flush(it, hear, user)", "((void)0)")
    assert built(at_once, tmp_path)(cut) == made.expected(cut)


@needs_compiler
def test_a_model_of_all_bands(small_model: TurbineModel, tmp_path: Path) -> None:
    layout = Layout(n_bands=FRONT_END.n_mels, size="full")
    rng = np.random.default_rng(1)
    rows = {name: rng.normal(0, 300, (90, layout.n_features)).astype(np.int16) for name in "abc"}
    channel = Channel.fit(rows, 0)
    assert channel.first_surprise is not None
    model = replace(small_model, layout=layout, clips=channel, levels=dict.fromkeys("abc", (-20.0, 1.0)))
    made = firmware(model)
    pcm = sound()[: 9 * RATE_HZ]
    wanted = made.expected(pcm)
    assert len(wanted["features"]) == 2 * 2 * layout.n_features
    assert built(made, tmp_path)(pcm) == wanted


@needs_compiler
@pytest.mark.parametrize(
    ("names", "known", "call"),
    [
        (("wind_m_s", "rpm"), Conditions(wind_m_s=7.5, rpm=12.34), "750, 1234"),
        (("rpm", "wind_m_s"), Conditions(wind_m_s=0.5, rpm=3.0), "50, 300"),
        (("wind_m_s",), Conditions(wind_m_s=60.0), "6000, ACOUSTIC_TURBINE_UNKNOWN"),
        (("rpm",), None, "ACOUSTIC_TURBINE_UNKNOWN, ACOUSTIC_TURBINE_UNKNOWN"),
    ],
)
def test_conditions(
    small_model: TurbineModel, tmp_path: Path, names: tuple[str, ...], known: Conditions | None, call: str
) -> None:
    """Wind and rotation as the table of a PC gives them, or not known at all."""
    n = 2 * ("wind_m_s" in names) + ("rpm" in names)
    rng = np.random.default_rng(2)
    rows = rng.integers(-900, 900, (60, small_model.layout.n_features + n)).astype(np.int16)
    model = replace(small_model, clips=Channel.fit({"a": rows}, n), conditions=names, levels={"a": (-20.0, 1.0)})
    made = firmware(model)
    made = driven(made, "start(it)", f"(acoustic_turbine_start(it), acoustic_turbine_condition(it, {call}))")
    pcm = sound()[: 9 * RATE_HZ]
    chain = TurbineChain(model, model.usual(None), known, choice_for(model).persistence)
    assert built(made, tmp_path)(pcm) == stage_bytes([*chain.push(pcm), *chain.flush()])


@needs_compiler
def test_another_baseline(small_model: TurbineModel, tmp_path: Path) -> None:
    """One that the firmware is made with, and one that it is given later."""
    mean = (small_model.clips.head.mean + 700).astype(np.int16)
    usual = Usual(clips=Expected(mean=mean, own_clips=9, octaves=37), rotor=None)
    made, plain = (firmware(small_model, given) for given in (usual, None))
    pcm = sound()[: 9 * RATE_HZ]
    wanted = made.expected(pcm)
    assert wanted["features"] == plain.expected(pcm)["features"]
    assert wanted["scores"] != plain.expected(pcm)["scores"]
    assert built(made, tmp_path)(pcm) == wanted
    table = f"static const int16_t mean[] = {{{', '.join(map(str, mean))}}};\n"
    table += "static const acoustic_turbine_usual baseline = {mean, 9, 37};\n"
    later = driven(plain, "start(it)", "(acoustic_turbine_start(it), acoustic_turbine_use(it, &baseline))", table)
    assert built(later, tmp_path)(pcm) == wanted


@needs_compiler
def test_recordings_one_after_the_other(small: Firmware, watchful: TurbineModel, tmp_path: Path) -> None:
    """A device that sleeps in between: frames are numbered anew, what the place sounds like is remembered."""
    first, second = nuisances()[: 70 * RATE_HZ + 123], nuisances()[40 * RATE_HZ :]
    chain = TurbineChain(watchful, watchful.usual("turbine_01"), None, choice_for(watchful).persistence)
    wanted = [stage_bytes([*chain.push(pcm), *chain.flush()]) for pcm in (first, second)]
    assert wanted[1] != small.expected(second)
    push = "acoustic_turbine_push(it, pcm, n, hear, user)"
    sleepy = driven(
        small, "push(it, pcm, n, hear, user)", f"(n == 1 ? acoustic_turbine_flush(it, hear, user) : {push})"
    )
    blocks = [*equal_blocks(len(first), 7000), 1, *equal_blocks(len(second), 7000)]
    got = built(sleepy, tmp_path)(np.concatenate([first, np.zeros(1, np.int16), second]), blocks)
    assert got == {stage: wanted[0][stage] + wanted[1][stage] for stage in small.stages}


def driven(made: Firmware, call: str, text: str, tables: str = "") -> Firmware:
    """Let the replay make other calls than one to ``acoustic_turbine_...``."""
    return replace(
        made, replay=made.replay.replace("REPLAY_", f"{tables}#define acoustic_turbine_{call} {text}\nREPLAY_")
    )


def test_what_does_not_fit_the_device_is_refused(small_model: TurbineModel) -> None:
    with pytest.raises(ExportError, match="at most 31 stretches"):
        firmware(replace(small_model, clip_stretches=32))
    other = Usual(clips=Expected(mean=np.zeros(7, np.int16), own_clips=9), rotor=None)
    with pytest.raises(ExportError, match="of another model"):
        firmware(small_model, other)


def test_the_generated_files_say_what_they_are(small: Firmware) -> None:
    for name in ("acoustic_turbine_model.h", "acoustic_turbine_model.c"):
        text = small.sources[name]
        assert f"Front end {FRONT_END.fingerprint()}." in text
        assert "rotor is read on a PC or a gateway" in text
    assert small.header in small.sources
    assert "malloc" not in "".join(small.sources.values())


@needs_compiler
@pytest.mark.skipif(shutil.which("c++") is None, reason="there is no C++ compiler: install g++")
def test_the_header_is_for_cpp_too(small: Firmware, tmp_path: Path) -> None:
    from acoustic.export.chains.program import INCLUDE
    from acoustic.export.compilers import compile_c

    write_sources(small, tmp_path)
    (tmp_path / "sketch.cpp").write_text(
        f'#include "{small.header}"\nstatic acoustic_turbine turbine;\n'
        "void setup(void);\nvoid setup(void) { acoustic_turbine_start(&turbine); }\n"
    )
    flags = ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-c"]
    compile_c(["c++"], [tmp_path / "sketch.cpp"], tmp_path / "sketch.o", flags=flags, include=[tmp_path, *INCLUDE])


@pytest.mark.slow
@pytest.mark.parametrize("name", BOARDS)
def test_boards_give_the_bytes_of_python(name: str, tmp_path: Path) -> None:
    board = BOARDS[name]
    if missing := missing_tool(board):
        pytest.skip(f"{missing} is missing: apt-get install gcc-arm-none-eabi qemu-system-arm qemu-system-misc")
    made = firmware(TurbineModel.read(Bundle.load("turbine")))
    # Cores without floating-point arithmetic take their time.
    pcm = example_pcm(RATE_HZ)[: (64 if name == "cortex-m4" else 22) * RATE_HZ]
    program = build_on_board(board, write_sources(made, tmp_path), tmp_path)
    got, outcome = replay_on_board(program, pcm, equal_blocks(len(pcm), 4000), made.stages)
    wanted = made.expected(pcm)
    assert got == wanted
    assert types(wanted) >= {CLIP, SET_ASIDE}
    if name == "cortex-m4":
        assert program.flash_bytes < 96_000
        # What the harness reads its blocks into is no part of the application.
        assert program.ram_bytes - 2 * MAX_BLOCK + outcome.stack_bytes < 16_000
        assert outcome.regions[0].instructions < 8_000_000 * len(pcm) / RATE_HZ
