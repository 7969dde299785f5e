"""Writing int16 WAV files that stay readable when the program or the power stops."""

import os
import struct
import time
from collections.abc import Iterable
from pathlib import Path

from acoustic.audio.source import Pcm16
from acoustic.errors import AcousticError, ParameterError
from acoustic.files import Closing, DiskSync, whole_file, write_failure

HEADER_BYTES = 80
FLUSH_S = 1.0
_UINT32_MAX = 0xFFFFFFFF


def wav_header(n_samples: int, rate_hz: int, channels: int = 1) -> bytes:
    """Return the 80-byte header of an int16 WAV file.

    Beyond 4 GiB the same 80 bytes become an RF64 header: the JUNK chunk keeps its place for the
    64-bit sizes, as EBU Tech 3306 (2009) lays down, so a file can grow past the limit while it is written.

    Parameters
    ----------
    n_samples : int
        Samples of each channel in the file.
    rate_hz : int
        Sampling rate (Hz).
    channels : int
    """
    data_bytes = 2 * channels * n_samples
    riff_bytes = data_bytes + HEADER_BYTES - 8
    if riff_bytes <= _UINT32_MAX:
        start = struct.pack("<4sI4s4sI28x", b"RIFF", riff_bytes, b"WAVE", b"JUNK", 28)
    else:
        start = struct.pack("<4sI4s4sI", b"RF64", _UINT32_MAX, b"WAVE", b"ds64", 28)
        start += struct.pack("<QQQI", riff_bytes, data_bytes, n_samples, 0)
        data_bytes = _UINT32_MAX
    pcm_format = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate_hz, 2 * channels * rate_hz, 2 * channels, 16)
    return start + pcm_format + struct.pack("<4sI", b"data", data_bytes)


class WavWriter(Closing):
    """Write an int16 mono WAV file block by block.

    Once a second everything written so far, with a header that fits, is forced to the disk while the program
    goes on: whatever ends it, the file opens and holds all but at most the last second.

    Parameters
    ----------
    path : str or Path
        File to write; one that exists is replaced.
    rate_hz : int
        Sampling rate (Hz).

    Raises
    ------
    AcousticError
        If the file cannot be made or the disk is full; what was written before stays readable.
    """

    def __init__(self, path: str | Path, rate_hz: int) -> None:
        if rate_hz < 1:
            raise ParameterError(f"The sampling rate must be at least 1 Hz, not {rate_hz}.")
        self.path = Path(path)
        self.rate_hz = rate_hz
        self.n_samples = 0
        self._sync = DiskSync()
        try:
            # Unbuffered: after a failed write nothing is left over that a later close would try again.
            self._file = self.path.open("wb", buffering=0)
        except OSError as error:
            raise self._failure(error) from error
        try:
            self._flush()
        except OSError as error:
            self._file.close()
            raise self._failure(error) from error

    def write(self, pcm: Pcm16) -> None:
        """Append samples.

        Parameters
        ----------
        pcm : numpy.ndarray of int16, shape (n,)
        """
        left = memoryview(pcm.astype("<i2", copy=False).tobytes())
        n_samples = self.n_samples + len(pcm)
        try:
            # Not the end of the file: a write that failed half-way may have left an odd number of bytes there.
            self._file.seek(HEADER_BYTES + 2 * self.n_samples)
            while left:
                left = left[self._file.write(left) :]
            self.n_samples = n_samples
            if time.monotonic() - self._flushed_at >= FLUSH_S:
                self._flush()
                self._sync.start(self._file.fileno())
        except OSError as error:
            raise self._failure(error) from error

    def close(self) -> None:
        """Finish the file; closing twice does nothing."""
        if self._file.closed:
            return
        try:
            self._sync.finish()
            self._flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._failure(error) from error
        finally:
            self._file.close()

    def _flush(self) -> None:
        self._file.seek(0)
        self._file.write(wav_header(self.n_samples, self.rate_hz))
        self._flushed_at = time.monotonic()

    def _failure(self, error: OSError) -> AcousticError:
        kept = f" It holds the first {self.n_samples / self.rate_hz:.1f} s." if self.n_samples else ""
        return AcousticError(f"{self.path}: cannot be written ({error.strerror}).{kept} Free space or write elsewhere.")


def write_wav(path: str | Path, pcm: Pcm16, rate_hz: int) -> None:
    """Write an int16 mono WAV file, whole or not at all.

    Parameters
    ----------
    path : str or Path
        File to write; one that exists is replaced.
    pcm : numpy.ndarray of int16, shape (n,)
        Samples.
    rate_hz : int
        Sampling rate (Hz).

    Raises
    ------
    AcousticError
        If the file cannot be written; what stood there before stays.
    """
    write_wav_blocks(path, [pcm], rate_hz)


def write_wav_blocks(path: str | Path, blocks: Iterable[Pcm16], rate_hz: int, channels: int = 1) -> None:
    """Write an int16 WAV file of any length, whole or not at all.

    Parameters
    ----------
    path : str or Path
        File to write; one that exists is replaced.
    blocks : iterable of int16 arrays, shape (n,) or (n, channels)
        Samples. When drawing from it raises an exception, nothing is written.
    rate_hz : int
        Sampling rate (Hz).
    channels : int

    Raises
    ------
    AcousticError
        If the file cannot be written; what stood there before stays.
    """
    n_samples = 0
    try:
        with whole_file(Path(path)) as stream:
            stream.write(wav_header(0, rate_hz, channels))
            for block in blocks:
                stream.write(block.astype("<i2", copy=False).tobytes())
                n_samples += len(block)
            stream.seek(0)
            stream.write(wav_header(n_samples, rate_hz, channels))
    except OSError as error:
        raise write_failure(path, error) from error
