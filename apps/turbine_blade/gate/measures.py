"""What one second of sound shows about nuisances, in integers that a microcontroller can keep."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from acoustic.frontend.definition import FrontEnd
from acoustic.frontend.noise_floor import STEPS_PER_DB
from acoustic.frontend.tables import hz_to_mel

Steps = NDArray[np.int16]

STRETCH_FRAMES = 32
"""Frames a stretch: 1.024 s."""
QUARTER_FRAMES = 8
"""Frames of each of the means whose spread tells how a level moves within a stretch."""
RUMBLE_HZ, BODY_HZ, BRIGHT_HZ = (30, 200), (350, 1000), (4000, 8000)
VOICE_HZ, SONG_HZ = (130, 2000), (2000, 8000)

FLUTTER_LAG = 2
"""Frames to either side of the one that is compared with them: windows that do not overlap its own."""
FLUTTER_LIMIT = 3 * STEPS_PER_DB
"""More than this counts for no band, so that a few tones cannot stand for the octave."""

RISE_LAG = 3
RISE = 10 * STEPS_PER_DB
"""Rise of a band over the loudest of its neighbourhood ``RISE_LAG`` frames before. Steady noise does not rise so far,
and a tone that a turning blade sweeps stays within the neighbourhood."""
RISE_REACH = 3
"""Bands to either side that belong to the neighbourhood."""
SONG_SPAN = 14
"""Bands further apart than these that rise at once in `SONG_HZ` are a click and no tone."""
VOICE_BANDS = 18
"""More bands than these that rise at once in `VOICE_HZ` are a click and no voice, which has several harmonics."""

SILENCE_DB = 20
"""A frame none of whose bands is this far above the front end's floor is digital silence."""
SILENT_FRAMES = 2
"""Two silent frames in a stretch equal a dropout of 0.1 s."""
CLIPPED_SHARE = 1 / 1024
"""Share of a stretch's samples at full scale from which on it is clipped."""

CLIPPING = "clipping"
SILENCE = "silence"

LEVELS = ("rumble", "body", "bright", "slope", "hiss")
"""Levels of a stretch, and differences of levels, that are compared with what is usual."""
_HISTORY = 2 * FLUTTER_LAG


@dataclass(frozen=True, kw_only=True)
class StretchMeasures:
    """Measures of one stretch; levels in steps of 1/256 dB, sets of bands as bits of an integer."""

    frames: int
    fault: str | None
    """What is wrong with the recording itself, `CLIPPING` or `SILENCE`; the other measures then mean nothing."""
    song_frames: int
    """Frames in which a narrow part of `SONG_HZ` rises out of nothing."""
    song_bands: int
    """The bands that rose in them."""
    voice_frames: int
    """The same in `VOICE_HZ`."""
    voice_bands: int
    flutter: tuple[int, ...]
    """How far `BRIGHT_HZ` as a whole leaves the line through its neighbours in time, frame by frame."""
    rumble: int
    """Mean level in `RUMBLE_HZ`."""
    body: int
    """Mean level in `BODY_HZ`."""
    bright: int
    """Mean level in `BRIGHT_HZ`."""
    quarter_rumble: tuple[int, ...]
    """Mean level in `RUMBLE_HZ` of each quarter of the stretch."""
    swish: int
    """Loudest less quietest quarter in `BODY_HZ`."""

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """Numbers for each of `LEVELS`: slope is rumble less body, hiss is bright less body."""
        return self.rumble, self.body, self.bright, self.rumble - self.body, self.bright - self.body


