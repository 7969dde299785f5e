import os
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import soxr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acoustic.audio.recording import Recording, RecordingSource, find_recordings
from acoustic.audio.resample import from_pcm16, to_pcm16
from acoustic.audio.wav import HEADER_BYTES, wav_header, write_wav
from acoustic.errors import AudioFileError, ParameterError

RATE_HZ = 16000
PCM = np.random.default_rng(3).integers(-3000, 3000, 2 * RATE_HZ).astype(np.int16)
# Free of high frequencies, which the MP3 coder at hand cannot fit into its frames.
SOFT = (np.convolve(PCM, np.hanning(40), "same") / 32768 / 20).astype(np.float32)

Encode = dict[str, str]


def warnings_of(path: Path, rate_hz: int = RATE_HZ) -> tuple[str, ...]:
    recording = Recording(path)
    recording.read(rate_hz)
    return recording.warnings


@pytest.mark.parametrize("suffix", ["wav", "flac", "aiff", "w64", "caf", "au"])
def test_int16_mono_at_the_wanted_rate_is_untouched(tmp_path: Path, suffix: str) -> None:
    every = np.arange(-32768, 32768).astype(np.int16)
    path = tmp_path / f"a.{suffix}"
    sf.write(path, every, RATE_HZ, subtype="PCM_16")
    recording = Recording(path)
    assert np.array_equal(recording.read(RATE_HZ), every)
    assert (recording.path, recording.rate_hz, recording.channels, recording.n_frames) == (path, RATE_HZ, 1, 65536)
    assert recording.duration_s == 4.096


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("a.ogg", {}),
        ("a.mp3", {}),
        ("a.opus", {"format": "OGG", "subtype": "OPUS"}),
        ("a.flac", {"subtype": "PCM_24"}),
        ("a.wav", {"subtype": "FLOAT"}),
        ("a.wav", {"subtype": "PCM_U8"}),
        ("a.wav", {"subtype": "ULAW"}),
    ],
)
def test_stream_equals_decoding_at_once(tmp_path: Path, name: str, encoding: Encode) -> None:
    path = tmp_path / name
    sf.write(path, np.tile(SOFT, 4), RATE_HZ, **encoding)
    decoded = sf.read(path, dtype="float32")[0]
    recording = Recording(path)
    difference = recording.read(RATE_HZ) - to_pcm16(decoded).astype(int)
    # soundfile's read seeks first, which changes the last bit of the float samples of an MP3 file.
    assert np.abs(difference).max() <= (1 if path.suffix == ".mp3" else 0)
    coarse = encoding.get("subtype") in ("PCM_U8", "ULAW")
    assert [warning.split(":")[0] for warning in recording.warnings] == ["coarse"] * coarse


@pytest.mark.parametrize(
    ("rate_hz", "channels", "subtype"), [(8000, 1, "PCM_16"), (96000, 2, "PCM_24"), (44100, 6, "PCM_32")]
)
def test_conversion_is_mean_then_resampling_then_rounding(
    tmp_path: Path, rate_hz: int, channels: int, subtype: str
) -> None:
    x = np.random.default_rng(4).uniform(-0.5, 0.5, (rate_hz, channels))
    sf.write(tmp_path / "a.wav", x, rate_hz, subtype=subtype)
    decoded = sf.read(tmp_path / "a.wav", dtype="float32", always_2d=True)[0]
    expected = to_pcm16(soxr.resample(decoded.mean(axis=1), rate_hz, RATE_HZ, quality="HQ"))
    assert np.array_equal(Recording(tmp_path / "a.wav").read(RATE_HZ), expected)


