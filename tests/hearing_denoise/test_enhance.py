"""`acoustic hearing enhance`: what comes out is the recording, cleaned, and nothing else about it changes."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from acoustic_apps.hearing_denoise.aid import AidOptions
from made_hearing import RATE_HZ, enhanced, noisy_pcm

import acoustic
from acoustic.audio import Recording, write_wav
from acoustic.errors import ParameterError
from acoustic.score import recording as module


def read(path: Path | str) -> np.ndarray:
    return soundfile.read(path, dtype="int16", always_2d=True)[0]


def test_mono_at_the_models_rate_is_what_the_enhancer_gives(hearing: Any, tmp_path: Path) -> None:
    pcm = noisy_pcm(1, 3.001)
    write_wav(tmp_path / "in.wav", pcm, RATE_HZ)
    ran = hearing("enhance", tmp_path / "in.wav", "-o", tmp_path / "out", "--json")
    assert (ran.code, ran.err) == (0, "")
    [row] = ran.rows
    assert list(row)[:6] == ["file", "out", "duration_s", "rtf", "latency_ms", "error"]
    assert row["out"] == str(tmp_path / "out" / "in.wav")
    assert (row["duration_s"], row["latency_ms"], row["error"]) == (
        pytest.approx(len(pcm) / RATE_HZ, rel=1e-6),
        8.0,
        None,
    )
    assert row["rtf"] > 0
    made = read(row["out"])[:, 0]
    np.testing.assert_array_equal(made, enhanced(pcm))
    levels = [20 * np.log10(np.sqrt(np.mean((x / 32768) ** 2))) for x in (pcm, made)]
    assert [row["input_dbfs"], row["output_dbfs"]] == pytest.approx(levels, abs=0.06)
    assert row["reduction_db"] == pytest.approx(levels[0] - levels[1], abs=0.06)


def test_without_a_file_for_the_sound_its_measures_are_the_same(hearing: Any, tmp_path: Path) -> None:
    write_wav(tmp_path / "in.wav", noisy_pcm(1, 1.0), RATE_HZ)
    [scored] = hearing("score", tmp_path / "in.wav", "--json").rows
    [written] = hearing("enhance", tmp_path / "in.wav", "-o", tmp_path / "out.wav", "--json").rows
    assert scored["out"] is None
    varying = {"out": None, "rtf": None}
    assert scored | varying == written | varying


def test_the_table_is_for_people(hearing: Any, tmp_path: Path) -> None:
    write_wav(tmp_path / "in.wav", noisy_pcm(1, 1.0), 48000)
    header, row = hearing("enhance", tmp_path / "in.wav", "-o", tmp_path / "out.wav").out.splitlines()
    assert header.split() == ["file", "length", "work", "level", "quieter", "result", "remarks"]
    assert str(tmp_path / "out.wav") in row
    assert row.endswith("up to 8 kHz")


@pytest.mark.parametrize("block_s", [0.0101, 0.5])
def test_blocks_change_no_sample(hearing: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_s: float) -> None:
    pcm = noisy_pcm(1, 2.0)
    write_wav(tmp_path / "in.wav", pcm, RATE_HZ)
    monkeypatch.setattr(module, "BLOCK_S", block_s)
    assert hearing("enhance", tmp_path / "in.wav", "-o", tmp_path / "out.wav").code == 0
    np.testing.assert_array_equal(read(tmp_path / "out.wav")[:, 0], enhanced(pcm))


def test_channels_are_cleaned_by_themselves(hearing: Any, tmp_path: Path) -> None:
    sides = np.stack([noisy_pcm(seed, 2.0) for seed in (1, 2, 3)], axis=1)
    soundfile.write(tmp_path / "in.flac", sides, RATE_HZ)
    assert hearing("enhance", tmp_path / "in.flac", "-o", tmp_path).code == 0
    out = read(tmp_path / "in.wav")
    assert out.shape == sides.shape
    for channel in range(3):
        np.testing.assert_array_equal(out[:, channel], enhanced(np.ascontiguousarray(sides[:, channel])))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate_hz", [8000, 11025, 22050, 44100, 48000, 96000])
@pytest.mark.parametrize("n_samples", [1, 7, 1000, 30011])
def test_length_and_rate_stay(hearing: Any, tmp_path: Path, rate_hz: int, channels: int, n_samples: int) -> None:
    pcm = np.random.default_rng(3).integers(-3000, 3000, (n_samples, channels)).astype(np.int16)
    soundfile.write(tmp_path / "in.wav", pcm, rate_hz)
    assert hearing("enhance", tmp_path / "in.wav", "-o", tmp_path / "out").code == 0
    with soundfile.SoundFile(tmp_path / "out" / "in.wav") as file:
        assert (file.samplerate, file.channels, file.frames, file.subtype) == (rate_hz, channels, n_samples, "PCM_16")


@pytest.mark.parametrize("rate_hz", [8000, 22050, 44100, 48000])
def test_place_in_time_stays(hearing: Any, tmp_path: Path, rate_hz: int) -> None:
    # Without strength the sound passes, and would show a shift at once.
    t = np.arange(rate_hz // 10) / rate_hz
    pcm = np.rint(12000 * np.exp(-(((t - 0.05) / 0.005) ** 2)) * np.sin(2 * np.pi * 1000 * t)).astype(np.int16)
    write_wav(tmp_path / "in.wav", pcm, rate_hz)
    assert hearing("enhance", tmp_path / "in.wav", "-o", tmp_path / "out.wav", "--strength", 0).code == 0
    assert np.abs(read(tmp_path / "out.wav")[:, 0] - pcm.astype(int)).max() < 60


def test_loud_sound_is_limited_and_told_never_wrapped(hearing: Any, tmp_path: Path) -> None:
    t = np.arange(RATE_HZ) / RATE_HZ
    tone = 1.6 * np.sin(2 * np.pi * 440 * t)
    soundfile.write(tmp_path / "in.wav", tone, RATE_HZ, subtype="FLOAT")
    [row] = hearing("enhance", tmp_path / "in.wav", "-o", tmp_path / "out.wav", "--strength", 0, "--json").rows
    out = read(tmp_path / "out.wav")[:1000, 0]
    np.testing.assert_array_equal(out, np.clip(np.rint(tone[:1000] * 32768), -32768, 32767))
    assert [warning.split(":")[0] for warning in row["warnings"]] == ["clipped", "limited"]


def test_what_lies_above_the_models_band_is_left_out_and_told(hearing: Any, tmp_path: Path) -> None:
    t = np.arange(4800) / 48000
    low, high = (6000 * np.sin(2 * np.pi * f * t) for f in (1000, 12000))
    write_wav(tmp_path / "in.wav", np.rint(low + high).astype(np.int16), 48000)
    [row] = hearing("enhance", tmp_path / "in.wav", "-o", tmp_path / "out.wav", "--strength", 0, "--json").rows
    assert "up to 8 kHz" in " ".join(row["warnings"])
    middle = slice(1000, 3800)
    assert np.abs(read(tmp_path / "out.wav")[middle, 0] - low[middle]).max() < 100


def test_batch_goes_past_what_is_no_sound(hearing: Any, tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    for name in ("one", "deep/one"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_wav(folder / f"{name}.wav", noisy_pcm(1, 0.25), RATE_HZ)
    (folder / "broken.wav").write_bytes(b"RIFFnonsense")
    ran = hearing("enhance", folder, "-o", out, "--json", "--jobs", 1)
    assert ran.code == 1
    rows = {Path(row["file"]).relative_to(folder).as_posix(): row for row in ran.rows}
    empty = {**dict.fromkeys(rows["broken.wav"]), "warnings": []}
    assert rows["broken.wav"] == {**empty, "file": str(folder / "broken.wav"), "error": rows["broken.wav"]["error"]}
    assert "not a sound file" in rows["broken.wav"]["error"]
    assert "not a sound file" in ran.err
    assert sorted(path.name for path in out.iterdir()) == ["one-2.wav", "one.wav"]
    assert {rows["one.wav"]["out"], rows["deep/one.wav"]["out"]} == {str(out / "one.wav"), str(out / "one-2.wav")}


def test_nothing_that_could_be_enhanced_exits_with_3(hearing: Any, tmp_path: Path) -> None:
    assert hearing("enhance", tmp_path / "missing.wav", "-o", tmp_path / "out").code == 3
    assert not (tmp_path / "out").exists()


def test_results_of_an_earlier_run_are_no_input(hearing: Any, tmp_path: Path) -> None:
    write_wav(tmp_path / "in.wav", noisy_pcm(1, 0.25), RATE_HZ)
    for _ in range(2):
        assert [row["file"] for row in hearing("enhance", tmp_path, "-o", tmp_path / "out", "--json").rows] == [
            str(tmp_path / "in.wav")
        ]
    # Named by itself, such a result is an input like any other.
    again = hearing("enhance", tmp_path / "out" / "in.wav", "-o", tmp_path / "out" / "twice.wav", "--json")
    assert [row["out"] for row in again.rows] == [str(tmp_path / "out" / "twice.wav")]


@pytest.mark.parametrize("output", [".", "in.wav", "link/in.wav"])
@pytest.mark.parametrize("given", ["in.wav", "."])
def test_input_is_never_overwritten(hearing: Any, tmp_path: Path, given: str, output: str) -> None:
    write_wav(tmp_path / "in.wav", noisy_pcm(1, 0.25), RATE_HZ)
    (tmp_path / "link").symlink_to(tmp_path)
    before = (tmp_path / "in.wav").read_bytes()
    ran = hearing("enhance", tmp_path / given, "-o", tmp_path / output)
    assert isinstance(ran.error, ParameterError)
    assert (tmp_path / "in.wav").read_bytes() == before


def test_options_that_cannot_be_used_are_refused_before_any_work(hearing: Any, tmp_path: Path) -> None:
    ran = hearing("enhance", tmp_path, "-o", tmp_path / "out", "--audiogram", "1,2")
    assert isinstance(ran.error, ParameterError)
    assert "six thresholds" in str(ran.error)


def test_one_file_holds_no_two_results(hearing: Any, tmp_path: Path) -> None:
    for name in "ab":
        write_wav(tmp_path / f"{name}.wav", noisy_pcm(1, 0.25), RATE_HZ)
    assert isinstance(hearing("enhance", tmp_path, "-o", tmp_path / "c.wav").error, ParameterError)
    assert isinstance(hearing("enhance", tmp_path / "a.wav", "-o", tmp_path / "c.flac").error, ParameterError)


def test_of_a_recording_that_breaks_off_what_comes_before_is_kept(hearing: Any, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "whole.flac", noisy_pcm(1, 20.0), RATE_HZ)
    data = bytearray((tmp_path / "whole.flac").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 20000] = bytes(20000)
    (tmp_path / "in.flac").write_bytes(data)
    out = tmp_path / "out"
    ran = hearing("enhance", tmp_path / "in.flac", "-o", out, "--json")
    assert (ran.code, ran.rows[0]["error"]) == (0, None)
    assert "what comes before was read" in " ".join(ran.rows[0]["warnings"])
    good = Recording(tmp_path / "in.flac").read(RATE_HZ)
    np.testing.assert_array_equal(read(out / "in.wav")[:, 0], enhanced(good))


def test_a_folder_that_cannot_be_written_is_told(hearing: Any, tmp_path: Path) -> None:
    write_wav(tmp_path / "in.wav", noisy_pcm(1, 0.25), RATE_HZ)
    ran = hearing("enhance", tmp_path / "in.wav", "-o", "/dev/null/out", "--json")
    assert ran.code == 3
    assert "cannot be written" in ran.rows[0]["error"]


def test_strength_0_is_the_recording_itself(hearing: Any, tmp_path: Path) -> None:
    pcm = noisy_pcm(1, 1.0)
    write_wav(tmp_path / "in.wav", pcm, RATE_HZ)
    assert hearing("enhance", tmp_path / "in.wav", "-o", tmp_path / "out.wav", "--strength", 0).code == 0
    assert (tmp_path / "out.wav").read_bytes() == (tmp_path / "in.wav").read_bytes()


def test_audiogram_amplifies(hearing: Any, tmp_path: Path) -> None:
    t = np.arange(RATE_HZ) / RATE_HZ
    write_wav(tmp_path / "in.wav", np.rint(300 * np.sin(2 * np.pi * 2000 * t)).astype(np.int16), RATE_HZ)
    loss = "--audiogram", "30,35,40,50,60,65"
    assert hearing("enhance", tmp_path / "in.wav", "-o", tmp_path / "out.wav", "--strength", 0, *loss).code == 0
    assert np.std(read(tmp_path / "out.wav")[8000:]) > 4 * np.std(read(tmp_path / "in.wav")[8000:])


def test_picture_is_drawn(hearing: Any, tmp_path: Path) -> None:
    write_wav(tmp_path / "in.wav", noisy_pcm(1, 2.0), RATE_HZ)
    write_wav(tmp_path / "short.wav", noisy_pcm(1, 0.25)[:10], RATE_HZ)
    pictures = tmp_path / "pictures"
    ran = hearing("enhance", tmp_path, "-o", tmp_path / "out", "--plot", pictures, "--jobs", 1)
    assert ran.code == 0, ran.error
    for name in ("in.png", "short.png"):
        assert (pictures / name).read_bytes().startswith(b"\x89PNG")
    assert os.path.getsize(pictures / "in.png") > os.path.getsize(pictures / "short.png")


def test_memory_does_not_grow_with_the_recording(tmp_path: Path) -> None:
    # Every block has left before the next one is read.
    soundfile.write(tmp_path / "in.wav", np.zeros((40 * 44100, 2), np.int16), 44100)
    lengths: list[int] = []
    module.score_sound(
        acoustic.load("hearing"),
        Recording(tmp_path / "in.wav"),
        AidOptions(),
        save=lambda blocks: lengths.extend(map(len, blocks)),
    )
    assert sum(lengths) == 40 * 44100
    assert max(lengths) <= 1.01 * module.BLOCK_S * 44100
