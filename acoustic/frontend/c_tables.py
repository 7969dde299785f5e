"""The front end's constants as the C core takes them: the same for Python's copy of the core and for firmware.

Each function gives the fields of one C structure of ``acoustic/native/acoustic_frontend.h``, without memory.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.frontend.definition import FrontEnd
from acoustic.frontend.tables import F32, mel_bank, twiddles, window


def twiddle_pairs(n_fft: int) -> F32:
    """Cosine and minus sine of 2 pi k / n_fft, shape (3 n_fft / 4, 2).

    They serve every stage: the angles of a shorter transform are every second, fourth, ... of them, to the bit.
    """
    return np.stack(twiddles(n_fft), axis=1)[: 3 * n_fft // 4].copy()


def places(n_fft: int) -> NDArray[np.uint16]:
    """Where the core's transform, which works in place, leaves each bin: shape (n_fft / 2 + 1).

    Twice the reversed bits of the bin's number; the last bin lies behind the first one's real part.
    """
    order = np.zeros(1, np.uint16)
    while len(order) < n_fft // 2:
        order = np.concatenate([2 * order, 2 * order + 1])
    return np.append(2 * order, 1).astype(np.uint16)


def log_mel_fields(fe: FrontEnd) -> dict[str, Any]:
    """Fields of ``acoustic_log_mel``: numbers, float32 and uint16 arrays."""
    bank = mel_bank(fe)
    return {
        "window": _half(window(fe)),
        "twiddles": twiddle_pairs(fe.n_fft),
        "places": places(fe.n_fft),
        "mel_bounds": bank.bounds.astype(np.uint16),
        "mel_weights": np.stack([bank.rise, bank.fall], axis=1),
        "frame_samples": fe.frame_samples,
        "hop_samples": fe.hop_samples,
        "n_fft": fe.n_fft,
        "n_mels": fe.n_mels,
        "power": fe.power,
        "floor": float(np.float32(fe.floor)),
        "scale_db": float(np.float32(3.0102999566398120 * (3 - fe.power))),
    }


def stft_fields(window: F32, hop_samples: int) -> dict[str, Any]:
    """Fields of ``acoustic_stft``; the window is scaled to full scale, shape (n_fft,)."""
    n_fft = len(window)
    return {
        "window": _half(window),
        "twiddles": twiddle_pairs(n_fft),
        "places": places(n_fft),
        "hop_samples": hop_samples,
        "n_fft": n_fft,
    }


def synthesis_fields(window: F32, n_fft: int, hop_samples: int) -> dict[str, Any]:
    """Fields of ``acoustic_synthesis``; the window is scaled to full scale and lies at the frame's end."""
    return {
        "window": window,
        "twiddles": twiddle_pairs(n_fft),
        "places": places(n_fft),
        "hop_samples": hop_samples,
        "window_samples": len(window),
        "n_fft": n_fft,
    }


def _half(window: F32) -> F32:
    """Halve the samples, as the FFT takes them, by way of the window."""
    return np.float32(0.5) * window
