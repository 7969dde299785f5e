"""Recordings: any sound file as int16 mono at any rate, in constant memory, with what is wrong with it said."""

import os
import re
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from acoustic.audio.container import PLACEHOLDER_BYTES, FileStream, Spliced, look_into
from acoustic.audio.foreign import open_foreign
from acoustic.audio.sound import CHUNK_FRAMES, HIGHEST_RATE_HZ, LOWEST_RATE_HZ, Sound
from acoustic.audio.source import Float32, Pcm16, SourceHealth, check_format
from acoustic.audio.start import began
from acoustic.errors import AudioFileError
from acoustic.files import Closing

SUFFIXES = (
    *(".wav", ".wave", ".w64", ".rf64", ".flac", ".ogg", ".oga", ".opus", ".mp3"),
    *(".aif", ".aiff", ".aifc", ".au", ".snd", ".caf"),
)

#: What phones and cameras record, which only PyAV reads.
FOREIGN_SUFFIXES = (".m4a", ".aac", ".amr", ".webm", ".wma", ".mp4", ".3gp", ".mka", ".ac3")

# Values of a chunk, over all channels: many channels must not take much memory.
CHUNK_VALUES = 4 * CHUNK_FRAMES
# libsndfile's way of saying that a file does not state its length.
UNKNOWN_FRAMES = 2**62
# MP3 headers only estimate the length, so a shortage below this is no truncation.
TRUNCATED_S = 0.1
# After a damage what is left of a chunk is read in pieces of so many frames.
SALVAGE_FRAMES = 1024
COARSE = ("PCM_U8", "PCM_S8", "ULAW", "ALAW", "ADPCM", "GSM", "DWVW", "DPCM", "VOX", "NMS", "G72", "G721")


