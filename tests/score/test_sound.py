"""Where the sound made of recordings goes, and that it is what its application makes of each channel."""

from pathlib import Path

import level_meter.application as meter
import numpy as np
import pytest
import soundfile
from level_meter import gain
from made_recordings import RATE_HZ, loaded, record

from acoustic.errors import ParameterError
from acoustic.score import Task, score_recording
from acoustic.score.sound import sounds_in


def test_each_channel_is_processed_by_itself_to_the_sample(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    pcm = rng.integers(-(2**15), 2**15, (100_001, 2)).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", pcm, RATE_HZ)
    task = Task(path=tmp_path / "a.wav", options=meter.Options(), sound=tmp_path / "out" / "a.wav")
    row = score_recording(loaded(gain.application), task)
    made, rate_hz = soundfile.read(tmp_path / "out" / "a.wav", dtype="int16")
    assert rate_hz == RATE_HZ
    np.testing.assert_array_equal(made, pcm // 2)
    assert (row["output"], row["duration_s"]) == (str(tmp_path / "out" / "a.wav"), round(100_001 / RATE_HZ, 4))


@pytest.mark.parametrize("rate_hz", [8000, 11_025, 44_100])
def test_length_and_rate_stay(tmp_path: Path, rate_hz: int) -> None:
    path = record(tmp_path / "a.wav", "#.#", rate_hz)
    score_recording(loaded(gain.application), Task(path=path, options=meter.Options(), sound=tmp_path / "b.wav"))
    before, after = soundfile.info(path), soundfile.info(tmp_path / "b.wav")
    assert (after.samplerate, after.frames, after.subtype) == (rate_hz, before.frames, "PCM_16")


def test_without_a_place_the_row_is_the_same(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wav")
    kept = score_recording(loaded(gain.application), Task(path=path, options=meter.Options(), sound=tmp_path / "b.wav"))
    row = score_recording(loaded(gain.application), Task(path=path, options=meter.Options()))
    assert row == {**kept, "output": None}


def test_a_folder_or_a_file(tmp_path: Path) -> None:
    a, b = record(tmp_path / "in" / "a.wav"), record(tmp_path / "in" / "b.flac.wav")
    assert sounds_in(tmp_path / "out", [a, b], [a.parent]) == {
        a: tmp_path / "out" / "a.wav",
        b: tmp_path / "out" / "b.flac.wav",
    }
    assert sounds_in(tmp_path / "c.wav", [a], [a]) == {a: tmp_path / "c.wav"}
    for files, roots, output in (([a, b], [a, b], "c.wav"), ([a], [a.parent], "c.wav"), ([a], [a], "c.flac")):
        with pytest.raises(ParameterError, match="Give a folder"):
            sounds_in(tmp_path / output, files, roots)


def test_results_of_an_earlier_run_are_no_recordings(tmp_path: Path) -> None:
    a, made = record(tmp_path / "a.wav"), record(tmp_path / "out" / "a.wav")
    assert sounds_in(tmp_path / "out", [a, made], [tmp_path]) == {a: tmp_path / "out" / "a.wav"}
    # Unless they are named themselves.
    with pytest.raises(ParameterError, match="would be overwritten"):
        sounds_in(tmp_path / "out", [made], [tmp_path / "out"])


def test_a_recording_is_never_overwritten(tmp_path: Path) -> None:
    a = record(tmp_path / "a.wav")
    (tmp_path / "link").symlink_to(tmp_path)
    for output in (a, tmp_path, tmp_path / "link"):
        with pytest.raises(ParameterError, match=r"a\.wav: is one of the recordings"):
            sounds_in(output, [a], [a])


def test_a_link_to_itself_is_no_error_yet(tmp_path: Path) -> None:
    loop = tmp_path / "in" / "loop.wav"
    loop.parent.mkdir()
    loop.symlink_to("loop.wav")
    assert sounds_in(tmp_path / "in" / "out", [loop], [tmp_path / "in"]) == {loop: tmp_path / "in" / "out" / "loop.wav"}
