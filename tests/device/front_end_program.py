"""A C program that runs the whole front end, and the bytes that it has to write."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from acoustic.device.build import HERE
from acoustic.export.constants import Constants
from acoustic.export.qemu.emulator import RUNTIME
from acoustic.frontend import FrontEnd, LogMelStream
from acoustic.frontend.device_tables import log_mel_fields, stft_fields, synthesis_fields
from acoustic.frontend.noise_floor import NoiseFloor, to_steps
from acoustic.frontend.stft import FULL_SCALE, Stft, Synthesis, WindowPair

SOURCES = [Path(__file__).parent / "programs" / "front_end.c", *sorted(HERE.glob("acoustic_*.c"))]
INCLUDE = [HERE, RUNTIME]


def write_definitions(folder: Path, fe: FrontEnd, windows: WindowPair, block: int) -> None:
    """Write the header that the program includes."""
    window = (windows.synthesis * FULL_SCALE)[windows.silent_hops * windows.hop_samples :]
    constants = Constants()
    constants.add("acoustic_log_mel", "test_log_mel", log_mel_fields(fe))
    constants.add("acoustic_stft", "test_stft", stft_fields(windows.analysis / FULL_SCALE, windows.hop_samples))
    constants.add("acoustic_synthesis", "test_synthesis", synthesis_fields(window, windows.n_fft, windows.hop_samples))
    sizes = {
        "BLOCK": block,
        "LARGEST_FFT": max(fe.n_fft, windows.n_fft),
        "FRAME_SAMPLES": fe.frame_samples,
        "N_MELS": fe.n_mels,
        "N_FFT": windows.n_fft,
        "HOP_SAMPLES": windows.hop_samples,
        "WINDOW_SAMPLES": len(window),
    }
    defines = "".join(f"#define {name} {size}\n" for name, size in sizes.items())
    (folder / "definitions.h").write_text(f"{defines}\n{constants.source()}", encoding="utf-8")


def expected_output(pcm: NDArray[np.int16], fe: FrontEnd, windows: WindowPair, block: int) -> bytes:
    """What the program writes, by NumPy alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACOUSTIC_NATIVE", "0")
        log_mel, noise = LogMelStream(fe), NoiseFloor(fe.n_mels, block_frames=4, n_blocks=8, silence=-24000)
        stft, synthesis = Stft(windows), Synthesis(windows)
    written = bytearray()
    for start in range(0, len(pcm), block):
        part = pcm[start : start + block]
        for levels in log_mel.push(part):
            written += levels.tobytes() + noise.push(to_steps(levels[None])).tobytes()
        for re, im in zip(*stft.push(part), strict=True):
            written += re.tobytes() + im.tobytes() + synthesis.push(re[None], im[None]).tobytes()
    return bytes(written)
