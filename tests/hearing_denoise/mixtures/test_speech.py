from pathlib import Path

import numpy as np
import pytest
from acoustic_apps.hearing_denoise.mixtures.noise import MixtureLibrary
from acoustic_apps.hearing_denoise.mixtures.speech import SpeechLibrary, active_level, draw, is_clean, read, trimmed
from made_hearing import RATE_HZ, syllables

from acoustic.datasets import data_root
from acoustic.errors import DataError


def test_no_recording_is_on_two_sides(data: Path) -> None:
    parts = [paths for split in ("train", "held_out") for paths in vars(SpeechLibrary.load(data, split)).values()]  # type: ignore[arg-type]
    assert all(parts)
    assert sum(map(len, parts)) == len(set().union(*parts)) == 60


def test_noises_are_split_by_fold(data: Path) -> None:
    train, held_out = (MixtureLibrary.load(data, split) for split in ("train", "held_out"))  # type: ignore[arg-type]
    assert {path.name[0] for _, path in held_out.clips} == {"3"}
    assert {path.name[0] for _, path in train.clips} == {"1", "2", "r"}
    assert not set(train.speech.talkers) & set(held_out.speech.crowd)


def test_a_folder_without_recordings_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="data folder"):
        SpeechLibrary.load(tmp_path, "train")
    with pytest.raises(DataError, match="clips.csv"):
        MixtureLibrary.load(tmp_path, "train")


def test_only_clean_sentences_are_drawn(data: Path) -> None:
    noise = 0.01 * np.random.default_rng(0).standard_normal(RATE_HZ)
    clean = syllables(1, 1.0)
    assert is_clean(clean.astype(np.float32), RATE_HZ)
    assert not is_clean((clean + noise).astype(np.float32), RATE_HZ)
    paths = SpeechLibrary.load(data, "train").talkers
    assert is_clean(draw(np.random.default_rng(1), paths, RATE_HZ), RATE_HZ)


def test_silence_around_is_cut_off(data: Path) -> None:
    x = read(SpeechLibrary.load(data, "train").talkers[0], RATE_HZ)
    longer = np.concatenate([np.zeros(RATE_HZ, np.float32), x, np.zeros(RATE_HZ, np.float32)])
    assert len(trimmed(longer, RATE_HZ)) <= len(x)
    assert np.abs(trimmed(longer, RATE_HZ)).max() == np.abs(x).max()


def test_pauses_do_not_count_in_the_level() -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    paused = np.concatenate([tone, np.zeros(3 * RATE_HZ, np.float32)])
    assert (
        active_level(paused, RATE_HZ)
        == pytest.approx(active_level(tone, RATE_HZ), rel=1e-3)
        == pytest.approx(0.7071, rel=1e-3)
    )
    assert active_level(np.zeros(RATE_HZ, np.float32), RATE_HZ) == 0.0


def test_the_real_recordings_are_split_as_said() -> None:
    root = data_root()
    if root is None:
        pytest.skip("no recordings: set ACOUSTIC_DATA to the data folder")
    train, held_out = (SpeechLibrary.load(root, split) for split in ("train", "held_out"))  # type: ignore[arg-type]
    assert len(held_out.talkers) > 60
    assert len(train.talkers) > 8 * len(held_out.talkers)
    assert min(len(train.crowd), len(held_out.crowd)) > 20