class StretchMeter:
    """Measures a stream stretch by stretch.

    Of what went before only the last four frames are kept; the measures are sums and sets that a device can gather
    frame by frame.

    Parameters
    ----------
    fe : FrontEnd
        That made the frames.

    Raises
    ------
    ParameterError
        When a part of the spectrum that is judged holds no band.
    """

    def __init__(self, fe: FrontEnd) -> None:
        self._bands = {hz: mel_bands(fe, hz) for hz in (RUMBLE_HZ, BODY_HZ, BRIGHT_HZ, VOICE_HZ, SONG_HZ)}
        self._faults = FaultMeter(fe)
        self._before = np.empty((0, fe.n_mels), np.int16)

    def __call__(self, steps: Steps, clipped: NDArray[np.integer]) -> list[StretchMeasures]:
        """Measure the next stretches.

        Parameters
        ----------
        steps : int16 array, shape (n_frames, n_mels)
            Log-mel in steps of 1/256 dB; a multiple of ``STRETCH_FRAMES``, or the last frames of the stream.
        clipped : integer array, shape (n_frames,)
            Full-scale samples in each frame's hop.
        """
        if not len(self._before):
            # Before the first frame nothing is known: as if it had always sounded so.
            self._before = np.repeat(steps[:1], _HISTORY, axis=0)
        x = np.concatenate([self._before, steps]).astype(np.int32)
        self._before = x[-_HISTORY:].astype(np.int16)
        rises = x[_HISTORY:] - _loudest(x[_HISTORY - RISE_LAG : -RISE_LAG])
        song, voice = (rises[:, self._bands[hz]] > RISE for hz in (SONG_HZ, VOICE_HZ))
        song[_span(song) > SONG_SPAN] = False
        voice[np.count_nonzero(voice, axis=1) > VOICE_BANDS] = False
        rumble, body, bright = (self._level(x[_HISTORY:], hz) for hz in (RUMBLE_HZ, BODY_HZ, BRIGHT_HZ))
        flutter = _flutter(x[:, self._bands[BRIGHT_HZ]])
        quarter_rumble, quarter_body = (_means(level, QUARTER_FRAMES) for level in (rumble, body))
        # One row a stretch from here on.
        quarters = STRETCH_FRAMES // QUARTER_FRAMES
        columns = zip(
            self._faults(steps, clipped),
            *(_sums(np.asarray(rose.any(axis=1)), STRETCH_FRAMES) for rose in (song, voice)),
            *(_sets(rose) for rose in (song, voice)),
            *(_means(level, STRETCH_FRAMES) for level in (rumble, body, bright)),
            strict=True,
        )
        found = []
        for number, (fault, n_song, n_voice, songs, voices, *levels) in enumerate(columns):
            first, of_stretch = number * STRETCH_FRAMES, slice(number * quarters, (number + 1) * quarters)
            moves = quarter_body[of_stretch]
            found.append(
                StretchMeasures(
                    frames=min(STRETCH_FRAMES, len(steps) - first),
                    fault=fault,
                    song_frames=n_song,
                    song_bands=songs,
                    voice_frames=n_voice,
                    voice_bands=voices,
                    flutter=tuple(flutter[first : first + STRETCH_FRAMES]),
                    rumble=levels[0],
                    body=levels[1],
                    bright=levels[2],
                    quarter_rumble=tuple(quarter_rumble[of_stretch]),
                    swish=max(moves) - min(moves),
                )
            )
        return found

    def _level(self, x: NDArray[np.int32], hz: tuple[int, int]) -> NDArray[np.int32]:
        """Mean level of a part of the spectrum, frame by frame."""
        bands = self._bands[hz]
        return np.asarray(x[:, bands].sum(axis=1, dtype=np.int32) // (bands.stop - bands.start))


class FaultMeter:
    """Tells of each stretch what is wrong with the recording itself.

    Parameters
    ----------
    fe : FrontEnd
        That made the frames.
    """

    def __init__(self, fe: FrontEnd) -> None:
        self._silence, self._clipped = silence(fe), clipped_samples(fe)

    def __call__(self, steps: Steps, clipped: NDArray[np.integer]) -> list[str | None]:
        """Return `CLIPPING`, `SILENCE` or None for each stretch; arguments are those of :class:`StretchMeter`."""
        silent = steps.max(axis=1) <= self._silence
        counts = zip(_sums(np.asarray(clipped), STRETCH_FRAMES), _sums(silent, STRETCH_FRAMES), strict=True)
        return [
            CLIPPING if n_clipped >= self._clipped else SILENCE if n_silent >= SILENT_FRAMES else None
            for n_clipped, n_silent in counts
        ]


def _loudest(x: NDArray[np.int32]) -> NDArray[np.int32]:
    """Loudest of each band and those within ``RISE_REACH`` of it, frame by frame."""
    loudest = x.copy()
    for reach in range(1, RISE_REACH + 1):
        np.maximum(loudest[:, reach:], x[:, :-reach], out=loudest[:, reach:])
        np.maximum(loudest[:, :-reach], x[:, reach:], out=loudest[:, :-reach])
    return loudest


def _span(rose: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Bands from the lowest to the highest that rose, frame by frame."""
    return np.asarray(rose.shape[1] - rose.argmax(axis=1) - rose[:, ::-1].argmax(axis=1))


def _sums(x: NDArray[Any], frames: int) -> list[int]:
    """Return the sums over runs of so many frames, of which the last may be shorter."""
    sums: list[int] = np.add.reduceat(x.astype(np.int64), np.arange(0, len(x), frames)).tolist()
    return sums


def _means(levels: NDArray[np.int32], frames: int) -> list[int]:
    """Return the means over runs of so many frames, of which the last may be shorter, rounded down."""
    counts = np.diff([*range(0, len(levels), frames), len(levels)]).tolist()
    return [total // count for total, count in zip(_sums(levels, frames), counts, strict=True)]


def _sets(rose: NDArray[np.bool_]) -> list[int]:
    """Return the bands that rose in each stretch, as bits of an integer."""
    in_stretch = np.logical_or.reduceat(rose, np.arange(0, len(rose), STRETCH_FRAMES), axis=0)
    return [int.from_bytes(row.tobytes(), "big") for row in np.packbits(in_stretch, axis=1)]


def _flutter(x: NDArray[np.int32]) -> list[int]:
    """Distance of the bands' mean from the line through its neighbours in time, frame by frame."""
    twice = 2 * x[FLUTTER_LAG:-FLUTTER_LAG] - x[: -2 * FLUTTER_LAG] - x[2 * FLUTTER_LAG :]
    together = np.clip(twice, -2 * FLUTTER_LIMIT, 2 * FLUTTER_LIMIT).sum(axis=1)
    distances: list[int] = (together // (2 * x.shape[1])).tolist()
    return distances


def silence(fe: FrontEnd) -> int:
    """Level at or below which every band of a silent frame lies, in steps of 1/256 dB."""
    db_per_decade = 10 * (3 - fe.power)
    return int(round((db_per_decade * np.log10(fe.floor) + SILENCE_DB) * STEPS_PER_DB))


def clipped_samples(fe: FrontEnd) -> int:
    """Full-scale samples from which on a stretch is clipped."""
    return max(1, round(STRETCH_FRAMES * fe.hop_samples * CLIPPED_SHARE))


def mel_bands(fe: FrontEnd, hz: tuple[int, int]) -> slice:
    """Return the mel bands whose centre lies in a part of the spectrum."""
    lowest, low, high, highest = hz_to_mel(np.array([fe.fmin_hz, *hz, fe.fmax_hz], np.float64), fe.mel_scale)
    centre = np.linspace(lowest, highest, fe.n_mels + 2)[1:-1]
    first, stop = np.searchsorted(centre, [low, high])
    if first == stop:
        raise ParameterError(f"gate: no band of the front end lies in {hz[0]}-{hz[1]} Hz; it needs more mel bands")
    return slice(int(first), int(stop))
