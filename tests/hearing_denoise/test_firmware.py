"""The C of the application beside the denoiser in Python: every byte of every stage."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from acoustic_apps.hearing_denoise.chain import Denoiser
from acoustic_apps.hearing_denoise.example import example_pcm
from acoustic_apps.hearing_denoise.features import FRONT_END
from acoustic_apps.hearing_denoise.firmware import firmware
from acoustic_apps.hearing_denoise.model import HearingModel
from acoustic_apps.hearing_denoise.stages import stages
from hypothesis import given, settings
from hypothesis import strategies as st
from made_hearing import WIDE, drawn_model, noisy_pcm

from acoustic.application import load
from acoustic.export.chains import program
from acoustic.export.compilers import host_compiler
from acoustic.export.qemu.boards import BOARDS
from acoustic.export.qemu.emulator import missing_tool
from acoustic.firmware import Firmware
from acoustic.native import computing_with
from acoustic.native.build import HERE as NATIVE

needs_compiler = pytest.mark.skipif(host_compiler() is None, reason="there is no C compiler: install gcc or clang")
Replay = Callable[..., program.Stages]
RATE_HZ, HOP = FRONT_END.rate_hz, FRONT_END.hop_samples
LOADED = load("hearing")
SHIPPED, VECTORS = LOADED.typed, LOADED.bundle.vectors


def expected(model: HearingModel, pcm: np.ndarray) -> program.Stages:
    """What NumPy computes: where it is compiled, the denoiser is the firmware's own C."""
    with computing_with("numpy"):
        return {name: stage.tobytes() for name, stage in stages(model, {"pcm": pcm}).items()}


def built(made: Firmware, folder: Path, *, sanitized: bool = True) -> Replay:
    binary = program.build_on_host(program.write_sources(made, folder), folder, sanitized=sanitized)

    def replay(pcm: np.ndarray, blocks: Iterable[int] | None = None) -> program.Stages:
        blocks = program.equal_blocks(len(pcm), 700) if blocks is None else blocks
        return program.replay_on_host(binary, pcm, blocks, made.stages)

    return replay


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Replay:
    """The shipped bundle's firmware under the sanitizers."""
    return built(firmware(SHIPPED), tmp_path_factory.mktemp("shipped"))


def test_what_the_firmware_is_made_of() -> None:
    made = firmware(SHIPPED)
    assert made.header in made.sources
    assert all((NATIVE / name).is_file() for name in made.core)
    assert made.sources == firmware(SHIPPED).sources
    assert made.rate_hz == SHIPPED.front_end.rate_hz


def test_the_example_passes_through_everything() -> None:
    pcm = example_pcm(RATE_HZ)
    assert len(pcm) >= 60 * RATE_HZ
    assert {-32768, 0, 32767} <= set(pcm.tolist())


@needs_compiler
def test_the_example_sounds_alike(tmp_path: Path) -> None:
    made = firmware(SHIPPED)
    pcm = made.example_pcm[: 12 * RATE_HZ]
    emitted = expected(SHIPPED, pcm)
    assert len(set(emitted["gains"])) > 100
    assert built(made, tmp_path, sanitized=False)(pcm) == emitted


@needs_compiler
def test_the_bundle_s_test_vectors_come_out(shipped: Replay) -> None:
    for stage, emitted in shipped(VECTORS["pcm"]).items():
        assert emitted == VECTORS[stage].tobytes()


@needs_compiler
@pytest.mark.parametrize(
    "model", [drawn_model(floor_db=-7.0), drawn_model(units=20), drawn_model(WIDE)], ids=["floor", "units", "front end"]
)
def test_other_models_sound_alike(model: HearingModel, tmp_path: Path) -> None:
    pcm = noisy_pcm(8, 2.0)
    assert built(firmware(model), tmp_path)(pcm) == expected(model, pcm)


