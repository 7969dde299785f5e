"""Clean sentences, split so that none is both learnt from and judged by."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from acoustic.audio import Recording
from acoustic.audio.resample import from_pcm16
from acoustic.errors import DataError
from acoustic.signals import FloatArray

#: Rate of mixtures unless told otherwise (Hz).
RATE_HZ = 16_000
Split = Literal["train", "held_out"]

#: Hundredths of the sentences, by a hash of the file's name, that end each part.
HELD_OUT_TALKERS, HELD_OUT_CROWD, TRAIN_CROWD = 9, 12, 24
#: A sentence whose loud frames stand less than this above its quiet ones is no clean target.
CLEAN_DB = 35.0
#: Frames this far below the loudest twentieth are pauses.
ACTIVE_DB = 30.0
#: Frames in which somebody speaks or does not, a second.
_FRAMES_PER_S = 50


@dataclass(frozen=True)
class SpeechLibrary:
    """Where the sentences of one split are; they are decoded when drawn.

    The recordings do not say who speaks: one person may be on both sides of the split, a recording never is.
    """

    talkers: tuple[Path, ...]
    """Sentences to be recovered."""
    crowd: tuple[Path, ...]
    """Sentences that babble is made of, and that are never to be recovered."""

    @classmethod
    def load(cls, data_dir: Path, split: Split) -> SpeechLibrary:
        """List the sentences of a split under the data root.

        Raises
        ------
        DataError
            There are none.
        """
        parts: dict[str, list[Path]] = {"talkers": [], "crowd": []}
        for path in sorted((data_dir / "speech").glob("*/*.flac")):
            percent = int.from_bytes(hashlib.sha256(path.name.encode()).digest()[:4]) % 100
            if (percent < HELD_OUT_CROWD) == (split == "held_out"):
                is_crowd = percent >= HELD_OUT_TALKERS if split == "held_out" else percent < TRAIN_CROWD
                parts["crowd" if is_crowd else "talkers"].append(path)
        if not all(parts.values()):
            raise DataError(f"{data_dir / 'speech'}: there are no recordings of speech; is this the data folder?")
        return cls(tuple(parts["talkers"]), tuple(parts["crowd"]))


def read(path: Path, rate_hz: int) -> FloatArray:
    """Return the samples of a recording, full scale 1.0."""
    return from_pcm16(Recording(path).read(rate_hz))


def draw(rng: np.random.Generator, paths: tuple[Path, ...], rate_hz: int) -> FloatArray:
    """Draw a clean sentence, without the silence before and after it.

    Raises
    ------
    DataError
        There is none.
    """
    for index in rng.permutation(len(paths)):
        x = read(paths[int(index)], rate_hz)
        if is_clean(x, rate_hz):
            return trimmed(x, rate_hz)
    raise DataError("none of the recordings of speech is clean enough to be learnt from")


def frame_levels_db(x: FloatArray, rate_hz: int) -> FloatArray:
    """Level of each 20 ms of a signal in dBFS, -100 for nothing."""
    frames = _framed(x, rate_hz)
    return np.asarray(10.0 * np.log10(np.mean(frames * frames, axis=1) + 1e-10), np.float32)


def is_clean(x: FloatArray, rate_hz: int) -> bool:
    """Tell whether a sentence stands far enough above its own pauses."""
    low, high = np.percentile(frame_levels_db(x, rate_hz), [20, 95])
    return bool(high - low > CLEAN_DB)


def is_active(x: FloatArray, rate_hz: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tell for each 20 ms whether somebody speaks in it."""
    levels = frame_levels_db(x, rate_hz)
    return np.asarray(levels > max(-95.0, float(np.percentile(levels, 95)) - ACTIVE_DB))


def trimmed(x: FloatArray, rate_hz: int, margin_s: float = 0.06) -> FloatArray:
    """Cut the silence before and after a sentence, but for a margin."""
    active, frame = np.flatnonzero(is_active(x, rate_hz)), rate_hz // _FRAMES_PER_S
    margin = round(margin_s * rate_hz)
    return x[max(0, active[0] * frame - margin) : (active[-1] + 1) * frame + margin]


def active_level(x: FloatArray, rate_hz: int) -> float:
    """Root mean square over the frames in which somebody speaks; 0 when nobody does."""
    frames = _framed(x, rate_hz)[is_active(x, rate_hz)]
    return float(np.sqrt(np.mean(frames * frames))) if frames.size else 0.0


def _framed(x: FloatArray, rate_hz: int) -> FloatArray:
    frame = rate_hz // _FRAMES_PER_S
    return x[: len(x) // frame * frame].reshape(-1, frame)
