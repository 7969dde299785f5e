import numpy as np
import pytest
from acoustic_apps.hearing_denoise.mixtures.noise import MixtureLibrary, babble, draw_clip, repeated
from acoustic_apps.hearing_denoise.mixtures.synthetic import coloured, draw_synthetic, slow_random, tones
from made_hearing import RATE_HZ

N = 2 * RATE_HZ


def test_a_clip_is_repeated_without_a_step() -> None:
    x = np.sin(2 * np.pi * 100 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    long = repeated(np.random.default_rng(0), x, 5 * RATE_HZ, RATE_HZ)
    assert len(long) == 5 * RATE_HZ
    assert np.abs(np.diff(long)).max() < 2.5 * np.abs(np.diff(x)).max()


def test_clips_and_babble_are_seeded(train: MixtureLibrary) -> None:
    kinds = set()
    for seed in range(12):
        kind, clip = draw_clip(np.random.default_rng(seed), train, N)
        again_kind, again = draw_clip(np.random.default_rng(seed), train, N)
        assert (kind, len(clip)) == (again_kind, N)
        assert np.array_equal(clip, again)
        kinds.add(kind)
    assert len(kinds) > 2
    crowds = [babble(np.random.default_rng(seed), train, N, 4) for seed in (1, 1, 2)]
    assert np.array_equal(crowds[0], crowds[1])
    assert not np.array_equal(crowds[0], crowds[2])


def test_a_larger_crowd_leaves_fewer_pauses(train: MixtureLibrary) -> None:
    def quiet_share(talkers: int) -> float:
        x = babble(np.random.default_rng(3), train, 4 * RATE_HZ, talkers)
        levels = np.sqrt(np.mean(x.reshape(-1, 320) ** 2, axis=1))
        return float(np.mean(levels < 0.1 * levels.max()))

    assert quiet_share(8) < quiet_share(1)


def test_coloured_noise_falls_as_said() -> None:
    x = coloured(np.random.default_rng(0), 64 * 4096, RATE_HZ, slope_db=-6.0)
    power = np.abs(np.fft.rfft(x.reshape(-1, 4096), axis=1)) ** 2
    low, high = (power[:, a:b].mean() for a, b in ((120, 136), (480, 544)))  # two octaves
    assert 10 * np.log10(low / high) == pytest.approx(12.0, abs=1.0)


def test_synthetic_noises_are_finite_and_sound() -> None:
    for seed in range(12):
        x = draw_synthetic(np.random.default_rng(seed), N, RATE_HZ)
        assert (x.dtype, x.shape) == (np.float32, (N,))
        assert np.isfinite(x).all()
        assert np.std(x) > 0.01


def test_tones_are_tonal() -> None:
    spectrum = np.abs(np.fft.rfft(tones(np.random.default_rng(1), N, RATE_HZ) * np.hanning(N))) ** 2
    assert np.sort(spectrum)[-200:].sum() > 0.9 * spectrum.sum()


def test_a_slow_factor_wanders_around_one() -> None:
    factor = slow_random(np.random.default_rng(0), 60 * RATE_HZ, RATE_HZ, per_s=2.0, spread_db=6.0)
    assert abs(np.mean(20 * np.log10(factor))) < 2.0
    assert 3.0 < np.std(20 * np.log10(factor)) < 6.0
    assert np.abs(np.diff(factor)).max() < 0.01
