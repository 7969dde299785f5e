"""What a sound file holds beyond what its header admits: lengths never filled in, several streams, metadata.

Recorders that lose power leave lengths of 0 or -1, broadcasters write BW64, editors join files: all samples are there,
and a decoder that trusts the header hears a part of them, or nothing. Here a file is walked by its own structure (RIFF:
Microsoft 1991; RF64: EBU Tech 3306; BW64: ITU-R BS.2088), and put before the decoder as it should have been.
"""

import io
import mmap
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

HEADER_BYTES = 12
#: Sizes from here on are placeholders of recorders that could not go back, near 2 or 4 GiB.
PLACEHOLDER_BYTES = 0x7FFF0000
UNKNOWN = 0xFFFFFFFF
#: The largest metadata chunk that is read, and the most chunks that are walked.
LARGEST_METADATA, MOST_CHUNKS = 1 << 20, 10_000
METADATA = (b"bext", b"LIST", b"guan", b"fmt ", b"fact", b"ds64")
#: What begins a stream within a file: an MP3 frame with a Xing, Info or VBRI header; a FLAC stream's first block.
_MP3_TAG = re.compile(rb"Xing|Info|VBRI")
_MP3_TAG_OFFSETS = (36, 21, 13)
_FLAC_START = re.compile(rb"fLaC[\x00\x80]\x00\x00\x22")
_OGG_PAGE = re.compile(rb"OggS\x00(.)", re.DOTALL)
_OGG_FIRST_PAGE = 2

Part = bytes | tuple[int, int]
"""Bytes, or where they begin and end in the file."""


@dataclass(frozen=True)
class FileStream:
    """One stream of sound in a file, as parts that follow each other."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, kw_only=True)
class Container:
    """What was found in a file."""

    streams: tuple[FileStream, ...] = ()
    """Streams to decode one after the other; none where the file is as it should be, and is decoded as it lies."""
    remarks: tuple[str, ...] = ()
    """What a person should know, in plain sentences."""
    metadata: dict[bytes, bytes] = field(default_factory=dict)
    """Chunks of a WAV file that are not sound, by their names."""


def look_into(path: Path) -> Container:
    """Walk a file by its structure.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
        if head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE":
            return _wav(file)
        starts = _starts(file, head)
    if len(starts) < 2:
        return Container()
    size = path.stat().st_size
    ends = [*starts[1:], size]
    streams = [FileStream(((start, end),)) for start, end in zip([0, *starts[1:]], ends, strict=True)]
    return Container(streams=tuple(streams), remarks=(_joined(len(streams)),))


def _joined(n_streams: int) -> str:
    return f"joined: {n_streams} streams lie one behind the other in it, and are read as one recording"