class Recording(Sound):
    """One sound file: WAV, FLAC, OGG, Opus, MP3, AIFF or what else libsndfile reads.

    Parameters
    ----------
    path : str or Path
        The file; its header is read at once.

    Attributes
    ----------
    path : Path
    rate_hz : int
        Sampling rate of the file (Hz).
    channels : int
    n_frames : int
        Samples per channel: what the header says, and after a full pass what there was.
    warnings : tuple of str
        What a person should know about the last full pass, in plain sentences without the
        file's name: clipped, silent, very quiet, offset, damaged samples, cut off, recorded at a lower rate.

    Raises
    ------
    AudioFileError
        If the file is missing, empty, a folder, not sound, or holds no samples.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.name = str(self.path)
        _check_file(self.path)
        self._damage = ""
        try:
            self._container = look_into(self.path)
        except OSError as error:
            raise AudioFileError(f"{self.path}: cannot be opened ({error.strerror}).") from error
        self._foreign = self.path.suffix.lower() in FOREIGN_SUFFIXES
        n_frames = [self._describe(stream) for stream in self._streams()]
        self.n_frames = sum(n_frames)
        if any(n >= UNKNOWN_FRAMES for n in n_frames):
            self.n_frames = self._promised_frames = sum(len(chunk) for chunk in self._chunks())
        if self.n_frames == 0:
            raise AudioFileError(
                f"{self.path}: holds no samples, only a header. Was the recorder cut off? Record again."
            )
        self.began = began(self.path, self.metadata)

    def _describe(self, stream: FileStream | None) -> int:
        """Read the header of a stream; return its frames."""
        with self._open(stream) as file:
            kind = (file.samplerate, file.channels)
            if stream is None or stream is self._container.streams[0]:
                self.rate_hz = kind[0]
                self.channels = kind[1]
                self._coarse = file.subtype.startswith(COARSE) or "ADPCM" in file.subtype
                self._promised_frames = 0
                _check_rate(self.path, self.rate_hz)
            elif kind != (self.rate_hz, self.channels):
                return 0
            n_frames: int = file.frames
            self._promised_frames += round(n_frames / (1 - _share_lost(file.extra_info)))
            return n_frames

    def _streams(self) -> tuple[FileStream | None, ...]:
        return self._container.streams or (None,)

    @property
    def metadata(self) -> dict[bytes, bytes]:
        """Chunks of a WAV file that are not sound, by their names."""
        return self._container.metadata

    def _faults(self, n_read: int, n_bad: int) -> Iterator[str]:
        yield from self._container.remarks
        if self._damage:
            yield self._damage
        lost_s = (self._promised_frames - n_read) / self.rate_hz
        if lost_s >= TRUNCATED_S:
            promised_s = self._promised_frames / self.rate_hz
            yield f"cut off: the header promises {promised_s:.1f} s, {lost_s:.1f} s are missing"
        yield from super()._faults(n_read, n_bad)
        if self._coarse:
            yield "coarse: coded with 8 bits or fewer, whose noise hides quiet sounds"

    def _chunks(self) -> Iterator[Float32]:
        self._damage = ""
        n_read = 0
        for stream in self._streams():
            with self._open(stream) as file:
                if (file.samplerate, file.channels) != (self.rate_hz, self.channels):
                    self._damage = f"a stream of {file.samplerate} Hz and {file.channels} channels in it was not read"
                    continue
                n_stream = 0
                for chunk in self._decode(file, stream, n_read):
                    n_stream += len(chunk)
                    yield chunk
                n_read += n_stream

    def _decode(self, file: Any, stream: FileStream | None, n_before: int) -> Iterator[Float32]:
        """Yield chunks of a stream; of a damaged one all that comes before the damage."""
        import soundfile

        n_read, n_frames = 0, max(1, min(CHUNK_FRAMES, CHUNK_VALUES // self.channels))
        while True:
            try:
                chunk: Float32 = file.read(n_frames, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError as error:
                reason = error.error_string.rstrip(".")
                break
            if len(chunk) == 0:
                return
            n_read += len(chunk)
            yield chunk
        for chunk in self._salvage(stream, n_read):
            n_read += len(chunk)
            yield chunk
        where_s = (n_before + n_read) / self.rate_hz
        if n_before + n_read == 0:
            raise AudioFileError(f"{self.path}: damaged from its start on ({reason}). Copy it again.")
        self._damage = f"damaged or cut off after {where_s:.1f} s ({reason}); what comes before was read"

    def _salvage(self, stream: FileStream | None, n_skip: int) -> Iterator[Float32]:
        """Yield in small pieces what can be read of a damaged stream beyond its first frames."""
        import soundfile

        with self._open(stream) as file:
            while n_skip > 0:
                n_skip -= len(file.read(min(n_skip, CHUNK_FRAMES), dtype="float32", always_2d=True))
            with suppress(soundfile.LibsndfileError):
                while len(chunk := file.read(SALVAGE_FRAMES, dtype="float32", always_2d=True)):
                    yield chunk

    def _open(self, stream: FileStream | None) -> Any:
        import soundfile

        if self._foreign:
            return open_foreign(self.path)

        class Forward(soundfile.SoundFile):  # type: ignore[misc]
            """A file that is only read from start to end."""

            def seekable(self) -> bool:
                # soundfile seeks after each read of a seekable file: that changes the samples of MP3 files
                # and fails for FLAC files of unstated length.
                return False

        try:
            # As bytes: a name need not be UTF-8, except on Windows.
            name = str(self.path) if sys.platform == "win32" else os.fsencode(self.path)
            return Forward(name if stream is None else Spliced(self.path, stream))
        except (soundfile.LibsndfileError, TypeError) as error:
            raise AudioFileError(
                f"{self.path}: not a sound file that can be read, or damaged at its start. "
                "WAV, FLAC, OGG, Opus, MP3 and AIFF are; convert others with: ffmpeg -i FILE OUT.wav"
            ) from error


class RecordingSource(Closing):
    """A recording that plays like a microphone.

    Parameters
    ----------
    path : str or Path
        The file.
    rate_hz, block_samples : int
        Rate (Hz) and length (samples) of the blocks.
    speed : float, optional
        1.0 hands out each block when its last sample would have been recorded, 10.0 ten times as fast;
        None as fast as it can be read.

    Attributes
    ----------
    recording : Recording
    """

    def __init__(self, path: str | Path, rate_hz: int, block_samples: int, speed: float | None = None) -> None:
        check_format(rate_hz, block_samples)
        self.recording = Recording(path)
        self.rate_hz = rate_hz
        self.block_samples = block_samples
        self.speed = speed
        self.health = SourceHealth()
        self._closed = False

    def __iter__(self) -> Iterator[Pcm16]:
        """Yield the recording's blocks."""
        start = time.monotonic()
        n_samples = 0
        for block in self.recording.blocks(self.rate_hz, self.block_samples):
            n_samples += len(block)
            if self.speed is not None:
                due = start + n_samples / self.rate_hz / self.speed
                time.sleep(max(0.0, due - time.monotonic()))
            if self._closed:
                return
            yield block

    def close(self) -> None:
        """End the iteration at the next block."""
        self._closed = True