@pytest.fixture(scope="module")
def odd_recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Stereo at 44.1 kHz, longer than one read."""
    path = tmp_path_factory.mktemp("odd") / "a.flac"
    sf.write(path, np.random.default_rng(5).uniform(-0.5, 0.5, (150_001, 2)), 44100)
    return Recording(path)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(block_samples=st.one_of(st.integers(1, 300), st.integers(300, 200_000)))
def test_any_block_size_gives_the_same_samples(odd_recording: Recording, block_samples: int) -> None:
    blocks = list(odd_recording.blocks(RATE_HZ, block_samples))
    assert all(len(block) == block_samples for block in blocks[:-1])
    assert 0 < len(blocks[-1]) <= block_samples
    assert all(block.dtype == np.int16 for block in blocks)
    assert np.array_equal(np.concatenate(blocks), odd_recording.read(RATE_HZ))


def test_names_in_any_script(tmp_path: Path) -> None:
    path = tmp_path / "Röstung №7 – 焙煎 'ok'.wav"
    write_wav(path, PCM, RATE_HZ)
    assert np.array_equal(Recording(path).read(RATE_HZ), PCM)


# What is wrong with a recording that can be read.


def test_clean_recording_has_no_warnings(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", PCM, RATE_HZ)
    assert warnings_of(tmp_path / "a.wav") == ()


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        (lambda x: np.zeros_like(x), "silent: every sample is 0"),
        (lambda x: x // 1000, "very quiet: the peak is -81 dBFS"),
        (lambda x: np.where(np.arange(len(x)) % 1000 == 0, 32767, x), "clipped: 0.10% of the samples"),
        (lambda x: np.where(np.arange(len(x)) % 1000 == 0, -32768, x), "clipped: 0.10% of the samples"),
        (lambda x: x + 1000, "offset: the mean is +3."),
    ],
)
def test_levels_are_judged(tmp_path: Path, change: Callable[[np.ndarray], np.ndarray], warning: str) -> None:
    write_wav(tmp_path / "a.wav", change(PCM).astype(np.int16), RATE_HZ)
    (said,) = warnings_of(tmp_path / "a.wav")
    assert said.startswith(warning)


def test_lower_rate_is_said_and_a_higher_one_is_not(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", PCM, 8000)
    (said,) = warnings_of(tmp_path / "a.wav", 32000)
    assert said == (
        "band-limited: recorded at 8000 Hz, so nothing above 4000 Hz is in it; the model hears up to 16000 Hz"
    )
    assert warnings_of(tmp_path / "a.wav", 8000) == ()
    assert warnings_of(tmp_path / "a.wav", 4000) == ()


def test_damaged_samples_become_zero_and_are_counted(tmp_path: Path) -> None:
    x = from_pcm16(PCM)
    x[[10, 20]] = np.nan
    x[30] = np.inf
    sf.write(tmp_path / "a.wav", x, RATE_HZ, subtype="FLOAT")
    recording = Recording(tmp_path / "a.wav")
    expected = PCM.copy()
    expected[[10, 20, 30]] = 0
    assert np.array_equal(recording.read(RATE_HZ), expected)
    assert recording.warnings == ("damaged: 3 samples are NaN or infinite and were replaced by 0",)


@pytest.mark.parametrize("suffix", ["wav", "aiff"])
def test_truncated_file_is_read_to_its_end_and_said(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    sf.write(path, PCM, RATE_HZ)
    os.truncate(path, path.stat().st_size - RATE_HZ)
    recording = Recording(path)
    assert np.array_equal(recording.read(RATE_HZ), PCM[: -RATE_HZ // 2])
    assert recording.warnings == ("cut off: the header promises 2.0 s, 0.5 s are missing",)


def test_truncated_mp3_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    sf.write(path, SOFT, RATE_HZ)
    os.truncate(path, path.stat().st_size // 2)
    assert warnings_of(path)[0].startswith("cut off: the header promises 2.0 s")


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x80000000, 0x7FFFFFFE])
def test_wav_from_a_pipe_with_a_placeholder_for_its_size_is_not_truncated(tmp_path: Path, size: int) -> None:
    write_wav(tmp_path / "a.wav", PCM, RATE_HZ)
    data = bytearray((tmp_path / "a.wav").read_bytes())
    data[HEADER_BYTES - 4 : HEADER_BYTES] = size.to_bytes(4, "little")
    (tmp_path / "a.wav").write_bytes(data)
    recording = Recording(tmp_path / "a.wav")
    assert np.array_equal(recording.read(RATE_HZ), PCM)
    assert recording.warnings == ()


def test_flac_of_unstated_length_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    sf.write(path, PCM, RATE_HZ)
    data = bytearray(path.read_bytes())
    # STREAMINFO: the low 36 bits of these 8 bytes are the number of samples; 0 = unknown.
    fields = int.from_bytes(data[18:26], "big") >> 36 << 36
    data[18:26] = fields.to_bytes(8, "big")
    path.write_bytes(data)
    recording = Recording(path)
    assert recording.n_frames == len(PCM)
    assert np.array_equal(recording.read(RATE_HZ), PCM)


# What cannot be read.


def write_nan(path: Path) -> None:
    sf.write(path, np.full(1000, np.nan), RATE_HZ, subtype="FLOAT")


def write_damaged_flac(path: Path) -> None:
    sf.write(path, np.tile(PCM, 20), RATE_HZ, format="FLAC")
    data = bytearray(path.read_bytes())
    path.write_bytes(data[: len(data) // 2] + bytes(500) + data[len(data) // 2 + 500 :])


def test_what_comes_before_a_damage_is_read(tmp_path: Path) -> None:
    path = tmp_path / "damaged.flac"
    write_damaged_flac(path)
    recording = Recording(path)
    pcm = recording.read(RATE_HZ)
    assert 0.4 < len(pcm) / (20 * len(PCM)) < 0.6
    assert np.array_equal(pcm, np.resize(PCM, len(pcm)))
    assert any("damaged or cut off after" in warning for warning in recording.warnings)


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("missing.wav", lambda path: None, "no such file"),
        ("folder", lambda path: path.mkdir(), "a folder"),
        ("empty.wav", lambda path: path.touch(), r"empty \(0 bytes\)"),
        ("text.wav", lambda path: path.write_text("not sound"), "not a sound file"),
        ("text.raw", lambda path: path.write_text("not sound"), "not a sound file"),
        ("pipe.wav", lambda path: os.mkfifo(path), "device or pipe"),
        ("header.wav", lambda path: path.write_bytes(wav_header(0, RATE_HZ)), "only a header"),
        ("lost.wav", lambda path: path.write_bytes(wav_header(1000, RATE_HZ)), "only a header"),
        ("half_header.wav", lambda path: path.write_bytes(wav_header(1000, RATE_HZ)[:40]), "damaged at its start"),
        ("nan.wav", write_nan, "not one sound sample"),
    ],
)
def test_bad_files_are_told_apart(tmp_path: Path, name: str, make: Callable[[Path], object], message: str) -> None:
    path = tmp_path / name
    make(path)
    with pytest.raises(AudioFileError, match=message) as caught:
        Recording(path).read(RATE_HZ)
    assert str(caught.value).startswith(f"{path}: ")
    assert caught.value.exit_code == 3


def test_nonsense_rate_and_block_are_refused(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", PCM, RATE_HZ)
    with pytest.raises(ParameterError, match="block"):
        Recording(tmp_path / "a.wav").blocks(RATE_HZ, 0)
    with pytest.raises(ParameterError, match="rate"):
        Recording(tmp_path / "a.wav").blocks(0)


# Long recordings, folders, pace.


@pytest.mark.slow
@pytest.mark.parametrize("in_rate_hz", [8000, 12000])
def test_ten_hours_take_constant_memory(tmp_path: Path, in_rate_hz: int) -> None:
    n_samples = 10 * 3600 * in_rate_hz
    with (tmp_path / "long.wav").open("wb") as file:
        file.write(wav_header(n_samples, in_rate_hz))
        file.truncate(HEADER_BYTES + 2 * n_samples)
    recording = Recording(tmp_path / "long.wav")
    tracemalloc.start()
    n_read = sum(len(block) for block in recording.blocks(8000, 8000))
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n_read == 10 * 3600 * 8000
    assert peak_bytes < 8e6


def test_folders_are_searched_once_in_order(tmp_path: Path) -> None:
    for name in ("b/2.wav", "b/1.FLAC", "a/3.mp3", "notes.txt", "b/.hidden.wav", ".cache/4.wav", "odd.xyz"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    (tmp_path / "same.wav").symlink_to(tmp_path / "b" / "2.wav")
    found = find_recordings([tmp_path / "odd.xyz", tmp_path / "gone.wav", tmp_path / "empty", tmp_path, tmp_path / "b"])
    assert [path.relative_to(tmp_path).as_posix() for path in found] == [
        "odd.xyz",
        "gone.wav",
        "empty",
        "same.wav",
        "a/3.mp3",
        "b/1.FLAC",
    ]


def test_source_yields_the_recording_as_fast_as_it_can(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", PCM, RATE_HZ)
    with RecordingSource(tmp_path / "a.wav", RATE_HZ, 160) as source:
        assert np.array_equal(np.concatenate(list(source)), PCM)
        assert source.health.lost_s == 0


def test_source_keeps_the_pace(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", PCM, RATE_HZ)
    start = time.monotonic()
    arrivals = [time.monotonic() - start for _ in RecordingSource(tmp_path / "a.wav", RATE_HZ, 4000, speed=4.0)]
    assert len(arrivals) == 8
    assert all(arrival >= (i + 1) / 16 for i, arrival in enumerate(arrivals))
    assert arrivals[-1] < 0.5 + 0.3


def test_closed_source_ends(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", PCM, RATE_HZ)
    source = RecordingSource(tmp_path / "a.wav", RATE_HZ, 160)
    blocks = iter(source)
    next(blocks)
    source.close()
    assert list(blocks) == []


def test_channels_by_themselves_are_what_each_would_be_alone(tmp_path: Path) -> None:
    sides = np.random.default_rng(9).integers(-9000, 9000, (30000, 3)).astype(np.int16)
    sf.write(tmp_path / "sides.wav", sides, 44100)
    out = np.concatenate(list(Recording(tmp_path / "sides.wav").channel_blocks(16000, 777)))
    for channel in range(3):
        sf.write(tmp_path / "one.wav", sides[:, channel], 44100)
        one = Recording(tmp_path / "one.wav")
        np.testing.assert_array_equal(out[:, channel], one.read(16000))
        np.testing.assert_array_equal(np.concatenate(list(one.channel_blocks(16000)))[:, 0], out[:, channel])


def test_length_is_what_there_was_after_a_full_pass(tmp_path: Path) -> None:
    sf.write(tmp_path / "a.mp3", np.zeros(40000), 16000)
    recording = Recording(tmp_path / "a.mp3")
    assert recording.n_frames == len(recording.read(16000))
