"""The roast in C gives the bytes that it gives in Python: every stage, any sound, any blocks, on host and boards."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acoustic_apps.roast_crack.contrast import FRONT_END
from acoustic_apps.roast_crack.example import STRETCH_S, example_pcm
from acoustic_apps.roast_crack.firmware import firmware
from acoustic_apps.roast_crack.impulses import AFTER_FRAMES, BEFORE_FRAMES, NEIGHBOURHOOD_FRAMES
from acoustic_apps.roast_crack.model import RoastModel
from hypothesis import given, settings
from hypothesis import strategies as st
from made_roasts import excerpt, plain_model, shipped_model

from acoustic.export.chains import program
from acoustic.export.compilers import host_compiler
from acoustic.export.parity import _Chain
from acoustic.export.qemu.boards import BOARDS
from acoustic.export.qemu.emulator import missing_tool
from acoustic.firmware import Firmware
from acoustic.frontend.compiled import LogMelFrames
from acoustic.model.bundle import Bundle
from acoustic.native import core
from acoustic.native.build import HERE as NATIVE

SECOND = FRONT_END.rate_hz
EVENT_BYTES = 24
SOFT_FLOAT = ("cortex-m3", "rv32")
"""Boards that take fifteen times as long."""


@dataclass
class Built:
    """A model's firmware as a program of this machine."""

    firmware: Firmware
    program: Path

    def replay(self, pcm: np.ndarray, blocks: list[int] | None = None) -> dict[str, bytes]:
        return program.replay_on_host(self.program, pcm, blocks or [len(pcm)], self.firmware.stages)


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[[RoastModel], Built]:
    """Compile a model's firmware under the sanitizers."""
    if host_compiler() is None:
        pytest.skip("needs a C compiler: apt-get install gcc libc6-dev")

    def built(model: RoastModel) -> Built:
        folder, made = tmp_path_factory.mktemp("firmware"), firmware(model)
        return Built(made, program.build_on_host(program.write_sources(made, folder), folder, sanitized=True))

    return built


@pytest.fixture(scope="module")
def shipped(build: Callable[[RoastModel], Built]) -> Built:
    return build(shipped_model())


@pytest.fixture(scope="module")
def plain(build: Callable[[RoastModel], Built]) -> Built:
    """A decision of other sizes, for which every impulse is a crack."""
    return build(plain_model())


