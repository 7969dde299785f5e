"""What one second of sound shows about nuisances, in integers that a microcontroller can keep."""

from dataclasses import dataclass

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

_HISTORY = 2 * FLUTTER_LAG


@dataclass(frozen=True, kw_only=True)
class StretchMeasures:
    """Measures of one stretch; levels in steps of 1/256 dB, sets of bands as bits of an integer."""

    frames: int
    clipped_samples: int
    silent_frames: int
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
        self._bands = {hz: _bands(fe, hz) for hz in (RUMBLE_HZ, BODY_HZ, BRIGHT_HZ, VOICE_HZ, SONG_HZ)}
        self._silence = round((10 * np.log10(fe.floor) + SILENCE_DB) * STEPS_PER_DB)
        self._before = np.empty((0, fe.n_mels), np.int16)

    def __call__(self, steps: Steps, clipped: NDArray[np.integer]) -> StretchMeasures:
        """Measure the next stretch.

        Parameters
        ----------
        steps : int16 array, shape (n_frames, n_mels)
            Log-mel in steps of 1/256 dB; ``STRETCH_FRAMES`` frames, or the last few of the stream.
        clipped : integer array, shape (n_frames,)
            Full-scale samples in each frame's hop.
        """
        if not len(self._before):
            # Before the first frame nothing is known: as if it had always sounded so.
            self._before = np.repeat(steps[:1], _HISTORY, axis=0)
        x = np.concatenate([self._before, steps]).astype(np.int32)
        self._before = x[-_HISTORY:].astype(np.int16)
        song, voice = self._rises(x, SONG_HZ), self._rises(x, VOICE_HZ)
        song_frames, song_bands = _collect(song, _span(song) <= SONG_SPAN)
        voice_frames, voice_bands = _collect(voice, np.count_nonzero(voice, axis=1) <= VOICE_BANDS)
        rumble, body, bright = (self._level(x, hz) for hz in (RUMBLE_HZ, BODY_HZ, BRIGHT_HZ))
        quarter_body = _quarters(body[_HISTORY:])
        return StretchMeasures(
            frames=len(steps),
            clipped_samples=int(clipped.sum()),
            silent_frames=int(np.count_nonzero(steps.max(axis=1) <= self._silence)),
            song_frames=song_frames,
            song_bands=song_bands,
            voice_frames=voice_frames,
            voice_bands=voice_bands,
            flutter=_flutter(x[:, self._bands[BRIGHT_HZ]]),
            rumble=_mean(rumble[_HISTORY:]),
            body=_mean(body[_HISTORY:]),
            bright=_mean(bright[_HISTORY:]),
            quarter_rumble=_quarters(rumble[_HISTORY:]),
            swish=max(quarter_body) - min(quarter_body),
        )

    def _level(self, x: NDArray[np.int32], hz: tuple[int, int]) -> NDArray[np.int32]:
        """Mean level of a part of the spectrum, frame by frame."""
        bands = self._bands[hz]
        return np.asarray(x[:, bands].sum(axis=1, dtype=np.int32) // (bands.stop - bands.start))

    def _rises(self, x: NDArray[np.int32], hz: tuple[int, int]) -> NDArray[np.bool_]:
        """Bands that stand out from all that was near them a moment ago: bool (n_frames, bands)."""
        near = np.pad(x[_HISTORY - RISE_LAG : -RISE_LAG], ((0, 0), (RISE_REACH, RISE_REACH)), mode="edge")
        loudest = np.lib.stride_tricks.sliding_window_view(near, 2 * RISE_REACH + 1, axis=1).max(axis=2)
        return np.asarray((x[_HISTORY:] - loudest)[:, self._bands[hz]] > RISE)


def _span(rose: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Bands from the lowest to the highest that rose, frame by frame."""
    return np.asarray(rose.shape[1] - rose.argmax(axis=1) - rose[:, ::-1].argmax(axis=1))


def _collect(rose: NDArray[np.bool_], narrow: NDArray[np.bool_]) -> tuple[int, int]:
    """Count the narrow frames in which anything rose, and return the set of bands that did."""
    rose = rose[narrow]
    which = np.packbits(rose.any(axis=0))
    return int(np.count_nonzero(rose.any(axis=1))), int.from_bytes(which.tobytes(), "big")


def _mean(levels: NDArray[np.int32]) -> int:
    return int(levels.sum()) // len(levels)


def _quarters(levels: NDArray[np.int32]) -> tuple[int, ...]:
    return tuple(_mean(levels[start : start + QUARTER_FRAMES]) for start in range(0, len(levels), QUARTER_FRAMES))


def _flutter(x: NDArray[np.int32]) -> tuple[int, ...]:
    """Distance of the bands' mean from the line through its neighbours in time, frame by frame."""
    twice = 2 * x[FLUTTER_LAG:-FLUTTER_LAG] - x[: -2 * FLUTTER_LAG] - x[2 * FLUTTER_LAG :]
    together = np.clip(twice, -2 * FLUTTER_LIMIT, 2 * FLUTTER_LIMIT).sum(axis=1)
    return tuple((together // (2 * x.shape[1])).tolist())


def _bands(fe: FrontEnd, hz: tuple[int, int]) -> slice:
    """Mel bands whose centre lies in a part of the spectrum."""
    lowest, low, high, highest = hz_to_mel(np.array([fe.fmin_hz, *hz, fe.fmax_hz], np.float64), fe.mel_scale)
    centre = np.linspace(lowest, highest, fe.n_mels + 2)[1:-1]
    first, stop = np.searchsorted(centre, [low, high])
    if first == stop:
        raise ParameterError(f"gate: no band of the front end lies in {hz[0]}-{hz[1]} Hz; it needs more mel bands")
    return slice(int(first), int(stop))
