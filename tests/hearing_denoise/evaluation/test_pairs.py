from pathlib import Path

import numpy as np
import pytest
from acoustic_apps.hearing_denoise.evaluation.alignment import synthetic_voice
from acoustic_apps.hearing_denoise.evaluation.metrics import RATE_HZ
from acoustic_apps.hearing_denoise.evaluation.pairs import held_out, read_list

from acoustic.audio import write_wav
from acoustic.datasets import data_root
from acoustic.errors import AudioFileError, DataError

VOICE = synthetic_voice()[:RATE_HZ]


def listed(folder: Path, text: str) -> Path:
    path = folder / "pairs.csv"
    path.write_text(text, encoding="utf-8")
    return path


def recordings(folder: Path) -> None:
    noise = np.rint(np.random.default_rng(0).normal(0, 0.5 * VOICE.std(), len(VOICE))).astype(np.int16)
    write_wav(folder / "clean.wav", VOICE // 2, RATE_HZ)
    write_wav(folder / "noisy.wav", VOICE // 2 + noise // 2, RATE_HZ)
    write_wav(folder / "short.wav", VOICE[: RATE_HZ // 2], RATE_HZ)
    write_wav(folder / "silent.wav", np.zeros_like(VOICE), RATE_HZ)


def test_a_list_of_pairs(tmp_path: Path) -> None:
    recordings(tmp_path)
    rows = read_list(listed(tmp_path, "clean,noise,noisy,snr_db,other\nclean.wav, rain ,noisy.wav,2.5,x\n"))
    (clip,) = (row.load() for row in rows)
    assert (clip.name, clip.noise, clip.snr_db) == ("noisy.wav", "rain", 2.5)
    assert clip.clean.tobytes() == (VOICE // 2).tobytes()
    assert clip.noisy.shape == clip.clean.shape
    assert clip.load() is clip


def test_a_ratio_that_is_not_given_is_measured(tmp_path: Path) -> None:
    recordings(tmp_path)
    for text in ("noisy,clean\nnoisy.wav,clean.wav\n", "noisy,clean,snr_db\nnoisy.wav,clean.wav,\n"):
        (row,) = read_list(listed(tmp_path, text))
        assert row.load().snr_db == 6
        assert row.load().noise == ""


def test_files_of_any_rate_become_that_of_the_measures(tmp_path: Path) -> None:
    for name in ("noisy", "clean"):
        write_wav(tmp_path / f"{name}.wav", np.repeat(VOICE, 2), 2 * RATE_HZ)
    (row,) = read_list(listed(tmp_path, "noisy,clean\nnoisy.wav,clean.wav\n"))
    assert len(row.load().noisy) == pytest.approx(len(VOICE), abs=2)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "lacks the column clean and noisy; it has none"),
        ("noisy,other\na,b\n", "lacks the column clean; it has noisy, other"),
        ("noisy,clean\n", "lists no pair"),
        ("noisy,clean\na.wav,b.wav\nc.wav,\n", "line 3: names no clean file"),
        ("noisy,clean\n,b.wav\n", "line 2: names no noisy file"),
        ("noisy,clean,snr_db\na.wav,b.wav,loud\n", "line 2: snr_db is 'loud', which is no number"),
        ("noisy,clean,snr_db\na.wav,b.wav,inf\n", "line 2: snr_db is 'inf', which is not finite"),
    ],
)
def test_lists_that_say_too_little(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(DataError, match=why):
        read_list(listed(tmp_path, text))


def test_a_list_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_list(tmp_path / "pairs.csv")
    (tmp_path / "pairs.csv").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(DataError, match="cannot be read"):
        read_list(tmp_path / "pairs.csv")


@pytest.mark.parametrize(
    ("row", "error", "why"),
    [
        ("missing.wav,clean.wav", AudioFileError, "no such file"),
        ("noisy.wav,missing.wav", AudioFileError, "no such file"),
        ("short.wav,clean.wav", DataError, "lasts 0.50 s and .*clean.wav 1.00 s"),
        ("noisy.wav,silent.wav", DataError, "silent"),
    ],
)
def test_pairs_that_cannot_be_compared(tmp_path: Path, row: str, error: type[Exception], why: str) -> None:
    recordings(tmp_path)
    (pair,) = read_list(listed(tmp_path, f"noisy,clean\n{row}\n"))
    with pytest.raises(error, match=why):
        pair.load()


def test_held_out_mixtures_have_names() -> None:
    root = data_root()
    if root is None or not (root / "speech").is_dir():
        pytest.skip("speech and noise are missing: set ACOUSTIC_DATA to the folder of the recordings")
    total, clips = held_out(root, sentences=2, seed=1, rooms=False)
    found = list(clips)
    assert len(found) == total == len({clip.name for clip in found})
    assert len({clip.speech for clip in found}) == 2
    for clip in found:
        assert f"{clip.speech}, {clip.noise} at {clip.snr_db:g} dB" == clip.name
