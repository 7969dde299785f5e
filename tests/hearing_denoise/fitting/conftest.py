import numpy as np
import pytest


@pytest.fixture
def tone():
    """Make a sine of a level in dB SPL where full scale is 100 (or another) dB SPL."""

    def make(frequency_hz, level_db_spl, n_samples=16000, full_scale_db_spl=100.0):
        amplitude = 32768 * np.sqrt(2) * 10 ** ((level_db_spl - full_scale_db_spl) / 20)
        phase = 2 * np.pi * frequency_hz * np.arange(n_samples) / 16000
        return np.rint(amplitude * np.sin(phase)).astype(np.int16)

    return make


@pytest.fixture
def level_db():
    """Measure a root mean square in dB re one step of int16."""
    return lambda samples: 10 * np.log10(np.mean(np.square(samples.astype(np.float64))))


@pytest.fixture(scope="session")
def eventful():
    """Noise with a silent stretch, soft and loud ones, and samples at either end of int16."""
    pcm = np.random.default_rng(0).normal(0, 300, 6000)
    pcm[1000:1500] = 0
    pcm[2500:4000] *= 40
    pcm[4500:] *= 0.05
    pcm[3000:3003] = -32768, 32767, -32768
    return np.clip(np.rint(pcm), -32768, 32767).astype(np.int16)
