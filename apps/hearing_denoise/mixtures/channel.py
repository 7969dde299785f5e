"""What lies between the sound and the samples: microphone, band limits, gain, overload, coarse coding."""

from __future__ import annotations

import numpy as np

from acoustic.signals import FloatArray, minimum_phase

_TAPS = 512
TELEPHONE_HZ = 8000


def draw_equaliser(rng: np.random.Generator, rate_hz: int, *, most_db: float = 6.0) -> FloatArray:
    """Draw a minimum-phase filter: a tilt and a few broad peaks and dips, up to ``most_db`` each."""
    octaves = np.log2(_frequencies(rate_hz) / 1000.0)
    level_db = rng.uniform(-most_db, most_db) * np.clip(octaves, -3, 3) / 3
    for _ in range(int(rng.integers(4))):
        centre, width = rng.uniform(-3, 3), rng.uniform(0.3, 1.5)
        level_db += rng.uniform(-most_db, most_db) * np.exp(-(((octaves - centre) / width) ** 2))
    return minimum_phase(10 ** (level_db / 20), _TAPS)


def draw_microphone(rng: np.random.Generator, rate_hz: int) -> FloatArray:
    """Draw the filter of a microphone and of what follows it: high-pass, tilt, peaks, sometimes a telephone's band."""
    f_hz = _frequencies(rate_hz)
    level_db = -10 * np.log10(1 + (rng.uniform(15, 140) / f_hz) ** 4)
    if rng.random() < 0.2:
        highest_hz = rng.choice([3400.0, 4000.0, 5500.0, 7000.0])
        level_db -= np.clip((f_hz / highest_hz - 1) * 400, 0, 60)
    band = minimum_phase(10 ** (np.maximum(level_db, -80) / 20), _TAPS)
    return np.convolve(band, draw_equaliser(rng, rate_hz, most_db=5.0))[:_TAPS].astype(np.float32)


def spoil(rng: np.random.Generator, x: FloatArray, rate_hz: int) -> FloatArray:
    """Change a recording, once in a while, in ways that no mask can undo: overload, mu-law, lost blocks, few bits."""
    kind = rng.random()
    peak = float(np.abs(x).max())
    if kind < 0.06 and peak > 0:
        ceiling = np.float32(peak * 10 ** (-rng.uniform(1, 12) / 20))
        return np.clip(x, -ceiling, ceiling)
    if kind < 0.10:
        return mu_law(x)
    if kind < 0.13:
        return narrow_band(x, "ULAW", rate_hz)
    if kind < 0.16:
        return narrow_band(x, "GSM610", rate_hz)
    if kind < 0.18:
        x = x.copy()
        for _ in range(int(rng.integers(1, 5))):
            start = int(rng.integers(len(x)))
            x[start : start + int(rng.uniform(0.005, 0.06) * rate_hz)] = 0.0
    return x


def mu_law(x: FloatArray) -> FloatArray:
    """Code to 8 bits by the mu-law (ITU-T G.711) and back, at the same rate."""
    mu = 255.0
    coded = np.rint(np.sign(x) * np.log1p(mu * np.minimum(np.abs(x), 1.0)) / np.log1p(mu) * 127.0) / 127.0
    return np.asarray(np.sign(coded) * np.expm1(np.abs(coded) * np.log1p(mu)) / mu, np.float32)


def narrow_band(x: FloatArray, subtype: str, rate_hz: int) -> FloatArray:
    """Send through a telephone: 8 kHz, coded as libsndfile's ``subtype``, and back."""
    import io

    import soundfile
    import soxr

    stream = io.BytesIO()
    low = soxr.resample(x, rate_hz, TELEPHONE_HZ)
    soundfile.write(stream, np.clip(low, -1, 1), TELEPHONE_HZ, subtype=subtype, format="WAV")
    stream.seek(0)
    coded, _ = soundfile.read(stream, dtype="float32")
    y = np.zeros_like(x)
    back = soxr.resample(coded, TELEPHONE_HZ, rate_hz)[: len(x)]
    y[: len(back)] = back
    return y


def _frequencies(rate_hz: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Where filters are drawn (Hz); none at 0, which has no octave."""
    return np.asarray(np.maximum(np.fft.rfftfreq(4 * _TAPS, 1 / rate_hz), 4.0))
