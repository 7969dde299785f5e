"""The compiled core computes the bytes of the NumPy definition."""

import ctypes
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from acoustic_apps.roast_crack.contrast import FRONT_END as ROAST
from acoustic_apps.roast_crack.contrast import ContrastStream
from acoustic_apps.turbine_blade.scorer.features import FRONT_END as TURBINE
from made_signals import signals
from numpy.typing import NDArray

from acoustic.frontend import FrontEnd, LogMelStream
from acoustic.frontend import compiled as c
from acoustic.frontend.c_tables import log_mel_fields
from acoustic.frontend.gate import GateDenoiser, GateSettings, SpectralGate, power_db
from acoustic.frontend.noise_floor import NoiseFloor, to_steps
from acoustic.frontend.stft import Stft, Synthesis
from acoustic.frontend.tables import front_end_tables
from acoustic.frontend.windows import WindowPair
from acoustic.native import computing_with

SPEECH = FrontEnd(rate_hz=16000, frame_samples=512, hop_samples=160, n_fft=512, n_mels=40, fmin_hz=20, fmax_hz=8000)
FRONT_ENDS = {
    "roast": ROAST,
    "turbine": TURBINE,
    "speech": SPEECH,
    "short frame": replace(SPEECH, frame_samples=400),
    "magnitude": replace(SPEECH, power=1, mel_scale="htk", mel_norm="none"),
    "odd hop": replace(SPEECH, hop_samples=161, n_fft=2048),
    "smallest": replace(SPEECH, frame_samples=6, hop_samples=1, n_fft=16, n_mels=2, fmin_hz=0),
    "largest": replace(SPEECH, frame_samples=8192, hop_samples=8192, n_fft=8192),
}
WINDOWS = {
    "gate": WindowPair.root_hann(256, 64),
    "hearing": WindowPair.asymmetric(256, 128, 64),
    "hearing, finer": WindowPair.asymmetric(512, 128, 64),
    "half": WindowPair.root_hann(512, 256),
    "uneven": WindowPair.asymmetric(32, 10, 1),
    "smallest": WindowPair.root_hann(16, 1),
    "largest": WindowPair.root_hann(8192, 4096),
}


def assert_same_bytes(ours: NDArray[np.generic], expected: NDArray[np.generic]) -> None:
    assert ours.dtype == expected.dtype
    assert ours.shape == expected.shape
    assert ours.tobytes() == expected.tobytes()


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_log_mel(core, name):
    fe = FRONT_ENDS[name]
    for kind, pcm in signals(fe.frame_samples + 21 * fe.hop_samples + 5).items():
        compiled = LogMelStream(fe)
        assert isinstance(compiled._frames, c.LogMelFrames)
        with computing_with("numpy"):
            expected = LogMelStream(fe)
        assert not isinstance(expected._frames, c.LogMelFrames)
        levels = expected.push(pcm)
        assert len(levels) == fe.n_frames(len(pcm)) >= 22, kind
        assert_same_bytes(compiled.push(pcm), levels)


@pytest.mark.parametrize("block", [1, 63, 128, 1000, 1025])
@pytest.mark.parametrize("name", ["roast", "turbine", "odd hop"])
def test_log_mel_of_blocks(core, name, block):
    fe, pcm = FRONT_ENDS[name], signals(9000)["bursts"]
    with computing_with("numpy"):
        expected = LogMelStream(fe).push(pcm)
    stream = LogMelStream(fe)
    frames = [stream.push(pcm[start : start + block]) for start in range(0, len(pcm), block)]
    assert_same_bytes(np.concatenate(frames), expected)


@pytest.mark.parametrize("block", [1, 63, 128, 1000, 9000])
@pytest.mark.parametrize("name", FRONT_ENDS)
def test_log_mel_stream_of_firmware(core, name, block):
    fe, pcm = FRONT_ENDS[name], signals(9000)["noise"]
    with computing_with("numpy"):
        expected = LogMelStream(fe).push(pcm)
    ring, work = np.empty(fe.frame_samples, np.int16), c._work(core, fe.n_fft)
    definition = c._LogMel(log_mel_fields(front_end_tables(fe)))
    frame = np.empty(fe.n_mels, np.float32)
    stream = (ctypes.c_void_p * 6)()  # four pointers and five 16-bit numbers
    core.acoustic_log_mel_start(stream, ctypes.byref(definition), address(ring), address(work))
    core.acoustic_log_mel_push.restype = ctypes.c_bool
    frames = []
    for start in range(0, len(pcm), block):
        rest, n = address(pcm[start:]), ctypes.c_size_t(min(block, len(pcm) - start))
        while core.acoustic_log_mel_push(stream, ctypes.byref(rest), ctypes.byref(n), address(frame)):
            frames.append(frame.copy())
        assert n.value == 0
    assert_same_bytes(np.array(frames).reshape(-1, fe.n_mels), expected)