def kinds_of(stages: dict[str, bytes]) -> set[int]:
    return set(np.frombuffer(stages["events"], "<u4")[:: EVENT_BYTES // 4].tolist())


def test_what_the_firmware_is_made_of() -> None:
    made = firmware(shipped_model())
    assert made.header in made.sources
    assert all((NATIVE / name).is_file() for name in made.core)
    assert made.rate_hz == FRONT_END.rate_hz
    assert FRONT_END.fingerprint() in made.sources["acoustic_roast_model.h"]
    assert made.sources == firmware(shipped_model()).sources
    # What the C relies on: the neighbours of a peak lie within its patch.
    assert min(BEFORE_FRAMES, AFTER_FRAMES - 1) >= NEIGHBOURHOOD_FRAMES


def test_a_compiled_core_that_computes_something_else_is_told(
    shipped: Built, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if core() is None:
        pytest.skip("the compiled core was not built")
    (tmp_path / "sources").mkdir()
    chain = _Chain(shipped.firmware, tmp_path / "sources", tmp_path / "chain")
    assert all(comparison.differing_bytes == 0 for comparison in chain.extension())
    compute, rng = LogMelFrames.__call__, np.random.default_rng(0)

    def sabotaged(frames: LogMelFrames, pcm: np.ndarray, out: np.ndarray) -> None:
        compute(frames, pcm, out)
        out += rng.normal(0, 3, out.shape).astype(np.float32)

    monkeypatch.setattr(LogMelFrames, "__call__", sabotaged)
    differing = {comparison.stage: comparison.differing_bytes for comparison in chain.extension()}
    assert all(differing[stage] for stage in ("contrast", "impulses", "logits", "events"))


FRONT_ENDS: dict[str, dict[str, Any]] = {
    "48 kHz": {"rate_hz": 48_000, "frame_samples": 512, "hop_samples": 160, "n_fft": 512},
    "no whole milliseconds": {"rate_hz": 44_100},
    "a frame of two hops and a half": {"hop_samples": 100},
    "a frame just longer than a hop": {"hop_samples": 254},
}


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_other_front_ends_are_heard_alike(build: Callable[[RoastModel], Built], name: str) -> None:
    front_end = replace(FRONT_END, **FRONT_ENDS[name])
    built = build(replace(plain_model(), front_end=front_end))
    pcm = excerpt(front_end.rate_hz).pcm.copy()
    pcm[:: 7 * front_end.hop_samples] = 32_767
    expected = built.firmware.expected(pcm)
    assert len(expected["logits"]) > 5
    assert kinds_of(expected) >= {0, 1}
    assert built.replay(pcm, program.equal_blocks(len(pcm), 1000)) == expected
    assert built.replay(pcm[:20_000], program.equal_blocks(20_000, 1)) == built.firmware.expected(pcm[:20_000])


def test_the_example_is_decided_alike(shipped: Built) -> None:
    pcm = shipped.firmware.example_pcm
    assert len(pcm) == STRETCH_S * SECOND >= 60 * SECOND
    expected = shipped.firmware.expected(pcm)
    assert kinds_of(expected) == {0, 1, 2}
    assert len(expected["logits"]) > 30
    blocks = program.equal_blocks(len(pcm), 320)
    assert shipped.replay(pcm, blocks) == expected


def test_the_bundle_s_test_vectors_come_out(shipped: Built) -> None:
    vectors = Bundle.load("roast").vectors
    stages = shipped.replay(vectors["pcm"], program.equal_blocks(len(vectors["pcm"]), 4096))
    assert stages["contrast"] == vectors["contrast"].tobytes()
    assert stages["logits"].startswith(vectors["found_logit"].tobytes())
    assert len(vectors["found_logit"]) > 0


def test_other_settings_decide_alike(plain: Built) -> None:
    pcm = excerpt().pcm
    expected = plain.firmware.expected(pcm)
    assert kinds_of(expected) == {0, 1, 2}
    assert plain.replay(pcm, program.equal_blocks(len(pcm), 1000)) == expected


def made_sounds() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    noise = rng.normal(0, 300, 6 * SECOND)
    clicks = noise.copy()
    clicks[rng.integers(0, len(clicks), 40)] += 30_000
    gaps = np.where(np.arange(len(noise)) // SECOND % 2, noise, 0)
    return {
        "silence": np.zeros(3 * SECOND, np.int16),
        "the lowest number": np.full(3 * SECOND, -32768, np.int16),
        "full-scale noise": rng.choice(np.array([-32768, 32767], np.int16), 6 * SECOND),
        "clicks": np.clip(clicks, -32768, 32767).astype(np.int16),
        "noise with dropouts": gaps.astype(np.int16),
        "a single step": np.repeat(np.array([0, 12_000], np.int16), SECOND),
    }


@pytest.mark.parametrize("name", made_sounds())
def test_any_sound_is_heard_alike(plain: Built, name: str) -> None:
    pcm = made_sounds()[name]
    assert plain.replay(pcm, program.equal_blocks(len(pcm), 777)) == plain.firmware.expected(pcm)


@pytest.mark.parametrize("samples", [0, 1, 127, 128, 255, 256, 257, 3000])
def test_recordings_shorter_than_a_patch(plain: Built, samples: int) -> None:
    pcm = np.random.default_rng(0).integers(-900, 900, samples).astype(np.int16)
    assert plain.replay(pcm) == plain.firmware.expected(pcm)


@pytest.fixture(scope="module")
def one_by_one(plain: Built) -> tuple[np.ndarray, dict[str, bytes]]:
    """Two seconds with cracks, and their stages sample by sample."""
    pcm = excerpt().pcm[5 * SECOND : 7 * SECOND]
    stages = plain.replay(pcm, program.equal_blocks(len(pcm), 1))
    assert len(stages["logits"]) >= 2
    return pcm, stages


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(0, 2 * SECOND), min_size=3, max_size=60), again=st.booleans())
def test_blocks_of_any_size_give_the_same(
    plain: Built, one_by_one: tuple[np.ndarray, dict[str, bytes]], cuts: list[int], again: bool
) -> None:
    pcm, stages = one_by_one
    # Cut twice at the same place, there is an empty block in between.
    cuts = sorted([*cuts, *cuts] if again else cuts)
    parts = [program.equal_blocks(size, program.MAX_BLOCK) or [0] for size in np.diff([0, *cuts, len(pcm)]).tolist()]
    assert plain.replay(pcm, sum(parts, [])) == stages


@pytest.mark.slow
@pytest.mark.parametrize("name", BOARDS)
def test_boards_decide_alike(shipped: Built, name: str, tmp_path: Path) -> None:
    board = BOARDS[name]
    if missing := missing_tool(board):
        pytest.skip(f"{missing} is missing: apt-get install gcc-arm-none-eabi qemu-system-arm and their RISC-V likes")
    pcm = example_pcm(FRONT_END.rate_hz)
    if name in SOFT_FLOAT:
        pcm = pcm[: 16 * SECOND]  # The first cracks are in it.
    made = program.build_on_board(board, program.write_sources(shipped.firmware, tmp_path), tmp_path)
    stages, _ = program.replay_on_board(made, pcm, program.equal_blocks(len(pcm), 16_000), shipped.firmware.stages)
    assert stages == shipped.firmware.expected(pcm)
    assert kinds_of(stages) >= {0}


@pytest.mark.slow
def test_the_whole_program_fits_a_small_board(shipped: Built, tmp_path: Path) -> None:
    """64 kB of flash, 24 kB of RAM, a quarter of a Cortex-M4F at 80 MHz."""
    board = BOARDS["cortex-m4"]
    if missing := missing_tool(board):
        pytest.skip(f"{missing} is missing: apt-get install gcc-arm-none-eabi qemu-system-arm")
    pcm = excerpt().pcm
    sources = program.write_sources(shipped.firmware, tmp_path)
    hop = FRONT_END.hop_samples
    made = program.build_on_board(board, sources, tmp_path, traced=False, block_samples=hop)
    stages, outcome = program.replay_on_board(made, pcm, program.equal_blocks(len(pcm), hop), shipped.firmware.stages)
    assert not any(stages.values())
    assert made.flash_bytes <= 64 * 1024
    assert made.ram_bytes + outcome.stack_bytes <= 24 * 1024
    assert outcome.regions[0].instructions / (len(pcm) / SECOND) <= 0.25 * 80e6
