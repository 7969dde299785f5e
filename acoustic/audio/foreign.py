"""What phones and cameras record (M4A, AAC, AMR, WebM, WMA), read by PyAV where that is installed."""

from pathlib import Path
from typing import Any

import numpy as np

from acoustic.audio.source import Float32
from acoustic.errors import AudioFileError, MissingExtraError
from acoustic.files import Closing


class ForeignFile(Closing):
    """A file that PyAV decodes, with the part of soundfile's interface that recordings need.

    Parameters
    ----------
    container
        Opened by PyAV.
    """

    frames = 2**62
    """Unknown until it was read."""
    extra_info = ""

    def __init__(self, container: Any) -> None:
        self._container = container
        stream = container.streams.audio[0]
        self.samplerate: int = stream.rate
        self.channels: int = stream.codec_context.channels
        self.subtype: str = stream.codec_context.name.upper()
        self._decoded = container.decode(stream)
        self._left: Float32 = np.empty((0, self.channels), np.float32)

    def read(self, frames: int, dtype: str, always_2d: bool) -> Float32:
        """Return the next frames, float32 (n, channels), fewer at the end."""
        import av

        pieces, n = [self._left], len(self._left)
        resampler = av.AudioResampler(format="fltp")
        while n < frames:
            try:
                decoded = next(self._decoded, None)
            except av.error.FFmpegError:  # cut off: what came before is good
                decoded = None
            if decoded is None:
                break
            for frame in resampler.resample(decoded):
                pieces.append(np.asarray(frame.to_ndarray().T.reshape(-1, self.channels), np.float32))
                n += len(pieces[-1])
        joined = np.concatenate(pieces)
        self._left = joined[frames:]
        return joined[:frames]

    def close(self) -> None:
        """Close the container."""
        self._container.close()


def open_foreign(path: Path) -> ForeignFile:
    """Open a file that libsndfile does not read.

    Raises
    ------
    MissingExtraError
        When PyAV is not installed.
    AudioFileError
        When it holds no sound, or is damaged.
    """
    try:
        import av
    except ImportError as error:
        raise MissingExtraError(
            f"{path}: {path.suffix[1:].upper()} needs PyAV (pip install av), or convert it: ffmpeg -i FILE OUT.wav"
        ) from error
    try:
        container = av.open(str(path))
        if not container.streams.audio:
            raise AudioFileError(f"{path}: holds no sound.")
        return ForeignFile(container)
    except (av.error.FFmpegError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AudioFileError(f"{path}: not a sound file that can be read, or damaged ({reason}).") from error
