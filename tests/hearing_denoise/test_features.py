import numpy as np
import pytest
from acoustic_apps.hearing_denoise.features import FRONT_END, FeatureStream, layout_of
from acoustic_apps.hearing_denoise.train import front_end_at
from made_hearing import RATE_HZ, WIDE, noisy_pcm, syllables
from numpy.typing import NDArray

from acoustic.frontend.enhancement import EnhancementFrontEnd
from acoustic.frontend.stft import Stft

LAYOUT = layout_of(FRONT_END)
N_BANDS = LAYOUT.n_bands


def features(pcm: NDArray[np.int16]) -> NDArray[np.int8]:
    return FeatureStream(LAYOUT).push(*Stft(FRONT_END.windows).push(pcm))


def test_the_layout_that_ships() -> None:
    assert LAYOUT.band_bins == (1,) * 24 + (2,) * 16 + (3,) * 8 + (4,) * 12
    assert (LAYOUT.level_up, LAYOUT.level_down, LAYOUT.floor_up, LAYOUT.floor_down) == (5, 9, 9, 4)


@pytest.mark.parametrize(
    "front_end", [WIDE, *map(front_end_at, (8000, 22_050, 44_100, 48_000, 96_000))], ids=lambda one: f"{one.rate_hz}"
)
def test_bands_are_as_wide_and_running_values_as_fast_at_any_rate(front_end: EnhancementFrontEnd) -> None:
    layout, bin_hz = layout_of(front_end), front_end.rate_hz / front_end.analysis_samples
    assert sum(layout.band_bins) == layout.n_bins - 1 == front_end.analysis_samples // 2
    top_hz = np.cumsum(layout.band_bins) * bin_hz
    ends = np.cumsum(LAYOUT.band_bins) * RATE_HZ / FRONT_END.analysis_samples
    for n_bands, hz in enumerate(ends, 1):
        if hz <= front_end.rate_hz / 2:
            assert np.searchsorted(top_hz, hz) + 1 == pytest.approx(n_bands, rel=0.5, abs=2)
    seconds = [2**shift / front_end.frames_per_second for shift in (layout.level_up, layout.floor_up)]
    assert seconds == pytest.approx([2**shift / FRONT_END.frames_per_second for shift in (5, 9)], rel=0.5)


def test_the_delay_is_eight_milliseconds() -> None:
    assert FRONT_END.latency_ms == 8.0


@pytest.mark.parametrize("seed", range(3))
def test_blocks_of_any_size_give_the_same_bytes(seed: int) -> None:
    pcm, rng = noisy_pcm(seed, 1.0), np.random.default_rng(seed)
    stft, stream, parts, start = Stft(FRONT_END.windows), FeatureStream(LAYOUT), [], 0
    while start < len(pcm):
        stop = start + int(rng.integers(1, 700))
        parts.append(stream.push(*stft.push(pcm[start:stop])))
        start = stop
    whole = features(pcm)
    assert whole.shape == (RATE_HZ // 64, LAYOUT.n_features)
    assert np.concatenate(parts).tobytes() == whole.tobytes()


def test_streams_side_by_side_are_those_alone() -> None:
    recordings = [noisy_pcm(1, 0.5), np.zeros(RATE_HZ // 2, np.int16), noisy_pcm(2, 0.5)]
    recordings[2][: RATE_HZ // 4] = 0  # begins late
    spectra = [Stft(FRONT_END.windows).push(pcm) for pcm in recordings]
    re, im = (np.stack(column, axis=1) for column in zip(*spectra, strict=True))
    together = FeatureStream(LAYOUT, (3,)).push(re, im)
    for number, pcm in enumerate(recordings):
        assert np.array_equal(together[:, number], features(pcm))


def test_loudness_does_not_matter() -> None:
    pcm = noisy_pcm(4, 1.0)
    quiet, loud = features(pcm // 8), features(pcm)
    difference = np.abs(quiet.astype(int) - loud)[4:]
    assert np.median(difference) == 0
    assert np.mean(difference) < 1.0  # half decibels: what int16 rounds away


def test_there_is_no_settling() -> None:
    noise = (np.random.default_rng(0).standard_normal(RATE_HZ) * 500).astype(np.int16)
    levels = features(noise)[:, :N_BANDS].astype(float).mean(axis=1)
    assert abs(levels[:10].mean() - levels[-50:].mean()) < 15  # half decibels: the first frame is mostly silence


def test_the_floor_feature_shows_what_stands_out() -> None:
    noise = (np.random.default_rng(0).standard_normal(2 * RATE_HZ) * 300).astype(np.int16)
    tone = np.zeros(2 * RATE_HZ)
    tone[RATE_HZ:] = 8000 * np.sin(2 * np.pi * 1000 * np.arange(RATE_HZ) / RATE_HZ)
    found = features((noise + tone).astype(np.int16))[:, N_BANDS:].astype(float)
    before, after = found[200:250].mean(axis=0), found[256:270].mean(axis=0)
    assert after[15] > before[15] + 30  # bin 16 is 1 kHz; 15 dB and more
    assert abs(after[50] - before[50]) < 8


def test_digital_silence_is_forgotten() -> None:
    pcm = noisy_pcm(5, 1.0)
    pause = np.zeros(RATE_HZ // 64 * 64, np.int16)
    again = np.concatenate([pcm[: 64 * 200], pause, pcm[64 * 200 :]])
    plain, paused = features(pcm), features(again)
    frames = len(pause) // 64
    # Four frames straddle either edge of the pause.
    assert np.abs(plain[210:].astype(int) - paused[210 + frames :]).mean() < 2.0


def test_silence_alone_says_nothing() -> None:
    assert np.ptp(features(np.zeros(RATE_HZ, np.int16)), axis=0).max() == 0


def test_speech_stands_above_its_pauses() -> None:
    clean = np.rint(syllables(1, 1.0) * 20000).astype(np.int16)
    noise = np.rint(np.random.default_rng(1).standard_normal(len(clean)) * 20).astype(np.int16)
    means = features(clean + noise)[:, :N_BANDS].astype(float).mean(axis=1)
    assert np.percentile(means, 90) > np.percentile(means, 10) + 20
