"""Real noises and talkers for the simulator, read from the data folder when it is there."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from acoustic.errors import DataError
from acoustic.signals import FloatArray, fft_filter, minimum_phase

from .signals import RATE_HZ

IMPULSIVE_CLASSES = frozenset(
    {"crackling_fire", "mouse_click", "keyboard_typing", "door_wood_knock", "glass_breaking", "can_opening", "clapping"}
    | {"clock_tick", "footsteps", "fireworks", "water_drops", "door_wood_creaks", "drinking_sipping"}
)
BED_CLASSES = frozenset(
    {"vacuum_cleaner", "washing_machine", "rain", "wind", "engine", "train", "airplane", "pouring_water", "helicopter"}
)
ROOM_CLASSES = frozenset(
    {"coughing", "sneezing", "laughing", "breathing", "clock_alarm", "siren", "car_horn", "church_bells"}
    | {"crying_baby", "brushing_teeth", "hand_saw", "chainsaw", "toilet_flush"}
)

_CLIP_RATE_HZ = 16_000


@dataclass(frozen=True)
class NoiseLibrary:
    """Where the clips of one split are; they are decoded when drawn.

    ``impulsive``, ``beds`` and ``rooms`` hold noise clips by what they are used for, ``talkers`` clean phrases.
    """

    impulsive: tuple[Path, ...]
    beds: tuple[Path, ...]
    rooms: tuple[Path, ...]
    talkers: tuple[Path, ...]

    @classmethod
    def load(cls, root: Path, split: Literal["train", "held_out"] = "train") -> NoiseLibrary:
        """List the clips of a split under the data root.

        Folds 1 and 2 of the noise clips are for training, fold 3 is held out; talkers are split by a hash of the file's
        name (one in five is held out).

        Raises
        ------
        DataError
            The folder lacks the noise clips.
        """
        table = root / "noise" / "clips.csv"
        try:
            rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
        except OSError as error:
            raise DataError(
                f"{table}: cannot read the list of noise clips ({error.strerror}); is this the data folder?"
            ) from error
        held_out = split == "held_out"
        chosen = [row for row in rows if (row["esc50_fold"] == "3") == held_out]

        def of(classes: frozenset[str]) -> tuple[Path, ...]:
            return tuple(table.parent / row["file"] for row in chosen if row["class"] in classes)

        talkers = sorted((root / "speech").glob("*/*.flac"))
        talkers = [path for path in talkers if (hashlib.sha256(path.name.encode()).digest()[0] % 5 == 0) == held_out]
        kitchen = () if held_out else tuple(sorted((root / "noise" / "kitchen").glob("*.flac")))
        return cls(of(IMPULSIVE_CLASSES), of(BED_CLASSES) + kitchen, of(ROOM_CLASSES), tuple(talkers))


def draw_clip(rng: np.random.Generator, paths: tuple[Path, ...], max_s: float = 5.0) -> FloatArray:
    """Draw a clip and a stretch of at most ``max_s`` of it, at `RATE_HZ`, with a peak of 1.

    The clips end at 8 kHz. What is missing above is filled with their mirror image, weakened at random: otherwise the
    empty upper band would tell a network that a noise is no crack.
    """
    import soundfile

    path = paths[int(rng.integers(len(paths)))]
    with soundfile.SoundFile(path) as clip:
        if clip.samplerate != _CLIP_RATE_HZ:
            raise DataError(f"{path}: {clip.samplerate} Hz where {_CLIP_RATE_HZ} Hz is expected")
        spare = max(0, clip.frames - round(max_s * _CLIP_RATE_HZ))
        clip.seek(int(rng.integers(spare + 1)))
        x = clip.read(round(max_s * _CLIP_RATE_HZ), dtype="float32")
    doubled = np.zeros(2 * len(x), dtype=np.float32)
    doubled[::2] = x
    f = np.linspace(0, RATE_HZ / 2, 257)
    image_db = rng.uniform(3, 18) + np.maximum(f - 8000, 0) / 1000 * rng.uniform(0, 3)
    y = fft_filter(doubled, minimum_phase(np.where(f < 7900, 1.0, 10 ** (-image_db / 20)), 256))
    peak = float(np.abs(y).max())
    return (y / peak).astype(np.float32) if peak > 0 else y
