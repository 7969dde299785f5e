"""The front end on emulated boards: NumPy's bytes, and what they cost."""

from dataclasses import replace

import pytest
from made_signals import signals

from acoustic.export.front_end import REGIONS, FrontEndReplay
from acoustic.export.qemu.boards import BOARDS
from acoustic.export.qemu.emulator import build, missing_tool, run
from acoustic.frontend import FrontEnd
from acoustic.frontend.windows import WindowPair

SPEECH = FrontEnd(rate_hz=16000, frame_samples=512, hop_samples=160, n_fft=512, n_mels=40, fmin_hz=20, fmax_hz=8000)


@pytest.fixture(params=BOARDS)
def board(request):
    missing = missing_tool(BOARDS[request.param])
    if missing:
        pytest.skip(f"{request.param}: {missing} is not installed")
    return BOARDS[request.param]


@pytest.mark.slow
@pytest.mark.parametrize("power", [1, 2])
def test_bytes_are_those_of_numpy(board, power, tmp_path):
    windows = WindowPair.asymmetric(256, 128, 64) if power == 2 else WindowPair.root_hann(128, 32)
    replay = FrontEndReplay(fe=replace(SPEECH, power=power), windows=windows, block_samples=132)
    pcm = signals(8000)["bursts"]
    program = build(board, replay.write(tmp_path), tmp_path, include=[*replay.include, tmp_path])
    outcome = run(program, pcm.tobytes())
    assert outcome.output == replay.expected(pcm)
    assert outcome.regions[REGIONS["log-mel"]].calls == SPEECH.n_frames(len(pcm))
    assert outcome.regions[REGIONS["synthesis"]].calls == len(pcm) // windows.hop_samples


def test_frame_of_512_points_takes_less_than_half_of_60_000_instructions(tmp_path):
    board = BOARDS["cortex-m4"]
    if missing_tool(board):
        pytest.skip(f"{missing_tool(board)} is not installed")
    replay = FrontEndReplay(fe=SPEECH, windows=WindowPair.root_hann(16, 8), block_samples=SPEECH.hop_samples)
    program = build(board, replay.write(tmp_path), tmp_path, include=[*replay.include, tmp_path])
    outcome = run(program, signals(2048)["noise"].tobytes())
    assert 10_000 < outcome.regions[REGIONS["log-mel"]].most_instructions < 60_000
