"""Noises: recorded clips, talkers all at once, and noises made by the computer."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acoustic.errors import DataError
from acoustic.signals import FloatArray

from .speech import RATE_HZ, SpeechLibrary, Split, read, trimmed

#: ESC-50's fold that only judges.
HELD_OUT_FOLD = "3"
#: Length of the cross-fade where a clip is repeated.
FADE_S = 0.05


@dataclass(frozen=True)
class MixtureLibrary:
    """Where the noises of one split are; they are decoded when drawn."""

    clips: tuple[tuple[str, Path], ...]
    """Kind and file of each clip."""
    speech: SpeechLibrary
    """Whose crowd babbles."""
    rate_hz: int = RATE_HZ
    """Sampling rate at which all is drawn (Hz)."""

    @classmethod
    def load(cls, data_dir: Path, split: Split, rate_hz: int = RATE_HZ) -> MixtureLibrary:
        """List the noises of a split: folds 1 and 2 and the kitchen to train on, fold 3 held out.

        Raises
        ------
        DataError
            The list of clips cannot be read.
        """
        folder = data_dir / "noise"
        table = folder / "clips.csv"
        try:
            rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
        except OSError as error:
            raise DataError(f"{table}: cannot be read ({error.strerror}); is this the data folder?") from error
        held_out = split == "held_out"
        clips = [
            (row["class"], folder / row["file"]) for row in rows if (row["esc50_fold"] == HELD_OUT_FOLD) == held_out
        ]
        if not held_out:
            clips += [(path.stem, path) for path in sorted((folder / "kitchen").glob("*.flac"))]
        return cls(tuple(clips), SpeechLibrary.load(data_dir, split), rate_hz)


def draw_clip(rng: np.random.Generator, library: MixtureLibrary, n_samples: int) -> tuple[str, FloatArray]:
    """Draw a kind of noise, then a clip of that kind, and repeat it up to ``n_samples``."""
    kinds = sorted({kind for kind, _ in library.clips})
    kind = kinds[int(rng.integers(len(kinds)))]
    paths = [path for name, path in library.clips if name == kind]
    clip = _sounding(read(paths[int(rng.integers(len(paths)))], library.rate_hz), library.rate_hz)
    return kind, repeated(rng, clip, n_samples, library.rate_hz)


def babble(rng: np.random.Generator, library: MixtureLibrary, n_samples: int, n_talkers: int) -> FloatArray:
    """Let some of the crowd talk at once, each without a pause, a few dB apart."""
    total, rate_hz = np.zeros(n_samples, np.float32), library.rate_hz
    for _ in range(n_talkers):
        talk: list[FloatArray] = []
        while sum(map(len, talk)) < n_samples:
            talker = library.speech.crowd[int(rng.integers(len(library.speech.crowd)))]
            talk.append(trimmed(read(talker, rate_hz), rate_hz))
        start = int(rng.integers(max(1, sum(map(len, talk)) - n_samples)))
        voice = np.concatenate(talk)[start : start + n_samples]
        level = float(np.sqrt(np.mean(voice * voice))) or 1.0
        total += voice * np.float32(10 ** (rng.uniform(-4, 4) / 20) / level)
    return total


def repeated(rng: np.random.Generator, x: FloatArray, n_samples: int, rate_hz: int) -> FloatArray:
    """Start anywhere in a clip and repeat it with cross-fades until ``n_samples`` are there."""
    fade = min(round(FADE_S * rate_hz), len(x) // 4)
    ramp = np.sqrt(np.arange(fade, dtype=np.float32) / np.float32(max(fade, 1)))
    loop = x[: len(x) - fade].copy()
    loop[:fade] = x[:fade] * ramp + x[len(x) - fade :] * ramp[::-1]
    start = int(rng.integers(len(loop)))
    again: FloatArray = np.resize(np.roll(loop, -start), n_samples)
    return again


def _sounding(x: FloatArray, rate_hz: int) -> FloatArray:
    """Cut off the zeros that some clips are padded with; nothing but zeros becomes a faint click."""
    heard = np.flatnonzero(x)
    if len(heard) < rate_hz // 10:
        click = np.zeros(rate_hz, np.float32)
        click[0] = 1.0
        return click
    return x[heard[0] : heard[-1] + 1]