def made_sounds() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    noise = rng.normal(0, 300, 2 * RATE_HZ)
    return {
        "silence": np.zeros(RATE_HZ, np.int16),
        "the lowest number": np.full(RATE_HZ, -32768, np.int16),
        "full-scale noise": rng.choice(np.array([-32768, 32767], np.int16), 2 * RATE_HZ),
        "the least noise": rng.integers(-1, 2, 2 * RATE_HZ).astype(np.int16),
        "noise with dropouts": np.where(np.arange(len(noise)) // 4000 % 2, noise, 0).astype(np.int16),
    }


@needs_compiler
@pytest.mark.parametrize("name", made_sounds())
def test_any_sound_comes_out_alike(shipped: Replay, name: str) -> None:
    pcm = made_sounds()[name]
    assert shipped(pcm) == expected(SHIPPED, pcm)


@needs_compiler
def test_silence_stays_silence(shipped: Replay) -> None:
    assert not any(shipped(np.zeros(RATE_HZ, np.int16))["enhanced"])


@needs_compiler
@pytest.mark.parametrize("samples", [0, 1, HOP - 1, HOP, HOP + 1, 5 * HOP])
def test_hops_come_out_as_they_are_complete(shipped: Replay, samples: int) -> None:
    pcm = noisy_pcm(2, 0.1)[:samples]
    emitted = shipped(pcm, [samples])
    assert len(emitted["enhanced"]) == 2 * (samples // HOP * HOP)
    assert emitted == expected(SHIPPED, pcm)


@pytest.fixture(scope="module")
def one_by_one(shipped: Replay) -> tuple[np.ndarray, program.Stages]:
    """Half a second, and its stages sample by sample."""
    pcm = noisy_pcm(4, 0.5)
    return pcm, shipped(pcm, program.equal_blocks(len(pcm), 1))


@needs_compiler
@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(0, RATE_HZ // 2), max_size=40))
def test_blocks_of_any_size_give_the_same(
    shipped: Replay, one_by_one: tuple[np.ndarray, program.Stages], cuts: list[int]
) -> None:
    pcm, emitted = one_by_one
    assert shipped(pcm, np.diff([0, *sorted(cuts), len(pcm)]).tolist()) == emitted


#: Strength and bypass before each push, and its samples: changes while others still fade, within hops and between.
CHANGES = ((1.0, False, 700), (0.3, False, 100), (0.3, True, 2000), (0.0, True, 64), (0.9, False, 330), (1.0, False, 1))
CHANGING = """\
#include "acoustic_hearing.h"
#include "replay.h"

static acoustic_hearing hearing;
static unsigned pushes;
static size_t pending;
static int16_t clear[REPLAY_MOST + ACOUSTIC_HEARING_HOP_SAMPLES - 1];

void replay_start(void)
{
    acoustic_hearing_start(&hearing);
}

void replay_push(const int16_t *pcm, size_t n)
{
    static const float strengths[] = {STRENGTHS};
    static const bool bypasses[] = {BYPASSES};
    const unsigned change = pushes++ % (sizeof bypasses / sizeof *bypasses);
    const size_t hops = (pending + n) / ACOUSTIC_HEARING_HOP_SAMPLES;
    acoustic_hearing_set_strength(&hearing, strengths[change]);
    acoustic_hearing_set_bypass(&hearing, bypasses[change]);
    pending += n;
    if (acoustic_hearing_push(&hearing, pcm, n, clear) != hops * ACOUSTIC_HEARING_HOP_SAMPLES) {
        __builtin_trap();
    }
    pending -= hops * ACOUSTIC_HEARING_HOP_SAMPLES;
}

void replay_end(void)
{
}
"""


def changing() -> str:
    """Glue that changes strength and bypass before each push, and checks how many samples it gives."""
    values = {
        "STRENGTHS": ", ".join(f"{strength}f" for strength, _, _ in CHANGES),
        "BYPASSES": ", ".join(str(bypass).lower() for _, bypass, _ in CHANGES),
        "REPLAY_MOST": str(max(n for *_, n in CHANGES)),
    }
    text = CHANGING
    for name, value in values.items():
        text = text.replace(name, value)
    return text


@needs_compiler
def test_strength_and_bypass_fade_alike(tmp_path: Path) -> None:
    rounds = 5
    blocks = [n for *_, n in CHANGES] * rounds
    pcm = noisy_pcm(6, 1.5)[: sum(blocks)]
    with computing_with("numpy"):
        denoiser, clear, start = Denoiser(SHIPPED), [], 0
    for strength, bypass, n in CHANGES * rounds:
        denoiser.strength, denoiser.bypass = strength, bypass
        clear.append(denoiser.push(pcm[start : start + n]))
        start += n
    made = firmware(SHIPPED)
    got = built(replace(made, replay=changing()), tmp_path)(pcm, blocks)["enhanced"]
    assert got == np.concatenate(clear).tobytes()
    assert got != expected(SHIPPED, pcm)["enhanced"]


@pytest.mark.slow
@pytest.mark.parametrize("name", BOARDS)
def test_boards_sound_alike(name: str, tmp_path: Path) -> None:
    board = BOARDS[name]
    if missing := missing_tool(board):
        pytest.skip(f"{missing} is missing: apt-get install gcc-arm-none-eabi qemu-system-arm qemu-system-misc")
    made = firmware(SHIPPED)
    pcm = made.example_pcm[: 3 * RATE_HZ]
    binary = program.build_on_board(board, program.write_sources(made, tmp_path), tmp_path)
    emitted, _ = program.replay_on_board(binary, pcm, program.equal_blocks(len(pcm), 700), made.stages)
    assert len(set(emitted["gains"])) > 50
    assert emitted == expected(SHIPPED, pcm)


@pytest.mark.slow
def test_the_whole_program_fits_a_small_board(tmp_path: Path) -> None:
    """192 kB of flash, 64 kB of RAM, each hop in half its time on a Cortex-M4F at 180 MHz."""
    board = BOARDS["cortex-m4"]
    if missing := missing_tool(board):
        pytest.skip(f"{missing} is missing: apt-get install gcc-arm-none-eabi qemu-system-arm")
    made = firmware(SHIPPED)
    pcm = made.example_pcm[: 4 * RATE_HZ]
    sources = program.write_sources(made, tmp_path)
    binary = program.build_on_board(board, sources, tmp_path, traced=False, block_samples=HOP)
    _, outcome = program.replay_on_board(binary, pcm, program.equal_blocks(len(pcm), HOP), made.stages)
    assert binary.flash_bytes <= 192 * 1024
    assert binary.ram_bytes + outcome.stack_bytes <= 64 * 1024
    assert outcome.regions[0].calls == len(pcm) // HOP
    assert outcome.regions[0].most_instructions <= 0.5 * HOP / RATE_HZ * 180e6