class Spliced(io.RawIOBase):
    """A stream of a file, as a file of its own that can be read from start to end and sought in.

    Parameters
    ----------
    path : Path
    stream : FileStream
    """

    def __init__(self, path: Path, stream: FileStream) -> None:
        self._file: BinaryIO = path.open("rb")
        self._parts = stream.parts
        sizes = [len(part) if isinstance(part, bytes) else part[1] - part[0] for part in stream.parts]
        self._starts = [sum(sizes[:number]) for number in range(len(sizes) + 1)]
        self._at = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._starts[-1]}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer as far as there are bytes."""
        wanted, filled = memoryview(buffer).cast("B"), 0
        for part, start, end in zip(self._parts, self._starts, self._starts[1:], strict=False):
            if not start <= self._at < end or filled == len(wanted):
                continue
            n = min(end - self._at, len(wanted) - filled)
            data = self._bytes(part, self._at - start, n)
            wanted[filled : filled + len(data)] = data
            filled += len(data)
            self._at += len(data)
        return filled

    def _bytes(self, part: Part, offset: int, n: int) -> bytes:
        if isinstance(part, bytes):
            return part[offset : offset + n]
        self._file.seek(part[0] + offset)
        return self._file.read(n)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


@dataclass
class _Wav:
    """One RIFF file, as far as it was walked."""

    data: list[tuple[int, int]] = field(default_factory=list)
    """Where its sound begins and ends."""
    mended: list[str] = field(default_factory=list)
    """What was wrong with the header."""
    metadata: dict[bytes, bytes] = field(default_factory=dict)
    end: int = 0


def _wav(file: BinaryIO) -> Container:
    """Walk the RIFF files that lie one behind the other in a file."""
    size = file.seek(0, io.SEEK_END)
    wavs: list[_Wav] = []
    at = 0
    while at + HEADER_BYTES <= size and len(wavs) < MOST_CHUNKS:
        file.seek(at)
        head = file.read(HEADER_BYTES)
        if head[:4] not in (b"RIFF", b"RF64", b"BW64") or head[8:12] != b"WAVE":
            break
        wavs.append(_walk(file, at, size, bw64=head[:4] == b"BW64"))
        at = max(wavs[-1].end, at + HEADER_BYTES)
    metadata = wavs[0].metadata
    sound = [wav for wav in wavs if wav.data and b"fmt " in wav.metadata]
    mended = list(dict.fromkeys(remark for wav in sound for remark in wav.mended))
    if not sound or (len(sound) == 1 and not mended):
        return Container(metadata=metadata)
    if len(sound) > 1:
        mended.append(_joined(len(sound)))
    remarks = [remark for remark in mended if remark]
    streams = tuple(FileStream((_header(wav), *wav.data)) for wav in sound)
    return Container(streams=streams, remarks=tuple(remarks), metadata=metadata)


def _walk(file: BinaryIO, start: int, size: int, *, bw64: bool) -> _Wav:
    """Walk the chunks of one RIFF file; what its lengths say is held against what is there."""
    wav = _Wav(end=size)
    if bw64:
        wav.mended.append("")  # nothing is wrong with it, but it has to be shown as RF64
    at = start + HEADER_BYTES
    for _ in range(MOST_CHUNKS):
        name, length = _chunk_at(file, at, size)
        if name is None or name in (b"RIFF", b"RF64", b"BW64"):
            wav.end = at
            break
        body = at + 8
        if name == b"data":
            end = _end_of_data(file, wav, body, length, size)
            wav.data.append((body, end))
            length = end - body
        elif name in METADATA and name not in wav.metadata:
            file.seek(body)
            wav.metadata[name] = file.read(min(length, LARGEST_METADATA))
        at = _next_chunk(file, wav, body, length, size)
        if at >= size:
            wav.end = size
            break
    if len(wav.data) > 1:
        wav.mended.append(f"its sound lies in {len(wav.data)} pieces, which are read as one")
    return wav


def _chunk_at(file: BinaryIO, at: int, size: int) -> tuple[bytes | None, int]:
    """Return name and length of the chunk at a position; no name where there is none."""
    if at + 8 > size:
        return None, 0
    file.seek(at)
    name, length = struct.unpack("<4sI", file.read(8))
    return (name if all(0x20 <= sign < 0x7F for sign in name) else None), length


def _end_of_data(file: BinaryIO, wav: _Wav, body: int, length: int, size: int) -> int:
    """Find where the sound ends: as the header says, unless chunks do not follow there."""
    if length == UNKNOWN and len(wav.metadata.get(b"ds64", b"")) >= 16:
        length = struct.unpack_from("<Q", wav.metadata[b"ds64"], 8)[0]
    if body + length > size:
        return size  # a placeholder, or cut off: the decoder tells these apart
    if body + length >= size - 1 or _chunks_follow(file, body + length, size):
        return body + length
    wav.mended.append(
        "its header states no length, as of a recorder that was cut off; it is read to its end"
        if length == 0
        else f"its header states {length:,} bytes of sound and there are {size - body:,}; it is read to its end"
    )
    return size


def _chunks_follow(file: BinaryIO, at: int, size: int) -> bool:
    """Whether what stands from here on to the end are chunks, or another RIFF file."""
    for first in (at + at % 2, at):
        here = first
        for _ in range(MOST_CHUNKS):
            name, length = _chunk_at(file, here, size)
            if name in (b"RIFF", b"RF64", b"BW64"):
                return True
            if name is None:
                break
            here += 8 + length + length % 2
            if here >= size:
                # A last chunk may be cut off, or lack its pad byte.
                return True
        if size - here < 8 and here > first:
            return True
    return False


def _next_chunk(file: BinaryIO, wav: _Wav, body: int, length: int, size: int) -> int:
    """Return where the next chunk begins: after a pad byte, which some writers leave out."""
    padded = body + length + length % 2
    if length % 2 and _chunk_at(file, padded, size)[0] is None and _chunk_at(file, body + length, size)[0] is not None:
        wav.mended.append("")
        return body + length
    return padded


def _header(wav: _Wav) -> bytes:
    """Return a header that says what is there."""
    n_bytes = sum(end - start for start, end in wav.data)
    chunks = b"".join(
        name + struct.pack("<I", len(wav.metadata[name])) + wav.metadata[name] + b"\0" * (len(wav.metadata[name]) % 2)
        for name in (b"fmt ", b"fact")
        if name in wav.metadata
    )
    n_riff = 4 + len(chunks) + 8 + n_bytes
    if n_riff + 36 < UNKNOWN:
        return struct.pack("<4sI4s", b"RIFF", n_riff, b"WAVE") + chunks + struct.pack("<4sI", b"data", n_bytes)
    ds64 = struct.pack("<4sIQQQI", b"ds64", 28, n_riff + 36, n_bytes, 0, 0)
    start = struct.pack("<4sI4s", b"RF64", UNKNOWN, b"WAVE")
    return start + ds64 + chunks + struct.pack("<4sI", b"data", UNKNOWN)


def _starts(file: BinaryIO, head: bytes) -> list[int]:
    """Find where the streams of an MP3, FLAC or Ogg file begin."""
    try:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if head[:4] == b"fLaC":
                return [match.start() for match in _FLAC_START.finditer(data)]
            if head[:4] == b"OggS":
                return list(_ogg_starts(data))
            if head[:3] == b"ID3" or (head[:1] == b"\xff" and len(head) > 1 and head[1] & 0xE0 == 0xE0):
                return list(_mp3_starts(data))
    except (ValueError, OSError):  # nothing to map: empty, or no plain file
        pass
    return []


def _mp3_starts(data: mmap.mmap) -> Iterator[int]:
    for match in _MP3_TAG.finditer(data):
        for offset in _MP3_TAG_OFFSETS:
            frame = match.start() - offset
            if frame >= 0 and data[frame] == 0xFF and data[frame + 1] & 0xE6 == 0xE2:
                yield frame
                break


def _ogg_starts(data: mmap.mmap) -> Iterator[int]:
    """Yield where a group of first pages follows other pages: a stream chained behind another one."""
    within_first = False
    for match in _OGG_PAGE.finditer(data):
        is_first = bool(match[1][0] & _OGG_FIRST_PAGE)
        if is_first and not within_first:
            yield match.start()
        within_first = is_first
