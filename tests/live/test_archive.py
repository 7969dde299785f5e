"""What is kept of a live session, read back while it goes on and after it has broken off."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from acoustic.errors import AcousticError
from acoustic.live import Archive, archive

PCM = np.arange(-500, 500, dtype=np.int16)


def never() -> Iterator[str]:
    raise AssertionError("the labels were drawn from")
    yield ""


def test_sound_events_and_labels_of_one_name(tmp_path: Path) -> None:
    with Archive(tmp_path / "new", 1000, "test") as kept:
        kept.hear(PCM)
        kept.record({"event": "one", "t_s": 0.5})
        kept.hear(PCM)
        kept.sync(["0.5000\t0.5000\tone"], at_once=True)
    stem = kept.path.with_suffix("")
    assert stem.name.startswith("test-2")
    assert sorted(path.suffix for path in stem.parent.iterdir()) == [".jsonl", ".txt", ".wav"]
    pcm, rate_hz = soundfile.read(kept.path, dtype="int16")
    assert rate_hz == 1000
    np.testing.assert_array_equal(pcm, np.concatenate([PCM, PCM]))
    assert json.loads(stem.with_suffix(".jsonl").read_text()) == {"event": "one", "t_s": 0.5}
    assert stem.with_suffix(".txt").read_text() == "0.5000\t0.5000\tone\n"


def test_sound_that_the_program_made_is_kept_beside(tmp_path: Path) -> None:
    with Archive(tmp_path, 1000, "test") as kept:
        made = kept.path.with_suffix(".out.wav")
        assert not made.exists()
        kept.hear(PCM)
        for half in np.split(PCM // 2, 2):
            kept.make(half)
    pcm, rate_hz = soundfile.read(made, dtype="int16")
    assert rate_hz == 1000
    np.testing.assert_array_equal(pcm, PCM // 2)
    np.testing.assert_array_equal(soundfile.read(kept.path, dtype="int16")[0], PCM)


def test_events_lie_in_the_file_at_once(tmp_path: Path) -> None:
    with Archive(tmp_path, 1000, "test") as kept:
        for number in range(3):
            kept.record({"number": number})
            lines = kept.path.with_suffix(".jsonl").read_text().splitlines()
            assert [json.loads(line)["number"] for line in lines] == list(range(number + 1))


def test_labels_are_written_when_something_changed_and_a_second_has_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 100.0
    monkeypatch.setattr(archive.time, "monotonic", lambda: now_s)
    with Archive(tmp_path, 1000, "test") as kept:
        labels = kept.path.with_suffix(".txt")
        kept.record({})
        kept.sync(never())
        assert not labels.exists()
        now_s += 1.0
        kept.sync(["a"])
        assert labels.read_text() == "a\n"
        now_s += 1.0
        kept.sync(never())
        kept.record({})
        kept.sync(["a", "b"])
        assert labels.read_text() == "a\nb\n"


def test_two_sessions_within_a_second_are_both_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive.time, "strftime", lambda form: "now")
    names = []
    for _ in range(3):
        with Archive(tmp_path, 1000, "test") as kept:
            names.append(kept.path.name)
    assert names == ["test-now.wav", "test-now-2.wav", "test-now-3.wav"]


def test_a_folder_that_cannot_be_made_is_named() -> None:
    with pytest.raises(AcousticError, match=r"/dev/null/x: cannot be written"):
        Archive(Path("/dev/null/x"), 1000, "test")


def test_closing_twice_does_nothing(tmp_path: Path) -> None:
    with Archive(tmp_path, 1000, "test") as kept:
        kept.close()
    assert soundfile.info(kept.path).frames == 0
