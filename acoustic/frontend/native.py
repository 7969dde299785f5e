"""The front end computed by the compiled C core: the bytes of the NumPy definition, several times as fast.

Each class does for arrays what the C function of its name does; the structures are those of
``acoustic/device/acoustic_frontend.h``.
"""

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.frontend.definition import FrontEnd
from acoustic.frontend.device_tables import half_window, log_mel_fields, twiddle_pairs
from acoustic.frontend.stft import FULL_SCALE, WindowPair
from acoustic.frontend.tables import F32

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
        "window twiddles mel_bounds mel_weights",
        "frame_samples hop_samples n_fft n_mels power",
        ("floor", ctypes.c_float),
        ("scale_db", ctypes.c_float),
    )


class _Stft(_Structure):
    _fields_ = _fields("window twiddles", "hop_samples n_fft")


class _Synthesis(_Structure):
    _fields_ = _fields("window twiddles sums work", "hop_samples n_fft oldest")


def _work(core: ctypes.CDLL, n_fft: int) -> F32:
    """Working memory of the core's functions, at the beginning of a cache line."""
    memory = np.zeros((2 * n_fft + 4) * core.acoustic_core_lanes() + CACHE_LINE // 4, np.float32)
    return memory[-memory.ctypes.data % CACHE_LINE // 4 :]


class LogMelFrames:
    """Log-mel frames of contiguous PCM."""

    def __init__(self, core: ctypes.CDLL, fe: FrontEnd) -> None:
        self._core, self._definition, self._work = core, _LogMel(log_mel_fields(fe)), _work(core, fe.n_fft)

    def __call__(self, pcm: NDArray[np.int16], out: F32) -> None:
        """Fill ``out``, float32 (n_frames, n_mels), with the frames that start at the first hops of ``pcm``."""
        _call(self._core.acoustic_log_mel_frames, self._definition, self._work, pcm, len(out), out)


class StftFrames:
    """Spectra of contiguous PCM."""

    def __init__(self, core: ctypes.CDLL, windows: WindowPair) -> None:
        n_fft = windows.n_fft
        window, twiddles = half_window(windows.analysis / FULL_SCALE), twiddle_pairs(n_fft)
        fields = {"window": window, "twiddles": twiddles, "hop_samples": windows.hop_samples, "n_fft": n_fft}
        self._core, self._definition, self._work = core, _Stft(fields), _work(core, n_fft)

    def __call__(self, pcm: NDArray[np.int16], out: F32) -> None:
        """Fill ``out``, float32 (2, n_frames, n_fft / 2 + 1), with the spectra from the first hops of ``pcm`` on."""
        _call(self._core.acoustic_stft_frames, self._definition, self._work, pcm, out.shape[1], out[0], out[1])


class SynthesisFrames:
    """Overlap-add of spectra, with its memory."""

    def __init__(self, core: ctypes.CDLL, windows: WindowPair) -> None:
        n_fft, hop = windows.n_fft, windows.hop_samples
        fields = {
            "window": windows.synthesis * FULL_SCALE,
            "twiddles": twiddle_pairs(n_fft),
            "sums": np.zeros(n_fft, np.float32),
            "work": _work(core, n_fft),
            "hop_samples": hop,
            "n_fft": n_fft,
        }
        self._core, self._state = core, _Synthesis(fields)

    def __call__(self, re: F32, im: F32, out: NDArray[np.int16]) -> None:
        """Fill ``out``, int16 (n_frames, hop_samples), from spectra, float32 (n_frames, n_fft / 2 + 1)."""
        re, im = np.ascontiguousarray(re, np.float32), np.ascontiguousarray(im, np.float32)
        _call(self._core.acoustic_synthesis_push, self._state, re, im, len(re), out)


def _call(function: Any, *arguments: Any) -> None:
    """Call a function of the core; arrays must lie as C has them."""
    passed = []
    for argument in arguments:
        if isinstance(argument, np.ndarray):
            assert argument.flags.c_contiguous
            passed.append(ctypes.c_void_p(argument.ctypes.data))
        elif isinstance(argument, ctypes.Structure):
            passed.append(ctypes.byref(argument))
        else:
            passed.append(ctypes.c_size_t(argument))
    function(*passed)
