"""A program that replays PCM through the front end in C, on the PC and on emulated boards, and what it must write."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acoustic.export.constants import Constants
from acoustic.export.qemu.emulator import RUNTIME
from acoustic.frontend import FrontEnd, LogMelStream
from acoustic.frontend.c_tables import log_mel_fields, stft_fields, synthesis_fields
from acoustic.frontend.gate import SILENCE_DB, GateSettings, SpectralGate, power_db
from acoustic.frontend.noise_floor import STEPS_PER_DB, NoiseFloor, to_steps
from acoustic.frontend.stft import Stft, Synthesis
from acoustic.frontend.tables import front_end_tables
from acoustic.frontend.windows import WindowPair
from acoustic.native import computing_with
from acoustic.native.build import HERE

SOURCES = sorted(HERE.glob("acoustic_*.c"))
"""The front end of the C core."""
PROGRAM = Path(__file__).parent / "programs" / "front_end.c"
REGIONS = {"log-mel": 1, "noise floor": 2, "spectrum": 3, "gate": 4, "synthesis": 5}
"""What the program counts the instructions of, a frame each."""
# Of the noise floors that are replayed: few frames a block, so that the memory turns over often.
_BLOCK_FRAMES, _N_BLOCKS, _SILENCE = 4, 8, round(SILENCE_DB * STEPS_PER_DB)


@dataclass(frozen=True, kw_only=True)
class FrontEndReplay:
    """Log-mel features and noise floor by one definition; spectra, gate and synthesis by a pair of windows."""

    fe: FrontEnd
    windows: WindowPair
    block_samples: int
    """Samples that are pushed at a time; a multiple of four fits every board."""

    @property
    def include(self) -> list[Path]:
        """Folders of headers, but for the one that :meth:`write` is given."""
        return [HERE, RUNTIME]

    def write(self, folder: Path) -> list[Path]:
        """Write the definitions into a folder, and return the C sources that the board's own are to be added to."""
        n_fft, synthesis = self.windows.n_fft, synthesis_fields(self.windows)
        constants = Constants()
        constants.add("acoustic_log_mel", "replayed_log_mel", log_mel_fields(front_end_tables(self.fe)))
        constants.add("acoustic_stft", "replayed_stft", stft_fields(self.windows))
        constants.add("acoustic_gate", "replayed_gate", self._gate.factors(self._frames_per_second))
        constants.add("acoustic_synthesis", "replayed_synthesis", synthesis)
        sizes = {
            "BLOCK": self.block_samples,
            "LOG_MEL_FFT": self.fe.n_fft,
            "OVERLAP_SAMPLES": max(1, self.fe.frame_samples - self.fe.hop_samples),
            "N_MELS": self.fe.n_mels,
            "BLOCK_FRAMES": _BLOCK_FRAMES,
            "N_BLOCKS": _N_BLOCKS,
            "SILENCE": _SILENCE,
            "N_FFT": n_fft,
            "N_BINS": n_fft // 2 + 1,
            "HOP_SAMPLES": self.windows.hop_samples,
            "WINDOW_SAMPLES": synthesis["window_samples"],
        }
        defines = "".join(f"#define {name} {size}\n" for name, size in sizes.items())
        text = f"{defines}\n{constants.source()}"
        (folder / "front_end_definitions.h").write_text(text, encoding="utf-8")
        return [PROGRAM, *SOURCES]

    def expected(self, pcm: NDArray[np.int16]) -> bytes:
        """Return what the program must write for these samples: NumPy's bytes."""
        with computing_with("numpy"):
            log_mel, stft, synthesis = LogMelStream(self.fe), Stft(self.windows), Synthesis(self.windows)
            gate = SpectralGate(self.windows.n_fft // 2 + 1, self._gate, frames_per_second=self._frames_per_second)
            noise = NoiseFloor(self.fe.n_mels, block_frames=_BLOCK_FRAMES, n_blocks=_N_BLOCKS, silence=_SILENCE)
            levels, (re, im) = log_mel.push(pcm), stft.push(pcm)
            gains = gate.push(power_db(re, im))
        floor, clean = noise.push(to_steps(levels)), synthesis.push(re * gains, im * gains).reshape(len(re), -1)
        written = bytearray()
        n_levels = n_spectra = 0
        for end in range(self.block_samples, len(pcm) + self.block_samples, self.block_samples):
            heard = min(end, len(pcm))
            for frame in range(n_levels, n_levels := self.fe.n_frames(heard)):
                written += levels[frame].tobytes() + floor[frame].tobytes()
            for frame in range(n_spectra, n_spectra := heard // self.windows.hop_samples):
                written += re[frame].tobytes() + im[frame].tobytes() + gains[frame].tobytes() + clean[frame].tobytes()
        return bytes(written)

    @property
    def _gate(self) -> GateSettings:
        return GateSettings(block_frames=_BLOCK_FRAMES, n_blocks=_N_BLOCKS)

    @property
    def _frames_per_second(self) -> float:
        return self.fe.rate_hz / self.windows.hop_samples
