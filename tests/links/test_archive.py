"""What is kept of a live session, read back while it goes on and after it has broken off."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from acoustic.application import Label
from acoustic.errors import AcousticError
from acoustic.links import Archive, archive

PCM = np.arange(-500, 500, dtype=np.int16)


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_sound_events_and_labels_of_one_name(tmp_path: Path) -> None:
    kept = Archive(tmp_path / "new", 1000, "test")
    kept.open({"event": "start"})
    kept.sound(PCM, 0)
    kept.event({"event": "one", "t_s": 0.5})
    kept.sound(PCM, len(PCM))
    kept.labels([Label(0.5, 0.5, "one")])
    kept.close()
    stem = kept.path.with_suffix("")
    assert stem.name.startswith("test-2")
    assert sorted(path.suffix for path in stem.parent.iterdir()) == [".jsonl", ".txt", ".wav"]
    pcm, rate_hz = soundfile.read(kept.path, dtype="int16")
    assert rate_hz == 1000
    np.testing.assert_array_equal(pcm, np.concatenate([PCM, PCM]))
    assert lines_of(stem.with_suffix(".jsonl")) == [{"event": "start"}, {"event": "one", "t_s": 0.5}]
    assert stem.with_suffix(".txt").read_text() == "0.5000\t0.5000\tone\n"


def test_sound_that_the_program_made_is_kept_beside(tmp_path: Path) -> None:
    kept = Archive(tmp_path, 1000, "test")
    made = kept.path.with_suffix(".out.wav")
    assert not made.exists()
    kept.sound(PCM, 0)
    kept.output(PCM[:300] // 2, 0)
    kept.output(PCM[300:] // 2, 300)
    kept.close()
    pcm, rate_hz = soundfile.read(made, dtype="int16")
    assert rate_hz == 1000
    np.testing.assert_array_equal(pcm, PCM // 2)
    np.testing.assert_array_equal(soundfile.read(kept.path, dtype="int16")[0], PCM)


def test_what_was_left_out_is_silence_of_the_same_length(tmp_path: Path) -> None:
    kept = Archive(tmp_path, 1000, "test")
    kept.sound(PCM, 0)
    kept.sound(PCM, 5500)
    kept.close()
    pcm = soundfile.read(kept.path, dtype="int16")[0]
    np.testing.assert_array_equal(pcm, np.concatenate([PCM, np.zeros(4500, np.int16), PCM]))


def test_a_disk_that_was_full_for_a_while(tmp_path: Path) -> None:
    class Full:
        """A file that takes only so many bytes while the disk is full."""

        def __init__(self, file: Any) -> None:
            self.file, self.room = file, 10**9

        def write(self, data: Any) -> int:
            if self.room == 0:
                raise OSError(28, "No space left on device")
            n: int = self.file.write(data[: self.room])
            self.room -= n
            return n

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

    kept: Any = Archive(tmp_path, 1000, "test")
    sound, events = kept._wav._file, kept._events = Full(kept._wav._file), Full(kept._events)
    kept._wav._file = sound
    kept.sound(PCM, 0)
    kept.event({"number": 0})
    sound.room, events.room = 501, 5
    for number in (1, 2):
        with pytest.raises(AcousticError, match="No space left"):
            kept.sound(PCM, number * len(PCM))
        with pytest.raises(AcousticError, match="No space left"):
            kept.event({"number": number})
    sound.room = events.room = 10**9
    kept.sound(PCM, 3 * len(PCM))
    kept.event({"number": 3})
    kept.close()
    pcm = soundfile.read(kept.path, dtype="int16")[0]
    np.testing.assert_array_equal(pcm, np.concatenate([PCM, np.zeros(2 * len(PCM), np.int16), PCM]))
    lines = kept.path.with_suffix(".jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [{"number": number} for number in range(4)]


def test_events_lie_in_the_file_at_once(tmp_path: Path) -> None:
    kept = Archive(tmp_path, 1000, "test")
    for number in range(3):
        kept.event({"number": number})
        assert [line["number"] for line in lines_of(kept.path.with_suffix(".jsonl"))] == list(range(number + 1))
    kept.close()


def test_labels_are_written_in_order_and_only_when_they_have_changed(tmp_path: Path) -> None:
    kept = Archive(tmp_path, 1000, "test")
    path = kept.path.with_suffix(".txt")
    kept.labels([Label(2, 3, "b"), Label(1, 1, "a\tline\nbreak")])
    assert path.read_text() == "1.0000\t1.0000\ta line break\n2.0000\t3.0000\tb\n"
    path.unlink()
    kept.labels([Label(1, 1, "a line break"), Label(2, 3, "b")])
    assert not path.exists()
    kept.labels([Label(2, 3, "b")])
    assert path.read_text() == "2.0000\t3.0000\tb\n"
    kept.close()


def test_two_sessions_within_a_second_are_both_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive.time, "strftime", lambda form: "now")
    names = []
    for _ in range(3):
        kept = Archive(tmp_path, 1000, "test")
        names.append(kept.path.name)
        kept.close()
    assert names == ["test-now.wav", "test-now-2.wav", "test-now-3.wav"]


def test_a_folder_that_cannot_be_made_is_named() -> None:
    with pytest.raises(AcousticError, match=r"/dev/null/x: cannot be written"):
        Archive(Path("/dev/null/x"), 1000, "test")


def test_closing_twice_does_nothing(tmp_path: Path) -> None:
    kept = Archive(tmp_path, 1000, "test")
    kept.close()
    kept.close()
    assert soundfile.info(kept.path).frames == 0