def find_recordings(paths: Iterable[str | Path]) -> list[Path]:
    """List the recordings that some files and folders stand for.

    Files are taken as given, whatever they are called. Folders are searched to any depth for files with
    a known suffix (`SUFFIXES`), in sorted order, hidden ones left out; links are followed, each folder once.
    The same file appears once. A path that does not exist and a folder without recordings stay in the
    list: `Recording` then says what is wrong with them, and the others can still be scored. So do files that phones
    write (`FOREIGN_SUFFIXES`), which are read where PyAV is installed.
    """
    found: dict[str, Path] = {}
    for path in map(Path, paths):
        for candidate in (_walk(path) or [path]) if path.is_dir() else [path]:
            # realpath: a link to itself is no error yet.
            found.setdefault(os.path.realpath(candidate), candidate)
    return list(found.values())


def _walk(folder: Path) -> list[Path]:
    found: list[Path] = []
    seen: set[str] = set()

    def keep_unreadable(error: OSError) -> None:
        found.append(Path(error.filename))

    for name, folders, files in os.walk(folder, followlinks=True, onerror=keep_unreadable):
        here = Path(name)
        if os.path.realpath(here) in seen:
            folders.clear()
            continue
        seen.add(os.path.realpath(here))
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        known = (*SUFFIXES, *FOREIGN_SUFFIXES)
        found += [here / f for f in sorted(files) if Path(f).suffix.lower() in known and not f.startswith(".")]
    return found


def _check_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise AudioFileError(f"{path}: a folder without recordings that can be read.")
        if not path.exists():
            raise AudioFileError(f"{path}: no such file. Check the name and the folder.")
        if not path.is_file():
            raise AudioFileError(f"{path}: not a file but a device or pipe. Send raw PCM to standard input instead.")
        with path.open("rb") as stream:
            if not stream.read(1):
                raise AudioFileError(f"{path}: the file is empty (0 bytes). Copy or record it again.")
    except OSError as error:
        raise AudioFileError(f"{path}: cannot be opened ({error.strerror}).") from error


def _check_rate(path: Path, rate_hz: int) -> None:
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        raise AudioFileError(
            f"{path}: recorded at {rate_hz} Hz by its header; {LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ} Hz can be heard. "
            "Convert it with its true rate."
        )


def _share_lost(log: str) -> float:
    """Return which share of the sound bytes that a WAV or AIFF header promises is missing, from libsndfile's log.

    libsndfile silently corrects the size of the data chunk; only its log tells.
    """
    sizes = re.search(r"^\s*(?:data|SSND)\s*:\s*(\d+) \(should be (\d+)\)", log, re.MULTILINE)
    if sizes is None:
        return 0.0
    promised, there = int(sizes[1]), int(sizes[2])
    return 0.0 if promised >= PLACEHOLDER_BYTES or there == 0 else max(0.0, 1 - there / promised)
