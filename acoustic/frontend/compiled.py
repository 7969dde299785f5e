"""The front end computed by the compiled core: the bytes of the NumPy definition, several times as fast.

Each class does for arrays what the C function of its name does; the structures are those of
``acoustic/native/acoustic_frontend.h``.
"""

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.frontend.c_tables import log_mel_fields, stft_fields, synthesis_fields
from acoustic.frontend.tables import F32, FrontEndTables
from acoustic.frontend.windows import WindowPair

#: Vector instructions want whole cache lines.
CACHE_LINE = 64


class _Structure(ctypes.Structure):
    """A C structure that keeps alive the arrays it points to."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.arrays = [value for value in fields.values() if isinstance(value, np.ndarray)]
        addresses = {
            name: value.ctypes.data if isinstance(value, np.ndarray) else value for name, value in fields.items()
        }
        super().__init__(**addresses)


def _fields(pointers: str, sizes: str, *others: tuple[str, Any]) -> list[tuple[str, Any]]:
    return [
        *((name, ctypes.c_void_p) for name in pointers.split()),
        *((name, ctypes.c_uint16) for name in sizes.split()),
        *others,
    ]


class _LogMel(_Structure):
    _fields_ = _fields(
        "window twiddles places mel_bounds mel_weights",
        "frame_samples hop_samples n_fft n_mels power",
        ("floor", ctypes.c_float),
        ("scale_db", ctypes.c_float),
    )


class StftDefinition(_Structure):
    """``acoustic_stft``."""

    _fields_ = _fields("window twiddles places", "hop_samples n_fft")


class _NoiseFloor(_Structure):
    _fields_ = _fields(
        "sums means median work",
        "n_bands block_frames n_blocks in_block n_means next_mean",
        ("silence", ctypes.c_int16),
    )


class SynthesisDefinition(_Structure):
    """``acoustic_synthesis``."""

    _fields_ = _fields("window twiddles places", "hop_samples window_samples n_fft")


class _SynthesisStream(ctypes.Structure):
    _fields_ = _fields("definition sums work", "oldest")


class _Gate(_Structure):
    _fields_ = [(name, ctypes.c_float) for name in ("over_subtraction", "floor", "attack", "release")]


class _GateStream(ctypes.Structure):
    _fields_ = _fields("definition noise steps gains", "heard")


class LogMelFrames:
    """Log-mel frames of contiguous PCM."""

    def __init__(self, core: ctypes.CDLL, tables: FrontEndTables) -> None:
        self._core, self._work = core, _work(core, tables.fft.n)
        self._definition = _LogMel(log_mel_fields(tables))

    def __call__(self, pcm: NDArray[np.int16], out: F32) -> None:
        """Fill ``out``, float32 (n_frames, n_mels), with the frames that start at the first hops of ``pcm``."""
        pcm = np.ascontiguousarray(pcm)
        _call(self._core.acoustic_log_mel_frames, self._definition, self._work, pcm, len(out), out)


class StftFrames:
    """Spectra of contiguous PCM."""

    def __init__(self, core: ctypes.CDLL, windows: WindowPair) -> None:
        self._core, self._work = core, _work(core, windows.n_fft)
        self._definition = StftDefinition(stft_fields(windows))

    def __call__(self, pcm: NDArray[np.int16], out: F32) -> None:
        """Fill ``out``, float32 (2, n_frames, n_fft / 2 + 1), with the spectra from the first hops of ``pcm`` on."""
        pcm = np.ascontiguousarray(pcm)
        _call(self._core.acoustic_stft_frames, self._definition, self._work, pcm, out.shape[1], out[0], out[1])


class SynthesisFrames:
    """Overlap-add of spectra, with its memory."""

    def __init__(self, core: ctypes.CDLL, windows: WindowPair) -> None:
        self._core, self._stream = core, _SynthesisStream()
        self._definition = SynthesisDefinition(fields := synthesis_fields(windows))
        self._sums, self._work = np.empty(fields["window_samples"], np.float32), _work(core, windows.n_fft)
        _call(core.acoustic_synthesis_start, self._stream, self._definition, self._sums, self._work)

    def __call__(self, re: F32, im: F32, out: NDArray[np.int16]) -> None:
        """Fill ``out``, int16 (n_frames, hop_samples), from spectra, float32 (n_frames, n_fft / 2 + 1)."""
        re, im = np.ascontiguousarray(re), np.ascontiguousarray(im)
        _call(self._core.acoustic_synthesis_push, self._stream, re, im, len(re), out)


class NoiseFloorFrames:
    """Running noise floor, with its memory."""

    def __init__(self, core: ctypes.CDLL, n_bands: int, block_frames: int, n_blocks: int, silence: int) -> None:
        self._core, self._state = core, _noise_floor(n_bands, block_frames, n_blocks, silence)

    def __call__(self, levels: NDArray[np.int16], out: NDArray[np.int16]) -> None:
        """Fill ``out`` with the floor under ``levels``, both int16 (n_frames, n_bands)."""
        levels = np.ascontiguousarray(levels)
        _call(self._core.acoustic_noise_floor_push, self._state, levels, len(levels), out)


class GateFrames:
    """Spectral gate, with its memory and its noise floor."""

    def __init__(self, core: ctypes.CDLL, *sizes: int, **factors: np.float32) -> None:
        self._core, self._stream = core, _GateStream()
        self._definition, self._noise = _Gate(factors), _noise_floor(*sizes)
        self._steps, self._gains = np.empty((2, sizes[0]), np.int16), np.empty(sizes[0], np.float32)
        _call(core.acoustic_gate_start, self._stream, self._definition, self._noise, self._steps, self._gains)

    def __call__(self, level_db: F32, out: F32) -> None:
        """Fill ``out`` with the gains for levels in dB, both float32 (n_frames, n_bands)."""
        level_db = np.ascontiguousarray(level_db)
        _call(self._core.acoustic_gate_push, self._stream, level_db, len(level_db), out)


def power_db(core: ctypes.CDLL, re: F32, im: F32) -> F32:
    """Power of spectra in dB relative to full scale squared; nothing counts as -126 octaves."""
    level_db = np.empty(re.shape, np.float32)
    _call(core.acoustic_power_db, np.ascontiguousarray(re), np.ascontiguousarray(im), re.size, level_db)
    return level_db


def _noise_floor(n_bands: int, block_frames: int, n_blocks: int, silence: int) -> _NoiseFloor:
    memory = {
        "sums": np.zeros(n_bands, np.int32),
        "means": np.zeros((n_blocks, n_bands), np.int16),
        "median": np.zeros(n_bands, np.int16),
        "work": np.zeros(n_blocks, np.int16),
    }
    sizes = {"n_bands": n_bands, "block_frames": block_frames, "n_blocks": n_blocks, "silence": silence}
    return _NoiseFloor({**memory, **sizes})


def _work(core: ctypes.CDLL, n_fft: int) -> F32:
    """Working memory of the core's functions, at the beginning of a cache line."""
    memory = np.zeros((n_fft + 2) * core.acoustic_core_lanes() + CACHE_LINE // 4, np.float32)
    return memory[-memory.ctypes.data % CACHE_LINE // 4 :]


def _call(function: Any, *arguments: ctypes.Structure | np.ndarray | int) -> None:
    """Call a function of the core with structures, arrays and sizes."""
    function(*map(_as_c, arguments))


def _as_c(argument: ctypes.Structure | np.ndarray | int) -> Any:
    if isinstance(argument, np.ndarray):
        assert argument.flags.c_contiguous
        return ctypes.c_void_p(argument.ctypes.data)
    return ctypes.c_size_t(argument) if isinstance(argument, int) else ctypes.byref(argument)
