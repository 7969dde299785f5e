"""When recordings began, by their metadata and their names."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from made_riff import RAW, chunk, fmt, riff

from acoustic.audio import Recording
from acoustic.audio.start import began, read_time


def with_metadata(folder: Path, name: bytes, body: bytes) -> Recording:
    path = folder / "a.wav"
    path.write_bytes(riff(fmt(), chunk(name, body), chunk(b"data", RAW)))
    return Recording(path)


BEXT = b"\0" * 320 + b"2026-03-02" + b"12:15:00" + b"\0" * 264
AUDIOMOTH = b"INFOICMT\x70\0\0\0Recorded at 19:17:30 05/11/2020 (UTC%s) by AudioMoth 24E144085F4A2F3B at medium gain"


@pytest.mark.parametrize(
    ("name", "body", "iso", "source"),
    [
        (
            b"guan",
            b"GUANO|Version: 1.0\nTimestamp: 2018-04-03T19:17:30-05:00\n",
            "2018-04-03T19:17:30.000-05:00",
            "GUANO",
        ),
        (b"LIST", AUDIOMOTH % b"", "2020-11-05T19:17:30.000+00:00", "AudioMoth"),
        (b"LIST", AUDIOMOTH % b"-5", "2020-11-05T19:17:30.000-05:00", "AudioMoth"),
        (b"LIST", AUDIOMOTH % b"+5:30", "2020-11-05T19:17:30.000+05:30", "AudioMoth"),
    ],
)
def test_metadata_tells(name: bytes, body: bytes, iso: str, source: str, tmp_path: Path) -> None:
    recording = with_metadata(tmp_path, name, body)
    moment = began(recording.path, recording.metadata)
    assert moment is not None
    assert (moment.iso(), moment.source.split()[0].removesuffix("'s")) == (iso, source)


def test_broadcast_wav_tells_this_computer_s_time(tmp_path: Path) -> None:
    recording = with_metadata(tmp_path, b"bext", BEXT)
    moment = began(recording.path, recording.metadata)
    assert moment is not None
    assert moment.at == datetime(2026, 3, 2, 12, 15).astimezone()
    assert "time zone" in moment.source


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("20201105_191730Z.wav", datetime(2020, 11, 5, 19, 17, 30, tzinfo=UTC)),
        ("T07-2020-11-05T19-17-30+0000.flac", datetime(2020, 11, 5, 19, 17, 30, tzinfo=UTC)),
        ("S4A01234_20201105_191730.wav", datetime(2020, 11, 5, 19, 17, 30).astimezone()),
        ("2020-11-05 19.17.30.mp3", datetime(2020, 11, 5, 19, 17, 30).astimezone()),
        ("5FA44F2A.WAV", datetime.fromtimestamp(0x5FA44F2A, UTC)),
    ],
)
def test_names_tell(name: str, at: datetime) -> None:
    moment = began(Path(name), {})
    assert moment is not None
    assert moment.at == at


@pytest.mark.parametrize(
    "name", ["a.wav", "normal_id_01_00000000.wav", "20201305_191730.wav", "12345678901234.wav", "000.flac"]
)
def test_other_names_tell_nothing(name: str) -> None:
    assert began(Path(name), {}) is None


def test_hostile_metadata_tells_nothing(tmp_path: Path) -> None:
    for name, body in [
        (b"guan", b"Timestamp: " + b"9" * 5000),
        (b"bext", b"\xff" * 400),
        (b"LIST", b"INFO" + b"\0" * 99),
    ]:
        recording = with_metadata(tmp_path, name, body)
        assert began(recording.path, recording.metadata) is None


def test_only_iso_times_are_read() -> None:
    assert read_time("2026-03-02T12:15:00+01:00").isoformat() == "2026-03-02T12:15:00+01:00"
    for text in ("01/02/2026", "yesterday", "0026-01-01"):
        with pytest.raises(ValueError):  # noqa: PT011 - the message is the standard library's
            read_time(text)
