"""The front end's constants as the C core takes them: the same for Python's copy of the core and for firmware.

Each function gives the fields of one C structure of ``acoustic/native/acoustic_frontend.h``, without memory.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.frontend.tables import F32, FftTables, FrontEndTables, fft_tables
from acoustic.frontend.windows import WindowPair


def places(n_fft: int) -> NDArray[np.uint16]:
    """Where the core's transform, which works in place, leaves each bin: shape (n_fft / 2 + 1).

    Twice the reversed bits of the bin's number; the last bin lies behind the first one's real part.
    """
    order = np.zeros(1, np.uint16)
    while len(order) < n_fft // 2:
        order = np.concatenate([2 * order, 2 * order + 1])
    return np.append(2 * order, 1).astype(np.uint16)


def log_mel_fields(tables: FrontEndTables) -> dict[str, Any]:
    """Fields of ``acoustic_log_mel``: numbers, float32 and uint16 arrays."""
    fe, mel = tables.fe, tables.mel
    return {
        "window": _half(tables.window),
        **_fft_fields(tables.fft),
        "mel_bounds": mel.bounds.astype(np.uint16),
        "mel_weights": np.stack([mel.rise, mel.fall], axis=1),
        "frame_samples": fe.frame_samples,
        "hop_samples": fe.hop_samples,
        "n_fft": fe.n_fft,
        "n_mels": fe.n_mels,
        "power": fe.power,
        "floor": float(tables.floor),
        "scale_db": float(tables.scale_db),
    }


def stft_fields(windows: WindowPair) -> dict[str, Any]:
    """Fields of ``acoustic_stft``."""
    return {
        "window": _half(windows.pcm_analysis),
        **_fft_fields(fft_tables(windows.n_fft)),
        "hop_samples": windows.hop_samples,
        "n_fft": windows.n_fft,
    }


def synthesis_fields(windows: WindowPair) -> dict[str, Any]:
    """Fields of ``acoustic_synthesis``."""
    window = windows.pcm_synthesis
    return {
        "window": window,
        **_fft_fields(fft_tables(windows.n_fft)),
        "hop_samples": windows.hop_samples,
        "window_samples": len(window),
        "n_fft": windows.n_fft,
    }


def _fft_fields(tables: FftTables) -> dict[str, Any]:
    """Fields that every transform has: its factors, as pairs of real and imaginary part, and its order of bins.

    Three quarters of the factors serve every stage.
    """
    pairs = np.stack([tables.cosine, tables.sine], axis=1)[: 3 * tables.n // 4]
    return {"twiddles": pairs.copy(), "places": places(tables.n)}


def _half(window: F32) -> F32:
    """Halve the samples, as the FFT takes them, by way of the window."""
    return np.float32(0.5) * window