@pytest.mark.parametrize("block", [1, 63, 64, 4000])
@pytest.mark.parametrize("name", ["gate", "hearing", "uneven"])
def test_spectra_stream_of_firmware(core, name, block):
    windows, pcm = WINDOWS[name], signals(4000)["noise"]
    with computing_with("numpy"):
        expected = Stft(windows).push(pcm)
    compiled = c.StftFrames(core, windows)
    ring, spectrum = np.empty(windows.n_fft, np.int16), np.empty((2, windows.n_fft // 2 + 1), np.float32)
    stream = (ctypes.c_void_p * 6)()
    core.acoustic_stft_start(stream, ctypes.byref(compiled._definition), address(ring), address(compiled._work))
    core.acoustic_stft_push.restype = ctypes.c_bool
    frames = []
    for start in range(0, len(pcm), block):
        rest, n = address(pcm[start:]), ctypes.c_size_t(min(block, len(pcm) - start))
        while core.acoustic_stft_push(
            stream, ctypes.byref(rest), ctypes.byref(n), address(spectrum[0]), address(spectrum[1])
        ):
            frames.append(spectrum.copy())
    assert_same_bytes(np.array(frames).transpose(1, 0, 2), np.stack(expected))


def address(array: NDArray[np.generic]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


@pytest.mark.parametrize("name", WINDOWS)
def test_spectra_and_synthesis(core, name):
    windows = WINDOWS[name]
    for kind, pcm in signals(13 * windows.hop_samples + windows.n_fft).items():
        with computing_with("numpy"):
            analysis, synthesis = Stft(windows), Synthesis(windows)
        re, im = analysis.push(pcm)
        assert len(re) >= 13, kind
        # A spectrum that no signal has, in two pieces, so that memory, rounding and limiting take part.
        expected = np.concatenate([synthesis.push(2 * part_re, part_im) for part_re, part_im in halves(re, im)])
        compiled = Stft(windows)
        assert isinstance(compiled._frames, c.StftFrames)
        assert_same_bytes(np.stack(compiled.push(pcm)), np.stack([re, im]))
        back = Synthesis(windows)
        assert isinstance(back._add, c.SynthesisFrames)
        assert_same_bytes(np.concatenate([back.push(2 * r, i) for r, i in halves(re, im)]), expected)


def halves(re: NDArray[np.float32], im: NDArray[np.float32]) -> Iterator[tuple[NDArray[np.float32], ...]]:
    yield re[:5], im[:5]
    yield re[5:], im[5:]


@pytest.mark.parametrize(("block_frames", "n_blocks"), [(1, 1), (64, 8), (32, 32), (8, 3)])
def test_noise_floor(core, block_frames, n_blocks):
    levels = np.random.default_rng(1).integers(-32768, 32768, (2500, 7)).astype(np.int16)
    levels[300:400] = -31000
    sizes = {"block_frames": block_frames, "n_blocks": n_blocks, "silence": -31000}
    with computing_with("numpy"):
        expected = NoiseFloor(7, **sizes)
    compiled = NoiseFloor(7, **sizes)
    assert isinstance(compiled._fill, c.NoiseFloorFrames)
    for part in np.split(levels, [1, 5, 77, 1300]):
        assert_same_bytes(compiled.push(part), expected.push(part))


@pytest.mark.parametrize(
    "settings", [GateSettings(), GateSettings(over_subtraction=1.0, floor_db=-60.0, attack_ms=0.0, block_frames=1)]
)
def test_gate(core, settings):
    level_db = np.random.default_rng(3).normal(-60, 20, (1500, 13)).astype(np.float32)
    level_db[:20] = level_db[700:800] = -130.0
    with computing_with("numpy"):
        expected = SpectralGate(13, settings, frames_per_second=250.0)
    compiled = SpectralGate(13, settings, frames_per_second=250.0)
    assert isinstance(compiled._fill, c.GateFrames)
    for part in np.split(level_db, [1, 40, 77, 1300]):
        gains = expected.push(part)
        assert_same_bytes(compiled.push(part), gains)
    assert 0.0 < gains.min() < gains.max() <= 1.0


def test_power_in_decibels(core):
    re, im = np.random.default_rng(4).standard_normal((2, 7, 129)).astype(np.float32) ** 9
    re[0], im[0] = 0.0, 0.0
    with computing_with("numpy"):
        expected = power_db(re, im)
    assert_same_bytes(c.power_db(core, re, im), expected)


def test_steps(core):
    level_db = np.random.default_rng(2).uniform(-140, 140, 5000).astype(np.float32)
    level_db[:1000] = np.arange(1000) / 512 - 1  # halves
    steps = np.empty(len(level_db), np.int16)
    core.acoustic_to_steps(address(level_db), ctypes.c_size_t(len(level_db)), address(steps))
    assert_same_bytes(steps, to_steps(level_db))


def test_chains(core):
    pcm = signals(64000)["bursts"]
    denoised, contrast = GateDenoiser(16000).push(pcm), ContrastStream(ROAST).push(pcm)
    with computing_with("numpy"):
        assert_same_bytes(denoised, GateDenoiser(16000).push(pcm))
        for ours, expected in zip(contrast, ContrastStream(ROAST).push(pcm), strict=True):
            assert_same_bytes(ours, expected)


def test_every_second_sample(core):
    pcm = signals(20000)["noise"]
    assert_same_bytes(LogMelStream(ROAST).push(pcm[::2]), LogMelStream(ROAST).push(pcm[::2].copy()))
    assert_same_bytes(Stft(WINDOWS["gate"]).push(pcm[::2])[0], Stft(WINDOWS["gate"]).push(pcm[::2].copy())[0])
