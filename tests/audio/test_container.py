"""Sound is read to its end, whatever the header says, and what is wrong is said."""

import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from made_riff import PCM, RATE_HZ, RAW, chunk, fmt, riff

from acoustic.audio import Recording, find_recordings, foreign
from acoustic.audio.container import look_into
from acoustic.errors import AcousticError, AudioFileError, MissingExtraError

EXAMPLES = int(os.environ.get("ACOUSTIC_FUZZ_INPUTS", "150"))


def ds64(n_bytes: int) -> bytes:
    return chunk(b"ds64", struct.pack("<QQQI", n_bytes + 72, n_bytes, n_bytes // 2, 0))


GOOD = riff(fmt(), chunk(b"data", RAW))
HALF = len(RAW) // 2
UNKNOWN = 0xFFFFFFFF
FILES = {
    "whole": (GOOD, 1, ""),
    "length 0": (riff(fmt(), chunk(b"data", RAW, length=0), size=36), 1, "states no length"),
    "all lengths 0": (riff(fmt(), chunk(b"data", RAW, length=0), size=0), 1, "states no length"),
    "length -1": (riff(fmt(), chunk(b"data", RAW, length=UNKNOWN), size=UNKNOWN), 1, ""),
    "header flushed half way": (riff(fmt(), chunk(b"data", RAW, length=HALF), size=36 + HALF), 1, "read to its end"),
    "bw64": (riff(ds64(len(RAW)), fmt(), chunk(b"data", RAW, length=UNKNOWN), size=UNKNOWN, magic=b"BW64"), 1, ""),
    "rf64": (riff(ds64(len(RAW)), fmt(), chunk(b"data", RAW, length=UNKNOWN), size=UNKNOWN, magic=b"RF64"), 1, ""),
    "rf64, sizes never filled in": (
        riff(ds64(0), fmt(), chunk(b"data", RAW, length=UNKNOWN), size=UNKNOWN, magic=b"RF64"), 1, "states no length",
    ),
    "two pieces": (riff(fmt(), chunk(b"data", RAW[:HALF]), chunk(b"data", RAW[HALF:])), 1, "in 2 pieces"),
    "chunk without its pad byte": (
        riff(fmt(), b"LIST" + struct.pack("<I", 15) + b"INFOINAM\x03\0\0\0abc", chunk(b"data", RAW)), 1, "",
    ),
    "text behind the sound": (riff(fmt(), chunk(b"data", RAW), chunk(b"LIST", b"INFOICMT\x04\0\0\0abcd")), 1, ""),
    "joined": (GOOD + GOOD, 2, "joined: 2 streams"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_wav_is_read_to_its_end(name: str, tmp_path: Path) -> None:
    data, times, remark = FILES[name]
    path = tmp_path / "a.wav"
    path.write_bytes(data)
    recording = Recording(path)
    assert np.array_equal(recording.read(RATE_HZ), np.tile(PCM, times))
    assert recording.n_frames == times * len(PCM)
    assert any(remark in warning for warning in recording.warnings) if remark else recording.warnings == ()


@pytest.mark.parametrize("suffix", ["mp3", "flac", "ogg"])
def test_streams_joined_one_behind_another_are_all_read(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    sf.write(path, PCM, RATE_HZ)
    once = Recording(path).read(RATE_HZ)
    path.write_bytes(path.read_bytes() * 3)
    recording = Recording(path)
    assert abs(len(recording.read(RATE_HZ)) - 3 * len(once)) <= 3 * 1152
    assert any(warning.startswith("joined: 3 streams") for warning in recording.warnings)


def test_stream_of_another_rate_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(GOOD + riff(fmt(8000), chunk(b"data", RAW)))
    recording = Recording(path)
    assert len(recording.read(RATE_HZ)) == len(PCM)
    assert any("8000 Hz and 1 channels in it was not read" in warning for warning in recording.warnings)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_good_part_of_a_cut_flac_is_read(share: float, tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    sf.write(path, PCM, RATE_HZ)
    whole = path.read_bytes()
    path.write_bytes(whole[: round(share * len(whole))])
    recording = Recording(path)
    pcm = recording.read(RATE_HZ)
    assert share - 0.2 <= len(pcm) / len(PCM) <= share + 0.1
    assert np.array_equal(pcm, PCM[: len(pcm)])
    assert any("damaged or cut off after" in warning for warning in recording.warnings)


@pytest.mark.parametrize("rate_hz", [1, 10, 999, 2_000_000])
def test_rates_that_nothing_is_heard_at_are_refused(rate_hz: int, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(riff(fmt(rate_hz), chunk(b"data", RAW)))
    with pytest.raises(AudioFileError, match=f"recorded at {rate_hz} Hz"):
        Recording(path)


def stereo(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.stack([left, right], axis=1)


@pytest.mark.parametrize(
    ("samples", "warning"),
    [
        (stereo(PCM, -PCM), "antiphase: the channels cancel"),
        (stereo(PCM, PCM * 0), "dead channel: nothing is on channel 2 of 2"),
        (stereo(PCM * 0, PCM), "dead channel: nothing is on channel 1 of 2"),
        (np.concatenate([PCM, PCM * 0]), "digital silence: 50% of it"),
        (PCM * 0, "silent: every sample is 0"),
    ],
)
def test_sound_that_says_little_is_told(samples: np.ndarray, warning: str, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    sf.write(path, samples, RATE_HZ, subtype="PCM_16")
    recording = Recording(path)
    recording.read(RATE_HZ)
    assert any(one.startswith(warning) for one in recording.warnings), recording.warnings


def test_ordinary_stereo_is_not_complained_about(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    sf.write(path, stereo(PCM, np.roll(PCM, 7)), RATE_HZ, subtype="PCM_16")
    recording = Recording(path)
    recording.read(RATE_HZ)
    assert recording.warnings == ()


def test_what_phones_record_is_found_and_said_to_need_pyav(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "memo.m4a").write_bytes(b"\0\0\0\x20ftypM4A ")
    (path,) = find_recordings([tmp_path])
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"M4A needs PyAV \(pip install av\)"):
        Recording(path)


def test_what_phones_record_is_read_by_pyav(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    path = tmp_path / "memo.m4a"
    tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE_HZ) / RATE_HZ)).astype(np.float32)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=RATE_HZ, layout="mono")
        frame = av.AudioFrame.from_ndarray(tone[None], format="fltp", layout="mono")
        frame.sample_rate = RATE_HZ
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    recording = Recording(path)
    pcm = recording.read(RATE_HZ)
    assert abs(len(pcm) - len(tone)) <= 3 * 1024
    assert abs(np.abs(pcm[RATE_HZ : RATE_HZ + 8000]).max() / 32768 - 0.3) < 0.02
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(AudioFileError):
        Recording(path)
    assert foreign.ForeignFile.extra_info == ""


def test_any_bytes_give_sound_or_a_plain_error(tmp_path: Path) -> None:
    """Mutations of every kind of file: never another exception, never more memory than the file warrants."""
    rng = np.random.default_rng(7)
    seeds = [data for data, _, _ in FILES.values()]
    for suffix in ("flac", "ogg", "mp3", "aiff", "w64"):
        path = tmp_path / f"seed.{suffix}"
        sf.write(path, PCM[:4000], RATE_HZ)
        seeds.append(path.read_bytes())
    path = tmp_path / "a.wav"
    for number in range(EXAMPLES):
        data = bytearray(seeds[number % len(seeds)])
        for _ in range(int(rng.integers(1, 8))):
            at = int(rng.integers(1 + min(len(data) - 1, 120 if rng.random() < 0.7 else len(data))) if data else 0)
            match rng.integers(4):
                case 0:
                    data[at : at + 1] = rng.bytes(1)
                case 1:
                    data[at : at + 4] = struct.pack("<I", int(rng.choice([0, 1, 0x7FFFFFFF, UNKNOWN, 0x80000000])))
                case 2:
                    del data[at:]
                case _:
                    data[at:at] = rng.bytes(int(rng.integers(1, 9)))
        path.write_bytes(bytes(data))
        assert samples_in(path) <= 100 * len(data) + 100_000


def samples_in(path: Path) -> int:
    """Samples that are read; none where it is refused in a sentence."""
    look_into(path)
    try:
        return sum(len(block) for block in Recording(path).blocks(RATE_HZ))
    except AcousticError:
        return 0
