import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from acoustic.audio.wav import HEADER_BYTES, WavWriter, wav_header, write_wav, write_wav_blocks
from acoustic.errors import AcousticError

PCM = np.arange(-500, 500, dtype=np.int16)


def read(path: Path) -> np.ndarray:
    return sf.read(path, dtype="int16")[0]


def test_written_samples_come_back(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", PCM, 16000)
    assert np.array_equal(read(tmp_path / "a.wav"), PCM)
    info = sf.info(tmp_path / "a.wav")
    assert (info.samplerate, info.channels, info.format, info.subtype) == (16000, 1, "WAV", "PCM_16")
    assert os.listdir(tmp_path) == ["a.wav"]


def test_blocks_make_the_same_file_as_one_piece(tmp_path: Path) -> None:
    write_wav(tmp_path / "whole.wav", PCM, 8000)
    with WavWriter(tmp_path / "blocks.wav", 8000) as writer:
        for start in range(0, len(PCM), 7):
            writer.write(PCM[start : start + 7])
    assert (tmp_path / "blocks.wav").read_bytes() == (tmp_path / "whole.wav").read_bytes()


def test_several_channels_block_by_block(tmp_path: Path) -> None:
    sides = np.stack([PCM, PCM[::-1], PCM // 2], axis=1)
    write_wav_blocks(tmp_path / "a.wav", (sides[start : start + 7] for start in range(0, len(sides), 7)), 8000, 3)
    assert np.array_equal(read(tmp_path / "a.wav"), sides)
    assert sf.info(tmp_path / "a.wav").samplerate == 8000


def test_blocks_that_break_off_leave_the_old_file(tmp_path: Path) -> None:
    def broken() -> Iterator[np.ndarray]:
        yield PCM
        raise AcousticError("broken off")

    write_wav(tmp_path / "a.wav", PCM[:3], 16000)
    with pytest.raises(AcousticError, match="broken off"):
        write_wav_blocks(tmp_path / "a.wav", broken(), 16000)
    assert np.array_equal(read(tmp_path / "a.wav"), PCM[:3])
    assert os.listdir(tmp_path) == ["a.wav"]


def test_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_wav(tmp_path / "a.wav", PCM, 16000)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(AcousticError, match="No space left on device"):
        write_wav(tmp_path / "a.wav", PCM[:3], 16000)
    assert np.array_equal(read(tmp_path / "a.wav"), PCM)
    assert os.listdir(tmp_path) == ["a.wav"]


def test_writer_survives_kill(tmp_path: Path) -> None:
    """Of 40 one-second blocks written within 4 s, all but at most the last second's are there after a kill."""
    program = f"""
import sys, time, numpy as np
from acoustic.audio.wav import WavWriter
writer = WavWriter({str(tmp_path / "a.wav")!r}, 1000)
for i in range(40):
    writer.write(np.full(1000, i, np.int16))
    print(i, flush=True)
    time.sleep(0.1)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line == "29\n":
                break
        process.send_signal(signal.SIGKILL)
    pcm = read(tmp_path / "a.wav")
    assert 19 * 1000 <= len(pcm) <= 30 * 1000
    assert np.array_equal(pcm, np.repeat(np.arange(len(pcm) // 1000, dtype=np.int16), 1000))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_full_disk_at_start() -> None:
    with pytest.raises(AcousticError, match=r"/dev/full: cannot be written \(No space left on device\)"):
        WavWriter("/dev/full", 16000)


def test_disk_that_fills_up_keeps_what_was_written(tmp_path: Path) -> None:
    """A file-size limit of the process stands for the full disk: the last block fits only in part."""
    path = tmp_path / "a.wav"
    program = f"""
import resource, signal, numpy as np
from acoustic.audio.wav import WavWriter
from acoustic.errors import AcousticError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({HEADER_BYTES + 2 * 2500 + 1}, resource.RLIM_INFINITY))
try:
    with WavWriter({str(path)!r}, 1000) as writer:
        for i in range(10):
            writer.write(np.full(1000, i, np.int16))
except AcousticError as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "It holds the first 2.0 s" in said
    assert np.array_equal(read(path), np.repeat(np.arange(2, dtype=np.int16), 1000))


def test_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(AcousticError, match="No such file or directory"):
        WavWriter(tmp_path / "nowhere" / "a.wav", 16000)


@pytest.mark.parametrize("n_bytes_over", [-2, 0, 2, 2**32])
def test_files_around_4_gib_have_a_valid_header(tmp_path: Path, n_bytes_over: int) -> None:
    n_samples = (2**32 - 1 - HEADER_BYTES + 8 + n_bytes_over) // 2
    with (tmp_path / "long.wav").open("wb") as file:
        header = wav_header(n_samples, 16000)
        assert len(header) == HEADER_BYTES
        file.write(header)
        file.truncate(HEADER_BYTES + 2 * n_samples)  # sparse: takes no room on the disk
    info = sf.info(tmp_path / "long.wav")
    assert info.frames == n_samples
    assert info.format == ("RF64" if n_bytes_over > 0 else "WAV")
